"""The demo: it begins with those who wait, and its visitors go on writing."""

from __future__ import annotations

from inbox_tui.operations.living_sample import script

from .conftest import Desk
from .harness import needs_tmux

pytestmark = needs_tmux


def test_the_demo_begins_with_those_who_wait_and_lives(desk: Desk) -> None:
    terminal = desk.terminal()
    terminal.start("inbox-tui", "demo")
    terminal.wait_for("[5 Pending human reply 10]")
    terminal.wait_for("Det måste vara klart")
    terminal.keys("r")
    terminal.text("Den nya fakturan kommer i dag.")
    terminal.enter()
    terminal.wait_for("Tack! Kommer den nya fakturan")
    terminal.escape()
    terminal.keys("1")
    terminal.wait_for(script().speaks_up[0].body[:12])
    terminal.keys("q")
    assert terminal.wait_for_end() == 0
