"""Keys that a slow line brings in one piece act in the order in which they were typed.

Otherwise the words behind ``r`` would run as commands of the list: an ``e`` among them
resolves a conversation.
"""

from __future__ import annotations

from .conftest import Desk
from .harness import needs_tmux

pytestmark = needs_tmux

COUNTS = "2 Your inbox 6  3 Unresolved 30  4 Resolved 6"


def test_words_behind_r_go_into_the_box(desk: Desk) -> None:
    terminal = desk.open()
    terminal.text("rhello, xerxes: 12 eggs?")
    screen = terminal.wait_for("│ hello, xerxes: 12 eggs?")
    assert "▌● Ada Lund" in screen
    assert COUNTS in screen


def test_words_behind_enter_on_a_row_go_into_the_box(desk: Desk) -> None:
    terminal = desk.open()
    terminal.text("j\rhello\nthere")
    screen = terminal.wait_for("│ there")
    assert "│ hello" in screen and "▌✓ Bo Lund" in screen


def test_keys_behind_escape_are_commands_again(desk: Desk) -> None:
    terminal = desk.open()
    terminal.text("rnever mind\x1b[27uj")
    screen = terminal.wait_for("▌✓ Bo Lund")
    assert "never mindj" not in screen
    terminal.keys("k")
    terminal.wait_for("│ never mind")


def test_a_whole_assignment_in_one_piece(desk: Desk) -> None:
    terminal = desk.open()
    terminal.text("ajonas\rj")
    # What is said of it may be gone already, with the next key.
    terminal.wait_for(lambda screen: "(JB)" in screen.splitlines()[3] and "▌✓ Bo Lund" in screen.splitlines()[5])


def test_a_whole_search_in_one_piece(desk: Desk) -> None:
    terminal = desk.open()
    terminal.text("/refund\rj")
    terminal.wait_for(lambda screen: "⌕ refund · 12 found" in screen)
    terminal.text("/\x15sundays\r")
    terminal.wait_for(lambda screen: "⌕ sundays · 12 found" in screen)


def test_a_whole_export_in_one_piece(desk: Desk) -> None:
    terminal = desk.open()
    terminal.text("E\x15out.csv\r")
    terminal.wait_for("36 conversations in ")
    assert len((desk.folder / "out.csv").read_text("utf-8").splitlines()) == 37
