"""Nothing typed is lost, and nothing is sent that was not meant to be."""

from __future__ import annotations

import time

from .conftest import Desk
from .harness import Terminal, needs_tmux

pytestmark = needs_tmux

KEPT_AFTER = 0.5
"""Seconds after which a key is on disk."""
ADA, BO = "c-0", "c-1"
"""The first two conversations of the list."""


def write(terminal: Terminal, text: str) -> None:
    """Type into the box of the conversation that is open, and see it there."""
    terminal.keys("r")
    terminal.text(text)
    terminal.wait_for(f"│ {text}")


def go_to(terminal: Terminal, key: str, name: str) -> str:
    """Move in the list; the screen once that conversation is open."""
    terminal.keys(key)
    return terminal.wait_for(lambda screen: screen.splitlines()[2].partition("│")[2].startswith(f" {name} "))


def box(screen: str) -> list[str]:
    """The lines in the reply box."""
    inside = screen.partition("╭─ Reply as Dana Ortiz")[2].partition("╰")[0].splitlines()[1:-1]
    return [line.rpartition("│ ")[2].removesuffix("│").rstrip() for line in (row.rstrip()[:-1] for row in inside)]


def replies(desk: Desk, id: str) -> list[str]:
    return [body for author, body in desk.said(id) if author == "member"]


def test_a_text_survives_a_kill(desk: Desk) -> None:
    terminal = desk.open()
    write(terminal, "Half a sent")
    shown = time.monotonic()
    terminal.wait_for(lambda _: time.monotonic() > shown + KEPT_AFTER)
    terminal.kill()
    assert terminal.exit_status() == 128 + 9
    assert desk.open().wait_for("│ Half a sent")
    assert replies(desk, ADA) == []


def test_a_text_survives_a_hang_up_at_once(desk: Desk) -> None:
    terminal = desk.open()
    write(terminal, "Cut off")
    assert terminal.hang_up() == 129
    assert desk.open().wait_for("│ Cut off")


def test_a_text_survives_the_end_of_its_terminal(desk: Desk) -> None:
    terminal = desk.open()
    write(terminal, "Cut off")
    terminal.lose()  # no signal is sent to the program; it notices, and does not run on
    assert desk.open().wait_for("│ Cut off")


def test_a_text_survives_quitting_at_once(desk: Desk) -> None:
    terminal = desk.open()
    write(terminal, "Written and left")
    terminal.escape()
    terminal.keys("q")
    assert terminal.wait_for_end() == 0
    assert desk.open().wait_for("│ Written and left")


def test_a_text_survives_ctrl_q_which_works_outside_the_box(desk: Desk) -> None:
    terminal = desk.open()
    write(terminal, "Never left")
    terminal.keys("C-q")
    terminal.wait_for("ctrl+q works outside the field: press Esc first.")
    terminal.escape()
    terminal.keys("C-q")
    assert terminal.wait_for_end() == 0
    assert desk.open().wait_for("│ Never left")


def test_drafts_of_two_conversations_do_not_mix(desk: Desk) -> None:
    terminal = desk.open()
    write(terminal, "For Ada")
    terminal.escape()
    assert "For Ada" not in go_to(terminal, "j", "Bo Lund")
    write(terminal, "For Bo")
    terminal.escape()
    go_to(terminal, "k", "Ada Lund")
    assert box(terminal.wait_for("│ For Ada")) == ["For Ada"]
    go_to(terminal, "j", "Bo Lund")
    assert box(terminal.wait_for("│ For Bo")) == ["For Bo"]
    terminal.keys("r")
    terminal.enter()
    terminal.wait_for("✓ Sent to Bo Lund")
    terminal.escape()
    terminal.keys("q")
    terminal.wait_for_end()
    again = desk.open()
    again.wait_for(lambda screen: "▌✓ Bo Lund" in screen and box(screen) == [""])
    go_to(again, "j", "Ada Lund")
    assert box(again.wait_for("│ For Ada")) == ["For Ada"]
    assert (replies(desk, ADA), replies(desk, BO)) == ([], ["For Bo"])


def test_a_paste_of_many_lines_never_sends(desk: Desk) -> None:
    terminal = desk.open()
    terminal.keys("r")
    terminal.paste("Dear Ada,\r\n\nyour parcel:\n- a lamp\n- a bulb\n")
    screen = terminal.wait_for("│ - a bulb")
    assert box(screen) == ["Dear Ada,", "", "your parcel:", "- a lamp", "- a bulb", ""]
    assert replies(desk, ADA) == []
    terminal.keys("BSpace")
    terminal.enter()
    terminal.wait_for("✓ Sent to Ada Lund")
    assert replies(desk, ADA) == ["Dear Ada,\n\nyour parcel:\n- a lamp\n- a bulb"]


def test_a_paste_outside_the_box_does_nothing(desk: Desk) -> None:
    terminal = desk.open()
    terminal.paste("e\ni\nq\n")
    terminal.keys("j")
    screen = terminal.wait_for("▌✓ Bo Lund")
    assert "[1 All 36] 2 Your inbox 6  3 Unresolved 30" in screen


def test_a_burst_keeps_its_order(desk: Desk) -> None:
    terminal = desk.open()
    terminal.keys("r")
    terminal.text("ab\ncd")
    screen = terminal.wait_for("│ cd")
    assert box(screen) == ["ab", "cd"]
    terminal.text("ef\ngh")
    terminal.enter()
    terminal.wait_for("✓ Sent to Ada Lund")
    assert replies(desk, ADA) == ["ab\ncdef\ngh"]


def test_an_enter_in_one_piece_with_its_text_is_a_new_line(desk: Desk) -> None:
    terminal = desk.open()
    terminal.keys("r")
    terminal.text("First.\rSecond.\r")
    terminal.wait_for("│ Second.")
    assert replies(desk, ADA) == []
    terminal.text("Third.")
    terminal.enter()
    terminal.wait_for("✓ Sent to Ada Lund")
    assert replies(desk, ADA) == ["First.\nSecond.\nThird."]


def test_enter_twice_sends_once(desk: Desk) -> None:
    terminal = desk.open()
    terminal.text("rOnce.")
    terminal.wait_for("│ Once.")  # an Enter that comes with the text is a line break
    terminal.enter()
    terminal.enter()
    terminal.wait_for("✓ Sent to Ada Lund")
    assert replies(desk, ADA) == ["Once."]
