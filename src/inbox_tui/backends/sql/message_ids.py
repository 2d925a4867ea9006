"""Ids of messages: made for each row that is read, and checked when a client comes back with one.

A row number is given out again after a restore from an older backup; the fingerprint tells the two messages apart.
"""

from __future__ import annotations

from inbox_tui.backends.sql.database import Row
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.fingerprints import Numbered, numbered_id, read_id
from inbox_tui.domain.models import MessageId


def message_id(number: int, created_at: int, author: str, kind: str, key: str | None) -> MessageId:
    """The id of the message in row ``number``."""
    return MessageId(numbered_id(number, created_at, author, kind, key or ""))


def message_number(id: MessageId) -> int:
    """The row number in a message's id. Raises NotFound for a text that is no such id."""
    return numbered(id).number


def numbered(id: MessageId) -> Numbered:
    """What a message's id says. Raises NotFound for a text that is no such id."""
    found = read_id(id)
    if found is None:
        raise no_message()
    return found


def is_named(id: Numbered, row: Row | None) -> bool:
    """Whether the id was made for the message in a row of ``created_at, author, kind, key``."""
    if row is None:
        return False
    created_at, author, kind, key = row
    return id.names(created_at, author, kind, key or "")


def no_message() -> NotFound:
    """The error for an id that names no message, or one that a restore undid."""
    return NotFound("This message does not exist.", hint="Open the conversation again.")
