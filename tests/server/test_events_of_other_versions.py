"""What a client makes of events that servers of other versions send, and the other way round."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from random import Random

import msgspec
import pytest

from inbox_tui.backends.http.api import InboxApi
from inbox_tui.backends.http.feed import follow
from inbox_tui.backends.web.client import ApiClient
from inbox_tui.domain.changes import ChangeId, FeedReport, LineBack, LineLost, Written
from inbox_tui.domain.models import Conversation, ConversationId
from inbox_tui.store.registry import utc_now
from inbox_tui.testing.factories import record
from server.harness import SOON

FIRST = b'id: 7\ndata: {"id":"7","conversations":[],"team":false,"reset":false,"lost_at":null,"seq":7}\n\n'
"""As a server of the version before sends it."""
LATER = b'event: presence\ndata: {"member":"2","conversation":"c-1"}\n\n: alive\n\n'
"""A kind of report that this version does not know."""
NAMED = b'event: written\nid: 8\ndata: {"id":"8","conversations":["c-1"],"looking":["2"]}\n\n'


class ChangesBefore(msgspec.Struct, frozen=True):
    """The only kind of report, as the version before knew it."""

    id: ChangeId = ChangeId("")
    conversations: tuple[ConversationId, ...] = ()
    team: bool = False
    reset: bool = False
    lost_at: datetime | None = None
    seq: int = 0


async def heard_from(*streams: bytes) -> list[FeedReport]:
    """What a client reports of streams, each of which ends its connection, up to a loss of the line after the last."""
    coming = list(streams)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if coming:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
            writer.write(coming.pop(0))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    line, closing = ApiClient(base, "a server", {}, InboxApi(), Random(1)), asyncio.Event()
    heard: list[FeedReport] = []
    try:
        async with asyncio.timeout(SOON):
            async for report in _followed(line, closing):
                heard.append(report)
                if isinstance(report, LineLost) and not coming:
                    closing.set()
    finally:
        await line.aclose()
        server.close()
        await server.wait_closed()
    return heard


def _followed(line: ApiClient, closing: asyncio.Event) -> AsyncIterator[FeedReport]:
    return follow(line, closing, None, utc_now)


async def test_an_earlier_server_is_understood_and_what_a_later_one_adds_is_passed_over() -> None:
    heard = await heard_from(FIRST + LATER + NAMED)
    assert heard[:-1] == [Written(ChangeId("7")), Written(ChangeId("8"), (ConversationId("c-1"),))]
    assert isinstance(heard[-1], LineLost)


async def test_the_line_is_back_before_anything_else_is_told() -> None:
    heard = await heard_from(FIRST, LATER, NAMED)
    assert [type(report) for report in heard] == [Written, LineLost, LineBack, Written, LineLost]
    assert heard[3] == Written(ChangeId("8"), (ConversationId("c-1"),))


@pytest.mark.parametrize("rows", [(), (record(),)])
def test_an_earlier_client_understands_what_was_written(rows: tuple[Conversation, ...]) -> None:
    told = msgspec.json.encode(Written(ChangeId("12"), (ConversationId("c-1"),), team=True, rows=rows))
    known = msgspec.json.decode(told, type=ChangesBefore)
    assert known == ChangesBefore(ChangeId("12"), (ConversationId("c-1"),), team=True, seq=12)
