"""Nobody who waits is missed, on a real terminal: the guide's own keys, and what others do meanwhile."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

from .conftest import COLLEAGUE, Desk
from .harness import needs_tmux

pytestmark = needs_tmux


def said(number: int, body: str, minutes: float) -> dict[str, str]:
    at = datetime.now(timezone.utc) - timedelta(minutes=minutes)
    return {"id": f"long-{number}", "author": "visitor", "body": body, "created_at": at.isoformat()}


def ingest(desk: Desk, id: str, name: str, *messages: dict[str, str], needs_human: bool = True) -> None:
    line = {"id": id, "visitor": {"name": name}, "messages": messages, "needs_human": needs_human}
    desk.run("import", "-", stdin=json.dumps(line))


def test_resolving_and_going_to_the_next_in_turn_skips_nobody(desk: Desk) -> None:
    terminal = desk.open()
    terminal.keys("5", "n")
    terminal.wait_for("[5 Pending human reply 6]")
    for left in range(5, -1, -1):
        terminal.keys("e")
        terminal.wait_for(f"[5 Pending human reply {left}]")
        terminal.keys("n")
    terminal.wait_for("Nobody else is waiting for a human reply")


def test_who_begins_to_wait_comes_into_the_open_list(desk: Desk) -> None:
    terminal = desk.open()
    terminal.keys("5")
    terminal.wait_for("[5 Pending human reply 6]")
    ingest(desk, "c-new", "Nora Quist", said(0, "Is anybody there?", 1))
    screen = terminal.wait_for("[5 Pending human reply 7]")
    assert "Nora Quist" in terminal.wait_for("Nora Quist")
    assert "new below" not in screen


def test_what_is_written_below_the_fold_is_counted_and_asked_about(desk: Desk) -> None:
    lines = [said(number, f"Line {number}", 90 - number) for number in range(60)]
    ingest(desk, "c-long", "Lotte Long", *lines)
    terminal = desk.open()
    terminal.wait_for("│   Line 59")  # in the thread, not only in the row
    terminal.keys("Tab", "PageUp", "PageUp")
    terminal.wait_for(lambda screen: "│   Line 9" in screen and " THREAD " in screen)
    terminal.keys("r")
    terminal.text("Try it again")
    terminal.wait_for("│ Try it again")
    ingest(desk, "c-long", "Lotte Long", *lines, said(60, "NEVER MIND, solved it", 0))
    terminal.wait_for("↓ 1 new below")
    terminal.enter()
    terminal.wait_for("Not sent yet: Lotte Long wrote")
    terminal.text(" not an answer ")
    terminal.enter()
    terminal.wait_for(lambda screen: "NEVER MIND, solved it" in screen and "Not sent yet" not in screen)
    assert not [body for author, body in desk.said("c-long") if author == "member"]
    terminal.enter()
    terminal.wait_for("✓ Sent to Lotte Long")
    assert ("member", "Try it again") in desk.said("c-long")


def test_what_a_colleague_assigns_is_said_until_it_is_seen(desk: Desk) -> None:
    terminal = desk.open()
    terminal.keys("2")
    terminal.wait_for("[2 Your inbox 6]")
    desk.run("assign", "c-35", "dana@acme.example", as_=COLLEAGUE)
    screen = terminal.wait_for("1 assigned to you")
    assert "assigned to you" in screen.splitlines()[0]
    terminal.keys("G")
    terminal.wait_for(lambda screen: "assigned to you" not in screen)
