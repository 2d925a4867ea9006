"""What streams hold in memory, however many come with however old an id."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from inbox_tui.domain.changes import BYTES_LISTED, CHANGES_LISTED
from inbox_tui.domain.models import Author, ConversationId, IncomingConversation, IncomingMessage
from inbox_tui.server.hub import PLACES_SHARED
from inbox_tui.store.protocol import Intake, Store
from inbox_tui.testing.factories import EVE, WEBSITE, minute
from inbox_tui.testing.following import next_written
from server.harness import SOON, Served

LISTENERS = 250
MEGABYTES = 64
"""That the server may grow by; the buffers of the sockets, which nobody reads, are among them."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


def megabytes() -> float:
    """What this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 2**20


async def fill(store: Store, size: int) -> int:
    """As many conversations as one report may list, with ids of so many bytes; gives the last change's number."""
    assert isinstance(store, Intake)
    first = IncomingMessage(Author.VISITOR, "Hello", minute(0), key="first")
    for start in range(0, CHANGES_LISTED, 500):
        ids = [f"{number:05}-".ljust(size, "x") for number in range(start, start + 500)]
        await store.ingest([IncomingConversation(ConversationId(id), (first,), WEBSITE, minute(0)) for id in ids])
    async with aclosing(store.changes()) as reports:  # type: ignore[type-var]  # every store's is a generator
        return (await next_written(reports)).seq


@asynccontextmanager
async def streams(served: Served, last: range) -> AsyncIterator[list[bool]]:
    """A stream for each number, open and not read any further; whether each lists conversations."""
    secret, _ = await served.token(EVE)
    parts = urlsplit(served.address)
    writers: list[asyncio.StreamWriter] = []
    lists: list[bool] = []
    try:
        for number in last:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1024)
            writers.append(writer)
            head = f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n"
            writer.write(f"{head}Last-Event-ID: {number}\r\n\r\n".encode())
            async with asyncio.timeout(SOON):
                await reader.readuntil(b'"conversations":[')
                lists.append(await reader.readexactly(1) == b'"')
        yield lists
    finally:
        for writer in writers:
            writer.transport.abort()


@pytest.mark.slow
@pytest.mark.parametrize(("size", "is_listed"), [(1_900, False), (BYTES_LISTED // CHANGES_LISTED - 1, True)])
async def test_streams_with_old_ids_hold_little(served: Served, store: Store, size: int, is_listed: bool) -> None:
    """The longest report there is, and one that would be too long."""
    last = await fill(store, size)
    oldest, before = last - CHANGES_LISTED + 1, megabytes()
    async with streams(served, range(oldest, oldest + LISTENERS)) as lists:
        assert lists == [is_listed] * LISTENERS
        assert megabytes() - before < MEGABYTES
        assert len(served.context.hub._reads) <= PLACES_SHARED
