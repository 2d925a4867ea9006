"""What is not quite HTTP, what comes too slowly, and what breaks off: told in our words, or in one line of the log."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import select
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates import self_signed
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.domain.models import Conversation
from inbox_tui.server import patience, protocol
from inbox_tui.server.connections import Connections
from inbox_tui.server.description import Described
from inbox_tui.server.limits import Limits
from inbox_tui.server.serving import ListenAddress, _room
from inbox_tui.store.protocol import Store
from inbox_tui.testing.factories import DANA, WEBSITE, record
from server.harness import GENEROUS, Served, serving

GET = b"GET /v1/health HTTP/1.1"
WITHIN = 20.0


async def talk(served: Served, *pieces: bytes) -> bytes:
    """What the server answers to these pieces, each sent when the last was taken, until it hangs up."""
    parts = urlsplit(served.address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)  # so that it is a piece of its own
        async with asyncio.timeout(WITHIN):
            return await reader.read(-1)
    finally:
        writer.transport.abort()


def parsed(answer: bytes) -> tuple[int, dict[str, str], dict[str, str]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    assert int(headers["content-length"]) == len(body)
    return int(first.split()[1]), headers, json.loads(body)


@pytest.mark.parametrize(
    "pieces",
    [
        (GET + b"\nHost: a\r\n\r\n",),
        (GET + b"\r\nHost: a\n\r\n",),
        (GET + b"\r\nHost: a\r\nX: y\n\n",),
        (GET + b"\r\nHost: a\r", b"\nX: y\n", b"Z: a\r\n\r\n"),
        (b"GET / HTTP/1.1\r\n\r\n",),
        (b"GET\r\n\r\n",),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",),
        (GET + b"\r\nHost: a\r\nHost: b\r\n\r\n",),
        (GET + b"\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",),
        (GET + b"\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",),
        (GET + b"\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",),
        (GET + b"\r\nHost: a\r\nLast-Event-ID: 1\r\nLast-Event-ID: 2\r\n\r\n",),
        (GET + b"\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",),
    ],
)
async def test_what_is_malformed_is_answered_as_documented(
    served: Served, pieces: tuple[bytes, ...], caplog: pytest.LogCaptureFixture
) -> None:
    status, headers, problem = parsed(await talk(served, *pieces))
    assert (status, problem["error"], headers["content-type"]) == (400, "malformed", "application/json")
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    "pieces",
    [
        (b"\r\n" + GET + b"\r\nHost: a\r\nConnection: close\r\n\r\n",),
        (b"\r\n\r\n\r\n", GET + b"\r\nHost: a\r\nConnection: close\r\n\r\n"),
        (b"\r", b"\n", GET + b"\r\nHost: a\r\nConnection: close\r\n\r\n"),
        (b"GET http://inbox.acme.example/v1/health HTTP/1.1\r\nHost: inbox.acme.example\r\nConnection: close\r\n\r\n",),
        (b"GET HTTPS://[::1]:80/v1/health?a=//b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",),
        *((bytes([byte]) for byte in GET + b"\r\nHost: a\r\nConnection: close\r\n\r\n"),),
    ],
)
async def test_what_is_unusual_is_answered_all_the_same(served: Served, pieces: tuple[bytes, ...]) -> None:
    status, _, told = parsed(await talk(served, *pieces))
    assert (status, told) == (200, {"status": "ok"})


async def test_an_empty_line_between_two_requests(served: Served) -> None:
    post = b"POST /v1/health HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}\r\n"
    answer = await talk(
        served, post + GET + b"\r\nHost: a\r\n\r\n\r\n", GET + b"\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    assert (answer.count(b"HTTP/1.1 405"), answer.count(b"HTTP/1.1 200")) == (1, 2)


async def test_a_body_may_hold_any_lines(served: Served) -> None:
    secret, _ = await served.token(DANA)
    body = b'{\n"changes":\n\n[\n\n]}'
    for framed in (
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body),
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
    ):
        head = (
            b"POST /v1/bulk HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer %b\r\n" % secret.encode()
        )
        assert b"HTTP/1.1 200" in await talk(served, head + framed)


LINES = st.lists(st.sampled_from([b"Host: a", b"X: y", b"Y: \x80", b"Z:"]), max_size=4)


@given(
    lines=LINES,
    ends=st.lists(st.sampled_from([b"\r\n", b"\n"]), min_size=7, max_size=7),
    cuts=st.sets(st.integers(1, 60)),
)
def test_a_line_without_cr_is_found_however_the_bytes_come(
    lines: list[bytes], ends: list[bytes], cuts: set[int]
) -> None:
    import h11

    lines = [b"GET / HTTP/1.1", b"Host: a", *(line for line in lines if line != b"Host: a"), b""]
    used = ends[: len(lines)]
    sent = b"".join(line + end for line, end in zip(lines, used, strict=False))
    conn = h11.Connection(h11.SERVER)
    conn._receive_buffer = protocol._Lines(conn)
    event: object = h11.NEED_DATA
    refused = False
    edges = [0, *sorted(cut for cut in cuts if cut < len(sent)), len(sent)]
    for begin, end in itertools.pairwise(edges):
        conn.receive_data(sent[begin:end])
        try:
            event = conn.next_event()
        except h11.RemoteProtocolError:
            refused = True
            break
    assert refused == (b"\n" in used)
    assert refused or isinstance(event, h11.Request)


async def test_a_slow_body_is_408(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "BODY_TIMEOUT", 0.2)
    secret, _ = await served.token(DANA)
    head = b"POST /v1/bulk HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\n" % secret.encode()
    for framed in (b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"):
        status, headers, problem = parsed(await talk(served, head + framed))
        assert (status, problem["error"], headers["connection"]) == (408, "too_slow", "close")
    assert not caplog.records


async def test_a_body_that_breaks_off_leaves_nothing_in_the_log(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    secret, _ = await served.token(DANA)
    parts = urlsplit(served.address)
    head = b"POST /v1/bulk HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\n" % secret.encode()
    for framed in (
        b"Content-Length: 100\r\n\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ):
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(head + framed)
        await writer.drain()
        writer.transport.abort()
    async with httpx.AsyncClient() as client:
        for _ in range(5):
            await client.get(f"{served.api}/health")
    assert not [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]


def require_one_line(caplog: pytest.LogCaptureFixture, words: str) -> None:
    told = [entry for entry in caplog.records if "broken off" in entry.getMessage()]
    assert len(told) == 1 and words in told[0].getMessage(), caplog.records
    for entry in caplog.records:
        assert not entry.exc_info
        assert entry in told or entry.levelno <= logging.INFO, entry


async def test_an_export_that_breaks_is_not_taken_for_whole(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scan(*_: object) -> AsyncIterator[list[Conversation]]:
        yield [record()]
        raise StoreUnavailable("The disk failed.")

    secret, _ = await served.token(DANA)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {secret}"}) as client:
        monkeypatch.setattr(type(served.host), "scan", scan)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{served.api}/scan")
    require_one_line(caplog, "The disk failed.")


@pytest.mark.parametrize("path", [b"/v1/scan", b"/v1/openapi.json"], ids=["in-pieces", "one-after-another"])
async def test_who_does_not_read_is_cut_off(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: bytes
) -> None:
    caplog.set_level(logging.INFO, "inbox_tui.server")
    monkeypatch.setattr(patience, "SEND_TIMEOUT", 0.3)

    async def scan(*_: object) -> AsyncIterator[list[str]]:
        for _number in range(10_000):
            yield ["x" * 100_000]

    monkeypatch.setattr(type(store), "scan", scan)
    open_now = counted_in(monkeypatch)
    async with serving(store, GENEROUS) as served, unread(served, path, 1 if path == b"/v1/scan" else 500):
        async with asyncio.timeout(WITHIN):
            while not caplog.records or open_now[0]:
                await asyncio.sleep(0.02)
    require_one_line(caplog, "the client does not take it")


async def test_who_does_not_read_the_rest_is_cut_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that was handed to the system whole; its connection is idle, and would be closed once it is read."""
    monkeypatch.setattr(protocol, "SEND_TIMEOUT", 0.2)
    monkeypatch.setattr("inbox_tui.server.patience.SEND_TIMEOUT", 0.2)
    monkeypatch.setattr("inbox_tui.server.serving.IDLE", 0.2)
    monkeypatch.setattr("inbox_tui.server.app.api_description", lambda: Described(b"x" * 20_000_000, '"x"'))
    open_now = counted_in(monkeypatch)
    async with serving(store, GENEROUS) as served, unread(served, b"/v1/openapi.json", 1):
        async with asyncio.timeout(WITHIN):
            while not open_now or open_now[0]:
                await asyncio.sleep(0.02)


