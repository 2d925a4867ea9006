"""Noticing that something was written: the server announces each commit, and the change log tells what it was.

The log is the truth; an announcement only wakes. Where none comes (a pooler in between, a
replica, a server that knows no LISTEN), a slow poll finds the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from math import inf
from random import Random
from typing import Self

import psycopg

from inbox_tui.backends.postgres.connections import CHANNEL, options
from inbox_tui.backends.postgres.lines import READ_TIMEOUT, BoundedAsyncConnection, ReadDeadline
from inbox_tui.backends.postgres.session import ServerSession
from inbox_tui.backends.sql import reads
from inbox_tui.domain.changes import ChangeId, FeedReport, LineBack, LineLost
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.store.pauses import pause
from inbox_tui.store.protocol import Clock

POLL = 2.0
"""Seconds after which the log is read although nothing was announced."""
TOGETHER = 0.02
"""Seconds in which what is announced after a report is told together."""
INITIAL_BACKOFF = 0.25
"""Seconds before the first new attempt; each further one waits twice as long."""
MAX_BACKOFF = 10.0
_DEAF = (psycopg.errors.FeatureNotSupported, psycopg.errors.ReadOnlySqlTransaction)
"""How a server says that it does not listen; the second is a replica's."""


async def follow(
    session: ServerSession,
    closing: asyncio.Event,
    since: ChangeId | None,
    clock: Clock,
    *,
    random: Random,
    begun: Announcements | None = None,
) -> AsyncIterator[FeedReport]:
    """Reports after ``since`` (None: from now on) until ``closing`` is set, and when the line is lost and back.

    ``begun``: a connection that is being made already.

    Raises:
        CredentialError, ConfigError, StoreBroken: the server lets us in no more, or the database is gone.
    """
    wait = INITIAL_BACKOFF
    has_reported = is_lost = False
    while not closing.is_set():
        try:
            announcements, begun = begun or Announcements(session), None
            async with announcements:  # first, so that none is missed
                while not closing.is_set():
                    announcements.forget()
                    read = partial(reads.changes_after, since=since)
                    report = await session.read_asked(reads.changes_asked(since), read)
                    since, wait = report.id, INITIAL_BACKOFF
                    if is_lost:
                        yield LineBack()
                    if report.is_news or is_lost or not has_reported:
                        has_reported, is_lost = True, False
                        yield report
                        await pause(closing, TOGETHER)
                    await announcements.next(POLL, closing)
        except StoreUnavailable:
            if closing.is_set():
                return
            if not is_lost:
                is_lost = True
                yield LineLost(clock())
            await pause(closing, wait * random.uniform(0.5, 1.0))
            wait = min(wait * 2, MAX_BACKOFF)


class Announcements:
    """What the server announces, heard over a connection of its own for as long as the block lasts.

    Args:
        session: Whose database it is.
    """

    def __init__(self, session: ServerSession) -> None:
        self._session = session
        self._announced = asyncio.Event()
        self._connecting: asyncio.Task[BoundedAsyncConnection] | None = None

    def begin(self) -> None:
        """Begin to connect, before anybody listens."""
        address = self._session.address
        self._connecting = asyncio.create_task(
            BoundedAsyncConnection.connect(address, **options(address)), name="connect"
        )

    async def aclose(self) -> None:
        """Let go of the connection, if nobody ever listened."""
        if self._connecting is None:
            return
        self._connecting.cancel()
        with suppress(asyncio.CancelledError, psycopg.Error):
            await (await self._connecting).close()

    async def __aenter__(self) -> Self:
        if self._connecting is None:
            self.begin()
        assert self._connecting is not None
        connecting, self._connecting = self._connecting, None
        with self._session.errors():
            self._line = await connecting
            self._line.patience = ReadDeadline(READ_TIMEOUT)
            listening = asyncio.create_task(self._line.execute(f"LISTEN {CHANNEL}"), name="listen")
            try:
                with suppress(*_DEAF):  # then the poll alone finds what is new
                    await asyncio.shield(listening)  # psycopg would wait for the server before it let itself be stopped
            except BaseException:
                self._line.patience.is_over = True
                with suppress(psycopg.Error):
                    await listening
                await self._line.close()
                raise
        self._line.patience.seconds = inf  # there may be nothing to announce
        self._hearing = asyncio.create_task(self._hear(), name="announcements")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._hearing.cancel()
        with suppress(asyncio.CancelledError, psycopg.Error):
            await self._hearing
        await self._line.close()

    def forget(self) -> None:
        """What was announced until now has been seen to."""
        self._announced.clear()

    async def next(self, seconds: float, closing: asyncio.Event) -> None:
        """Wait for an announcement, for so long, or until the store closes. Raises StoreUnavailable for a lost line."""
        heard = asyncio.create_task(self._announced.wait())
        closed = asyncio.create_task(closing.wait())
        try:
            await asyncio.wait({heard, closed, self._hearing}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            heard.cancel()
            closed.cancel()
        if self._hearing.done():
            with self._session.errors():
                await self._hearing

    async def _hear(self) -> None:
        async for _ in self._line.notifies():
            self._announced.set()
