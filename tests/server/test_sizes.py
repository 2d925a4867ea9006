"""What one request may carry, up to the last one that is taken and the first that is not."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import httpx
import pytest

from inbox_tui.domain.agents import MESSAGES_AT_ONCE, TEXT_AT_ONCE
from inbox_tui.server.protocol import HEAD_LIMIT
from inbox_tui.store.api import BULK_LIMIT, IMPORT_LIMIT, MATCHING_LIMIT, PAGE_LIMIT
from inbox_tui.testing.factories import DANA, WEBSITE
from server.harness import Served


async def client_of(served: Served, email: str = "", *, agent: str = "") -> httpx.AsyncClient:
    secret, _ = await served.token(email, agent=agent)
    return httpx.AsyncClient(base_url=served.api, headers={"Authorization": f"Bearer {secret}"}, timeout=60)


@pytest.mark.parametrize(("count", "status"), [(BULK_LIMIT, 200), (BULK_LIMIT + 1, 400)])
async def test_state_changes_in_a_request(served: Served, count: int, status: int) -> None:
    change = {"type": "status", "id": "unknown", "status": "open", "expected": "resolved"}
    async with await client_of(served, DANA) as dana:
        assert (await dana.post("/bulk", json={"changes": [change] * count})).status_code == status


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
