"""Anything that people and agents may do, in any order: the SQLite store and the model stay the same.

After each step the whole workspace is compared: conversations, threads, counts, lists.
Every act happens at a time of its own, so that no order is left to chance.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, initialize, invariant, multiple, rule

from inbox_tui.backends.http.store import HttpStore
from inbox_tui.backends.sql.store import SqlStore
from inbox_tui.backends.sqlite.store import open_file
from inbox_tui.domain import rules
from inbox_tui.domain.agents import NewChat
from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.filters import Filter, Order, Query, Scope
from inbox_tui.domain.models import (
    Access,
    AgentId,
    Assign,
    Author,
    Badge,
    Color,
    Conversation,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Kind,
    Lead,
    Member,
    MemberId,
    ReplyDraft,
    SetStatus,
    StateChange,
    Status,
)
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.registry import Identity
from inbox_tui.testing import strategies
from inbox_tui.testing.factories import BOOKING, DANA, EVE, MORNING, SAM, WEBSITE, member
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.workspace import ModelWorkspace

Handle = SqlStore | HttpStore | ModelStore
T = TypeVar("T")

ALL_ROWS = PageRequest(limit=1000)
EMAILS = (SAM, EVE, "Kim@acme.example")
STALE = MemberId("somebody-else")


def named(member: Member | None) -> object:
    """A member without the id that each store gives by itself."""
    return None if member is None else (member.email, member.name, member.badge, member.access)


def told(conversation: Conversation) -> object:
    """A conversation without ids that each store gives by itself."""
    plain = msgspec.structs.asdict(conversation)
    return {**plain, "agent": conversation.agent.name, "assignee": named(conversation.assignee)}


class InboxMachine(RuleBasedStateMachine):
    conversations: Bundle[ConversationId] = Bundle("conversations")
    people: Bundle[str] = Bundle("people")

    def __init__(self) -> None:
        super().__init__()
        self.now = MORNING
        self.acts = 0
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.workspace = ModelWorkspace(lambda: self.now, member("Dana Ortiz", email=DANA))
        self.handles: dict[str, tuple[Handle, Handle]] = {}
        self.done: list[tuple[str, list[Outcome]]] = []

    # What it takes to act on both.

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def both(self, who: str, act: Callable[[Handle], Awaitable[T]]) -> list[T] | None:
        """The results of both stores; None if both refused for the same reason."""
        self.acts += 1
        results = [self.runner.run(self._attempt(act, handle)) for handle in self.handles[who]]
        refusals = [type(result) for result in results if isinstance(result, InboxError)]
        assert len(refusals) in (0, 2), results
        assert len(set(refusals)) <= 1, results
        return None if refusals else [result for result in results if not isinstance(result, InboxError)]

    async def _attempt(self, act: Callable[[Handle], Awaitable[T]], handle: Handle) -> T | InboxError:
        try:
            return await act(handle)
        except InboxError as refusal:
            return refusal

    async def _open(self, email: str) -> None:
        self.handles[email] = (await self._open_real(email), ModelStore(self.workspace, email))

    async def _open_real(self, email: str) -> SqlStore | HttpStore:
        path = Path(self.folder.name) / "inbox.db"
        return await open_file(path, Identity(email, "Dana Ortiz", is_given=True), lambda: self.now)

    def decide(self, who: str, find_change: Callable[[Handle], Awaitable[StateChange]]) -> None:
        """A decision that can be undone."""

        async def act(handle: Handle) -> Outcome:
            [outcome] = await handle.decide([await find_change(handle)])
            outcome.result()
            return outcome

        if outcomes := self.both(who, act):
            self.done.append((who, outcomes))

    # What may happen.

    @initialize(target=people)
    def open_the_workspace(self) -> MultipleResults[str]:
        self.runner.run(self._open(DANA))
        self.both(DANA, lambda store: store.add_member(SAM, "", Access.EDIT))
        self.runner.run(self._open(SAM))
        self.both(SAM, lambda store: store.save_profile("Sam Okafor", Badge("SO", Color.TEAL)))
        return multiple(DANA, SAM)

    @rule(
        target=conversations,
        who=st.just(DANA) | people,
        number=st.integers(0, 3),
        bodies=st.lists(st.tuples(st.sampled_from(Author), strategies.bodies), min_size=0, max_size=3),
        agent=st.sampled_from((WEBSITE, BOOKING)),
        status=st.sampled_from(Status),
        needs_human=st.booleans(),
        assignee=st.sampled_from(("", DANA, *EMAILS)),
        lead=strategies.leads,
    )
    def ingest(
        self,
        who: str,
        number: int,
        bodies: list[tuple[Author, str]],
        agent: str,
        status: Status,
        needs_human: bool,
        assignee: str,
        lead: Lead,
    ) -> ConversationId:
        id = ConversationId(f"c-{number}")
        created = self.tick()
        messages = tuple(
            IncomingMessage(author, body, self.tick(), member_email=assignee if author is Author.MEMBER else "")
            for author, body in bodies
        )
        given = IncomingConversation(
            id, messages, agent, created, lead, status, needs_human and status is Status.OPEN, assignee
        )
        taken = self.both(who, lambda store: store.ingest([given]))
        assert taken is None or taken[0] == taken[1]
        return id

    @rule(
        who=people,
        id=conversations,
        author=st.sampled_from((Author.VISITOR, Author.VISITOR, Author.AGENT)),
        body=strategies.bodies,
        key=st.sampled_from(("", "", "w-1")),
    )
    def receive(self, who: str, id: ConversationId, author: Author, body: str, key: str) -> None:
        message = IncomingMessage(author, body, self.tick(), key)
        self.both(who, lambda store: store.receive(id, message))

    @rule(
        target=conversations,
        number=st.integers(0, 3),
        name=st.sampled_from((WEBSITE, BOOKING)),
        said=st.lists(
            st.tuples(
                st.sampled_from((Author.VISITOR, Author.AGENT)), strategies.bodies | st.just(" "), st.integers(-3, 3)
            ),
            max_size=4,
        ),
        lead=strategies.leads,
    )
    def agent_begins(self, number: int, name: str, said: list[tuple[Author, str, int]], lead: Lead) -> ConversationId:
        """What no HTTP client can do, the server's own store does."""
        created = self.tick()
        messages = tuple(
            IncomingMessage(author, body, self.tick(), f"a-{key}" if key > 0 else "") for author, body, key in said
        )
        chat = NewChat(ConversationId(f"c-{number}"), created, lead, "Flights", messages)

        async def act(store: Handle) -> int:
            assert not isinstance(store, HttpStore)
            known = {agent.name: agent.id for agent in await store.agents()}
            return (await store.agent_begin(known.get(name, AgentId("12345")), chat)).messages or 0

        if DANA in self.handles and not any(isinstance(handle, HttpStore) for handle in self.handles[DANA]):
            results = self.both(DANA, act)
            assert results is None or results[0] == results[1]
        return chat.id

    @rule(who=people, id=conversations)
    def hand_off(self, who: str, id: ConversationId) -> None:
        at = self.tick()
        self.both(who, lambda store: store.request_handoff(id, at))

    @rule(who=people, id=conversations, lead=strategies.leads)
    def set_lead(self, who: str, id: ConversationId, lead: Lead) -> None:
        self.both(who, lambda store: store.set_lead(id, lead))

    @rule(
        who=people,
        id=conversations,
        body=strategies.bodies,
        key=st.integers(0, 30),
        kind=st.sampled_from((Kind.MESSAGE, Kind.MESSAGE, Kind.NOTE)),
        unseen=st.sampled_from((0, 0, 0, 1, 3)),
        auto_assign=st.booleans(),
    )
    def write(
        self, who: str, id: ConversationId, body: str, key: int, kind: Kind, unseen: int, auto_assign: bool
    ) -> None:
        self.tick()

        async def act(store: Handle) -> tuple[bool, str]:
            seen = (await store.thread(id)).messages[: -unseen or None]
            last = seen[-1].id if seen else None
            sent = await store.reply(id, ReplyDraft(body, f"k-{key}", kind, last, auto_assign))
            return sent.was_known, sent.message.body

        results = self.both(who, act)
        assert results is None or results[0] == results[1]

    @rule(who=people, id=conversations, whom=st.none() | people, is_stale=st.sampled_from((False, False, True)))
    def assign(self, who: str, id: ConversationId, whom: str | None, is_stale: bool) -> None:
        self.tick()

        async def change(store: Handle) -> StateChange:
            holder = (await store.get(id)).assignee
            known = {member.email: member.id for member in await store.members()}
            expected = STALE if is_stale else holder.id if holder else None
            return Assign(id, known[whom] if whom else None, expected)

        self.decide(who, change)

    @rule(who=people, id=conversations, status=st.sampled_from(Status), expected=st.sampled_from(Status))
    def set_status(self, who: str, id: ConversationId, status: Status, expected: Status) -> None:
        self.tick()

        async def change(store: Handle) -> StateChange:
            return SetStatus(id, status, expected)

        self.decide(who, change)

    @rule()
    def undo(self) -> None:
        if not self.done:
            return
        self.tick()
        who, outcomes = self.done.pop()
        refused = [
            self.runner.run(self._undone(handle, outcome))
            for handle, outcome in zip(self.handles[who], outcomes, strict=True)
        ]
        assert refused[0] == refused[1]

    async def _undone(self, handle: Handle, outcome: Outcome) -> object:
        assert outcome.before is not None
        change = rules.inverse(outcome.change, outcome.before, outcome.result())
        try:
            return [type(undone.refusal) for undone in await handle.decide([change] if change else [])]
        except InboxError as refusal:
            return type(refusal)

    @rule(target=people, email=st.sampled_from(EMAILS), access=st.sampled_from(Access))
    def add_member(self, email: str, access: Access) -> str:
        self.both(DANA, lambda store: store.add_member(email, "", access))
        real, _ = self.handles[DANA]
        if email not in self.handles and any(m.email == email for m in self.runner.run(real.members())):
            self.runner.run(self._open(email))
        return email if email in self.handles else DANA

    @rule(who=people, whom=people, access=st.sampled_from(Access))
    def set_access(self, who: str, whom: str, access: Access) -> None:
        self.tick()

        async def act(store: Handle) -> object:
            known = {member.email: member.id for member in await store.members()}
            return named(await store.set_access(known[whom], access))

        self.both(who, act)

    @rule(who=people, name=st.sampled_from(("Sam Okafor", "Eve", "日本 太郎")), color=st.sampled_from(Color))
    def save_profile(self, who: str, name: str, color: Color) -> None:
        self.both(who, lambda store: store.save_profile(name, Badge(name[:2], color)))

    # What must hold.

    @invariant()
    def they_hold_the_same(self) -> None:
        if self.handles:
            who = list(self.handles)[self.acts % len(self.handles)]
            real, model = (self.runner.run(self._seen(handle)) for handle in self.handles[who])
            assert real == model

    async def _seen(self, store: Handle) -> dict[object, object]:
        """Everything there is to see for one member."""
        everything = (await store.list(Query(), ALL_ROWS)).rows
        agents = {agent.name: agent.id for agent in await store.agents()}
        seen: dict[object, object] = {
            "members": {named(member) for member in await store.members()},
            "conversations": [told(row) for row in everything],
            "counts": {name: await store.counts(Scope(id)) for name, id in {**agents, "": None}.items()},
        }
        for filter, order in product(Filter, Order):
            rows = (await store.list(Query(filter, order=order), ALL_ROWS)).rows
            seen[filter, order] = [row.id for row in rows]
        if (await store.me()).may_chat:
            for row in everything:
                thread = (await store.thread(row.id, limit=1000)).messages
                seen[row.id] = [
                    (m.author, m.kind, m.body, m.created_at, named(m.member), named(m.imported_by)) for m in thread
                ]
        return seen

    def teardown(self) -> None:
        for real, model in self.handles.values():
            self.runner.run(real.aclose())
            self.runner.run(model.aclose())
        self.runner.close()
        self.folder.cleanup()


TestInboxMachine = InboxMachine.TestCase
TestInboxMachine.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


class LongInboxMachine(InboxMachine):
    pass


TestLongInboxMachine = pytest.mark.slow(pytest.mark.timeout(1800)(LongInboxMachine.TestCase))
TestLongInboxMachine.settings = settings(max_examples=500, stateful_step_count=80, deadline=None)
