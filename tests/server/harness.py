"""A real server on loopback, in the test's own event loop, and clients of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec

from inbox_tui.domain.changes import ChangeId, FeedReport, LineBack, LineLost, Written
from inbox_tui.domain.models import ConversationId
from inbox_tui.domain.tokens import NewToken, Token, hash_of, secret_of
from inbox_tui.server.access import ServerContext
from inbox_tui.server.app import make_context
from inbox_tui.server.limits import Limits
from inbox_tui.server.serving import ListenAddress, serve
from inbox_tui.store.protocol import Clock, Host, Store
from inbox_tui.store.registry import Identity, open_store, utc_now
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract import OpenAs

GENEROUS = Limits(
    rate=100_000, burst=100_000, streams=1_000, address_rate=100_000, address_burst=100_000, address_connections=4_000
)
"""So that a test which asks a lot is not told to wait."""
ANYWHERE = ListenAddress("127.0.0.1", 0)
SOON = 15.0
"""Seconds within which a report must come."""


class Ear:
    """Whoever follows a store, and all that they heard."""

    def __init__(self, store: Store, since: ChangeId | None = None) -> None:
        self.heard: list[FeedReport] = []
        self._reports = store.changes(since)

    async def until(self, id: ConversationId) -> Written:
        """The first report from here on that names a conversation."""
        while id not in (report := await self.until_written()).conversations:
            pass
        return report

    async def until_lost(self) -> LineLost:
        """The first report that the line is down."""
        while not isinstance(report := await self.next(), LineLost):
            pass
        return report

    async def until_written(self) -> Written:
        """The first report of what was written."""
        while not isinstance(report := await self.next(), Written):
            pass
        return report

    @property
    def written(self) -> list[Written]:
        """What was heard of writes."""
        return [report for report in self.heard if isinstance(report, Written)]

    @property
    def line(self) -> list[type[LineLost | LineBack]]:
        """What was heard of the line."""
        return [type(report) for report in self.heard if not isinstance(report, Written)]

    async def close(self) -> None:
        """Follow no longer, while there still is a server."""
        close = getattr(self._reports, "aclose", None)
        if close is not None:
            await close()

    async def next(self) -> FeedReport:
        """The next report, which must come."""
        async with asyncio.timeout(SOON):
            self.heard.append(await anext(self._reports))
        return self.heard[-1]


class Served(msgspec.Struct, frozen=True):
    """A server that runs."""

    address: str
    context: ServerContext
    _secrets: dict[str, str] = {}

    @property
    def api(self) -> str:
        """Where the API stands."""
        return f"{self.address}/v1"

    @property
    def host(self) -> Host:
        """The store that it serves."""
        return self.context.host

    async def token(self, email: str = "", *, agent: str = "") -> tuple[str, Token]:
        """A new secret for a member or an agent, and its token."""
        secret = secret_of(os.urandom(32), is_agent=bool(agent))
        return secret, await self.host.add_token(NewToken(hash_of(secret), email, agent))

    async def open_as(self, email: str, *, over: str = "", clock: Clock = utc_now) -> Store:
        """The workspace over HTTP, as the member sees it, with a token that was made for them once."""
        if email not in self._secrets:
            self._secrets[email], _ = await self.token(email)
        return await self.open_with(self._secrets[email], over=over, clock=clock)

    async def open_with(self, secret: str, *, over: str = "", clock: Clock = utc_now) -> Store:
        """The workspace over HTTP, as the owner of a token sees it; ``over`` another address than the server's own."""
        return await open_store(StoreUrl.parse(over or self.address), Identity("", token=secret), clock)


@asynccontextmanager
async def serving(
    store: Store, limits: Limits = GENEROUS, clock: Clock = utc_now, *, binding: ListenAddress = ANYWHERE
) -> AsyncIterator[Served]:
    """A server over a store for as long as the block lasts."""
    context = make_context(store, clock, limits)
    addresses: list[str] = []
    is_up = asyncio.Event()

    def listening(address: str) -> None:
        addresses.append(address)
        is_up.set()

    running = asyncio.create_task(serve(context, binding, listening=listening))
    running.add_done_callback(lambda _: is_up.set())
    try:
        await is_up.wait()
        if running.done():
            running.result()
        yield Served(addresses[0], context)
    finally:
        stop_server(running)
        await running


def stop_server(running: asyncio.Task[None]) -> None:
    """What SIGTERM does."""
    import signal

    if not running.done():
        os.kill(os.getpid(), signal.SIGTERM)


Line = Callable[[str], AbstractAsyncContextManager[str]]
"""A line to a server's address, which gives the address of its near end."""


@asynccontextmanager
async def direct(address: str) -> AsyncIterator[str]:
    """No line between."""
    yield address


@asynccontextmanager
async def opened_over_http(
    store: Store, known: Callable[[str], Awaitable[bool]], line: Line = direct
) -> AsyncIterator[OpenAs]:
    """For the contract: opens a workspace over HTTP, and over a line to it, as any member whom it knows."""
    opened: list[Store] = []
    async with serving(store) as served, line(served.address) as over:

        async def open_as(email: str) -> Store:
            if await known(email):
                opened.append(await served.open_as(email, over=over))
            else:
                opened.append(await served.open_with("inbox_m_unknown"))
            return opened[-1]

        yield open_as
        for client in opened:
            await client.aclose()
