"""Opening the inbox: everything the first screen shows, read before there is a screen.

What cannot be opened is reported in words on the command line, not on a screen that
was never drawn; and the first paint is the list, not an empty frame.
"""

from __future__ import annotations

import msgspec

from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Agent, Counts, Member
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.local.launch import Launch
from inbox_tui.operations.naming import agent_named
from inbox_tui.store.protocol import Store
from inbox_tui.tui.work import FIRST_PAGE


class Opened(msgspec.Struct, frozen=True):
    """A store, and what the first screen shows of it."""

    store: Store
    me: Member
    agents: tuple[Agent, ...]
    members: tuple[Member, ...]
    counts: Counts
    page: Page

    @property
    def query(self) -> Query:
        """What the first screen lists."""
        return self.page.query


async def open_inbox(launch: Launch) -> Opened:
    """Open the store and read the first screen.

    Raises:
        ConfigError: the workspace has no agent of the name that was asked for.
        InboxError: whatever the store says.
    """
    store = await launch.open_store()
    try:
        me = await store.me()
        agents, members = tuple(await store.agents()), tuple(await store.members())
        query = Query(launch.filter)
        if launch.agent_name:
            agent = await agent_named(store, launch.agent_name)
            query = Query(launch.filter, agent.id)
        counts = await store.counts(query.agent)
        page = await store.list(query, PageRequest(limit=FIRST_PAGE))
    except BaseException:
        await store.aclose()
        raise
    return Opened(store, me, agents, members, counts, page)
