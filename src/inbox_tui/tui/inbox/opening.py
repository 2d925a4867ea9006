"""Opens the inbox: reads everything on the first screen before there is a screen.

So the command line can report a store that does not open, and the first paint is the
list, not an empty frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from inbox_tui.domain.filters import Counts, Query
from inbox_tui.domain.models import Agent, Member
from inbox_tui.domain.paging import Page
from inbox_tui.local.launch import Launch
from inbox_tui.local.outbox import Outbox, Undelivered
from inbox_tui.operations.naming import agent_of
from inbox_tui.operations.writes import Direct, Writes
from inbox_tui.store.overview import first_list, read_counted_page, read_overview
from inbox_tui.store.protocol import Store, Titled


class InitialData(msgspec.Struct, frozen=True):
    """An open store, and the data of the first screen."""

    store: Store
    me: Member
    agents: tuple[Agent, ...]
    members: tuple[Member, ...]
    counts: Counts
    page: Page
    outbox: Outbox
    """The member's drafts and undelivered replies."""
    writes: Writes
    """Takes the member's writes."""

    @property
    def query(self) -> Query:
        """The first list."""
        return self.page.query

    @property
    def workspace(self) -> str:
        """The workspace's name: its own, or the last part of its address."""
        if isinstance(self.store, Titled):
            return self.store.title
        return self.store.name.partition("?")[0].rstrip("/").rpartition("/")[2]

    async def aclose(self) -> None:
        """Close the store; undelivered writes wait on disk."""
        await self.writes.aclose()
        await self.store.aclose()


async def open_inbox(launch: Launch) -> InitialData:
    """Open the store and read the first screen.

    Raises:
        ConfigError: the workspace has no agent of the name that was asked for.
        InboxError: any error of the store.
    """
    store = await launch.open_store()
    try:
        query, request = first_list(launch.filter)
        query = store.capabilities.with_order(query)
        seen = await read_overview(store, query, request)
        counts, page = seen.counts, seen.page
        if launch.agent_name:
            query = msgspec.structs.replace(query, agent=agent_of(seen.agents, launch.agent_name).id)
            page, counts = await read_counted_page(store, query, request)
        # Who shares an account shares neither drafts nor what waits.
        outbox = Outbox(launch.journal, f"{store.name} as {seen.me.email}")
        left = await asyncio.to_thread(outbox.take_over)  # it may wait for the disk
    except BaseException:
        await store.aclose()
        raise
    writes = _writes(store, outbox, left)
    return InitialData(store, seen.me, seen.agents, seen.members, counts, page, outbox, writes)


def _writes(store: Store, outbox: Outbox, left: Sequence[Undelivered]) -> Writes:
    """Choose how writes go: through the outbox if the store can be unreachable, or if the outbox holds writes."""
    if not (store.capabilities.outbox or left):
        return Direct(store)
    from inbox_tui.operations.delivery import Delivery  # a file on this machine is always there

    return Delivery(store, outbox, left)
