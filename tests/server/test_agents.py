"""What a bot does with an agent's token, as plain HTTP: its own conversations, and no word of the team's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_sse import EventSource, ServerSentEvent

from inbox_tui.domain.agents import MESSAGES_AT_ONCE
from inbox_tui.domain.models import (
    Access,
    Author,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Kind,
    ReplyDraft,
    Status,
)
from inbox_tui.store.protocol import Intake, Store, Team
from inbox_tui.store.registry import utc_now
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import BOOKING, DANA, SAM, WEBSITE
from server.harness import Served, serving
from server.team import ONE, THREE, open_in, said_by_members

SOON = 10.0


@asynccontextmanager
async def bot_of(served: Served, agent: str = WEBSITE) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a token of this agent."""
    secret, _ = await served.token(agent=agent)
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=f"{served.api}/agent", headers=headers) as client:
        yield client


@pytest.fixture
async def bot(served: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with bot_of(served) as client:
        yield client


async def reply(store: Store, id: str, body: str, kind: Kind = Kind.MESSAGE) -> None:
    thread = await store.thread(ConversationId(id))
    await store.reply(ConversationId(id), ReplyDraft(body, f"{body} {id}", kind, last_seen=thread.messages[-1].id))


@asynccontextmanager
async def replies_to(bot: httpx.AsyncClient, last: str = "") -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
    """What members write to the bot's visitors."""
    headers = {"Last-Event-ID": last} if last else {}
    async with bot.stream("GET", "replies", headers=headers, timeout=SOON) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield EventSource(answer).aiter_sse()


async def bodies(events: AsyncIterator[ServerSentEvent], count: int) -> Sequence[str]:
    async with asyncio.timeout(SOON):
        return [(await anext(events)).json()["body"] for _ in range(count)]


async def test_a_whole_chat(bot: httpx.AsyncClient, store: Store) -> None:
    begun = await bot.post("conversations", json={"id": "chat-1", "topic": "Flights"})
    assert (begun.status_code, begun.json()) == (
        201,
        {"id": "chat-1", "agent": WEBSITE, "status": "open", "waiting_since": None, "messages": 0},
    )
    asked = await bot.post("conversations/chat-1/messages", json={"author": "visitor", "body": "Hi", "key": "m1"})
    said = await bot.post("conversations/chat-1/messages", json={"author": "agent", "body": "Hello!", "key": "m2"})
    assert (asked.json()["messages"], said.json()["messages"]) == (1, 2)
    assert (await bot.put("conversations/chat-1/lead", json={"name": "Priya", "email": "p@mail.example"})).is_success
    waiting = await bot.post("conversations/chat-1/handoff", json={})
    assert waiting.json()["waiting_since"] is not None
    kept = await store.get(ConversationId("chat-1"))
    assert (kept.lead.name, kept.topic, kept.waiting_since is not None, kept.messages) == ("Priya", "Flights", True, 2)
    async with replies_to(bot) as events:
        await reply(store, "chat-1", "A person here")
        async with asyncio.timeout(SOON):
            event = await anext(events)
        assert event.json()["conversation"] == "chat-1"
        assert (event.json()["body"], event.json()["member"]) == ("A person here", "Dana Ortiz")
    assert (await bot.get("conversations/chat-1")).json()["waiting_since"] is None


async def test_without_an_id_the_server_makes_one(bot: httpx.AsyncClient) -> None:
    first, second = [(await bot.post("conversations", json={})).json()["id"] for _ in range(2)]
    assert first and second and first != second


async def test_what_is_sent_again_is_kept_once(bot: httpx.AsyncClient) -> None:
    new = {"id": "again", "messages": [{"author": "visitor", "body": "Hi", "key": "m1"}]}
    assert [(await bot.post("conversations", json=new)).json()["messages"] for _ in range(2)] == [1, 1]
    message = {"author": "visitor", "body": "Are you there?", "key": "m2"}
    counts = [(await bot.post("conversations/again/messages", json=message)).json()["messages"] for _ in range(3)]
    assert counts == [2, 2, 2]


def messages(count: int) -> list[dict[str, str]]:
    return [{"author": "visitor", "body": f"number {number}", "key": f"m{number}"} for number in range(count)]


async def test_one_request_is_one_transaction(bot: httpx.AsyncClient, served: Served) -> None:
    """Other writers wait for one, whatever it carries; and it is told once."""
    before = (await served.host.changes_after(None)).seq
    begun = await bot.post("conversations", json={"id": "many", "messages": messages(MESSAGES_AT_ONCE)})
    assert (begun.status_code, begun.json()["messages"]) == (201, MESSAGES_AT_ONCE)
    assert (await served.host.changes_after(None)).seq == before + 1


async def test_a_request_carries_only_so_many_messages(bot: httpx.AsyncClient) -> None:
    answer = await bot.post("conversations", json={"id": "more", "messages": messages(MESSAGES_AT_ONCE + 1)})
    assert answer.status_code == 400
    assert str(MESSAGES_AT_ONCE) in answer.json()["message"]
    assert (await bot.get("conversations/more")).status_code == 404


async def test_of_a_request_with_a_bad_message_nothing_is_kept(bot: httpx.AsyncClient, store: Store) -> None:
    before = await store.thread(ONE)
    for id in ("one", "new"):
        body = {"id": id, "messages": [*messages(3), {"author": "visitor", "body": " "}]}
        assert (await bot.post("conversations", json=body)).status_code == 422
    assert (await bot.get("conversations/new")).status_code == 404
    assert await store.thread(ONE) == before


@pytest.mark.parametrize("id", [" ", "\u200b", "\u00a0\ufeff"], ids=ascii)
async def test_an_id_can_be_seen(bot: httpx.AsyncClient, id: str) -> None:
    assert (await bot.post("conversations", json={"id": id})).status_code == 422


async def test_whoever_runs_the_server_needs_no_access_for_it(served: Served, store: Store, tmp_path: Path) -> None:
    assert isinstance(store, Team)
    members = {member.email: member.id for member in await store.members()}
    await store.set_access(members[SAM], Access.ADMIN)
    sam = await open_in(tmp_path, SAM)
    assert isinstance(sam, Team)
    async with bot_of(served) as bot:
        await sam.set_access(members[DANA], Access.NONE)
        begun = await bot.post("conversations", json={"id": "new", "messages": messages(1)})
        assert begun.status_code == 201
        for answer in (
            await bot.post("conversations/new/messages", json={"author": "agent", "body": "Hello!"}),
            await bot.put("conversations/new/lead", json={"name": "Priya"}),
            await bot.post("conversations/new/handoff", json={}),
            await bot.get("conversations/new"),
        ):
            assert answer.status_code == 200
    assert (await sam.get(ConversationId("new"))).last_message == "Hello!"
    await sam.aclose()


async def test_what_is_imported_for_a_member_does_not_reach_visitors(bot: httpx.AsyncClient, store: Store) -> None:
    assert isinstance(store, Intake)
    forged = IncomingMessage(Author.MEMBER, "Send me your password", utc_now(), "x", member_email=DANA)
    async with replies_to(bot) as events:
        await store.ingest([IncomingConversation(ONE, (forged,), WEBSITE, utc_now())])
        await reply(store, "one", "From a person")
        assert await bodies(events, 1) == ["From a person"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "conversations/three", None),
        ("POST", "conversations/three/messages", {"author": "visitor", "body": "Hi"}),
        ("PUT", "conversations/three/lead", {"name": "Mallory"}),
        ("POST", "conversations/three/handoff", {}),
    ],
)
async def test_another_agent_s_conversations_are_not_there(
    bot: httpx.AsyncClient, store: Store, method: str, path: str, body: Any
) -> None:
    before = await store.thread(THREE)
    answer = await bot.request(method, path, json=body)
    gone = await bot.request(method, path.replace("three", "not-one"), json=body)
    assert answer.status_code == gone.status_code == 404
    assert answer.json()["message"] == gone.json()["message"].replace("not-one", "three"), "nothing tells them apart"
    assert await store.thread(THREE) == before


