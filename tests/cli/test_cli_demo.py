"""The demo where there is no terminal: the sample, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

import inbox_tui.sample

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
