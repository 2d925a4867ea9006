"""A server of an earlier version, which gives no messages after one and does not say whether there are later ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from inbox_tui.backends.http.store import HttpStore, open_store
from inbox_tui.domain.errors import Conflict, NotFound, StoreBroken
from inbox_tui.domain.filters import Counts, Filter, Query
from inbox_tui.domain.models import (
    FROM_START,
    Access,
    Assign,
    ConversationId,
    Member,
    MemberId,
    MessageId,
    SetStatus,
    StateChange,
    Status,
    Thread,
)
from inbox_tui.domain.paging import Cursor, Page, PageRequest
from inbox_tui.store.api import Problem, Workspace
from inbox_tui.store.overview import first_list, read_counted_page, read_overview
from inbox_tui.store.protocol import Capabilities
from inbox_tui.store.registry import Identity, utc_now
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.factories import DANA, message, record

C1 = ConversationId("c-1")
WORKSPACE = Workspace("0.2.0", Member(MemberId("1"), DANA, access=Access.EDIT), Capabilities())
NEWEST = Thread(record(), (message(id="7"), message(id="8")), has_earlier=True)


def as_it_was(thread: Thread) -> dict[str, Any]:
    known: dict[str, Any] = msgspec.to_builtins(thread)
    del known["has_later"]
    return known


REFUSED = [
    {"change": Assign(C1, MemberId("2"), None), "before": record(), "after": None, "error": "Not assigned: by Sam."},
    {"change": SetStatus(C1, Status.OPEN, Status.OPEN), "before": None, "after": None, "error": "It does not exist."},
    {"change": SetStatus(C1, Status.OPEN, Status.OPEN), "before": record(), "after": record(), "error": ""},
]
"""What became of three changes: it tells only in words why one was refused."""

ANSWERS: dict[bytes, object] = {
    b"/bulk": REFUSED,
    b"/workspace": WORKSPACE,
    b"/me": WORKSPACE.me,
    b"/agents": [],
    b"/members": [WORKSPACE.me],
    b"/counts": Counts(all=1),
    b"/conversations": Page(Query(), (record(),), Cursor(1, 1), Cursor(1, 1)),
    b"/conversations/c-1": record(),
    b"/thread": as_it_was(NEWEST),
}


@pytest.fixture
async def store() -> AsyncIterator[HttpStore]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        what = next((answer for end, answer in ANSWERS.items() if path.partition(b"?")[0].endswith(end)), None)
        content = msgspec.json.encode(Problem("not_found", "There is no such page.") if what is None else what)
        status = "404 Not Found" if what is None else "200 OK"
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + content)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        store = await open_store(
            StoreUrl.parse(f"http://127.0.0.1:{port}"), Identity("", token="t", first=first_list(Filter.ALL)), utc_now
        )
        yield store
        await store.aclose()


async def test_what_stands_before_a_message_is_not_the_end(store: HttpStore) -> None:
    """Or the next message that is written would stand right behind it."""
    assert not (await store.thread(C1)).has_later
    assert (await store.thread(C1, before=MessageId("9"))).has_later


@pytest.mark.parametrize("after", [FROM_START, MessageId("3")])
async def test_the_newest_messages_are_not_taken_for_those_after_one(store: HttpStore, after: MessageId) -> None:
    with pytest.raises(StoreBroken, match="has_later") as refused:
        await store.thread(C1, after=after)
    assert "another version" in refused.value.hint


async def test_what_is_asked_together_is_asked_apart(store: HttpStore) -> None:
    overview = await read_overview(store, *first_list(Filter.ALL))
    assert (overview.me, overview.members, overview.counts.all) == (WORKSPACE.me, (WORKSPACE.me,), 1)
    page, counts = await read_counted_page(store, Query(Filter.PENDING), PageRequest())
    assert (page.query, page.rows, counts.all) == (Query(Filter.PENDING), (record(),), 1)


async def test_conversations_are_read_one_by_one(store: HttpStore) -> None:
    assert await store.get_many([ConversationId("gone"), C1, ConversationId("gone-too")]) == [record()]


async def test_a_refusal_in_words_is_a_typed_one(store: HttpStore) -> None:
    changes: list[StateChange] = [
        Assign(C1, MemberId("2"), None),
        SetStatus(C1, Status.OPEN, Status.OPEN),
        SetStatus(C1, Status.OPEN, Status.OPEN),
    ]
    conflict, missing, made = await store.decide(changes)
    assert isinstance(conflict.refusal, Conflict)
    assert (conflict.refusal.message, conflict.refusal.conversation) == ("Not assigned: by Sam.", record())
    assert isinstance(missing.refusal, NotFound)
    assert missing.refusal.message == "It does not exist."
    assert made.result() == record()
    assert store.capabilities.batch == Capabilities().batch
