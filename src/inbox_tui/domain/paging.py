"""Windows into a list that may hold any number of conversations.

A list is read either from a row number (a jump) or onwards from a known row (a
scroll). Scrolling by cursor neither repeats nor skips a row while others write.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeVar

import msgspec

from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation

ROOM = 1_048_576
"""Bytes of JSON that the rows of a page or a thread take: it ends early where the next row would not fit. One row
always does."""

MATCHING_ROOM = 15 * ROOM
"""Bytes of JSON of the conversations that "select all" selects."""

MOST_CONVERSATION = 56 * 1024
"""Bytes of JSON of the largest conversation that the limits of its parts allow, without its messages."""

MOST_CHANGE = 16 * 1024
"""Bytes of JSON of the largest state change that names what can be in a store."""

MOST_OUTCOME = 2 * (MOST_CONVERSATION + MOST_CHANGE)
"""The same of its outcome: the conversation before and after, the change, and why it was refused."""

OUTCOMES_ROOM = 4 * ROOM
"""Bytes of JSON of the outcomes in one answer."""

LOOKUP_ROOM = 4 * ROOM
"""Bytes of JSON of the conversations in one answer to a lookup by id."""

_Record = TypeVar("_Record", bound=msgspec.Struct | str)


class Cursor(msgspec.Struct, frozen=True):
    """A place in one ordering of conversations, whether or not a row still stands there."""

    key: int
    """The store's sort key. Opaque outside the store that made it."""
    tie: int
    """Breaks ties between equal keys. Opaque likewise."""


class PageRequest(msgspec.Struct, frozen=True):
    """A request for rows: by row number, or next to a cursor (which overrides ``offset``)."""

    limit: int = 60
    offset: int = 0
    """Row number of the first row wanted; negative counts from the end."""
    cursor: Cursor | None = None
    direction: Literal["after", "before"] = "after"


class Page(msgspec.Struct, frozen=True):
    """Consecutive rows of a list, in the list's order. A store may return fewer than requested, even none."""

    query: Query
    rows: tuple[Conversation, ...]
    first: Cursor | None
    """The cursor for reading the page before this one; None if there is none."""
    last: Cursor | None
    """The cursor for reading the page after this one; None if there is none."""
    offset: int | None = None
    """Row number of the first row, where the request was by row number."""
    total: int | None = None
    """For a search: the number of matches; None if unknown. ``counts`` counts filters without a search."""
    total_is_exact: bool = True
    """False if the search has more matches than ``total``."""
    is_cut: bool = False
    """The page reached the size limit of an answer: more of the requested rows follow."""
    is_end: bool | None = None
    """Whether no row follows in the direction of the request. None: the list ends here if the page has fewer rows than
    requested and is not cut."""

    def ends(self, request: PageRequest) -> bool:
        """Whether the list ends here, in the direction of the request that this page answers."""
        if self.first is None and self.last is None:
            return True
        if self.is_end is not None:
            return self.is_end
        is_from_end = request.cursor is None and request.offset < 0
        return (is_from_end or len(self.rows) < request.limit) and not self.is_cut


def sent_size(record: msgspec.Struct | str) -> int:
    """The bytes that a record takes in an answer: JSON writes a control character in six."""
    return len(msgspec.json.encode(record))


def that_fit(rows: Iterable[_Record], room: int = ROOM) -> list[_Record]:
    """As many of the first records as fit into ``limit`` bytes of JSON; always at least one."""
    fitting: list[_Record] = []
    for row in rows:
        room -= sent_size(row)
        if room < 0 and fitting:
            break
        fitting.append(row)
    return fitting
