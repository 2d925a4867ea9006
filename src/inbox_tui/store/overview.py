"""Reads for a screen together: the workspace, the numbers of the filters and the first rows of a list.

A ``Batched`` store answers in one round trip. For any other, the functions here request the parts concurrently.
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
"""Rows of the first read: two screens of a tall terminal."""


class Overview(msgspec.Struct, frozen=True):
    """Everything on the first screen."""

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
    """The request of a screen that opens on this filter."""
    return Query(filter), PageRequest(limit=FIRST_PAGE)


async def read_overview(store: Store, query: Query, request: PageRequest) -> Overview:
    """Read the first screen from any store. Raises InboxError."""
    if isinstance(store, Batched):
        return await store.overview(query, request)
    me, agents, members, (page, counts) = await asyncio.gather(
        store.me(), store.agents(), store.members(), read_counted_page(store, query, request)
    )
    return Overview(me, tuple(agents), tuple(members), counts, page)


async def read_counted_page(store: Store, query: Query, request: PageRequest) -> tuple[Page, Counts]:
    """Read a page from any store, with the counts that belong to it. Raises InboxError."""
    if isinstance(store, Batched):
        return await store.counted_page(query, request)
    page, counts = await asyncio.gather(store.list(query, request), store.counts(query.scope))
    return page, counts
