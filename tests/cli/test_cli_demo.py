"""The demo where there is no terminal: the sample, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

import inbox_tui.sample
from inbox_tui.cli import open as opening
from inbox_tui.cli.main import main
from inbox_tui.domain.filters import Filter
from inbox_tui.local.launch import Launch

from .conftest import RunCli

SAMPLE = Path(inbox_tui.sample.__file__).parent / "members.json"


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample workspace is not in this checkout")
def test_demo_without_a_terminal_prints_the_sample(run_cli: RunCli, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    ran = run_cli("demo", env={"TMPDIR": str(kept), "INBOX_TUI_STORE": "", "INBOX_TUI_AS": ""})
    assert ran.code == 0, ran.err
    assert ran.lines
    assert "run 'inbox-tui demo' in a terminal" in ran.err
    assert list(kept.iterdir()) == []
    assert list((tmp_path / "home").rglob("*")) == []


def test_only_the_demo_has_visitors_who_write_of_their_own_accord(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    launches: list[Launch] = []

    def run(launch: Launch) -> int:
        launches.append(launch)
        launch.journal.close()
        return 0

    monkeypatch.setattr(opening, "has_screen", lambda: True)
    monkeypatch.setattr(opening, "_run", run)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    assert main(["--store", f"sqlite:///{tmp_path}/inbox.db", "--as", "me@home.example"]) == 0
    assert main(["demo"]) == 0
    assert [(launch.is_demo, launch.beside is not None) for launch in launches] == [(False, False), (True, True)]
    assert [launch.filter for launch in launches] == [Filter.ALL, Filter.PENDING]
