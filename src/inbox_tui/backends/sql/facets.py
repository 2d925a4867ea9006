"""The facets of a SQL store beyond a shift's work: managing the team, taking in conversations, hosting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from inbox_tui.backends.sql import agents, intake, reads, repair, statements, team, tokens
from inbox_tui.backends.sql.database import Database
from inbox_tui.backends.sql.migrations import require_same_schema
from inbox_tui.backends.sql.portions import BETWEEN, Portion
from inbox_tui.backends.sql.roster import row_number
from inbox_tui.backends.sql.roster_reader import current_roster
from inbox_tui.backends.sql.session import StoreSession
from inbox_tui.backends.sql.unit import UnitOfWork
from inbox_tui.domain import rules
from inbox_tui.domain.agents import NewChat
from inbox_tui.domain.changes import ChangeId, Written
from inbox_tui.domain.intake import accepted as as_accepted
from inbox_tui.domain.limits import present
from inbox_tui.domain.models import (
    Access,
    AgentId,
    Badge,
    Conversation,
    ConversationId,
    ImportResult,
    IncomingConversation,
    IncomingMessage,
    Lead,
    Member,
    MemberId,
)
from inbox_tui.domain.replies import HeardId
from inbox_tui.domain.tokens import AgentReplies, NewToken, Token, TokenId
from inbox_tui.store.protocol import Damage, Removed, Schema, SearchGaps

_CHECKED_AT_ONCE = 300
"""Messages, and conversations, of an import that are checked without a pause."""


class SqlTeam:
    """The port's Team."""

    _session: StoreSession[Any]

    async def add_member(self, email: str, name: str, access: Access) -> Member:
        """Admit a person. Admin only. Raises NotAllowed, Rejected."""
        return await self._session.write(lambda unit: team.add_member(unit, email, name, access))

    async def set_access(self, member: MemberId, access: Access) -> Member:
        """Change what a member may do. Admin only. Raises NotAllowed, NotFound, Rejected."""
        return await self._session.write(lambda unit: team.set_access(unit, member, access))

    async def save_profile(self, name: str, badge: Badge) -> Member:
        """The acting member's own display name and avatar. Raises Rejected."""
        return await self._session.write(lambda unit: team.save_profile(unit, name, badge))

    async def save_photo(self, photo: bytes | None) -> None:
        """The acting member's photo; None removes it. Raises Rejected."""
        await self._session.write(lambda unit: team.save_photo(unit, photo))

    async def photo(self, member: MemberId) -> bytes | None:
        """A member's photo, if there is one. Raises NotFound."""

        def read(db: Database) -> bytes | None:
            row = db.row(statements.PHOTO, id=row_number(current_roster(db).member(member).id))
            return row[0] if row else None

        return await self._session.read(read)


class SqlIntake:
    """The port's Intake."""

    _session: StoreSession[Any]

    async def ingest(self, conversations: Sequence[IncomingConversation]) -> ImportResult:
        """Add conversations, or the messages that known ones lack, in short transactions.

        Raises NotAllowed, and Rejected before anything is written.
        """
        accepted, folded = await _checked(conversations, present(self._session.now()))
        progress, portion = intake.IntakeProgress(), Portion()
        while True:
            take_some = partial(
                intake.take_some, conversations=accepted, folded=folded, progress=progress, portion=portion
            )
            progress = await self._session.write(take_some, portion)
            if progress.done == len(accepted):
                return progress.taken
            await asyncio.sleep(BETWEEN)

    async def receive(self, id: ConversationId, message: IncomingMessage) -> Conversation:
        """A visitor's or AI agent's message that a member brings in. Raises NotAllowed, NotFound, Rejected."""
        return await self._session.write(lambda unit: intake.receive(unit, id, message))

    async def request_handoff(self, id: ConversationId, at: datetime) -> Conversation:
        """The visitor asks for a human by other ways. Raises NotAllowed, NotFound."""
        return await self._session.write(lambda unit: intake.request_handoff(unit, id, at))

    async def set_lead(self, id: ConversationId, lead: Lead) -> Conversation:
        """What is now known of the visitor. Raises NotAllowed, NotFound."""
        return await self._session.write(lambda unit: intake.set_lead(unit, id, lead))


async def _checked(
    conversations: Sequence[IncomingConversation], now: datetime
) -> tuple[list[IncomingConversation], dict[int, Conversation]]:
    """All as they are kept, and what the long ones will be, by their place. Others get their turn meanwhile.

    Raises Rejected.
    """
    accepted: list[IncomingConversation] = []
    folded: dict[int, Conversation] = {}
    weight = 0
    for place, incoming in enumerate(conversations):
        if len(incoming.messages) > _CHECKED_AT_ONCE:
            long, folded[place] = await asyncio.to_thread(intake.checked, incoming, now)
            accepted.append(long)
            continue
        accepted.append(as_accepted(incoming, now))
        weight += 1 + len(incoming.messages)
        if weight > _CHECKED_AT_ONCE:
            weight = 0
            await asyncio.sleep(0)
    return accepted, folded


