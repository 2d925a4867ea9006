"""What is sent piece by piece: events over every loss of the line, CSV and whole lists."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import httpx
import msgspec
import pytest

from inbox_tui.backends.http import feed as feed_module
from inbox_tui.domain.changes import ChangeId, LineBack, LineLost
from inbox_tui.domain.errors import CredentialError, NotAllowed, StoreBroken, StoreUnavailable
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Access, ConversationId, Status
from inbox_tui.server import stream_routes
from inbox_tui.store.protocol import Scan, Store, Team
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import DANA, SAM
from server.harness import GENEROUS, SOON, Ear, Served, serving
from server.team import ONE, TWO, open_in
from server.wire import Fault, Wire


async def flip(store: Store, id: ConversationId) -> None:
    before = (await store.get(id)).status
    await set_status(store, id, Status.OPEN if before is Status.RESOLVED else Status.RESOLVED, before)


async def test_what_is_missed_while_the_line_is_down_is_told_when_it_is_back(
    store: Store, remote: Store, wire: Wire
) -> None:
    ear = Ear(remote)
    await ear.next()
    await flip(store, ONE)
    heard = await ear.until(ONE)
    wire.cut()
    await ear.until_lost()
    await flip(store, TWO)
    wire.mend()
    report = await ear.until(TWO)
    assert report.seq > heard.seq and not report.reset
    assert ear.line == [LineLost, LineBack], "told once, however long it takes"


async def test_a_line_that_comes_and_goes(store: Store, remote: Store, wire: Wire) -> None:
    ear = Ear(remote)
    await ear.next()
    for _ in range(3):
        wire.cut()
        await ear.until_lost()
        wire.mend()
        await flip(store, ONE)
        await ear.until(ONE)


async def test_a_line_that_was_never_up_tells_everything_anew(store: Store, remote: Store, wire: Wire) -> None:
    wire.cut()
    ear = Ear(remote)
    await ear.until_lost()
    wire.mend()
    report = await ear.until_written()
    assert report.reset and report.team, "what was missed cannot be told one by one"


async def test_a_silent_line_is_lost(served: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "SILENT_FOR", 0.2)
    remote = await served.open_as(DANA, over=wire.address)
    ear = Ear(remote)
    await ear.until_lost()
    await remote.aclose()


async def test_a_stream_speaks_though_nothing_happens(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_routes, "HEARTBEAT", 0.05)
    secret, _ = await served.token(SAM)
    headers = {"Authorization": f"Bearer {secret}"}
    seen = ""
    async with httpx.AsyncClient(headers=headers) as client, client.stream("GET", f"{served.api}/events") as answer:
        assert answer.headers["cache-control"] == "no-store"
        async with asyncio.timeout(SOON):
            async for text in answer.aiter_text():
                seen += text
                if seen.count(": alive") == 3:
                    break


async def test_with_too_many_streams_it_waits_for_a_place(store: Store) -> None:
    async with serving(store, msgspec.structs.replace(GENEROUS, streams=1)) as served:
        first, second = await served.open_as(SAM), await served.open_as(SAM)
        heard = Ear(first)
        await heard.next()
        waiting = Ear(second)
        await waiting.until_lost()
        await first.aclose()
        await waiting.until_written()
        await second.aclose()


async def test_following_ends_with_the_store(remote: Store) -> None:
    ear = Ear(remote)
    await ear.next()
    following = asyncio.create_task(ear.next())
    await asyncio.wait([following], timeout=0.05)
    await remote.aclose()
    with pytest.raises(StopAsyncIteration):
        await following
    with pytest.raises(StoreUnavailable):
        await remote.me()


async def test_a_listener_that_is_stopped_leaves_no_read_behind(remote: Store) -> None:
    """Its connection would close under it, and nobody would take the error."""
    ear = Ear(remote)
    await ear.next()
    loop, unheard = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, problem: unheard.append(problem))
    listening = asyncio.create_task(ear.next())
    await asyncio.wait([listening], timeout=0.05)
    listening.cancel()
    await asyncio.wait([listening])
    await remote.aclose()
    del ear, listening
    gc.collect()
    assert not unheard


async def test_the_feed_of_a_token_that_is_revoked_ends_and_says_why(served: Served) -> None:
    secret, token = await served.token(SAM)
    remote = await served.open_with(secret)
    ear = Ear(remote)
    await ear.next()
    await served.host.revoke_token(token.id)
    with pytest.raises(CredentialError, match="not known here"):
        for _ in range(3):
            await ear.next()
    await remote.aclose()


async def test_a_stream_ends_when_its_owner_s_access_changes(served: Served, store: Store) -> None:
    assert isinstance(store, Team)
    secret, token = await served.token(SAM)
    assert token.member is not None
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(headers=headers) as client, client.stream("GET", f"{served.api}/events") as answer:
        pieces = answer.aiter_bytes()
        await anext(pieces)
        await store.set_access(token.member.id, Access.NONE)
        async with asyncio.timeout(SOON):
            assert b"data" not in b"".join([piece async for piece in pieces]).partition(b"\n\n")[2]


async def test_without_chat_access_the_list_and_its_feed_still_stand(served: Served, store: Store) -> None:
    assert isinstance(store, Team)
    remote = await served.open_as(SAM)
    ear = Ear(remote)
    await ear.next()
    await store.set_access((await remote.me()).id, Access.NONE)
    await flip(store, ONE)
    await ear.until(ONE)
    with pytest.raises(NotAllowed):
        await remote.thread(ONE)
    await remote.aclose()


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30, "1 2", "²"])
async def test_a_last_event_id_that_was_never_given(served: Served, last: str) -> None:
    secret, _ = await served.token(SAM)
    headers = [(b"Authorization", f"Bearer {secret}".encode()), (b"Last-Event-ID", last.encode("latin-1"))]
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{served.api}/events", headers=headers)).status_code == 422


async def test_a_number_from_long_ago_or_from_another_store(served: Served, store: Store) -> None:
    remote = await served.open_as(SAM)
    for since in (0, 1, 10**15):
        ear = Ear(remote, ChangeId(str(since)))
        await flip(store, ONE)
        async with asyncio.timeout(SOON):
            while not ((report := await ear.until_written()).reset or ONE in report.conversations):
                pass
    await remote.aclose()


async def test_many_listeners_hear_the_same(store: Store, served: Served) -> None:
    remotes = [await served.open_as(email) for email in (DANA, SAM) for _ in range(5)]
    ears = [Ear(remote) for remote in remotes]
    await asyncio.gather(*(ear.next() for ear in ears))
    for _ in range(10):
        await flip(store, ONE)
        await flip(store, TWO)
    while (await store.get(ONE)).status is not Status.OPEN:
        await flip(store, ONE)
    await asyncio.gather(*(ear.until(TWO) for ear in ears))
    for remote in remotes:
        await remote.aclose()


async def test_another_process_s_writes_are_heard(served: Served, tmp_path: Path) -> None:
    other = await open_in(tmp_path)
    remote = await served.open_as(SAM)
    ear = Ear(remote)
    await ear.next()
    await flip(other, ONE)
    await ear.until(ONE)
    await remote.aclose()
    await other.aclose()


async def test_a_stream_ends_with_the_store_s_file(store: Store, remote: Store, served: Served, tmp_path: Path) -> None:
    ear = Ear(remote)
    await ear.next()
    (tmp_path / "team.db").unlink()
    await ear.until_lost()
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{served.api}/ready")).status_code == 503


async def test_export_is_what_the_store_itself_would_write(served: Served, store: Store) -> None:
    from inbox_tui.operations.exporting import csv_parts

    assert isinstance(store, Scan)
    expected = b"".join([part async for part, _ in csv_parts(store, Query(Filter.ALL), raw=False, bom=True)])
    secret, _ = await served.token(SAM)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {secret}"}) as client:
        answer = await client.get(f"{served.api}/export.csv", params={"bom": "true"})
    assert (answer.status_code, answer.content) == (200, expected)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


async def test_a_whole_list_cut_in_the_middle_is_no_whole_list(remote: Store, wire: Wire) -> None:
    assert isinstance(remote, Scan)
    wire.choose = lambda method, path: Fault.CUT_ANSWER if "/scan" in path else Fault.NONE
    with pytest.raises(StoreUnavailable, match="broke"):
        async for _ in remote.scan(Query(Filter.ALL)):
            pass


async def test_a_proxy_that_answers_in_the_server_s_place(remote: Store, wire: Wire) -> None:
    wire.choose = lambda method, path: Fault.BROKEN_BEFORE
    with pytest.raises(StoreBroken, match="status 500"):
        await remote.me()
    ear = Ear(remote)
    with pytest.raises(StoreBroken):
        await ear.next()


async def test_nobody_is_there() -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await open_store(StoreUrl.parse("http://127.0.0.1:9"), Identity("", token="inbox_m_x"))


async def test_redirects_are_not_followed(served: Served) -> None:
    """A token goes where it was meant to go."""

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 307 Moved\r\nLocation: {served.api}/workspace\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    secret, _ = await served.token(SAM)
    async with await asyncio.start_server(elsewhere, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(StoreBroken):
            await open_store(StoreUrl.parse(f"http://127.0.0.1:{port}"), Identity("", token=secret))
