"""How a file of a schema's folder becomes statements."""

from pathlib import Path

from inbox_tui.backends.sql.migrations import steps


def test_characters_that_are_named_by_their_numbers_are_written_out(tmp_path: Path) -> None:
    (tmp_path / "0001_init.sql").write_text(
        "-- a comment\n\nSELECT '\\u{61-63\n    20AC\n    1F642}', '{61}'\n\n-- end\n"
    )
    [step] = steps(tmp_path)
    assert step.statements() == ["SELECT '🙂€cba', '{61}'"]