def counted_in(monkeypatch: pytest.MonkeyPatch) -> list[Connections]:
    """Will hold the connections of the server that starts next; without any it is false."""
    made: list[Connections] = []

    def room(limits: Limits, binding: ListenAddress) -> Connections:
        made.append(_room(limits, binding))
        return made[0]

    monkeypatch.setattr("inbox_tui.server.serving._room", room)
    return made


@asynccontextmanager
async def unread(served: Served, path: bytes, times: int) -> AsyncIterator[None]:
    """A client that asks and does not read."""
    secret, _ = await served.token(DANA)
    parts = urlsplit(served.address)
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
        client.setblocking(False)
        await loop.sock_connect(client, (parts.hostname, parts.port))
        request = b"GET %b HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\n\r\n" % (path, secret.encode())
        await loop.sock_sendall(client, request * times)
        while not select.select([client], [], [], 0)[0]:
            await asyncio.sleep(0.01)
        yield


@pytest.fixture
async def over_tls(store: Store, tmp_path: Path) -> AsyncIterator[tuple[Served, Path]]:
    cert, key = self_signed(tmp_path / "tls")
    async with serving(store, GENEROUS, binding=ListenAddress("127.0.0.1", 0, cert, key)) as served:
        yield served, cert


@pytest.mark.parametrize(
    ("ciphers", "is_met"),
    [
        ("ECDHE+AESGCM", True),
        ("ECDHE+CHACHA20", True),
        ("ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA", False),
        ("AES128-GCM-SHA256:AES256-GCM-SHA384", False),
    ],
)
async def test_ciphers_of_tls_1_2(over_tls: tuple[Served, Path], ciphers: str, is_met: bool) -> None:
    served, cert = over_tls
    context = ssl.create_default_context(cafile=cert)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    parts = urlsplit(served.address)
    meeting = asyncio.open_connection(parts.hostname, parts.port, ssl=context, server_hostname="localhost")
    if is_met:
        _, writer = await meeting
        writer.close()
        await writer.wait_closed()
    else:
        with pytest.raises(OSError):  # of OpenSSL, or of a connection that is closed
            await meeting


