"""Walking a whole list in one consistent view, for exports.

The walk's statement stays open between batches on a connection of its own, so that a
slow export neither blocks a search nor sees half of what others write meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

from inbox_tui.backends.sql import statements
from inbox_tui.backends.sql.database import Connection, Rows, TextSearch
from inbox_tui.backends.sql.pages import values
from inbox_tui.backends.sql.roster import Roster
from inbox_tui.backends.sql.roster_reader import current_roster
from inbox_tui.backends.sql.rows import conversation
from inbox_tui.backends.sql.search import typed
from inbox_tui.domain import rules
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation, MemberId
from inbox_tui.domain.paging import ROOM, sent_size

_WITHOUT_END = 2**62
_FETCHED_AT_ONCE = 50
"""Rows that the driver takes in together: each may hold a message of a megabyte."""


class ListScan:
    """One pass over a list. All calls come from one connection's thread, in one snapshot.

    Args:
        query: Which list; a search is not cut short.
        me: Whose.
        text_search: How the database finds words.
    """

    def __init__(self, query: Query, me: MemberId, text_search: TextSearch) -> None:
        self._text_search = text_search
        self._query = query
        self._me = me
        self._rows: Rows | None = None
        self._roster: Roster | None = None

    def begin(self, db: Connection) -> None:
        """Start the walk. Raises NotAllowed unless the member may chat."""
        self._roster = current_roster(db)
        rules.require_chat(self._roster.acting(self._me))
        query = self._query
        expressions = typed(db, query.search, self._text_search)._asdict()
        if query.search.strip() and not expressions["words"]:
            return
        statement = statements.listing(
            query.filter,
            query.effective_order,
            shape="whole",
            has_agent=query.agent is not None,
            hits=self._text_search.all_hits if expressions["words"] else "",
        )
        self._rows = db.cursor(statement, {**values(query, self._me), "limit": _WITHOUT_END, "skip": 0, **expressions})

    def next(self, count: int) -> Sequence[Conversation]:
        """The next conversations, at most ``count``, fewer where they are large; none at the end."""
        found: list[Conversation] = []
        if self._rows is None or self._roster is None:
            return found
        room = ROOM
        while room > 0 and len(found) < count:
            rows = self._rows.fetchmany(min(_FETCHED_AT_ONCE, count - len(found)))
            if not rows:
                break
            for row in rows:
                found.append(conversation(row, self._roster))
                room -= sent_size(found[-1])
        return found
