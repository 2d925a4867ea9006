"""What the contract's tests share: handles on one workspace, and short ways to fill and read it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import (
    Access,
    Agent,
    Author,
    Badge,
    Color,
    Conversation,
    ConversationId,
    IncomingConversation,
    Kind,
    Lead,
    Member,
    Message,
    MessageId,
    ReplyDraft,
)
from inbox_tui.domain.paging import PageRequest
from inbox_tui.operations.pages import pages
from inbox_tui.store.protocol import Intake, Scan, Store, Team
from inbox_tui.testing.contract.promises import PROMISES, Promises
from inbox_tui.testing.factories import DANA, EVE, SAM, minute, said

OpenAs = Callable[[str], Awaitable[Store]]
"""Opens the workspace of this test as the member with an e-mail address."""

Test = TypeVar("Test", bound=Callable[..., object])

SECONDS = 20
"""Within which what was written must show; far more than it takes, so that only what never comes fails."""
EVERYTHING = PageRequest(limit=10_000)
C1 = ConversationId("c-1")
C2 = ConversationId("c-2")


def team_of(store: Store) -> Team:
    """The store's Team; skips the test if it has none."""
    if not isinstance(store, Team) or not store.capabilities.team:
        pytest.skip("this store manages no team")
    return store


def intake_of(store: Store) -> Intake:
    """The store's Intake; skips the test if it has none."""
    if not isinstance(store, Intake) or not store.capabilities.intake:
        pytest.skip("this store takes no conversations in")
    return store


def scan_of(store: Store) -> Scan:
    """The store's Scan; skips the test if it has none."""
    if not isinstance(store, Scan) or not store.capabilities.scan:
        pytest.skip("this store cannot be scanned")
    return store


def needs(*promises: str) -> Callable[[Test], Test]:
    """Mark a test that only a store with these promises can pass; others skip it."""
    unknown = set(promises) - set(PROMISES)
    assert not unknown, f"no such promise: {unknown}"

    def mark(test: Test) -> Test:
        test.needs = promises  # type: ignore[attr-defined]  # read by Contract, as pytest reads its own marks
        return test

    return mark


async def agent_of(store: Store, name: str) -> Agent:
    """The AI agent of this name."""
    return next(agent for agent in await store.agents() if agent.name == name)


async def member_of(store: Store, email: str) -> Member:
    """The member with this address."""
    return next(member for member in await store.members() if member.email == email)


async def listed(store: Store, query: Query) -> list[Conversation]:
    """All rows of a query."""
    return [row async for rows in pages(store, query, EVERYTHING.limit) for row in rows]


def require_all_orders(store: Store) -> None:
    """Skip the test if there are lists that the store gives in some orders only."""
    if store.capabilities.orders:
        pytest.skip("this store gives some lists in its own order only")


async def ids(store: Store, query: Query) -> list[str]:
    """The ids of all rows of a query."""
    return [conversation.id for conversation in await listed(store, query)]


async def messages(store: Store, id: ConversationId = C1) -> list[Message]:
    """The whole thread."""
    return list((await store.thread(id, limit=10_000)).messages)


async def events(store: Store, id: ConversationId = C1) -> list[str]:
    """The sentences of the thread's events."""
    return [message.body for message in await messages(store, id) if message.kind is Kind.EVENT]


async def last_seen(store: Store, id: ConversationId = C1) -> MessageId:
    """The newest message, as one who has the thread on screen saw it."""
    return (await messages(store, id))[-1].id


async def reply(store: Store, body: str = "On it", key: str = "k-1", id: ConversationId = C1) -> Message:
    """A reply by one who has read everything."""
    return (await store.reply(id, ReplyDraft(body, key, last_seen=await last_seen(store, id)))).message


class Contract:
    """The fixtures of a part of the contract, and the hooks through which its tests fill a workspace.

    The hooks use the store's own ``Team`` and ``Intake``. The test of a store without these overrides them: it lets
    the world beyond the store act, a fake server or a test account for example.
    """

    promises: Promises = Promises()
    """What this store holds beyond the port."""

    @pytest.fixture(autouse=True)
    def _only_what_is_promised(self, request: pytest.FixtureRequest) -> None:
        for name in getattr(request.function, "needs", ()):
            if not getattr(self.promises, name):
                pytest.skip(f"this store does not promise {name!r}: {PROMISES[name]}")

    @pytest.fixture
    def open_as(self) -> OpenAs:
        """Override this: how to open the workspace of this test."""
        raise NotImplementedError("A store's contract test overrides the fixture open_as.")

    @pytest.fixture
    async def dana(self, open_as: OpenAs) -> Store:
        """The workspace as its admin sees it."""
        return await open_as(DANA)

    @pytest.fixture
    async def sam(self, dana: Store, open_as: OpenAs) -> Store:
        """The workspace as a colleague who may chat sees it, profile complete."""
        await self.admit(dana, SAM, "Sam Okafor", Access.EDIT)
        store = await open_as(SAM)
        if isinstance(store, Team) and store.capabilities.team:
            await store.save_profile("Sam Okafor", Badge("SO", Color.TEAL))
        return store

    @pytest.fixture
    async def eve(self, dana: Store, open_as: OpenAs) -> Store:
        """The workspace as a member without chat access sees it."""
        await self.admit(dana, EVE, "Eve Stone", Access.NONE)
        return await open_as(EVE)

    async def seed(self, store: Store, *conversations: IncomingConversation) -> None:
        """Bring conversations into the workspace, or the messages that known ones lack."""
        await intake_of(store).ingest(conversations)

    async def admit(self, store: Store, email: str, name: str, access: Access) -> None:
        """Make somebody a member. Where the store is no ``Team``, with a complete profile."""
        await team_of(store).add_member(email, name, access)

    async def visitor_says(self, store: Store, id: ConversationId, body: str, at: float) -> None:
        """Let the visitor write, ``at`` minutes after MORNING if the times are the test's."""
        await intake_of(store).receive(id, said(body, at))

    async def agent_says(self, store: Store, id: ConversationId, body: str, at: float) -> None:
        """Let the AI agent write."""
        await intake_of(store).receive(id, said(body, at, Author.AGENT))

    async def hand_off(self, store: Store, id: ConversationId, at: float) -> None:
        """Let the visitor ask for a human."""
        await intake_of(store).request_handoff(id, minute(at))

    async def set_lead(self, store: Store, id: ConversationId, lead: Lead) -> None:
        """Let something become known of the visitor, instead of what was."""
        await intake_of(store).set_lead(id, lead)

    async def expect_listed(self, store: Store, filter: Filter, *expected: str) -> None:
        """Check which conversations a list has: at once where the store promises that, else after a look or more."""
        async with asyncio.timeout(SECONDS):
            while (found := await ids(store, Query(filter))) != list(expected) and not self.promises.prompt:
                await asyncio.sleep(0)
        assert found == list(expected)

    def expect_count(self, count: int | None, expected: int) -> None:
        """Check a filter's number: exact, or unknown where the store does not promise to know it."""
        assert count == expected or (count is None and not self.promises.all_counts)

    async def expect_events(self, store: Store, *sentences: str, id: ConversationId = C1) -> None:
        """Check the events of a thread, where the store promises to write them as this program does."""
        if self.promises.own_events:
            assert await events(store, id) == list(sentences)
