"""What AI agents do through a server: each request one act, in their own conversations only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from inbox_tui.domain.agents import MESSAGES_AT_ONCE, NewChat
from inbox_tui.domain.errors import Conflict, NotFound, Rejected
from inbox_tui.domain.filters import Scope
from inbox_tui.domain.limits import BODY_LIMIT, ID_LIMIT
from inbox_tui.domain.models import (
    Access,
    AgentId,
    Author,
    ConversationId,
    IncomingMessage,
    Kind,
    Lead,
    Status,
)
from inbox_tui.domain.tokens import NewToken, hash_of
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, C2, Contract, OpenAs, events, member_of, messages, reply, team_of
from inbox_tui.testing.contract.hosting import host_of
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import BOOKING, DANA, MORNING, SAM, WEBSITE, incoming, minute, said

ACTS: dict[str, Callable[[Any, AgentId, ConversationId], Awaitable[object]]] = {
    "receive": lambda host, agent, id: host.agent_receive(agent, id, said("Hi", 5)),
    "handoff": lambda host, agent, id: host.agent_handoff(agent, id, minute(5)),
    "set_lead": lambda host, agent, id: host.agent_set_lead(agent, id, Lead("Mallory")),
    "conversation": lambda host, agent, id: host.agent_conversation(agent, id),
}
"""What needs a conversation of the agent's."""


def chat(id: str, *messages: IncomingMessage, lead: Lead = Lead(), topic: str = "") -> NewChat:  # noqa: B008 - frozen
    """A chat that begins in the morning."""
    return NewChat(ConversationId(id), MORNING, lead, topic, messages)


async def website(store: Store, name: str = WEBSITE) -> AgentId:
    """An agent with a token."""
    agent = (await host_of(store).add_token(NewToken(hash_of(f"inbox_a_{name}"), agent=name))).agent
    assert agent is not None
    return agent.id


