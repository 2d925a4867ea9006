"""Whoever has no good token is answered so often from an address and no more; whoever has one always."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import httpx
import msgspec
import pytest

from inbox_tui.domain.tokens import Token
from inbox_tui.server import app as app_module
from inbox_tui.server import protocol, readiness, strangers
from inbox_tui.server.limits import Limits
from inbox_tui.server.readiness import Readiness
from inbox_tui.server.serving import ListenAddress
from inbox_tui.store.protocol import Store
from inbox_tui.testing.factories import DANA, SAM
from server.harness import GENEROUS, Served, serving

FEW = msgspec.structs.replace(GENEROUS, address_rate=0.01, address_burst=5)
FLOODERS = 10
BAD = {"Authorization": "Bearer inbox_m_bad"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What slows a flood down would slow down the test."""
    monkeypatch.setattr(protocol, "SLOWED_FOR", 0.0)


async def headers_of(served: Served, email: str) -> dict[str, str]:
    secret, _ = await served.token(email)
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/v1/me", {}, 401),
        ("GET", "/v1/events", {}, 401),
        ("POST", "/v1/agent/conversations", {}, 401),
        ("GET", "/v1/me", {"Authorization": "Basic x"}, 401),
        ("GET", "/v1/nothing", {}, 404),
        ("GET", "/", {}, 404),
        ("GET", "//", {}, 404),
        ("DELETE", "/v1/me", {}, 405),
        ("OPTIONS", "/v1/me", {}, 204),
        ("GET", "/v1/openapi.json", {}, 200),
        ("GET", "/v1/me", [("Authorization", "Bearer a"), ("Authorization", "Bearer b")], 400),
        ("POST", "/v1/me", {"Content-Length": "1", "Transfer-Encoding": "chunked"}, 400),
    ],
)
async def test_whatever_is_asked_without_a_token(
    store: Store, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    async with serving(store, FEW) as served:
        told = []
        for _ in range(8):
            async with httpx.AsyncClient() as client:
                request = httpx.Request(method, served.address + path, headers=headers)
                told.append(await client.send(request))
        assert [answer.status_code for answer in told[:6]] == [status] * 5 + [429]
        assert int(told[5].headers["retry-after"]) > 1
        assert told[5].json()["error"] == "too_many"


async def test_wrong_tokens_are_looked_up_so_often_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "LOOKUPS_A_SECOND", 0.01)
    monkeypatch.setattr(strangers, "LOOKUPS_AT_ONCE", 20)
    async with serving(store, FEW) as served, httpx.AsyncClient(base_url=served.api) as client:
        looked_up = 0
        find = served.host.find_token

        async def counted(hash: bytes) -> Token | None:
            nonlocal looked_up
            looked_up += 1
            return await find(hash)

        monkeypatch.setattr(served.host, "find_token", counted)
        told = Counter([(await client.get("/me", headers=BAD)).status_code for _ in range(60)])
        assert told == {401: 5, 429: 55}
        assert looked_up == 25, "more than are answered, for a good one may be among them"


@pytest.mark.parametrize("flood", [BAD, {}], ids=["wrong", "none"])
async def test_a_colleague_behind_the_same_address_as_a_flood_is_answered(store: Store, flood: dict[str, str]) -> None:
    """With a token that is long in use, and with one that was made this moment."""
    async with serving(store, FEW) as served, AsyncExitStack() as floods:
        old = await headers_of(served, DANA)
        async with httpx.AsyncClient(base_url=served.api) as client:
            assert (await client.get("/me", headers=old)).status_code == 200
        told: Counter[int] = Counter()

        async def flooding() -> None:
            async with httpx.AsyncClient(base_url=served.api) as client:
                while True:
                    told[(await client.get("/me", headers=flood)).status_code] += 1

        flooders = [asyncio.create_task(flooding()) for _ in range(FLOODERS)]
        floods.callback(lambda: [flooder.cancel() for flooder in flooders])
        while told[429] < 100:
            await asyncio.sleep(0)
            assert not any(flooder.done() for flooder in flooders)
        async with httpx.AsyncClient(base_url=served.api) as client:
            for _ in range(20):
                assert (await client.get("/me", headers=old)).status_code == 200
            if flood:
                return  # a new token among many that are wrong may have to be sent again: the client does
            assert (await client.get("/me", headers=await headers_of(served, SAM))).status_code == 200


