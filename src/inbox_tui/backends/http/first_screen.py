"""What a screen asks together, in one request; as many as there are parts at a server of an earlier version."""

from __future__ import annotations

import asyncio

import msgspec

from inbox_tui.backends.web.client import ApiClient
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.filters import Counts, Query
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.store.api import PAGE_LIMIT, FirstScreen
from inbox_tui.store.overview import Overview
from inbox_tui.store.protocol import Store


class HttpBatched(Store):
    """The port's Batched."""

    _line: ApiClient
    _seen: tuple[PageRequest, FirstScreen] | None
    """What was asked while the store was opened, and the answer, until somebody wants one."""
    _is_earlier = False
    """The server is of a version that does not answer everything together."""

    async def overview(self, query: Query, request: PageRequest) -> Overview:
        """What the first screen shows. Raises NotAllowed for a search."""
        seen = await self._first_screen(query, request, team=True)
        if seen is None or seen.agents is None or seen.members is None:
            me, agents, members, (page, counts) = await asyncio.gather(
                self.me(), self.agents(), self.members(), self._counted_page(query, request)
            )
            return Overview(me, tuple(agents), tuple(members), counts, page)
        return Overview(seen.workspace.me, seen.agents, seen.members, seen.counts, seen.page)

    async def counted_page(self, query: Query, request: PageRequest) -> tuple[Page, Counts]:
        """A page and the counts of its agent. Raises NotAllowed for a search."""
        seen = await self._first_screen(query, request, team=False)
        return await self._counted_page(query, request) if seen is None else (seen.page, seen.counts)

    async def _counted_page(self, query: Query, request: PageRequest) -> tuple[Page, Counts]:
        page, counts = await asyncio.gather(self.list(query, request), self.counts(query.scope))
        return page, counts

    async def _first_screen(self, query: Query, request: PageRequest, *, team: bool) -> FirstScreen | None:
        seen, self._seen = self._seen, None
        if seen is not None and (seen[0], seen[1].page.query) == (request, query):
            return seen[1]
        if self._is_earlier:
            return None
        found = await first_screen(self._line, query, request, team=team)
        is_first = request.cursor is None and not request.offset
        self._is_earlier = found is None and is_first
        return found


async def first_screen(line: ApiClient, query: Query, request: PageRequest, *, team: bool) -> FirstScreen | None:
    """Everything in one answer; None from a server of an earlier version, and where the page is not a list's first.

    Raises InboxError.
    """
    if request.cursor is not None or request.offset or not 0 <= request.limit <= PAGE_LIMIT:
        return None
    params: dict[str, str | int] = {**list_params(query), "limit": request.limit, "team": "true" if team else "false"}
    try:
        found = await line.ask("GET", "overview", FirstScreen, params=params)
    except NotFound:
        return None
    return msgspec.structs.replace(found, page=msgspec.structs.replace(found.page, query=query))


def list_params(query: Query) -> dict[str, str | int]:
    """A list, as query parameters."""
    params: dict[str, str | int] = {"filter": query.filter.value}
    if query.agent is not None:
        params["agent"] = query.agent
    if query.search:
        params["search"] = query.search
    if query.order is not None:
        params["order"] = query.order.value
    return params
