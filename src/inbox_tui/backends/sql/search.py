"""Searches as lists: what was found is kept sorted in memory until something is written.

Scrolling in it and jumping cost no second search. How a database finds words is its
``TextSearch``'s; here is what a search means.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict

import msgspec

from inbox_tui.backends.sql import reads, statements
from inbox_tui.backends.sql.database import Database, TextSearch
from inbox_tui.backends.sql.pages import page_of, start_of, values
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import MemberId
from inbox_tui.domain.paging import Cursor, Page, PageRequest
from inbox_tui.domain.text import storable

HITS_COUNTED = 20_000
"""Messages that a search considers, the newest first; beyond them its total is not exact."""

_NUMBER_OF_MESSAGES = "UNION ALL SELECT NULL, count(*) FROM newest"
_KEPT = 4


class Found(msgspec.Struct, frozen=True):
    """The result of a search: the place of every row, in the list's order."""

    seq: int
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


class Searches:
    """The latest searches' results. Belongs to one connection's thread."""

    def __init__(self, me: MemberId, text_search: TextSearch) -> None:
        self._me = me
        self._text_search = text_search
        self._found: OrderedDict[Query, Found] = OrderedDict()

    def page(self, db: Database, query: Query, request: PageRequest) -> Page:
        """The rows that the request asks for, of a list with a search. Inside one snapshot."""
        found = self._result(db, query)
        start, end = found.window(request)
        rows = [row for _, id in found.places[start:end] if (row := db.row(statements.CONVERSATION_BY_ROW, id=id))]
        page = page_of(db, query, rows, start if request.cursor is None else None, len(found.places))
        return msgspec.structs.replace(page, total_is_exact=found.is_exact)

    def _result(self, db: Database, query: Query) -> Found:
        found = self._found.get(query)
        if found is None or found.seq != reads.last_change(db):
            found = _search(db, query, self._me, self._text_search)
            self._found[query] = found
        self._found.move_to_end(query)
        if len(self._found) > _KEPT:
            self._found.popitem(last=False)
        return found


def words_of(search: str) -> list[str]:
    """What was typed, word by word; what holds neither letter nor digit is none."""
    return [word for word in storable(search).split() if any(map(str.isalnum, word))]


def _search(db: Database, query: Query, me: MemberId, text_search: TextSearch) -> Found:
    seq = reads.last_change(db)
    by = statements.ordering(query.filter, query.effective_order)
    words = text_search.expression(query.search)
    if not words:
        return Found(seq, (), by.is_descending, is_exact=True)
    found = statements.found(query.filter, query.effective_order, has_agent=query.agent is not None)
    statement = " ".join((text_search.hits, found, _NUMBER_OF_MESSAGES))
    *places, (_, messages) = db.rows(statement, **values(query, me), words=words, most=HITS_COUNTED)
    places.sort(reverse=by.is_descending)
    return Found(seq, tuple((key, id) for key, id in places), by.is_descending, is_exact=messages < HITS_COUNTED)


def _place(cursor: Cursor) -> tuple[int, int]:
    return cursor.key, cursor.tie
