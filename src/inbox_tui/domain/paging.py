"""Windows into a list that may hold any number of conversations.

A list is read either from a row number (a jump) or onwards from a known row (a
scroll). Scrolling by cursor neither repeats nor skips a row while others write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

import msgspec

from inbox_tui.domain.filters import Query
from inbox_tui.domain.limits import size
from inbox_tui.domain.models import Conversation, Message

ROOM = 1_048_576
"""Bytes of text that a page or a thread holds: it ends early where the next row would not fit. One row always does."""

MATCHING_ROOM = 16 * ROOM
"""Bytes of text of the conversations that "select all" selects."""

_Row = TypeVar("_Row")


class Cursor(msgspec.Struct, frozen=True):
    """A place in one ordering of conversations, whether or not a row still stands there."""

    key: int
    """The store's sort key. Opaque outside the store that made it."""
    tie: int
    """Breaks ties between equal keys. Opaque likewise."""


class PageRequest(msgspec.Struct, frozen=True):
    """Which rows are wanted: by row number, or next to a cursor (then ``offset`` is ignored)."""

    limit: int = 60
    offset: int = 0
    """Row number of the first row wanted; negative counts from the end."""
    cursor: Cursor | None = None
    direction: Literal["after", "before"] = "after"


class Page(msgspec.Struct, frozen=True):
    """Consecutive rows of a list, in the list's order."""

    query: Query
    rows: tuple[Conversation, ...]
    first: Cursor | None
    """The place of the first row; None when there are no rows."""
    last: Cursor | None
    """The place of the last row; None when there are no rows."""
    offset: int | None = None
    """Row number of the first row, where the request was by row number."""
    total: int | None = None
    """For a search: how many match. Filters without a search are counted by ``counts``."""
    total_is_exact: bool = True
    """False when a search found more than is counted."""
    is_cut: bool = False
    """It ends early, for it holds as much as one answer may: more of the rows that were asked for follow."""


def conversation_size(row: Conversation) -> int:
    """Bytes of text that a row holds."""
    lead, holder = row.lead, row.assignee
    texts = (row.id, row.agent.name, row.topic, row.last_message, lead.name, lead.email, lead.phone, lead.company)
    return sum(map(size, texts)) + (size(holder.name) + size(holder.email) if holder else 0)


def message_size(message: Message) -> int:
    """Bytes of text that an entry of a thread holds."""
    return size(message.body) + size(message.key)


def that_fit(rows: Iterable[_Row], size_of: Callable[[_Row], int], room: int = ROOM) -> list[_Row]:
    """The first rows, as many as fit into so many bytes of text; one always does."""
    fitting: list[_Row] = []
    for row in rows:
        room -= size_of(row)
        if room < 0 and fitting:
            break
        fitting.append(row)
    return fitting
