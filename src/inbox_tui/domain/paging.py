"""Windows into a list that may hold any number of conversations.

A list is read either from a row number (a jump) or onwards from a known row (a
scroll). Scrolling by cursor neither repeats nor skips a row while others write.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation


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
