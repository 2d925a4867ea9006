"""Who has the keys after Enter: the box for as long as a new line may have been meant, then the list."""

from __future__ import annotations

import pytest

from .conftest import Desk
from .harness import Terminal, needs_tmux

pytestmark = needs_tmux

ADA, BO = "c-0", "c-1"
LONG_ENOUGH = 5
"""Seconds in which a test types on, however busy the machine is."""


def replies(desk: Desk, id: str) -> list[str]:
    return [body for author, body in desk.said(id) if author == "member"]


def wait_for_mode(terminal: Terminal, word: str) -> str:
    """The screen once the last line begins with a word."""
    return terminal.wait_for(lambda screen: screen.splitlines()[-1].startswith(f" {word}  "))


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
def test_the_list_has_the_keys_and_the_next_text_goes_to_the_next_visitor(desk: Desk, size: tuple[int, int]) -> None:
    terminal = desk.open(size=size)
    terminal.text("rOn its way.")
    terminal.wait_for("│ On its way.")
    assert wait_for_mode(terminal, "REPLY")
    terminal.enter()
    screen = terminal.wait_for("✓ Sent to Ada Lund")
    assert screen.splitlines()[-1].startswith(" LIST  r reply  a assign")
    terminal.keys("j", "r")
    terminal.text("For Bo")
    terminal.wait_for("│ For Bo")
    terminal.enter()
    terminal.wait_for("✓ Sent to Bo Lund")
    assert (replies(desk, ADA), replies(desk, BO)) == (["On its way."], ["For Bo"])


def test_who_meant_a_new_line_types_no_commands(desk: Desk) -> None:
    desk.configure(f"undo_send = {LONG_ENOUGH}")
    terminal = desk.open()
    terminal.text("rDear Ada,")
    terminal.wait_for("│ Dear Ada,")
    terminal.enter()
    screen = terminal.wait_for("Not sent yet: keep typing to go on with it")
    assert screen.splitlines()[-1].startswith(" REPLY  ")
    terminal.text("e i q")
    terminal.wait_for("│ e i q")
    assert replies(desk, ADA) == []
    terminal.enter()
    terminal.wait_for("✓ Sent to Ada Lund")
    wait_for_mode(terminal, "LIST")
    assert replies(desk, ADA) == ["Dear Ada,\ne i q"]
    terminal.keys("j")
    terminal.wait_for("▌✓ Bo Lund")


def test_enter_goes_on_with_a_note_as_a_note(desk: Desk) -> None:
    terminal = desk.open()
    terminal.text("mShe is")
    terminal.wait_for("NOTE · only the team sees this")
    terminal.escape()
    terminal.wait_for(lambda screen: "draft since" in screen or "· since" in screen)
    terminal.keys("Enter")
    wait_for_mode(terminal, "NOTE")
    terminal.text(" rude")
    terminal.wait_for("│ ▌ She is rude")
    terminal.enter()
    terminal.wait_for("✓ Note added")
    assert replies(desk, ADA) == []
    assert "She is rude" in desk.run("show", ADA)


def test_ctrl_n_turns_a_reply_into_a_note(desk: Desk) -> None:
    terminal = desk.open()
    terminal.text("rShe is rude")
    terminal.wait_for("│ She is rude")
    terminal.keys("C-n")
    terminal.wait_for("│ ▌ She is rude")
    terminal.enter()
    terminal.wait_for("✓ Note added")
    assert replies(desk, ADA) == []