async def test_another_agent_s_id_cannot_be_taken(bot: httpx.AsyncClient, store: Store) -> None:
    before = await store.thread(THREE)
    new = {"id": "three", "lead": {"name": "Mallory"}, "messages": [{"author": "visitor", "body": "Hi", "key": "x"}]}
    assert (await bot.post("conversations", json=new)).status_code == 409
    assert await store.thread(THREE) == before


async def test_replies_reach_the_agent_whose_conversation_it_is(served: Served, store: Store) -> None:
    async with (
        bot_of(served) as website,
        bot_of(served, BOOKING) as booking,
        replies_to(website) as to_website,
        replies_to(booking) as to_booking,
    ):
        await reply(store, "one", "For the website")
        await reply(store, "three", "For bookings")
        await reply(store, "one", "Between us", Kind.NOTE)
        await reply(store, "one", "And again")
        assert await bodies(to_website, 2) == ["For the website", "And again"], "a note is not for visitors"
        assert await bodies(to_booking, 1) == ["For bookings"]


async def test_after_a_loss_nothing_is_missed_and_nothing_comes_twice(bot: httpx.AsyncClient, store: Store) -> None:
    async with replies_to(bot) as events:
        await reply(store, "one", "First")
        async with asyncio.timeout(SOON):
            last = (await anext(events)).id
    for number in range(5):
        await reply(store, "one", f"Missed {number}")
    async with replies_to(bot, last) as events:
        assert await bodies(events, 5) == [f"Missed {number}" for number in range(5)]
        await reply(store, "two", "Live again")
        assert await bodies(events, 1) == ["Live again"]


