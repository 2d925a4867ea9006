"""Clients that ask too much, too large, too slowly or too many at a time are told so, and harm nobody else."""

from __future__ import annotations

import asyncio
import gzip
import resource
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from inbox_tui.domain.tokens import TokenId
from inbox_tui.server import serving as serving_module
from inbox_tui.server.limits import Limits, Rates
from inbox_tui.server.problems import Refused
from inbox_tui.store.api import BODY_LIMIT, Problem
from inbox_tui.store.protocol import Store
from inbox_tui.testing.factories import DANA, SAM, WEBSITE
from server.harness import GENEROUS, Served, serving

AT_ONCE = 5


def word(answer: httpx.Response) -> str:
    return msgspec.json.decode(answer.content, type=Problem).error


async def as_(served: Served, email: str) -> httpx.AsyncClient:
    secret, _ = await served.token(email)
    return httpx.AsyncClient(base_url=served.api, headers={"Authorization": f"Bearer {secret}"})


def test_a_bucket_is_refilled_as_time_passes() -> None:
    now = 100.0
    rates = Rates(Limits(rate=2.0, burst=3), clock=lambda: now)
    one, other = TokenId("1"), TokenId("2")
    for _ in range(3):
        rates.take(one)
    with pytest.raises(Refused) as told:
        rates.take(one)
    assert told.value.headers == {"Retry-After": "1"}
    rates.take(other)
    now += 0.5
    rates.take(one)
    with pytest.raises(Refused):
        rates.take(one)
    now += 1000
    for _ in range(3):
        rates.take(one)
    with pytest.raises(Refused):
        rates.take(one)


def test_the_buckets_of_clients_that_are_long_gone_are_forgotten() -> None:
    rates = Rates(Limits(rate=1.0, burst=1))
    for number in range(10_100):
        rates.take(TokenId(str(number)))
    assert len(rates._buckets) == 10_000


async def test_too_many_requests_of_one_token_do_not_hinder_another(store: Store) -> None:
    async with serving(store, Limits(rate=0.5, burst=AT_ONCE)) as served:
        dana, sam = await as_(served, DANA), await as_(served, SAM)
        answers = [await dana.get("/me") for _ in range(AT_ONCE + 1)]
        assert [answer.status_code for answer in answers] == [200] * AT_ONCE + [429]
        assert word(answers[-1]) == "too_many"
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await sam.get("/me")).status_code == 200
        assert (await dana.get("/health")).status_code == 200, "whoever watches the server has no token"
        await dana.aclose()
        await sam.aclose()


async def test_the_client_waits_as_it_is_told(store: Store) -> None:
    async with serving(store, Limits(rate=0.5, burst=2)) as served:
        remote = await served.open_as(DANA)
        began = time.monotonic()
        for _ in range(3):
            assert (await remote.me()).email == DANA
        assert time.monotonic() - began >= 1, "429 says to come back after a second"
        await remote.aclose()


async def test_streams_for_one_token_and_for_all(store: Store) -> None:
    async with serving(store, msgspec.structs.replace(GENEROUS, streams=2, all_streams=3)) as served:
        dana, sam = await as_(served, DANA), await as_(served, SAM)
        async with AsyncExitStack() as open_streams:
            for client in (dana, dana, sam):
                answer = await open_streams.enter_async_context(client.stream("GET", "/events"))
                assert answer.status_code == 200
            for client in (dana, sam):
                refused = await client.get("/events")
                assert (refused.status_code, word(refused)) == (429, "too_many")
            assert (await dana.get("/me")).status_code == 200
        while (await dana.get("/ready")).status_code != 200 or served.gate.places._streams.total():
            await asyncio.sleep(0)
        async with dana.stream("GET", "/events") as answer:
            assert answer.status_code == 200, "a place is free again"
        await dana.aclose()
        await sam.aclose()


async def test_walks_over_the_whole_list(store: Store) -> None:
    async with serving(store, msgspec.structs.replace(GENEROUS, scans=0)) as served:
        dana = await as_(served, DANA)
        for path in ("/export.csv", "/scan"):
            refused = await dana.get(path)
            assert (refused.status_code, word(refused)) == (429, "too_many")
        await dana.aclose()


async def test_a_body_that_is_too_large(served: Served) -> None:
    dana = await as_(served, DANA)
    answer = await dana.post("/bulk", content=b" " * (BODY_LIMIT + 1))
    assert (answer.status_code, word(answer)) == (413, "too_large")

    async def endless() -> object:
        for _ in range(BODY_LIMIT // 65_536 + 2):
            yield b" " * 65_536

    chunked = await dana.post("/bulk", content=endless())  # type: ignore[arg-type]  # an async iterator of bytes
    assert (chunked.status_code, word(chunked)) == (413, "too_large")
    assert (await dana.get("/me")).status_code == 200
    await dana.aclose()


@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 100_000,
        b'{"changes":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 100_000,
        b'{"changes": [' + b'{"type":"status"},' * 10_000 + b"]}",
        b"\xff\xfe\x00",
        b"\x00" * 1000,
        b'{"changes": 1e999}',
        b'{"changes": "' + b"\\ud800" * 1000 + b'"}',
        b"1" * 10_000,
        b"",
    ],
    ids=["lists", "nested", "objects", "many", "utf-16", "nulls", "infinite", "surrogates", "digits", "empty"],
)
async def test_a_body_that_is_a_bomb(served: Served, bomb: bytes) -> None:
    dana = await as_(served, DANA)
    answer = await dana.post("/bulk", content=bomb)
    assert (answer.status_code, word(answer)) == (400, "malformed"), answer.text
    assert (await dana.get("/me")).status_code == 200
    await dana.aclose()


