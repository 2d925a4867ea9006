"""Which thread reads a page, and when anchors for far jumps are built.

A jump is never kept waiting for anchors: it is answered without, and they are built
for the next one behind its back.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from inbox_tui.backends.sql import counters, pages, reads
from inbox_tui.backends.sql.database import Database
from inbox_tui.backends.sql.pages import Anchors
from inbox_tui.backends.sql.roster import Roster
from inbox_tui.backends.sql.roster_reader import current_roster
from inbox_tui.backends.sql.search import SearchCache
from inbox_tui.backends.sql.session import StoreSession
from inbox_tui.domain import rules
from inbox_tui.domain.errors import StoreError
from inbox_tui.domain.filters import Counts, Query
from inbox_tui.domain.models import Conversation
from inbox_tui.domain.paging import MATCHING_ROOM, Page, PageRequest, that_fit

_LISTS_KEPT = 8
_SECONDS_BETWEEN_BUILDS = 2.0
_READ_AT_ONCE = 1_000


class ListReader:
    """All lists of one session."""

    def __init__(self, session: StoreSession[Any]) -> None:
        self._session = session
        self._searches = SearchCache(session.me, session.text_search)
        self._anchors: OrderedDict[Query, Anchors] = OrderedDict()
        self._built: dict[Query, float] = {}
        self._building: asyncio.Task[None] | None = None

    async def page(self, query: Query, request: PageRequest) -> Page:
        """The rows that the request asks for, as the member may see them. Raises NotAllowed for a search."""
        if query.search.strip():
            return await self._session.search(lambda db: self._found(db, query, request))
        anchors = self._anchors.get(query)
        session, read = self._session, partial(self._read, query=query, request=request, anchors=anchors)
        asked = pages.asked_of(query, session.me, request)
        page, wants_anchors = await (session.read_asked(asked, read) if asked else session.read(read))
        if wants_anchors:
            self._build_soon(query)
        return page

    async def counted_page(self, query: Query, request: PageRequest) -> tuple[Page, Counts, Roster]:
        """A page without a search, the counts of its agent, and who there is: all as one transaction sees it."""
        me = self._session.me

        def read(db: Database) -> tuple[Page, Counts, Roster]:
            page, _ = self._read(db, query, request, None)
            return page, counters.read(db, me, query.scope), current_roster(db)

        asked = [*pages.asked_of(query, me, request), counters.asked_of(me, query.scope)]
        return await self._session.read_asked(asked, read)

    async def first(self, query: Query, limit: int) -> Sequence[Conversation]:
        """The beginning of a list, for working on it. Raises NotAllowed unless the member may chat."""

        def read(db: Database) -> Sequence[Conversation]:
            if not query.search.strip():
                rules.require_chat(current_roster(db).acting(self._session.me))
            found: list[Conversation] = []
            request = PageRequest(min(limit, _READ_AT_ONCE))
            while len(found) < limit:
                if query.search.strip():
                    page = self._found(db, query, request)
                else:
                    page = pages.read_page(db, query, self._session.me, request)
                found += page.rows
                if page.ends(request):
                    break
                request = PageRequest(min(limit - len(found), _READ_AT_ONCE), cursor=page.last)
            return that_fit(found, MATCHING_ROOM)

        return await self._session.search(read)

    async def aclose(self) -> None:
        """Stop building."""
        if self._building is not None:
            self._building.cancel()
            await asyncio.wait([self._building])

    def _found(self, db: Database, query: Query, request: PageRequest) -> Page:
        rules.require_chat(current_roster(db).acting(self._session.me))
        return self._searches.page(db, query, request)

    def _read(self, db: Database, query: Query, request: PageRequest, anchors: Anchors | None) -> tuple[Page, bool]:
        me = self._session.me
        page = pages.read_page(db, query, me, request, anchors)
        roster = db.roster or current_roster(db)  # which the page has just been made with
        actor = roster.acting(me)
        if not actor.may_chat:
            page = msgspec.structs.replace(page, rows=tuple(rules.as_seen_by(actor, row) for row in page.rows))
        if request.cursor is not None or request.offset == 0:
            return page, False
        is_stale = anchors is None or anchors.change != reads.last_change(db)
        total = counters.number(db, me, query)
        return page, is_stale and pages.is_far(request.offset, total)

    def _build_soon(self, query: Query) -> None:
        now = time.monotonic()
        is_idle = self._building is None or self._building.done()
        if is_idle and now - self._built.get(query, -_SECONDS_BETWEEN_BUILDS) >= _SECONDS_BETWEEN_BUILDS:
            self._built = {query: now}
            self._building = asyncio.create_task(self._build(query), name="anchors")

    async def _build(self, query: Query) -> None:
        try:
            self._anchors[query] = await self._session.search(
                lambda db: pages.build_anchors(db, query, self._session.me)
            )
        except StoreError:
            return  # the next jump tries again, and the reader tells what is wrong
        self._anchors.move_to_end(query)
        if len(self._anchors) > _LISTS_KEPT:
            self._anchors.popitem(last=False)