class SqlUpkeep:
    """The port's Upkeep, but for ``back_up``."""

    _session: StoreSession[Any]

    @property
    def schema(self) -> Schema:
        """What opening the store found and left."""
        return self._session.schema

    async def damaged(self, limit: int) -> Sequence[Damage]:
        """The first rows that need to be mended."""
        return await self._session.search(lambda db: repair.damaged(db, self._session.now(), limit))

    async def repair(self) -> int:
        """Put right whatever ``damaged`` finds. Admin only. Raises NotAllowed."""

        def act(unit: UnitOfWork) -> int:
            rules.require_admin(unit.actor)
            return repair.repair(unit)

        return await self._session.write(act)

    async def search_gaps(self) -> SearchGaps:
        """What a search does not find though it should."""
        text_search = self._session.text_search

        def look(db: Database) -> SearchGaps:
            [(messages, conversations)] = db.rows(text_search.unindexed)
            return SearchGaps(messages, conversations, text_search.is_damaged(db))

        return await self._session.search(look)

    async def reindex(self) -> None:
        """Index everything for the search again. Admin only. Raises NotAllowed."""

        def act(unit: UnitOfWork) -> None:
            rules.require_admin(unit.actor)
            self._session.text_search.rebuild(unit.db)
            unit.team_changed()  # so that searches whose results are kept are made again

        await self._session.write(act)

    async def remove(self, conversations: Sequence[ConversationId], members: Sequence[MemberId]) -> Removed:
        """Delete conversations with all that was said in them, and members. Admin only. Raises NotAllowed, Rejected."""
        from inbox_tui.backends.sql import removal  # seldom needed

        return await self._session.write(lambda unit: removal.remove(unit, conversations, members))


class SqlHost:
    """The port's Host, but for ``as_member``."""

    _session: StoreSession[Any]

    async def add_token(self, token: NewToken) -> Token:
        """Keep a token. Admin only. Raises NotAllowed, NotFound, Rejected."""
        return await self._session.write(lambda unit: tokens.add_token(unit, token))

    async def tokens(self) -> Sequence[Token]:
        """All tokens, oldest first. Admin only. Raises NotAllowed."""
        return await self._session.read(lambda db: tokens.tokens(db, self._session.me))

    async def revoke_token(self, id: TokenId) -> Token:
        """Forget a token. Admin only. Raises NotAllowed, NotFound."""
        return await self._session.write(lambda unit: tokens.revoke_token(unit, id))

    async def find_token(self, hash: bytes) -> Token | None:
        """The token with this hash."""
        return await self._session.read(lambda db: tokens.find_token(db, hash))

    async def changes_after(self, since: ChangeId | None) -> Written:
        """What was written after ``since``; None: nothing, only where the workspace is now."""
        return await self._session.read(lambda db: reads.changes_after(db, since))

    async def agent_begin(self, agent: AgentId, chat: NewChat) -> Conversation:
        """Create an agent's conversation, or add what messages it lacks. Raises Conflict, NotFound, Rejected."""
        return await self._session.write(lambda unit: agents.begin(unit, agent, chat))

    async def agent_receive(self, agent: AgentId, id: ConversationId, message: IncomingMessage) -> Conversation:
        """What a visitor or the agent said. Raises NotFound, Rejected."""
        return await self._session.write(lambda unit: agents.receive(unit, agent, id, message))

    async def agent_handoff(self, agent: AgentId, id: ConversationId, at: datetime) -> Conversation:
        """The agent, or its visitor, asks for a human. Raises NotFound."""
        return await self._session.write(lambda unit: agents.request_handoff(unit, agent, id, at))

    async def agent_set_lead(self, agent: AgentId, id: ConversationId, lead: Lead) -> Conversation:
        """What is now known of the agent's visitor. Raises NotFound."""
        return await self._session.write(lambda unit: agents.set_lead(unit, agent, id, lead))

    async def agent_conversation(self, agent: AgentId, id: ConversationId) -> Conversation:
        """One of the agent's conversations. Raises NotFound."""
        return await self._session.read(lambda db: agents.find(db, agent, id))

    async def require_writable(self) -> None:
        """Raises StoreBroken if a newer program changed the tables since this one opened them."""
        session = self._session
        found: int = await session.read(lambda db: db.schema_number())
        require_same_schema(found, session.schema.now, session.name)

    async def agent_replies(self, agent: AgentId, after: HeardId | None, limit: int = 100) -> AgentReplies:
        """Members' replies to an agent's visitors after a place. Raises NotFound."""
        return await self._session.read(lambda db: tokens.agent_replies(db, agent, after, limit))
