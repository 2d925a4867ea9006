"""The store in a SQL database: each verb of the port, handed to the right thread.

The acts themselves are beside it; nothing is decided here. How changes are followed
is the adapter's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from inbox_tui.backends.sql import counters, reads, writes
from inbox_tui.backends.sql.database import Connection
from inbox_tui.backends.sql.facets import SqlHost, SqlIntake, SqlTeam, SqlUpkeep
from inbox_tui.backends.sql.lists import ListReader
from inbox_tui.backends.sql.portions import BETWEEN, Portion
from inbox_tui.backends.sql.roster import Roster, agents_by_name, members_by_name
from inbox_tui.backends.sql.roster_reader import current_roster
from inbox_tui.backends.sql.session import StoreSession
from inbox_tui.backends.sql.unit import UnitOfWork
from inbox_tui.backends.sql.walk import ListScan
from inbox_tui.domain import rules
from inbox_tui.domain.filters import WHOLE_WORKSPACE, Counts, Query, Scope
from inbox_tui.domain.models import (
    Agent,
    Conversation,
    ConversationId,
    Member,
    MessageId,
    ReplyDraft,
    Sent,
    StateChange,
    Thread,
)
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.store.protocol import Capabilities
from inbox_tui.store.refreshing import Refresh, Refreshed

_CHANGE = 4
"""What a state change weighs in a portion: it moves its conversation in several indexes."""
CAPABILITIES = Capabilities(team=True, intake=True, scan=True, host=True, upkeep=True)


class SqlStore(SqlTeam, SqlIntake, SqlHost, SqlUpkeep):
    """A workspace seen by one member: a Store, Scan, Team, Intake and Host, but for what the adapter adds."""

    def __init__(self, session: StoreSession[Any]) -> None:
        self._session = session
        self._lists = ListReader(session)
        self._closing = asyncio.Event()

    @property
    def name(self) -> str:
        """Where the workspace is."""
        return self._session.name

    @property
    def capabilities(self) -> Capabilities:
        """Everything."""
        return CAPABILITIES

    async def me(self) -> Member:
        """The member who is asking, as they are now."""
        return (await self._roster()).acting(self._session.me)

    async def agents(self) -> Sequence[Agent]:
        """All AI agents of the workspace, by name."""
        return agents_by_name(await self._roster())

    async def members(self) -> Sequence[Member]:
        """All members of the workspace, by name."""
        return members_by_name(await self._roster())

    async def counts(self, scope: Scope = WHOLE_WORKSPACE) -> Counts:
        """The exact number in each filter."""
        me = self._session.me
        return await self._session.read_asked([counters.asked_of(me, scope)], lambda db: counters.read(db, me, scope))

    async def list(self, query: Query, page: PageRequest) -> Page:
        """A window into the list that the query describes. Raises NotAllowed for a search."""
        return await self._lists.page(query, page)

    async def get(self, id: ConversationId) -> Conversation:
        """One conversation, as the member may see it. Raises NotFound."""
        me = self._session.me
        return await self._session.read_asked([reads.asked_of(id)], lambda db: reads.find(db, me, id))

    async def get_many(self, ids: Sequence[ConversationId]) -> Sequence[Conversation]:
        """Those conversations that exist, as the member may see them."""
        me = self._session.me
        return await self._session.read_asked(reads.many_asked(ids), lambda db: reads.find_many(db, me, ids))

    async def refresh(self, wanted: Refresh) -> Refreshed:
        """Changed conversations, the numbers and the open thread, as they are at one moment. Raises NotAllowed."""
        me = self._session.me
        if wanted.thread is not None:
            return await self._session.read(lambda db: reads.refreshed(db, me, wanted))
        asked = [*reads.many_asked(wanted.ids), counters.asked_of(me, wanted.scope)]
        return await self._session.read_asked(asked, lambda db: reads.refreshed(db, me, wanted))

    async def thread(
        self,
        id: ConversationId,
        before: MessageId | None = None,
        limit: int = 200,
        *,
        after: MessageId | None = None,
    ) -> Thread:
        """The newest messages, those before one, or those after one. Raises NotAllowed, NotFound."""
        me = self._session.me
        if after is not None:
            return await self._session.read(lambda db: reads.thread_after(db, me, id, after, limit))
        if before is not None:
            return await self._session.read(lambda db: reads.thread(db, me, id, before, limit))
        return await self._session.read_asked(
            reads.thread_asked(id, limit), lambda db: reads.thread(db, me, id, None, limit)
        )

    async def reply(self, id: ConversationId, draft: ReplyDraft) -> Sent:
        """Send a reply or write a note, once for each key."""
        return await self._session.write(lambda unit: writes.reply(unit, id, draft))

    async def decide(self, changes: Sequence[StateChange]) -> Sequence[Outcome]:
        """Change the state of conversations, with as many changes in a transaction as do not keep others waiting."""
        outcomes: list[Outcome] = []
        portion = Portion()
        while True:
            outcomes += await self._decide(changes[len(outcomes) :], portion)
            if len(outcomes) == len(changes):
                return outcomes
            await asyncio.sleep(BETWEEN)

    async def scan(self, query: Query, batch: int = 1000) -> AsyncIterator[Sequence[Conversation]]:
        """Every conversation of the query as it is at the first step, on a connection of its own."""
        worker = self._session.new_reader("inbox-scan")
        walk = ListScan(query, self._session.me, self._session.text_search)

        def begin(db: Connection) -> None:
            db.begin()  # the whole walk sees one state
            walk.begin(db)

        try:
            await self._session.run_on(worker, begin)
            while conversations := await self._session.run_on(worker, lambda _: walk.next(batch)):
                yield conversations
        finally:
            await worker.aclose()

    async def matching(self, query: Query, limit: int) -> Sequence[Conversation]:
        """The first ``limit`` conversations of the query."""
        return await self._lists.first(query, limit)

    async def aclose(self) -> None:
        """Finish writes under way, unless they take long, and let go of the workspace."""
        self._closing.set()
        self._session.wake_followers()
        await self._lists.aclose()
        await self._session.aclose()

    async def _decide(self, changes: Sequence[StateChange], portion: Portion) -> Sequence[Outcome]:
        """The outcomes of the first of them, as many as go into one transaction."""

        def act(unit: UnitOfWork) -> Sequence[Outcome]:
            rules.require_chat(unit.actor)
            some = changes[: portion.left // _CHANGE + 1]
            unit.look_up(change.id for change in some)
            outcomes: list[Outcome] = []
            for change in some:
                outcomes.append(writes.decide(unit, change))
                portion.spend(_CHANGE)
                if portion.is_spent:
                    break
            return outcomes

        return await self._session.write(act, portion)

    async def _roster(self) -> Roster:
        return await self._session.read_asked((), current_roster)
