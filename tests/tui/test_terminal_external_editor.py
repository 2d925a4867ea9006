"""Writing a reply in an editor of one's own: real programs, a real file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from inbox_tui.domain.errors import ConfigError
from inbox_tui.tui.terminal.external_editor import edit_text, editor_command


def script(folder: Path, body: str) -> str:
    """A tiny editor, as a command."""
    file = folder / "ed it"
    file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return f"'{file}'"


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment whose temporary files are this test's."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    return {"PATH": "/usr/bin:/bin"}


def test_the_editor_gets_the_text_and_gives_its_own_back(tmp_path: Path, environ: dict[str, str]) -> None:
    environ["EDITOR"] = script(tmp_path, 'cat "$1" > "$0.seen"; printf "Dear Zoë,\\n  yes\\n\\n" > "$1"')
    assert edit_text("draft\nof two lines", environ) == "Dear Zoë,\n  yes"
    assert (tmp_path / "ed it.seen").read_text("utf-8") == "draft\nof two lines"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_arguments_of_the_command_are_kept(tmp_path: Path, environ: dict[str, str]) -> None:
    environ["EDITOR"] = script(tmp_path, 'printf %s "$1" > "$2"') + " --wait"
    assert edit_text("", environ) == "--wait"


def test_only_its_owner_can_read_the_file(tmp_path: Path, environ: dict[str, str]) -> None:
    environ["EDITOR"] = script(tmp_path, 'ls -l "$1" | cut -c1-10 > "$1.x"; mv "$1.x" "$1"')
    assert edit_text("secret", environ) == "-rw-------"


def test_the_editor_sees_no_token(tmp_path: Path, environ: dict[str, str]) -> None:
    environ |= {"EDITOR": script(tmp_path, 'env > "$1"'), "INBOX_TUI_TOKEN": "s3cret", "LANG": "C"}
    seen = edit_text("", environ)
    assert "s3cret" not in seen
    assert "LANG=C" in seen


def test_visual_is_preferred_and_vi_is_left() -> None:
    assert editor_command({"VISUAL": "code --wait", "EDITOR": "nano"}) == ["code", "--wait"]
    assert editor_command({"VISUAL": " ", "EDITOR": "nano"}) == ["nano"]
    assert editor_command({}) == ["vi"]


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("/nowhere/editor", "cannot be started: No such file"),
        ("vi 'unclosed", "is no command: No closing quotation"),
    ],
)
def test_an_editor_that_cannot_be_started(environ: dict[str, str], tmp_path: Path, editor: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as raised:
        edit_text("text", environ | {"EDITOR": editor})
    assert raised.value.hint
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [('echo other > "$1"; exit 3', "ended with 3; the text was not changed"), ('rm "$1"', "left no file")],
)
def test_an_editor_that_fails_changes_nothing(environ: dict[str, str], tmp_path: Path, body: str, words: str) -> None:
    environ["EDITOR"] = script(tmp_path, body)
    with pytest.raises(ConfigError, match=words):
        edit_text("text", environ)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_bytes_that_are_no_text_are_replaced(tmp_path: Path, environ: dict[str, str]) -> None:
    environ["EDITOR"] = script(tmp_path, "printf 'a\\377b' > \"$1\"")
    assert edit_text("\ud800", environ) == "a\ufffdb"


def test_an_editor_that_returns_at_once_is_named_and_the_file_is_kept(environ: dict[str, str], tmp_path: Path) -> None:
    environ["EDITOR"] = script(tmp_path, "exit 0")
    with pytest.raises(ConfigError, match="returned at once; the text was not changed") as raised:
        edit_text("long text", environ, clock=lambda: 0.0)
    (kept,) = (tmp_path / "tmp").iterdir()
    assert str(kept) in raised.value.hint
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == ("long text", 0o600)


def test_an_editor_that_was_closed_after_a_while_left_the_text_as_it_was(
    environ: dict[str, str], tmp_path: Path
) -> None:
    environ["EDITOR"] = script(tmp_path, "exit 0")
    times = iter((0.0, 1.5))
    assert edit_text("text", environ, clock=lambda: next(times)) == "text"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_windows_adds_to_a_text_is_dropped(environ: dict[str, str], tmp_path: Path) -> None:
    environ["EDITOR"] = script(tmp_path, "printf '\\357\\273\\277a\\r\\nb\\r\\n' > \"$1\"")
    assert edit_text("", environ) == "a\nb"
