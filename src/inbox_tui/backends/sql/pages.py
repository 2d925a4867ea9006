"""Pages of a list: onwards from a row, or from a row number.

Scrolling is by key, so its cost does not depend on how long the list is. A jump to a
row number walks the index from the nearer end; on long lists it starts from an anchor
instead (every ANCHOR_STEP-th row's place, noted once) and costs as little as a scroll.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from inbox_tui.backends.sql import counters, reads, statements
from inbox_tui.backends.sql.database import Asked, Database, Row
from inbox_tui.backends.sql.roster import row_number
from inbox_tui.backends.sql.roster_reader import current_roster
from inbox_tui.backends.sql.rows import conversation, sort_key
from inbox_tui.backends.sql.statements import Edge, Shape
from inbox_tui.domain.changes import ChangeId
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import MemberId
from inbox_tui.domain.paging import Cursor, Page, PageRequest, that_fit

ANCHOR_STEP = 256
LONG_LIST = 20_000
"""Rows from which anchors are worth their building."""
_BEYOND_ALL = 2**63 - 1


class Anchors(msgspec.Struct, frozen=True):
    """The places of every ANCHOR_STEP-th row of a list, as it was at one change."""

    change: ChangeId
    places: tuple[Cursor, ...]


def read_page(db: Database, query: Query, me: MemberId, request: PageRequest, anchors: Anchors | None = None) -> Page:
    """The rows that the request asks for, of a list without a search."""
    listing = _Listing(db, query, me)
    if request.cursor is None:
        return listing.jump(request, anchors)
    is_reversed = request.direction == "before"
    rows = listing.rows(edge="after", at=request.cursor, limit=request.limit, is_reversed=is_reversed)
    return page_of(db, query, rows, None, is_reversed=is_reversed)


def page_of(
    db: Database,
    query: Query,
    rows: list[Row],
    offset: int | None,
    total: int | None = None,
    *,
    is_reversed: bool = False,
) -> Page:
    """The page that these rows make, as many of them as one holds; ``is_reversed``: they come last row first."""
    roster = current_roster(db)
    column = statements.ordering(query.filter, query.effective_order).column
    conversations = that_fit(conversation(row, roster) for row in rows)
    ends = [Cursor(sort_key(row, column), row[0]) for row in (rows[0], rows[len(conversations) - 1])] if rows else None
    if is_reversed:
        conversations.reverse()
        ends = ends and ends[::-1]
    return Page(
        query,
        tuple(conversations),
        ends[0] if ends else None,
        ends[1] if ends else None,
        offset,
        total,
        is_cut=len(conversations) < len(rows),
    )


def start_of(offset: int, total: int) -> int:
    """The row number that a request's offset means in a list of ``total`` rows."""
    return max(0, total + offset) if offset < 0 else min(offset, total)


def build_anchors(db: Database, query: Query, me: MemberId) -> Anchors:
    """Note the places for jumps; takes about 50 ms for each million rows."""
    listing = _Listing(db, query, me)
    places: list[Cursor] = []
    place = listing.seek(skip=0)
    while place is not None:
        places.append(place)
        place = listing.seek(at=place, skip=ANCHOR_STEP)
    return Anchors(reads.last_change(db), tuple(places))


def is_far(offset: int, total: int) -> bool:
    """Whether a jump goes far enough into a long list to want anchors."""
    start = start_of(offset, total)
    return total > LONG_LIST and min(start, total - start) > ANCHOR_STEP


def values(query: Query, me: MemberId, at: Cursor | None = None) -> dict[str, int]:
    """The values that a listing's statement may name."""
    return {
        "me": row_number(me),
        "agent": -1 if query.agent is None else row_number(query.agent),
        "key": _BEYOND_ALL if at is None else at.key,
        "tie": _BEYOND_ALL if at is None else at.tie,
    }


def asked_of(query: Query, me: MemberId, request: PageRequest) -> Sequence[Asked]:
    """What ``read_page`` reads by, where that does not depend on what it finds."""
    if request.cursor is not None:
        is_reversed = request.direction == "before"
        return [_listing(query, me, limit=request.limit, edge="after", at=request.cursor, is_reversed=is_reversed)]
    return [_listing(query, me, limit=request.limit)] if request.offset == 0 else []


def _listing(
    query: Query,
    me: MemberId,
    *,
    limit: int,
    shape: Shape = "page",
    edge: Edge = "none",
    at: Cursor | None = None,
    skip: int = 0,
    is_reversed: bool = False,
) -> Asked:
    statement = statements.listing(
        query.filter,
        query.effective_order,
        shape=shape,
        edge=edge,
        has_agent=query.agent is not None,
        is_reversed=is_reversed,
    )
    return Asked(statement, {**values(query, me, at), "limit": max(0, limit), "skip": skip})


class _Listing:
    """One list as one transaction sees it."""

    def __init__(self, db: Database, query: Query, me: MemberId) -> None:
        self._db = db
        self._query = query
        self._me = me

    def jump(self, request: PageRequest, anchors: Anchors | None) -> Page:
        """The page at a row number."""
        if request.offset == 0:
            return page_of(self._db, self._query, self.rows(limit=request.limit), 0)
        total = counters.number(self._db, self._me, self._query)
        start = start_of(request.offset, total)
        place = self._place(start, total, anchors)
        rows = self.rows(edge="from", at=place, limit=request.limit) if place else []
        return page_of(self._db, self._query, rows, start)

    def seek(self, *, skip: int, at: Cursor | None = None, is_reversed: bool = False) -> Cursor | None:
        """The place ``skip`` rows onwards from another, or from the beginning."""
        edge: Edge = "none" if at is None else "from"
        rows = self.rows(shape="seek", edge=edge, at=at, limit=1, skip=skip, is_reversed=is_reversed)
        return Cursor(rows[0][0], rows[0][1]) if rows else None

    def rows(
        self,
        *,
        limit: int,
        shape: Shape = "page",
        edge: Edge = "none",
        at: Cursor | None = None,
        skip: int = 0,
        is_reversed: bool = False,
    ) -> list[Row]:
        """Consecutive rows, in the list's order or against it."""
        statement, named = _listing(
            self._query, self._me, limit=limit, shape=shape, edge=edge, at=at, skip=skip, is_reversed=is_reversed
        )
        return self._db.rows(statement, **named)

    def _place(self, start: int, total: int, anchors: Anchors | None) -> Cursor | None:
        if start >= total:
            return None
        if anchors is not None and anchors.change == reads.last_change(self._db):
            return self.seek(at=anchors.places[start // ANCHOR_STEP], skip=start % ANCHOR_STEP)
        if start <= total // 2:
            return self.seek(skip=start)
        return self.seek(skip=total - 1 - start, is_reversed=True)
