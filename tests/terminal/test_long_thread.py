"""A long thread through a real terminal: its beginning, and a search's hits with their words marked."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone

from .conftest import Desk
from .harness import Terminal, needs_tmux

pytestmark = needs_tmux
HITS = {40: "the lost sextant", 300: "a Sextant again"}


def long_thread(desk: Desk) -> Terminal:
    now = datetime.now(timezone.utc)
    messages = [
        {
            "author": "agent" if number % 2 else "visitor",
            "body": HITS.get(number, f"line {number}"),
            "created_at": (now - timedelta(minutes=600 - number)).isoformat(),
        }
        for number in range(500)
    ]
    (desk.folder / "long.jsonl").write_text(json.dumps({"id": "long", "messages": messages}) + "\n", "utf-8")
    desk.run("import", "long.jsonl")
    return desk.open()


def test_a_search_goes_from_hit_to_hit_and_marks_the_words(desk: Desk) -> None:
    terminal = long_thread(desk)
    terminal.keys("/")
    terminal.wait_for("esc clear the search")
    terminal.text("sextant")
    terminal.wait_for("1 found")
    terminal.wait_for("a Sextant again")
    assert re.search("\x1b\\[[0-9;]*7[0-9;]*mSextant\x1b", terminal.screen(styled=True))
    terminal.keys("Enter")
    terminal.wait_for("LIST")
    terminal.keys("[")
    terminal.wait_for("the lost sextant")
    terminal.keys("[")
    terminal.wait_for("No earlier message here has these words")
    terminal.keys("]")
    terminal.wait_for("a Sextant again")


def test_a_narrow_terminal_opens_the_conversation_at_the_hit(desk: Desk) -> None:
    terminal = long_thread(desk)
    terminal.resize(80, 24)
    terminal.keys("/")
    terminal.wait_for("clear the search")
    terminal.text("sextant")
    terminal.wait_for("1 found")
    terminal.keys("Enter")
    terminal.wait_for("LIST")
    terminal.keys("Enter")
    terminal.wait_for("a Sextant again")
    terminal.keys("g")
    terminal.wait_for("line 0")
    terminal.keys("G")
    terminal.wait_for("line 499")
