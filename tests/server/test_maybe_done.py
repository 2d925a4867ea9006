"""An error of a write says whether it may have been done: once its body began to leave, and no answer tells."""

from __future__ import annotations

import asyncio
import socket
from random import Random

import pytest

from inbox_tui.backends.http.api import InboxApi
from inbox_tui.backends.web.client import ApiClient
from inbox_tui.domain.errors import StoreBroken, StoreError, StoreUnavailable
from inbox_tui.domain.models import Kind, ReplyDraft
from inbox_tui.store.protocol import Store
from server.team import ONE
from server.wire import Fault, Wire

NOTE = ReplyDraft("a note", "k-1", Kind.NOTE)


def in_doubt(error: StoreError) -> bool:
    assert isinstance(error, (StoreUnavailable, StoreBroken))
    return error.maybe_done


@pytest.mark.parametrize("fault", [Fault.CUT_REQUEST, Fault.CUT_ANSWER, Fault.BROKEN_BEFORE, Fault.BROKEN_AFTER])
async def test_a_write_without_an_answer_is_in_doubt(remote: Store, wire: Wire, fault: Fault) -> None:
    wire.choose = lambda method, path: fault
    with pytest.raises((StoreUnavailable, StoreBroken)) as failed:
        await remote.reply(ONE, NOTE)
    assert in_doubt(failed.value)
    with pytest.raises((StoreUnavailable, StoreBroken)) as failed:
        await remote.thread(ONE)
    assert not in_doubt(failed.value), "a read changes nothing"


async def test_what_never_left_is_not() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        client = ApiClient(
            f"http://127.0.0.1:{taken.getsockname()[1]}/",
            "a server",
            {"Authorization": f"Bearer {'t'}"},
            InboxApi(),
            Random(1),
        )
        with pytest.raises(StoreUnavailable) as failed:
            await client.ask("POST", "conversations/one/messages", type(None), body=NOTE)
        await client.aclose()
    assert not failed.value.maybe_done


@pytest.mark.parametrize(
    ("status", "maybe_done"),
    [(429, False), (503, False), (502, True), (504, True), (500, True), (404, False)],
)
async def test_what_a_proxy_answers(status: int, maybe_done: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno".encode())
        await writer.drain()
        writer.close()

    monkeypatch.setattr("inbox_tui.backends.web.client.wait_of", lambda *_: 0.0)
    proxy = await asyncio.start_server(answer, "127.0.0.1", 0)
    client = ApiClient(
        f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}/",
        "a server",
        {"Authorization": f"Bearer {'t'}"},
        InboxApi(),
        Random(1),
    )
    try:
        with pytest.raises((StoreUnavailable, StoreBroken)) as failed:
            await client.ask("POST", "conversations/one/messages", type(None), body=NOTE)
        assert in_doubt(failed.value) is maybe_done
    finally:
        await client.aclose()
        proxy.close()
        await proxy.wait_closed()
