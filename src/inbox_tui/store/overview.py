"""What a screen asks together: the workspace, the numbers of the filters and the first rows of a list.

A store at the other end of a line answers it in one round trip if it is ``Batched``. Any other is asked for
each part, all at the same time.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, runtime_checkable

import msgspec

from inbox_tui.domain.filters import Counts, Filter, Query
from inbox_tui.domain.models import Agent, Member
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.store.protocol import Store

FIRST_PAGE = 80
"""Rows read at first: two screens of a tall terminal."""


class Overview(msgspec.Struct, frozen=True):
    """All that the first screen shows."""

    me: Member
    agents: tuple[Agent, ...]
    members: tuple[Member, ...]
    counts: Counts
    page: Page


@runtime_checkable
class Batched(Protocol):
    """A store that answers several questions in one round trip. Each answer is that of its own verb."""

    async def overview(self, query: Query, request: PageRequest) -> Overview:
        """``me``, ``agents``, ``members``, and what ``counted_page`` gives. Raises NotAllowed for a search."""

    async def counted_page(self, query: Query, request: PageRequest) -> tuple[Page, Counts]:
        """``list``, and ``counts`` for the query's agent. Raises NotAllowed for a search."""


def first_list(filter: Filter) -> tuple[Query, PageRequest]:
    """What a screen that opens on this filter asks for."""
    return Query(filter), PageRequest(limit=FIRST_PAGE)


async def read_overview(store: Store, query: Query, request: PageRequest) -> Overview:
    """What the first screen shows of any store. Raises InboxError."""
    if isinstance(store, Batched):
        return await store.overview(query, request)
    me, agents, members, (page, counts) = await asyncio.gather(
        store.me(), store.agents(), store.members(), read_counted_page(store, query, request)
    )
    return Overview(me, tuple(agents), tuple(members), counts, page)


async def read_counted_page(store: Store, query: Query, request: PageRequest) -> tuple[Page, Counts]:
    """A page of any store, with the counts that belong to it. Raises InboxError."""
    if isinstance(store, Batched):
        return await store.counted_page(query, request)
    page, counts = await asyncio.gather(store.list(query, request), store.counts(query.scope))
    return page, counts
