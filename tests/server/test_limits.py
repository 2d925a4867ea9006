"""Clients that ask too much, too large, too slowly or too many at a time are told so, and harm nobody else."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import time
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.domain.errors import ConfigError
from inbox_tui.server import patience, protocol
from inbox_tui.server.limits import REMEMBERED, Limits, RateLimiter
from inbox_tui.store.api import BODY_LIMIT, Problem
from inbox_tui.store.protocol import Store
from inbox_tui.testing.factories import DANA, SAM, WEBSITE
from server.harness import GENEROUS, Served, serving
from server.team import ONE

AT_ONCE = 5


def word(answer: httpx.Response) -> str:
    return msgspec.json.decode(answer.content, type=Problem).error


async def as_(served: Served, email: str) -> httpx.AsyncClient:
    secret, _ = await served.token(email)
    return httpx.AsyncClient(base_url=served.api, headers={"Authorization": f"Bearer {secret}"})


def offered(times: Iterable[float], rate: float, burst: int) -> list[float]:
    """When requests were taken, of those that came at these times."""
    now = 0.0
    buckets = RateLimiter[str](rate, burst, clock=lambda: now)
    taken = []
    for now in times:
        if not buckets.take("website"):
            taken.append(now)
    return taken


def after(gaps: Iterable[float]) -> list[float]:
    return list(itertools.accumulate(gaps, initial=1_000_000.0))  # a clock that has run for days


RATES = st.one_of(st.floats(1, 500), st.sampled_from([1.0, 3.0, 10.0, 100.0, 0.7]))


@given(rate=RATES, gaps=st.lists(st.floats(0, 3), min_size=1, max_size=200), seconds=st.sampled_from([0.001, 0.1, 1.0]))
def test_no_more_is_taken_than_the_limit_whenever_requests_come(rate: float, gaps: list[float], seconds: float) -> None:
    burst = max(1, int(rate * 4))
    taken = offered(after(gap * seconds for gap in gaps), rate, burst)
    for first in range(0, len(taken), 7):
        for last in range(first, len(taken), 5):
            assert last - first + 1 <= burst + rate * (taken[last] - taken[first]) + 0.001


@given(
    rate=st.floats(3, 500),
    factors=st.lists(st.floats(1.0, 30.0), min_size=1, max_size=3),
    jitter=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20),
)
def test_of_what_is_offered_beyond_the_limit_the_limit_is_taken(
    rate: float, factors: list[float], jitter: list[float]
) -> None:
    """Each second more comes than is allowed, evenly or in bunches, more or less of it by turns."""
    spread = itertools.cycle(jitter)
    gaps: list[float] = []
    for factor in factors:
        of_one = 1 / (rate * factor)
        for _ in range(400):
            wait = 2 * of_one * next(spread)
            gaps += [wait, 2 * of_one - wait]
    times = after(gaps)
    taken = offered(times, rate, int(rate * 4) or 1)
    assert len(taken) >= 0.95 * min(rate * (times[-1] - times[0]), len(times))


@pytest.mark.parametrize("offer", [101, 150, 1_000])
def test_a_flood_does_not_close_the_limit_for_good(offer: int) -> None:
    taken = offered((number / offer for number in range(offer * 30)), 100, 400)
    for second in range(8, 30):
        assert 95 <= sum(second <= at < second + 1 for at in taken) <= 101


def test_a_bucket_is_refilled_as_time_passes() -> None:
    now = 100.0
    buckets = RateLimiter[str](2.0, 3, clock=lambda: now)
    assert [buckets.take("one") for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("other") == 0
    now += 0.5
    assert buckets.wait("one") == 0
    assert [buckets.take("one") for _ in range(2)] == [0, 0.5]
    now += 1000
    assert [buckets.take("one") for _ in range(4)] == [0, 0, 0, 0.5]


def test_what_is_work_for_many_counts_as_many() -> None:
    """Taken whether it is there or not, and made up for before the next."""
    now = 0.0
    buckets = RateLimiter[str](10, 5, lambda: now)
    assert buckets.take("a") == 0
    buckets.charge("a", 24)
    assert buckets.take("a") == pytest.approx(2.1)
    assert buckets.take("b") == 0
    now = 2.1
    assert buckets.take("a") == 0
    assert buckets.take("a") == pytest.approx(0.1)


async def test_large_bodies_and_answers_count_as_several_requests(store: Store) -> None:
    few = msgspec.structs.replace(GENEROUS, rate=1.0, burst=20)
    async with serving(store, few) as served:
        secret, _ = await served.token(DANA)
        async with httpx.AsyncClient(base_url=served.api, headers={"Authorization": f"Bearer {secret}"}) as client:
            assert (await client.get("/me")).status_code == 200
            large = {"body": "x" * 900_000, "key": "k-1", "kind": "note"}
            assert (await client.post(f"/conversations/{ONE}/messages", json=large)).status_code == 201
            refused = await client.get("/me")
            assert refused.status_code == 429
            assert int(refused.headers["Retry-After"]) > 5


def test_clients_that_are_long_gone_are_forgotten() -> None:
    now = 0.0
    buckets = RateLimiter[int](1.0, 1, clock=lambda: now)
    for client in range(5_000):
        now += 0.01
        assert not buckets.take(client)
    assert len(buckets) <= 101, "the others' buckets are full again"


def test_more_clients_than_can_be_remembered_have_no_more_than_one_bucket_together() -> None:
    now = 0.0
    buckets = RateLimiter[int](1.0, 5, clock=lambda: now)
    attackers = range(3 * REMEMBERED)
    taken = sum(not buckets.take(client) for client in attackers)
    assert taken == REMEMBERED + 5
    for _ in range(4):
        assert not buckets.take(0), "whoever was there before has what is theirs"
    assert buckets.take(0)
    assert not any(not buckets.take(client) for client in attackers[REMEMBERED:]), "no fresh bucket"
    assert len(buckets) == REMEMBERED
    now += 1000
    assert [buckets.take(attackers[-1]) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    assert len(buckets) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": 0}, {"rate": -1.0}, {"rate": float("nan")}, {"rate": float("inf")}, {"burst": 0}, {"burst": 2.5},
        {"address_rate": 0}, {"address_burst": 0}, {"connections": 0}, {"connections": -5}, {"scans": -1},
        {"streams": -1}, {"address_connections": -1}, {"connections": float("nan")},
    ],
    ids=str,
)  # fmt: skip
def test_limits_that_cannot_be_held_are_not_made(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Limits(**wrong)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ConfigError):
        msgspec.structs.replace(GENEROUS, **wrong)


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
        while (await dana.get("/ready")).status_code != 200 or served.context.places._streams.total():
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
        patch.setattr(protocol, "HEAD_TIMEOUT", 0.2)
        patch.setattr(patience, "BODY_TIMEOUT", 0.2)
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