class HostAgentsContract(Contract):
    """The part of the port's Host that AI agents use."""

    async def test_a_chat_begins_with_what_was_said(self, dana: Store) -> None:
        """In one act; nobody imported it."""
        agent = await website(dana)
        before = (await host_of(dana).changes_after(None)).id
        lead = Lead("Maya", phone="+46")
        said_first = (said("Hi", 1, key="m-1"), said("Hello!", 2, Author.AGENT, key="m-2"), said("My flight", 3))
        begun = await host_of(dana).agent_begin(agent, chat("c-1", *said_first, lead=lead, topic="Flights"))
        assert begun == await dana.get(C1) == await host_of(dana).agent_conversation(agent, C1)
        assert (begun.agent.id, begun.lead, begun.topic, begun.created_at) == (agent, lead, "Flights", MORNING)
        assert (begun.messages, begun.last_message, begun.last_activity_at) == (3, "My flight", minute(3))
        assert [(m.body, m.author, m.key, m.imported_by) for m in await messages(dana)] == [
            ("Hi", Author.VISITOR, "m-1", None),
            ("Hello!", Author.AGENT, "m-2", None),
            ("My flight", Author.VISITOR, "", None),
        ]
        assert (await host_of(dana).changes_after(before)).conversations == (C1,)
        assert (await dana.counts(Scope(agent))).all == 1

    async def test_a_chat_that_is_known_gets_what_it_lacks(self, dana: Store) -> None:
        """By the rules, each message as if it came alone; its lead and topic stay."""
        agent = await website(dana)
        host = host_of(dana)
        first = chat("c-1", said("Hi", key="m-1"), lead=Lead("Maya"), topic="Flights")
        assert await host.agent_begin(agent, first) == await host.agent_begin(agent, first)
        await set_status(dana, C1, Status.RESOLVED, Status.OPEN)
        more = (
            said("Hi", key="m-1"),
            said("Again", 4, key="m-2"),
            said("!", 5, key="m-2"),
            said("One moment", 6, Author.AGENT),
        )
        now = await host.agent_begin(agent, chat("c-1", *more, lead=Lead("Mallory"), topic="Other"))
        assert (now.status, now.lead.name, now.topic, now.messages) == (Status.OPEN, "Maya", "Flights", 3)
        said_now = [m.body for m in await messages(dana) if m.kind is Kind.MESSAGE]
        assert said_now == ["Hi", "Again", "One moment"]
        assert await events(dana) == ["Dana Ortiz marked this resolved", "Reopened: the visitor wrote again"]

    async def test_a_chat_is_the_same_as_its_messages_one_by_one(self, dana: Store) -> None:
        """What reopens, waits and is told of it does not depend on how many a request carries."""
        agent, host = await website(dana), host_of(dana)
        later = [said("Hello?", 7, key="a"), said("Sorry", 8, Author.AGENT, key="b"), said("Please", 9, key="c")]
        for id in (C1, C2):
            await host.agent_begin(agent, chat(id, said("Hi")))
            await host.agent_handoff(agent, id, minute(1))
            await reply(dana, key=f"k-{id}", id=id)
            await set_status(dana, id, Status.RESOLVED, Status.OPEN)
        await host.agent_begin(agent, chat("c-1", *later))
        for message in later:
            await host.agent_receive(agent, C2, message)
        one, other = await dana.get(C1), await dana.get(C2)
        assert (one.status, one.waiting_since, one.messages) == (other.status, other.waiting_since, other.messages)
        assert one.waiting_since == minute(7)
        assert [(m.body, m.kind) for m in await messages(dana)] == [(m.body, m.kind) for m in await messages(dana, C2)]

    @pytest.mark.parametrize(
        "wrong",
        [
            said("x", author=Author.MEMBER, member_email=DANA),
            said("x", author=Author.SYSTEM),
            said("x", kind=Kind.NOTE),
            said(" "),
            said("x" * (BODY_LIMIT + 1)),
            said("x", key="x" * (ID_LIMIT + 1)),
            said("x", key="\u200b"),
        ],
        ids=["a member's", "the system's", "a note", "empty", "too long", "a key too long", "a key of nothing"],
    )
    async def test_one_bad_message_and_nothing_is_written(self, dana: Store, wrong: IncomingMessage) -> None:
        """Neither a new conversation nor the messages before it."""
        agent, host = await website(dana), host_of(dana)
        await host.agent_begin(agent, chat("c-1", said("Hi", key="m-1")))
        before = (await dana.thread(C1), (await host.changes_after(None)).id)
        for id in ("c-1", "c-2"):
            with pytest.raises(Rejected):
                await host.agent_begin(agent, chat(id, said("One", 1), said("Two", 2, key="m-2"), wrong))
        with pytest.raises(Rejected):
            await host.agent_receive(agent, C1, wrong)
        assert (await dana.thread(C1), (await host.changes_after(None)).id) == before
        assert (await dana.counts()).all == 1

    async def test_so_many_messages_and_no_more(self, dana: Store) -> None:
        """One request holds other writers up only so long."""
        agent, host = await website(dana), host_of(dana)
        many = [said(f"{number}", number, key=f"m-{number}") for number in range(MESSAGES_AT_ONCE + 1)]
        with pytest.raises(Rejected, match=str(MESSAGES_AT_ONCE)):
            await host.agent_begin(agent, chat("c-1", *many))
        assert (await dana.counts()).all == 0
        assert (await host.agent_begin(agent, chat("c-1", *many[1:]))).messages == MESSAGES_AT_ONCE

    async def test_what_no_store_keeps_is_no_chat(self, dana: Store) -> None:
        """An id that cannot be seen, or found."""
        agent = await website(dana)
        for id in ("", " ", "\u200b", "x" * (ID_LIMIT + 1)):
            with pytest.raises(Rejected):
                await host_of(dana).agent_begin(agent, chat(id, said("Hi")))
        assert (await dana.counts()).all == 0

    @pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
    async def test_anothers_conversation_is_not_there(
        self, dana: Store, act: Callable[[Any, AgentId, ConversationId], Awaitable[object]]
    ) -> None:
        """Nothing tells it from one that does not exist, and nothing is written."""
        mine, others = await website(dana), await website(dana, BOOKING)
        await host_of(dana).agent_begin(others, chat("c-1", said("Hi")))
        before = await dana.thread(C1)
        told = []
        for id in (C1, C2):
            with pytest.raises(NotFound) as refusal:
                await act(host_of(dana), mine, id)
            told.append((refusal.value.message.replace(id, "…"), refusal.value.hint))
        assert told[0] == told[1]
        assert await dana.thread(C1) == before
        await act(host_of(dana), others, C1)

    async def test_anothers_id_is_taken(self, dana: Store) -> None:
        """Whether it came by an agent or by an import."""
        mine = await website(dana)
        await host_of(dana).agent_begin(await website(dana, BOOKING), chat("c-1", said("Hi")))
        await self.seed(dana, incoming("c-2", agent=BOOKING))
        for id in (C1, C2):
            before = await dana.thread(id)
            with pytest.raises(Conflict):
                await host_of(dana).agent_begin(mine, chat(id, said("Hi", 1, key="x")))
            assert await dana.thread(id) == before

    async def test_an_agent_that_is_not_there_begins_nothing(self, dana: Store) -> None:
        """An id alone makes no agent."""
        with pytest.raises(NotFound):
            await host_of(dana).agent_begin(AgentId("987654"), chat("c-1", said("Hi")))
        assert (await dana.counts()).all == 0

    async def test_whose_store_it_is_does_not_matter(self, dana: Store, sam: Store, open_as: OpenAs) -> None:
        """A server goes on for its agents when whoever runs it has lost their access."""
        agent = await website(dana)
        host = host_of(sam)
        await team_of(dana).set_access((await member_of(dana, SAM)).id, Access.NONE)
        await host.agent_begin(agent, chat("c-1", said("Hi"), lead=Lead("Maya", "maya@mail.example"), topic="Flights"))
        for act in ACTS.values():
            await act(host, agent, C1)
        now = await host.agent_conversation(agent, C1)
        assert (now, now.last_message, now.topic) == (await dana.get(C1), "Hi", "Flights")
