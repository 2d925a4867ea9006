"""Two people at one file: what one does, the other sees, and nothing moves under their cursor."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from .conftest import COLLEAGUE, Desk
from .harness import Terminal, needs_tmux

pytestmark = needs_tmux

PROMISED = 0.5
"""Seconds in which a colleague's act shows."""
BOUND = 2.0
"""Seconds after which even a busy machine has no excuse."""


@pytest.fixture
def dana(desk: Desk) -> Terminal:
    """At the first conversation, Ada Lund's."""
    terminal = desk.open()
    terminal.wait_for("Where is my parcel?")
    return terminal


@pytest.fixture
def jonas(desk: Desk, dana: Terminal) -> Terminal:
    """At the second one, Bo Lund's."""
    terminal = desk.open(as_=COLLEAGUE)
    terminal.keys("j")
    terminal.wait_for(is_at_bo)
    return terminal


def is_at_bo(screen: str) -> bool:
    lines = screen.splitlines()
    return lines[2].partition("│")[2].startswith(" Bo Lund ") and any(line.startswith("▌✓ Bo Lund ") for line in lines)


def row(screen: str, name: str) -> str:
    """Both lines of a conversation's row."""
    lines = [line.partition("│")[0] for line in screen.splitlines()]
    place = next((number for number, line in enumerate(lines) if line[3:].startswith(f"{name} ")), None)
    return "\n".join(lines[place : place + 2]) if place is not None else ""


def require_prompt(act: str, terminal: Terminal, condition: Callable[[str], bool], began: float) -> None:
    """What was done at ``began`` shows in another terminal in time."""
    terminal.wait_for(condition)
    taken = time.monotonic() - began
    print(f"{act} showed after {taken:.2f} s (promised: {PROMISED} s)")
    assert taken < BOUND, act


def test_each_act_shows_and_the_highlight_stays(dana: Terminal, jonas: Terminal) -> None:
    dana.keys("r")
    dana.text("It comes today.")
    dana.wait_for("│ It comes today.")
    began = time.monotonic()
    dana.keys("Enter")
    require_prompt("a reply", jonas, lambda screen: "Team: It comes today." in row(screen, "Ada Lund"), began)
    assert "waiting" not in row(jonas.screen(), "Ada Lund"), "the reply ended the wait"
    assert "(DO)" in row(jonas.screen(), "Ada Lund"), "who answers an unassigned wait, has it"
    dana.escape()

    dana.keys("a")
    dana.wait_for("type a name")
    dana.text("jonas")
    began = time.monotonic()
    dana.keys("Enter")
    require_prompt("an assignment", jonas, lambda screen: " you" in row(screen, "Ada Lund"), began)
    jonas.wait_for("1 assigned to you")
    jonas.wait_for("2 Your inbox 7")

    began = time.monotonic()
    dana.keys("e")
    require_prompt("a resolve", jonas, lambda screen: row(screen, "Ada Lund").startswith(" ✓ "), began)
    jonas.wait_for("4 Resolved 7")
    assert is_at_bo(jonas.screen())


def test_a_reply_shows_in_the_open_thread_and_is_not_written_over(dana: Terminal, jonas: Terminal, desk: Desk) -> None:
    dana.keys("j")
    dana.wait_for(is_at_bo)
    jonas.keys("r")
    jonas.text("One moment")
    jonas.wait_for("│ One moment")
    began = time.monotonic()
    dana.keys("r")
    dana.text("Done, the money is on its way.")
    dana.enter()
    require_prompt("a reply", jonas, lambda screen: "│   Done, the money is on its way." in screen, began)
    assert "│ One moment" in jonas.screen(), "what is being written stays"
    jonas.keys("Enter")
    jonas.wait_for("Your profile")  # a first reply needs one; the text is kept
    jonas.keys("Enter")
    jonas.wait_for("Profile saved. Your text is in the box.")
    jonas.keys("Enter")
    assert "Your text:" in jonas.wait_for("Not sent yet: Dana Ortiz replied")
    jonas.escape()
    jonas.wait_for(lambda screen: "│ One moment" in screen and "Not sent yet" not in screen)
    assert [body for author, body in desk.said("c-1") if author == "member"] == ["Done, the money is on its way."]


def test_new_conversations_are_announced_above(dana: Terminal, jonas: Terminal, desk: Desk) -> None:
    at = (datetime.now(timezone.utc) - timedelta(seconds=5)).isoformat()
    message = {"id": "new-1", "author": "visitor", "body": "Is anybody there?", "created_at": at}
    line = {"id": "c-new", "visitor": {"name": "Nora Quist"}, "messages": [message]}
    desk.run("import", "-", stdin=json.dumps(line))
    screen = jonas.wait_for("· ↑ 1 new · g")
    assert "Nora Quist" not in screen
    jonas.wait_for("1 All 37")
    assert is_at_bo(jonas.screen())
    jonas.keys("g")
    jonas.wait_for(lambda screen: "▌  Nora Quist" in screen and "new · g" not in screen)
    assert "↑ 1 new" in dana.screen(), "for others they stay announced"
