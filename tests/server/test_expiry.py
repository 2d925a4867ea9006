"""A stream ends within two seconds of its token's expiry, whether or not anything happens."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx
import pytest

from inbox_tui.domain.models import Conversation, Status
from inbox_tui.domain.tokens import NewToken, hash_of, secret_of
from inbox_tui.server import expiry
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import utc_now
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import DANA, WEBSITE
from server.harness import GENEROUS, Served, serving
from server.team import ONE

WITHIN = 2.0
LASTS = timedelta(hours=1)


class Clock:
    """The machine's clock, which the test sets."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


async def token_for_an_hour(served: Served, email: str = "", agent: str = "") -> dict[str, str]:
    secret = secret_of(os.urandom(32), is_agent=bool(agent))
    await served.host.add_token(NewToken(hash_of(secret), email, agent, "", utc_now() + LASTS))
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize("is_busy", [False, True], ids=["quiet", "busy"])
@pytest.mark.parametrize(("path", "email", "agent"), [("events", DANA, ""), ("agent/replies", "", WEBSITE)])
async def test_of_events(store: Store, path: str, email: str, agent: str, is_busy: bool) -> None:
    clock = Clock()
    loop = asyncio.get_running_loop()
    async with serving(store, GENEROUS, clock) as served:
        headers = await token_for_an_hour(served, email, agent)

        async def write() -> None:
            while True:
                before = (await store.get(ONE)).status
                after = Status.OPEN if before is Status.RESOLVED else Status.RESOLVED
                await set_status(store, ONE, after, before)
                await asyncio.sleep(0.05)

        writing = asyncio.create_task(write()) if is_busy else None
        async with httpx.AsyncClient(headers=headers, base_url=served.api, timeout=20) as client:
            async with client.stream("GET", f"/{path}") as answer:
                pieces = answer.aiter_bytes()
                for _ in range(3 if is_busy and email else 1):
                    await anext(pieces)
                clock.ahead = LASTS
                expired_at = loop.time()
                async with asyncio.timeout(20):
                    _ = [piece async for piece in pieces]
                assert loop.time() - expired_at < WITHIN
            assert (await client.get(f"/{path}")).status_code == 401
        if writing is not None:
            assert not writing.done()
            writing.cancel()
        assert not served.context.places._streams


async def test_the_database_is_not_asked_whether_a_token_has_expired(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "LOOKS_EVERY", 0.01)
    async with serving(store, GENEROUS) as served:
        headers = await token_for_an_hour(served, DANA)
        client = httpx.AsyncClient(headers=headers, base_url=served.api)
        async with client, client.stream("GET", "/events") as answer:
            pieces = answer.aiter_bytes()
            await anext(pieces)
            monkeypatch.setattr(served.host, "find_token", None)
            for _ in range(3):
                before = (await store.get(ONE)).status
                after = Status.OPEN if before is Status.RESOLVED else Status.RESOLVED
                await set_status(store, ONE, after, before)
                assert b"one" in await anext(pieces)


@pytest.mark.parametrize("path", ["scan", "export.csv"])
async def test_of_an_export(
    store: Store, path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    conversation = await store.get(ONE)

    async def scan(*_: object) -> AsyncIterator[list[Conversation]]:
        while True:
            yield [conversation]
            await asyncio.sleep(0)

    monkeypatch.setattr(type(store), "scan", scan)
    async with serving(store, GENEROUS, clock) as served:
        headers = await token_for_an_hour(served, DANA)
        async with httpx.AsyncClient(headers=headers, base_url=served.api) as client:
            async with client.stream("GET", f"/{path}") as answer:
                pieces = answer.aiter_bytes()
                await anext(pieces)
                clock.ahead = LASTS
                with pytest.raises(httpx.RemoteProtocolError):  # what is not whole must not look so
                    async with asyncio.timeout(20):
                        _ = [piece async for piece in pieces]
            assert (await client.get("/me")).status_code == 401
    assert sum("The token has expired" in record.getMessage() for record in caplog.records) == 1
    assert not [record for record in caplog.records if record.exc_info]


async def test_nothing_is_looked_at_while_nothing_waits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "LOOKS_EVERY", 0.01)
    async with serving(store, GENEROUS) as served:
        headers = await token_for_an_hour(served, DANA)
        async with httpx.AsyncClient(headers=headers, base_url=served.api) as client:
            async with client.stream("GET", "/events") as answer:
                await anext(answer.aiter_bytes())
                assert served.context.expiry._look_later is not None
            async with asyncio.timeout(20):
                while served.context.expiry._look_later is not None:
                    await asyncio.sleep(0.01)
