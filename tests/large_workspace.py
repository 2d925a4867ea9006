"""A workspace of 2,000 conversations, as lines of a file to import: the same each time it is made."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

from inbox_tui.testing.factories import DANA

SIZE = 2_000
_SAID = (
    "I need a table for {n} on Friday, please.",
    "Do you have anything vegetarian?",
    "My flight was moved to {n}:30. What can I do?",
    "Is breakfast included?",
    "The lamp arrived broken. My order is {n}.",
    "Could somebody call me at 070 {n}?",
    "日本語で話せますか",
    "Děkuji, to je vše.",
    "And how much is it without the extras?",
)
_ANSWERED = ("Let me look.", "I found {n} that fit.", "That is {n} EUR in all.", "Which day would suit you?")
_NAMES = ("Jonas Costa", "Maya Lindqvist", "Priya Natarajan", "Žofie Malá", "陳美玲", "Omar Haddad", "Ada Lund")
_BEGINS = datetime(2026, 10, 1, 8, 0, tzinfo=timezone.utc)


def conversations(size: int = SIZE) -> list[dict[str, Any]]:
    """The lines of the file; no two conversations were last active at one time."""
    random = Random(17)
    return [_conversation(random, number) for number in range(size)]


def write(path: Path, size: int = SIZE) -> Path:
    """The file, at the path."""
    path.write_text("".join(f"{json.dumps(line)}\n" for line in conversations(size)), "utf-8")
    return path


def _conversation(random: Random, number: int) -> dict[str, Any]:
    at = _BEGINS + timedelta(minutes=21 * number)
    messages = []
    for index in range(random.randrange(2, 12)):
        by_visitor = index % 2 == 0
        text = random.choice(_SAID if by_visitor else _ANSWERED).format(n=random.randrange(2, 99))
        messages.append(
            {
                "id": f"m-{number}-{index}",
                "author": "visitor" if by_visitor else "agent",
                "body": text,
                "created_at": (at + timedelta(seconds=40 * index)).isoformat(),
            }
        )
    line: dict[str, Any] = {
        "id": f"chat-{number:05}",
        "agent": random.choice(("Website assistant", "Booking assistant")),
        "visitor": _visitor(random, number),
        "messages": messages,
        "created_at": at.isoformat(),
        "status": "open" if random.random() < 0.4 else "resolved",
        "topic": random.choice(("Flights", "Restaurants", "Hotels", "Orders", "")),
    }
    if line["status"] == "open" and random.random() < 0.4:
        line["needs_human"] = True
    if random.random() < 0.14:
        line["assignee"] = random.choice((DANA, "sam@acme.example"))
    return line


def _visitor(random: Random, number: int) -> dict[str, str]:
    if random.random() < 0.3:
        return {}
    known = {"name": random.choice(_NAMES), "email": f"visitor{number}@mail.example"}
    return known if random.random() < 0.5 else {**known, "phone": f"+46 70 {number:06}"}