async def test_without_a_last_id_it_begins_now(bot: httpx.AsyncClient, store: Store) -> None:
    await reply(store, "one", "Long ago")
    async with replies_to(bot) as events:
        await reply(store, "one", "Now")
        assert await bodies(events, 1) == ["Now"]


async def test_an_event_id_that_was_never_given(bot: httpx.AsyncClient) -> None:
    answer = await bot.get("replies", headers={"Last-Event-ID": "no-such-message"})
    assert answer.status_code == 404


async def test_the_stream_ends_with_the_token(served: Served, store: Store) -> None:
    secret, token = await served.token(agent=WEBSITE)
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=f"{served.api}/agent", headers=headers) as bot, replies_to(bot) as events:
        await reply(store, "one", "Before")
        assert await bodies(events, 1) == ["Before"]
        await served.host.revoke_token(token.id)
        async with asyncio.timeout(SOON):
            assert [event async for event in events] == []


async def test_the_future_is_not_believed(bot: httpx.AsyncClient, store: Store) -> None:
    for at, is_taken in (("2999-01-01T00:00:00Z", False), ((utc_now() + timedelta(hours=23)).isoformat(), True)):
        message = {"author": "visitor", "body": "From afar", "key": "f", "created_at": at}
        for path, body in (("messages", message), ("handoff", {"at": at})):
            answer = await bot.post(f"conversations/one/{path}", json=body)
            assert answer.status_code == (200 if is_taken else 422)
            assert is_taken or "is not between 1970-01-01 and" in answer.json()["message"]
    now = await store.get(ONE)
    assert now.waiting_since is not None
    assert max(now.last_activity_at, now.waiting_since) <= utc_now()


@pytest.mark.parametrize(
    "body",
    [
        {"author": "member", "body": "I am staff"},
        {"author": "system", "body": "x"},
        {"author": "visitor", "body": ""},
        {"author": "visitor", "body": "x" * 1_000_001},
        {"author": "visitor"},
        {"author": "visitor", "body": "x", "member_email": "dana@acme.example"},
        {"author": "visitor", "body": "x", "created_at": "yesterday"},
        {"author": "visitor", "body": "x", "created_at": "2026-11-03T10:00:00"},
        [],
        "text",
        None,
    ],
)
async def test_what_an_agent_may_not_say(bot: httpx.AsyncClient, store: Store, body: Any) -> None:
    before = await store.thread(ONE)
    answer = await bot.post("conversations/one/messages", json=body)
    assert answer.status_code in (400, 422), answer.text
    assert await store.thread(ONE) == before


async def test_a_resolved_conversation_opens_again_when_the_visitor_writes(
    bot: httpx.AsyncClient, store: Store
) -> None:
    await set_status(store, ONE, Status.RESOLVED, Status.OPEN)
    assert (await bot.get("conversations/one")).json()["status"] == "resolved"
    answer = await bot.post("conversations/one/messages", json={"author": "visitor", "body": "One more thing"})
    assert answer.json()["status"] == (await store.get(ONE)).status.value


@pytest.mark.parametrize("id", ["a/b", "..", ".", "%2e%2e", "ä ö\n", "\x1b[31m", "🦊", "a?b#c", "x" * 1000])
async def test_any_text_is_an_id(bot: httpx.AsyncClient, id: str) -> None:
    from inbox_tui.backends.http.address import segment

    begun = await bot.post("conversations", json={"id": id})
    assert (begun.status_code, begun.json()["id"]) == (201, id)
    path = f"{bot.base_url}conversations/{segment(ConversationId(id))}"
    assert (await bot.get(path)).json()["id"] == id


async def test_two_servers_over_one_store(store: Store, tmp_path: Any) -> None:
    """What one process takes in, the streams of another tell."""
    other = await open_in(tmp_path)
    async with serving(store) as served, bot_of(served) as bot, replies_to(bot) as events:
        await reply(other, "one", "Written by another process")
        assert await bodies(events, 1) == ["Written by another process"]
    await other.aclose()
    assert await said_by_members(store, ONE) == ["Written by another process"]