async def test_packed_bodies_are_not_unpacked(served: Served) -> None:
    dana = await as_(served, DANA)
    bomb = gzip.compress(b" " * 50_000_000)
    answer = await dana.post("/bulk", content=bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 400
    await dana.aclose()


async def test_pages_have_a_limit(served: Served) -> None:
    dana = await as_(served, DANA)
    for path in ("/conversations?limit=1001", "/conversations/one/thread?limit=100000", "/matching?limit=10001"):
        answer = await dana.get(path)
        assert (answer.status_code, word(answer)) == (400, "malformed"), path
    await dana.aclose()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that waits for slow clients, but not long."""
    with monkeypatch.context() as patch:
        for name in ("HEAD_WITHIN", "BODY_WITHIN"):
            patch.setattr(serving_module, name, 0.2)
        yield


async def talk(served: Served, *pieces: bytes) -> bytes:
    """What the server answers to these bytes, until it hangs up."""
    parts = urlsplit(served.address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        async with asyncio.timeout(20):
            return await reader.read(-1)
    except ConnectionResetError:
        return b""
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"G",),
        (b"GET /v1/health HTTP/1.1\r\nHost: a\r\n", b"X-Slow: 1\r\n"),
        (b"GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /v1/he"),
    ],
    ids=["silent", "one-letter", "half-a-head", "half-a-second-request"],
)
async def test_whoever_never_finishes_a_request_is_let_go(
    impatient: None, served: Served, pieces: tuple[bytes]
) -> None:
    answer = await talk(served, *pieces)
    assert answer.count(b"HTTP/1.1 200") == b"".join(pieces).count(b"\r\n\r\n")


async def test_whoever_never_finishes_a_body_is_let_go(impatient: None, served: Served) -> None:
    secret, _ = await served.token(DANA)
    head = (
        f"POST /v1/bulk HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {secret}\r\n"
        "Content-Length: 1000\r\nContent-Type: application/json\r\n\r\n"
    )
    assert b" 200 " not in await talk(served, head.encode(), b'{"changes": [')


async def test_a_client_that_dribbles_does_not_hold_up_others(served: Served) -> None:
    parts = urlsplit(served.address)
    slow = [await asyncio.open_connection(parts.hostname, parts.port) for _ in range(200)]
    for _, writer in slow:
        writer.write(b"GET /v1/health HTT")
    dana = await as_(served, DANA)
    began = time.monotonic()
    assert (await dana.get("/counts")).status_code == 200
    assert time.monotonic() - began < 5
    for _, writer in slow:
        writer.transport.abort()
    await dana.aclose()


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET /v1/health HTTP/one\r\n\r\n",
        b"GET /v1/health HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"POST /v1/bulk HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/bulk HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /v1/%00%ff%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /v1/\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ],
    ids=["tls", "no-path", "version", "long-header", "length", "smuggling", "http2", "bytes", "raw-bytes"],
)
async def test_what_is_not_http_is_answered_with_4xx_or_not_at_all(served: Served, nonsense: bytes) -> None:
    answer = await talk(served, nonsense)
    assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 401", b"HTTP/1.1 431", b""), answer
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{served.api}/health")).status_code == 200


IDLE = 10_000
PLACES = 300


async def test_ten_thousand_idle_connections_are_refused_politely(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hard limit of open files covers both ends here, so they come in waves; each wave stays."""
    monkeypatch.setattr(serving_module, "HEAD_WITHIN", 600.0)  # on a busy machine the first go before the last come
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wave = min(500, (hard if hard != resource.RLIM_INFINITY else 65_536) // 4)
    async with serving(store, msgspec.structs.replace(GENEROUS, connections=PLACES)) as served:
        parts = urlsplit(served.address)
        kept: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        refused = 0
        try:
            for _ in range(IDLE // wave):
                opened = await asyncio.gather(
                    *(asyncio.open_connection(parts.hostname, parts.port) for _ in range(wave))
                )
                for reader, writer in opened:
                    if len(kept) < PLACES:
                        kept.append((reader, writer))
                        continue
                    answer = await reader.read(-1)
                    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n"), answer
                    assert b"Retry-After: 5" in answer and b'"too_many"' in answer
                    refused += 1
                    writer.transport.abort()
            assert refused == IDLE - PLACES
            for _, writer in kept[:10]:
                writer.transport.abort()
            async with httpx.AsyncClient() as client:
                while (await client.get(f"{served.api}/health")).status_code == 503:
                    await asyncio.sleep(0)
                assert (await client.get(f"{served.api}/health")).status_code == 200
        finally:
            for _, writer in kept:
                writer.transport.abort()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_an_agent_has_the_same_limits(store: Store) -> None:
    async with serving(store, Limits(rate=0.5, burst=AT_ONCE, streams=1)) as served:
        secret, _ = await served.token(agent=WEBSITE)
        headers = {"Authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(base_url=f"{served.api}/agent", headers=headers) as bot:
            async with bot.stream("GET", "/replies") as answer:
                assert answer.status_code == 200
                assert (await bot.get("/replies")).status_code == 429
            statuses = [(await bot.get("/conversations/one")).status_code for _ in range(AT_ONCE)]
            assert statuses[-1] == 429
