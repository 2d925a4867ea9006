"""A conversation, and a log, that disappear under an open inbox: the last line says it, and nothing is lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from .conftest import Desk
from .harness import Terminal, needs_tmux

pytestmark = needs_tmux


def reply(terminal: Terminal, text: str) -> None:
    terminal.keys("r")
    terminal.text(text)
    terminal.wait_for(f"│ {text}")
    terminal.enter()


def test_a_text_for_a_conversation_that_is_gone_is_found_again(desk: Desk) -> None:
    terminal = desk.open(size=(80, 24))
    terminal.keys("r")
    terminal.text("For nobody now")
    terminal.wait_for("For nobody now")
    with closing(sqlite3.connect(desk.store)) as other, other:
        other.execute("UPDATE conversation SET public_id = 'elsewhere' WHERE public_id = 'c-0'")
    terminal.enter()
    terminal.wait_for("The conversation is gone; your text is kept")
    terminal.escape()
    terminal.keys("C-p")
    terminal.wait_for("Search")
    terminal.text("texts without")
    terminal.wait_for("Texts without a conversation")
    terminal.keys("Down", "Enter")
    terminal.wait_for("reply for c-0: For nobody now")
    terminal.keys("Enter")
    terminal.wait_for("Written for conversation c-0:")


def test_a_deleted_log_is_said_and_nothing_sent_is_lost(desk: Desk) -> None:
    terminal = desk.open()
    reply(terminal, "Before")
    terminal.wait_for("Sent to")
    desk.store.with_name(f"{desk.store.name}-wal").unlink()
    terminal.wait_for("was deleted while it was open")
    terminal.kill()
    assert ("member", "Before") in desk.said("c-0")
