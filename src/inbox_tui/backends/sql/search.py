"""Searches as lists: caches the sorted hits in memory until the next write.

Scrolling in it and jumping cost no second search. How a database finds words is its
``TextSearch``'s; here is what a search means.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from typing import NamedTuple

import msgspec

from inbox_tui.backends.sql import reads, statements
from inbox_tui.backends.sql.database import Database, TextSearch
from inbox_tui.backends.sql.pages import page_of, start_of, values
from inbox_tui.domain.changes import ChangeId
from inbox_tui.domain.filters import BEGINNING_IN_MESSAGES, BEGINNING_IN_WHAT_IS_KNOWN, Query
from inbox_tui.domain.models import MemberId
from inbox_tui.domain.paging import Cursor, Page, PageRequest
from inbox_tui.domain.sought import sought

SCAN_LIMIT = 10_000
"""Messages with the words that a search considers, the newest first; beyond them its total is not exact."""
MAX_HITS = 250
"""Hits in the list that are looked for, in messages and in what is known of visitors each: who needs more of them
narrows the search, and to find more takes longer the more conversations there are.
"""

_CACHE_SIZE = 4


class Found(msgspec.Struct, frozen=True):
    """The result of a search: the place of every row, in the list's order."""

    change: ChangeId
    places: tuple[tuple[int, int], ...]
    is_descending: bool
    is_exact: bool

    def window(self, request: PageRequest) -> tuple[int, int]:
        """The first row number that the request asks for, and the one after the last."""
        limit = max(0, request.limit)
        if request.cursor is None:
            start = start_of(request.offset, len(self.places))
        elif request.direction == "after":
            start = bisect_right(self.places, self._rank(_place(request.cursor)), key=self._rank)
        else:
            end = bisect_left(self.places, self._rank(_place(request.cursor)), key=self._rank)
            return max(0, end - limit), end
        return start, start + limit

    def _rank(self, place: tuple[int, int]) -> tuple[int, int]:
        return (-place[0], -place[1]) if self.is_descending else place


class SearchCache:
    """The latest searches' results. Belongs to one connection's thread."""

    def __init__(self, me: MemberId, text_search: TextSearch) -> None:
        self._me = me
        self._text_search = text_search
        self._found: OrderedDict[Query, Found] = OrderedDict()

    def page(self, db: Database, query: Query, request: PageRequest) -> Page:
        """The rows that the request asks for, of a list with a search. Inside one snapshot."""
        found = self._result(db, query)
        start, end = found.window(request)
        ids = [id for _, id in found.places[start:end]]
        by_id = {row[0]: row for row in reads.conversations(db, "id", ids)}
        rows = [by_id[id] for id in ids if id in by_id]
        if request.cursor is None:
            page = page_of(db, query, rows, start, len(found.places))
        else:
            is_reversed = request.direction == "before"
            rows = rows[::-1] if is_reversed else rows
            page = page_of(db, query, rows, None, len(found.places), is_reversed=is_reversed)
        return msgspec.structs.replace(page, total_is_exact=found.is_exact)

    def _result(self, db: Database, query: Query) -> Found:
        found = self._found.get(query)
        if found is None or found.change != reads.last_change(db):
            found = _search(db, query, self._me, self._text_search)
            self._found[query] = found
        self._found.move_to_end(query)
        if len(self._found) > _CACHE_SIZE:
            self._found.popitem(last=False)
        return found


class Typed(NamedTuple):
    """What was typed, in the database's search language; empty if there is no word in it."""

    words: str
    """As it is looked for in messages."""
    known: str
    """As it is looked for in what is known of a visitor."""


def typed(db: Database, search: str, text_search: TextSearch) -> Typed:
    """Read a search: all its words, the last as the beginning of one. Raises Rejected for too many."""
    return Typed(
        *(
            text_search.expression(db, terms, in_messages=in_messages) if (terms := sought(search, least)) else ""
            for in_messages, least in ((True, BEGINNING_IN_MESSAGES), (False, BEGINNING_IN_WHAT_IS_KNOWN))
        )
    )


def _search(db: Database, query: Query, me: MemberId, text_search: TextSearch) -> Found:
    change = reads.last_change(db)
    by = statements.ordering(query.filter, query.effective_order)
    expressions = typed(db, query.search, text_search)._asdict()
    if not expressions["words"]:
        return Found(change, (), by.is_descending, is_exact=True)
    looked_for = {**values(query, me), **expressions, "most": SCAN_LIMIT}
    by_messages, by_what_is_known = (
        db.rows(
            statements.found(hits, query.filter, query.effective_order, has_agent=query.agent is not None),
            **looked_for,
            enough=MAX_HITS,
        )
        for hits in (text_search.messages, text_search.known)
    )
    is_exact = len(by_messages) < MAX_HITS and len(by_what_is_known) < MAX_HITS
    if is_exact:
        [(number,)] = db.rows(text_search.number_of_messages, **looked_for)
        is_exact = number < SCAN_LIMIT
    places = sorted({(key, id) for key, id in by_messages + by_what_is_known}, reverse=by.is_descending)
    return Found(change, tuple(places), by.is_descending, is_exact=is_exact)


def _place(cursor: Cursor) -> tuple[int, int]:
    return cursor.key, cursor.tie
