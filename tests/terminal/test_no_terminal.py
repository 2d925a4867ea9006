"""Where there is no terminal to draw on, the program says so in a line instead of drawing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from .conftest import Desk
from .harness import BIN, environment, needs_tmux

PROGRAM = str(BIN / "inbox-tui")
NO_TERMINAL = "The inbox needs a terminal; without one, use the commands, for example: inbox-tui list"
SAMPLE = "This is the sample. To work in it, run 'inbox-tui demo' in a terminal."


def run(desk: Desk, *arguments: str, stdin: int = subprocess.DEVNULL, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments],
        stdin=stdin,
        capture_output=True,
        text=True,
        cwd=desk.folder,
        env=environment(desk.home, **env),
        timeout=60,
        check=False,
    )


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_without_a_terminal_one_line_names_the_command(empty_desk: Desk) -> None:
    ran = run(empty_desk)
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"{NO_TERMINAL}\n")
    assert files(empty_desk.home) == []


def test_with_a_terminal_at_one_end_only(empty_desk: Desk) -> None:
    ours, theirs = os.openpty()
    try:
        ran = run(empty_desk, stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"{NO_TERMINAL}\n")


@pytest.mark.parametrize("term", ["xterm-256color", "dumb", ""])
def test_the_demo_without_a_terminal_prints_the_sample(empty_desk: Desk, term: str) -> None:
    kept = empty_desk.folder / "kept"
    kept.mkdir()
    ran = run(empty_desk, "demo", TERM=term, TMPDIR=str(kept))
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.splitlines()) > 10
    assert "\x1b" not in ran.stdout + ran.stderr
    assert ran.stderr.splitlines()[-1] == SAMPLE
    assert files(empty_desk.home) == files(kept) == []


@needs_tmux
def test_a_terminal_that_cannot_draw(empty_desk: Desk) -> None:
    terminal = empty_desk.terminal(TERM="dumb")
    terminal.start("inbox-tui")
    assert terminal.wait_for_end() == 2
    assert terminal.screen().strip() == NO_TERMINAL


@needs_tmux
def test_the_demo_on_a_terminal_that_cannot_draw(empty_desk: Desk) -> None:
    terminal = empty_desk.terminal(TERM="dumb", size=(120, 60))
    terminal.start("inbox-tui", "demo")
    assert terminal.wait_for_end() == 0
    assert terminal.lines()[-1] == SAMPLE
    assert len(terminal.lines()) > 10
    assert files(empty_desk.home) == []
