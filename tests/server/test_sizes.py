"""What one request may carry, up to the last one that is taken and the first that is not."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from inbox_tui.domain import limits
from inbox_tui.domain.agents import MESSAGES_AT_ONCE, TEXT_AT_ONCE
from inbox_tui.domain.models import (
    PREVIEW_LENGTH,
    ConversationId,
    IncomingConversation,
    Lead,
    SetStatus,
    StateChange,
    Status,
)
from inbox_tui.domain.paging import MOST_OUTCOME, OUTCOMES_ROOM, ROOM, sent_size
from inbox_tui.server.budget import LARGEST
from inbox_tui.server.protocol import HEAD_LIMIT
from inbox_tui.store.api import BODY_LIMIT, BULK_LIMIT, IMPORT_LIMIT, MATCHING_LIMIT, PAGE_LIMIT, Bulk, ChangeResult
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import intake_of
from inbox_tui.testing.factories import DANA, WEBSITE, incoming, minute, said
from server.harness import GENEROUS, Served, serving


async def client_of(served: Served, email: str = "", *, agent: str = "") -> httpx.AsyncClient:
    secret, _ = await served.token(email, agent=agent)
    return httpx.AsyncClient(base_url=served.api, headers={"Authorization": f"Bearer {secret}"}, timeout=60)


@pytest.mark.parametrize(("count", "status"), [(BULK_LIMIT, 200), (BULK_LIMIT + 1, 400)])
async def test_state_changes_in_a_request(served: Served, count: int, status: int) -> None:
    change = {"type": "status", "id": "unknown", "status": "open", "expected": "resolved"}
    async with await client_of(served, DANA) as dana:
        assert (await dana.post("/bulk", json={"changes": [change] * count})).status_code == status


def largest(text: str) -> tuple[str, IncomingConversation]:
    """A conversation each of whose parts has as many bytes as it may have."""
    id = text * (limits.ID_LIMIT - 1) + "x"
    field = text * (limits.FIELD_LIMIT - 1) + "x"
    given = IncomingConversation(
        ConversationId(id),
        (said("x" + text * (4 * PREVIEW_LENGTH) + "x"),),
        text * (limits.AGENT_NAME_LIMIT - 1) + "x",
        minute(0),
        Lead(field, field, field, field),
        topic=text * limits.TOPIC_LIMIT,
        assignee_email=DANA,
    )
    return id, given


@pytest.mark.parametrize("text", ["\x01", "\x7f", '"', "a"])
async def test_an_answer_to_many_changes_has_an_end(served: Served, store: Store, text: str) -> None:
    """Those that it tells are done, those after them are not; a client sends them again by itself."""
    id, given = largest(text)
    await intake_of(store).ingest([given])
    there_and_back: list[StateChange] = [
        SetStatus(ConversationId(id), Status.RESOLVED, Status.OPEN),
        SetStatus(ConversationId(id), Status.OPEN, Status.RESOLVED),
    ]
    count = min(BULK_LIMIT // 2, BODY_LIMIT // len(msgspec.json.encode(there_and_back)) - 1)
    body = msgspec.json.encode(Bulk(there_and_back * count))
    async with await client_of(served, DANA) as dana:
        answer = await dana.post("/bulk", content=body)
    assert answer.status_code == 200
    assert len(answer.content) <= OUTCOMES_ROOM
    results = msgspec.json.decode(answer.content, type=list[ChangeResult])
    assert results and not any(result.error for result in results)
    assert max(map(sent_size, results)) <= MOST_OUTCOME
    now = await store.get(ConversationId(id))
    assert now.status is results[-1].change.status  # type: ignore[union-attr]
    remote = await served.open_as(DANA)
    changes = there_and_back * 200 if now.status is Status.OPEN else [*there_and_back[1:], *there_and_back * 200]
    outcomes = list(await remote.decide(changes))
    await remote.aclose()
    assert [outcome.change for outcome in outcomes] == changes
    assert not any(outcome.refusal for outcome in outcomes)


async def test_a_change_of_what_cannot_be_is_refused_before_any_is_done(served: Served, store: Store) -> None:
    """An answer repeats what it is about."""
    changes = [
        {"type": "status", "id": "one", "status": "resolved", "expected": "open"},
        {"type": "assign", "id": "one", "member": "1" * 1_000_000, "expected": None},
    ]
    async with await client_of(served, DANA) as dana:
        answer = await dana.post("/bulk", json={"changes": changes})
    assert (answer.status_code, len(answer.content) < 1_000) == (422, True)
    assert (await store.get(ConversationId("one"))).status is Status.OPEN


@pytest.mark.parametrize("path", ["messages", "bulk"])
async def test_what_has_no_room_for_its_answer_is_not_done(store: Store, path: str) -> None:
    """The answers that a token leaves untaken fill its room."""
    one = ConversationId("one")
    bodies = {
        "messages": {"body": "x" * 900_000, "key": "k", "kind": "note"},
        "bulk": {"changes": [{"type": "status", "id": "one", "status": "resolved", "expected": "open"}]},
    }
    async with serving(store, GENEROUS) as served, await client_of(served, DANA) as dana:
        [token] = [token.id for token in await served.context.host.tokens()]
        before = await store.get(one)
        with served.context.answers.share(token) as others:
            others.grow_to(GENEROUS.token_answers)
            way = path if path == "bulk" else f"conversations/one/{path}"
            assert (await dana.post(f"/{way}", json=bodies[path])).status_code == 429
        assert await store.get(one) == before
        assert (await dana.post(f"/{way}", json=bodies[path])).is_success
        assert await store.get(one) != before


async def test_a_page_of_control_characters_is_no_larger(served: Served, store: Store) -> None:
    """JSON writes each of them in six bytes, and those are counted."""
    topic = "\x01" * limits.TOPIC_LIMIT
    await intake_of(store).ingest([incoming(f"w-{number}", topic=topic) for number in range(1_000)])
    async with await client_of(served, DANA) as dana:
        for path in ("/conversations", "/matching"):
            answer = await dana.get(path, params={"limit": 1_000})
            assert answer.status_code == 200
            assert len(answer.content) < (ROOM + 10_000 if path == "/conversations" else LARGEST)


@pytest.mark.parametrize(("count", "status"), [(MESSAGES_AT_ONCE, 201), (MESSAGES_AT_ONCE + 1, 400)])
async def test_messages_with_which_an_agent_begins(served: Served, count: int, status: int) -> None:
    said = [{"author": "visitor", "body": "Hello", "key": str(number)} for number in range(count)]
    async with await client_of(served, agent=WEBSITE) as bot:
        answer = await bot.post("/agent/conversations", json={"id": "many", "messages": said})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("sizes", "status"), [((TEXT_AT_ONCE - 1, 1), 201), ((TEXT_AT_ONCE, 1), 422), ((1_000_000,), 201)]
)
async def test_text_with_which_an_agent_begins(served: Served, sizes: tuple[int, ...], status: int) -> None:
    said = [{"author": "visitor", "body": "x" * size, "key": str(number)} for number, size in enumerate(sizes)]
    async with await client_of(served, agent=WEBSITE) as bot:
        answer = await bot.post("/agent/conversations", json={"id": "long", "messages": said})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/conversations", PAGE_LIMIT), ("/conversations/one/thread", PAGE_LIMIT), ("/matching", MATCHING_LIMIT)],
)
async def test_rows_and_messages_in_an_answer(served: Served, path: str, limit: int) -> None:
    async with await client_of(served, DANA) as dana:
        statuses = [(await dana.get(path, params={"limit": wanted})).status_code for wanted in (limit, limit + 1)]
    assert statuses == [200, 400]


async def test_the_body_of_an_import(served: Served) -> None:
    begin, end = b'{"conversations": [', b"]}"
    async with await client_of(served, DANA) as dana:
        for size, status in ((IMPORT_LIMIT, 200), (IMPORT_LIMIT + 1, 413)):
            body = begin + b" " * (size - len(begin + end)) + end
            assert (await dana.post("/import", content=body)).status_code == status


@pytest.mark.parametrize(("size", "statuses"), [(HEAD_LIMIT - 1_024, {b"200"}), (HEAD_LIMIT + 1_024, {b"400", b"431"})])
async def test_the_head_of_a_request(served: Served, size: int, statuses: set[bytes]) -> None:
    """Without its end at first: it is too long before it is whole."""
    parts = urlsplit(served.address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        head = b"GET /v1/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: "
        writer.write(head.ljust(size, b"x"))
        await writer.drain()
        if b"200" in statuses:
            writer.write(b"\r\n\r\n")
        assert (await reader.read(-1))[9:12] in statuses
    finally:
        writer.transport.abort()
