"""The terminal is the shell's too: suspended and continued, stopped from outside, written to by others."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from .conftest import Desk
from .harness import Terminal, needs_tmux

pytestmark = needs_tmux

READY = "desk$ "


def is_settled(screen: str) -> bool:
    """The thread beside the list has come, too."""
    return "● live" in screen and "Imported by" in screen


def in_shell(desk: Desk, *, size: tuple[int, int] = (120, 36)) -> Terminal:
    """A terminal in which the inbox was started from a shell with job control."""
    terminal = desk.terminal(size=size, PS1=READY)
    terminal.start("/bin/bash", "--norc", "-i")
    terminal.wait_for(READY.strip())
    terminal.text(f"inbox-tui --store {desk.url} --as dana@acme.example\n")
    terminal.wait_for(is_settled)
    return terminal


def program_of(terminal: Terminal) -> int:
    """The id of the program that the shell runs."""
    children = Path(f"/proc/{terminal.pid}/task/{terminal.pid}/children")
    return int(children.read_text().split()[0])


def is_stopped(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def bring_back(terminal: Terminal, before: str) -> None:
    """``fg``, and the screen as it was."""
    terminal.text("clear; fg\n")
    terminal.wait_for(lambda screen: screen == before)


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
def test_a_program_that_was_stopped_paints_its_screen_again(desk: Desk, number: signal.Signals) -> None:
    terminal = in_shell(desk)
    before = terminal.screen()
    for _ in range(2):
        program = program_of(terminal)
        os.kill(program, number)
        terminal.wait_for(lambda _, program=program: is_stopped(program))  # type: ignore[misc]
        terminal.wait_for(READY.strip())
        bring_back(terminal, before)
    terminal.keys("j")
    terminal.wait_for(lambda screen: screen != before and "● live" in screen)
    terminal.keys("q")
    terminal.wait_for(lambda screen: "● live" not in screen and screen.endswith(READY.strip()))
    terminal.text("stty -a | tr ' ' '\\n' | grep -x -- -*icanon\n")
    terminal.wait_for("\nicanon")


def test_ctrl_z_in_the_list_gives_the_shell(desk: Desk) -> None:
    terminal = in_shell(desk)
    before = terminal.screen()
    terminal.keys("C-z")
    terminal.wait_for("Stopped")
    assert "● live" not in terminal.screen()
    bring_back(terminal, before)


def test_ctrl_z_in_a_field_leaves_no_text_to_the_shell_and_in_a_box_undoes(desk: Desk) -> None:
    terminal = in_shell(desk)
    terminal.keys("/")
    terminal.wait_for("esc clear the search")
    terminal.keys("C-z")
    terminal.wait_for("ctrl+z works outside the field")
    terminal.escape()
    terminal.wait_for("LIST")
    terminal.keys("r")
    terminal.wait_for("enter send")
    terminal.text("abc")
    terminal.wait_for("│ abc")
    terminal.keys("C-z")
    terminal.wait_for(lambda screen: "│ abc" not in screen)
    assert "Stopped" not in terminal.screen()


def test_another_size_while_stopped_is_the_size_afterwards(desk: Desk) -> None:
    terminal = in_shell(desk)
    terminal.keys("C-z")
    terminal.wait_for("Stopped")
    terminal.resize(100, 30)
    terminal.text("clear; fg\n")
    terminal.wait_for(lambda screen: "● live" in screen and "? help" in screen.splitlines()[-1])
    assert len(terminal.lines()) == 30


def test_ctrl_z_where_there_is_no_shell_says_so(desk: Desk) -> None:
    terminal = desk.open()
    terminal.wait_for(is_settled)
    before = terminal.lines()
    terminal.keys("C-z")
    terminal.wait_for("There is no shell to go back to")
    assert terminal.lines()[:-1] == before[:-1]
    terminal.keys("j")
    terminal.wait_for(lambda screen: screen.splitlines()[:-1] != before[:-1])


@pytest.mark.parametrize("where", ["list", "box", "dialog"])
def test_ctrl_l_removes_what_others_wrote(desk: Desk, where: str) -> None:
    terminal = desk.open()
    terminal.wait_for(is_settled)
    if where == "box":
        terminal.keys("r")
        terminal.wait_for("enter send")
        terminal.text("kept")
        terminal.wait_for("│ kept")
        terminal.wait_for("draft")
    elif where == "dialog":
        terminal.keys("?")
        terminal.wait_for(lambda screen: "┌─ Keys" in screen and "[Enter] Close" in screen)
    before = terminal.lines()[4]
    with Path(terminal.device).open("w") as line:
        line.write("\x1b[s\x1b[5;5HBroadcast message: the host goes down\x1b[u")
    terminal.wait_for("Broadcast message")
    terminal.keys("C-l")
    terminal.wait_for(lambda screen: "Broadcast" not in screen and screen.splitlines()[4] == before)
    assert "● live" in terminal.screen() or where == "dialog"