async def test_tls_is_asked_for_ever_after(over_tls: tuple[Served, Path]) -> None:
    served, cert = over_tls
    context = ssl.create_default_context(cafile=cert)
    async with httpx.AsyncClient(verify=context) as client:
        for path in ("health", "me", "nothing"):
            answer = await client.get(f"{served.api}/{path}".replace("127.0.0.1", "localhost"))
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
    parts = urlsplit(served.address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=context, server_hostname="localhost")
    writer.write(b"nonsense\r\n\r\n")
    assert b"strict-transport-security" in (await reader.read(-1)).lower()
    writer.close()


async def test_a_handshake_that_does_not_end_is_let_go(
    over_tls: tuple[Served, Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("inbox_tui.server.listener.HANDSHAKE_TIMEOUT", 0.2)
    served, _ = over_tls
    for sent in (b"", b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n\r\n"):
        await talk(served, sent)
    assert not caplog.records


POST = b"POST /v1/agent/conversations HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(("count", "status"), [(4, 200), (5, 400)])
async def test_empty_lines_before_a_request(store: Store, count: int, status: int) -> None:
    async with serving(store) as served:
        answer = await talk(served, b"\r\n" * count + GET + b"\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert parsed(answer)[0] == status


@pytest.mark.parametrize(("size", "count", "status"), [(1, 255, 401), (1, 256, 400), (1_024, 600, 401)])
async def test_a_body_in_crumbs(store: Store, size: int, count: int, status: int) -> None:
    chunk = b"%x\r\n%b\r\n" % (size, b"x" * size)
    async with serving(store) as served:
        head = POST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        answer = await talk(served, head + chunk * count + b"0\r\n\r\n")
    assert parsed(answer)[0] == status


@pytest.mark.parametrize(("is_known", "status"), [(False, 401), (True, 413)])
async def test_a_body_without_end_is_refused_though_it_never_pauses(store: Store, is_known: bool, status: int) -> None:
    async with serving(store) as served:
        secret, _ = await served.token(agent=WEBSITE) if is_known else ("", "")
        parts = urlsplit(served.address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)

        async def pour() -> None:
            writer.write(POST + b"Authorization: Bearer %b\r\nContent-Length: 99999999999\r\n\r\n" % secret.encode())
            with suppress(ConnectionError):
                while True:
                    writer.write(b"x" * 65_536)
                    await writer.drain()

        pouring = asyncio.create_task(pour())
        async with asyncio.timeout(WITHIN):
            head = await reader.readuntil(b"\r\n\r\n")
            await pouring
        writer.transport.abort()
    assert int(head.split()[1]) == status and b"connection: close" in head
