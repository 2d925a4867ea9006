"""Reads damaged records value by value: everything that is readable, and the names of the missing values.

One value that another program, an older version or a broken disk left behind must not hide the row that
holds it, nor the rows beside it (rule 13). Stores read a row as a whole; only when that fails do they come here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from inbox_tui.domain.limits import EARLIEST
from inbox_tui.domain.models import Agent, AgentId, Author, Conversation, ConversationId, Kind, Message, MessageId

Readers = Mapping[str, Callable[[], Any]]
"""For each field, a function that reads its value or raises one of UNREADABLE."""

UNREADABLE = (ArithmeticError, LookupError, TypeError, ValueError, msgspec.ValidationError)
"""The errors that reading a malformed value raises."""

_Record = TypeVar("_Record", bound=msgspec.Struct)

_UNKNOWN_AGENT = Agent(AgentId(""), "?")


def conversation(readers: Readers) -> Conversation:
    """A conversation without its unreadable values. A wait continues even if its start is unreadable."""
    return _salvaged(
        Conversation,
        readers,
        {
            "id": ConversationId("?"),
            "agent": _UNKNOWN_AGENT,
            "created_at": EARLIEST,
            "last_activity_at": EARLIEST,
            "waiting_since": EARLIEST,
        },
    )


def message(readers: Readers) -> Message:
    """A message without its unreadable values."""
    return _salvaged(
        Message,
        readers,
        {
            "id": MessageId(""),
            "author": Author.SYSTEM,
            "kind": Kind.MESSAGE,
            "body": "",
            "created_at": EARLIEST,
        },
    )


def _salvaged(kind: type[_Record], readers: Readers, instead: Mapping[str, Any]) -> _Record:
    values: dict[str, Any] = {}
    missing: list[str] = []
    for name, read in readers.items():
        try:
            values[name] = read()
        except UNREADABLE:
            missing.append(name)
            if name in instead:
                values[name] = instead[name]
    return kind(**values, damage=", ".join(missing))