async def test_a_new_token_among_many_wrong_ones_is_found(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that floods is read more slowly, so that what may be looked up is not used up."""
    monkeypatch.setattr(protocol, "SLOWED_FOR", 0.5)
    async with serving(store, FEW) as served:
        told: Counter[int] = Counter()

        async def flooding() -> None:
            async with httpx.AsyncClient(base_url=served.api) as client:
                while True:
                    told[(await client.get("/me", headers=BAD)).status_code] += 1

        flooders = [asyncio.create_task(flooding()) for _ in range(FLOODERS)]
        while told[429] < FLOODERS:
            await asyncio.sleep(0.01)
            assert not any(flooder.done() for flooder in flooders)
        remote = await served.open_as(SAM)
        assert (await remote.me()).email == SAM
        await remote.aclose()
        for flooder in flooders:
            flooder.cancel()


async def test_a_revoked_token_is_a_stranger_s(store: Store) -> None:
    async with serving(store, FEW) as served, httpx.AsyncClient(base_url=served.api) as client:
        secret, token = await served.token(DANA)
        headers = {"Authorization": f"Bearer {secret}"}
        assert (await client.get("/me", headers=headers)).status_code == 200
        await served.host.revoke_token(token.id)
        told = [(await client.get("/me", headers=headers)).status_code for _ in range(10)]
        assert told == [401] * 5 + [429] * 5


async def test_good_requests_do_not_count_against_their_address(store: Store) -> None:
    async with serving(store, FEW) as served:
        for email in (DANA, SAM):
            async with httpx.AsyncClient(base_url=served.api, headers=await headers_of(served, email)) as client:
                assert {(await client.get("/me")).status_code for _ in range(20)} == {200}
        async with httpx.AsyncClient(base_url=served.api) as client:
            assert (await client.get("/me")).status_code == 401


async def test_a_token_beyond_its_rate_is_not_looked_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(store, Limits(rate=0.01, burst=5)) as served, httpx.AsyncClient(base_url=served.api) as client:
        client.headers.update(await headers_of(served, DANA))
        assert [(await client.get("/me")).status_code for _ in range(6)] == [200] * 5 + [429]
        monkeypatch.setattr(served.host, "find_token", None)
        assert (await client.get("/me")).status_code == 429


async def test_health_is_answered_beside_a_flood_and_has_a_limit_of_its_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "PROBES_A_SECOND", 0.01)
    monkeypatch.setattr(strangers, "PROBES_AT_ONCE", 20)
    async with serving(store, FEW) as served, httpx.AsyncClient(base_url=served.api) as client:
        told = [(await client.get("/nothing")).status_code for _ in range(10)]
        assert told == [404] * 5 + [429] * 5
        told = [(await client.get(path)).status_code for path in ("/health", "/ready") for _ in range(15)]
        assert told == [200] * 20 + [429] * 10


async def test_addresses_are_counted_apart(store: Store) -> None:
    async with serving(store, FEW) as served:
        for number in range(2, 5):
            transport = httpx.AsyncHTTPTransport(local_address=f"127.0.0.{number}")
            async with httpx.AsyncClient(base_url=served.api, transport=transport) as client:
                assert [(await client.get("/me")).status_code for _ in range(6)] == [401] * 5 + [429]


async def test_a_flood_is_read_slowly(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "SLOWED_FOR", 0.2)
    loop = asyncio.get_running_loop()
    async with serving(store, FEW) as served, httpx.AsyncClient(base_url=served.api) as client:
        for _ in range(6):
            await client.get("/me")
        began = loop.time()
        for _ in range(3):
            assert (await client.get("/me")).status_code in (401, 429)
        assert loop.time() - began >= 0.4


async def test_behind_a_proxy_the_clients_are_told_apart(store: Store) -> None:
    behind = ListenAddress("127.0.0.1", 0, proxies=1)
    async with serving(store, FEW, binding=behind) as served, httpx.AsyncClient(base_url=served.api) as client:
        for last in ("203.0.113.7", "203.0.113.8", "2001:db8::1", "2001:db8:0:1::1"):
            headers = {"X-Forwarded-For": f"198.51.100.1, {last}"}
            told = [(await client.get("/me", headers=headers)).status_code for _ in range(6)]
            assert told == [401] * 5 + [429], last
        same_network = {"X-Forwarded-For": "2001:db8::ffff:2"}
        assert (await client.get("/me", headers=same_network)).status_code == 429


async def test_the_description_is_built_once(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async with httpx.AsyncClient(base_url=served.api) as client:
        first = await client.get("/openapi.json")
        monkeypatch.setattr(app_module, "Described", None)
        again = await client.get("/openapi.json")
        assert again.content == first.content and again.headers["etag"] == first.headers["etag"]
        known = await client.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        other = await client.get("/openapi.json", headers={"If-None-Match": '"other"'})
        assert other.status_code == 200


async def test_readiness_is_asked_of_the_store_once_a_second() -> None:
    now = 10.0
    asked = 0
    fails = False

    async def ask() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        if fails:
            raise TimeoutError

    ready = Readiness(ask, clock=lambda: now)
    await asyncio.gather(*(ready.require() for _ in range(100)))
    await ready.require()
    assert asked == 1
    now += readiness.HOLDS_FOR
    fails = True
    told = await asyncio.gather(*(ready.require() for _ in range(100)), return_exceptions=True)
    assert asked == 2 and {type(error) for error in told} == {TimeoutError}
    now += readiness.HOLDS_FOR
    fails = False
    await ready.require()
    assert asked == 3
