"""Opening the inbox: everything the first screen shows, read before there is a screen.

What cannot be opened is reported in words on the command line, not on a screen that
was never drawn; and the first paint is the list, not an empty frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from inbox_tui.domain.filters import Counts, Query
from inbox_tui.domain.models import Agent, Member
from inbox_tui.domain.paging import Page
from inbox_tui.local.launch import Launch
from inbox_tui.operations.naming import agent_of
from inbox_tui.store.overview import first_list, read_counted_page, read_overview
from inbox_tui.store.protocol import Store, Titled

if TYPE_CHECKING:
    from inbox_tui.operations.delivery import Delivery


class InitialData(msgspec.Struct, frozen=True):
    """A store, and what the first screen shows of it."""

    store: Store
    me: Member
    agents: tuple[Agent, ...]
    members: tuple[Member, ...]
    counts: Counts
    page: Page
    delivery: Delivery | None = None
    """What delivers to a store that is not always there."""

    @property
    def query(self) -> Query:
        """What the first screen lists."""
        return self.page.query

    @property
    def workspace(self) -> str:
        """What to call it: its own name, or the last part of where it lives."""
        if isinstance(self.store, Titled):
            return self.store.title
        return self.store.name.partition("?")[0].rstrip("/").rpartition("/")[2]

    @property
    def sender(self) -> str:
        """Who writes, and where: people who share an account share neither drafts nor what waits."""
        return _sender(self.store, self.me)

    async def aclose(self) -> None:
        """Let go of the store; what is not delivered yet waits on disk."""
        if self.delivery is not None:
            await self.delivery.aclose()
        await self.store.aclose()


async def open_inbox(launch: Launch) -> InitialData:
    """Open the store and read the first screen.

    Raises:
        ConfigError: the workspace has no agent of the name that was asked for.
        InboxError: whatever the store says.
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
    except BaseException:
        await store.aclose()
        raise
    return InitialData(store, seen.me, seen.agents, seen.members, counts, page, _delivery(store, seen.me, launch))


def _delivery(store: Store, me: Member, launch: Launch) -> Delivery | None:
    if not store.capabilities.outbox:
        return None
    from inbox_tui.local.outbox import OutboxJournal
    from inbox_tui.operations.delivery import Delivery  # a file on this machine is always there

    return Delivery(store, OutboxJournal(launch.outbox, _sender(store, me)))


def _sender(store: Store, me: Member) -> str:
    return f"{store.name} as {me.email}"
