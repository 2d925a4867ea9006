"""Noticing that something was written: the server announces each commit, and the change log tells what it was.

The log is the truth; an announcement only wakes. Where none comes (a pooler in between, a
server that knows no LISTEN), a slow poll finds the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from random import Random

import psycopg

from inbox_tui.backends.postgres.connections import CHANNEL, options
from inbox_tui.backends.postgres.session import ServerSession
from inbox_tui.backends.sql import reads
from inbox_tui.backends.sql.database import Database
from inbox_tui.domain.changes import Changes
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.store.protocol import Clock

POLL = 2.0
"""Seconds after which the log is read although nothing was announced."""
TOGETHER = 0.02
"""Seconds in which what is announced after a report is told together."""
FIRST_WAIT = 0.25
"""Seconds before the first new attempt; each further one waits twice as long."""
LONGEST_WAIT = 10.0


async def follow(
    session: ServerSession, closing: asyncio.Event, since: int | None, clock: Clock, random: Random
) -> AsyncIterator[Changes]:
    """Reports after ``since`` (None: from now on) until ``closing`` is set; those of a lost line among them."""
    seq, wait = since, FIRST_WAIT
    has_reported = is_lost = False
    while not closing.is_set():
        try:
            async with _announcements(session.address) as announced:  # before the log is read, so that none is missed
                while not closing.is_set():
                    announced.clear()
                    report = await session.read(_look(seq))
                    seq, wait = report.seq, FIRST_WAIT
                    is_news = bool(report.reset or report.team or report.conversations)
                    if is_news or is_lost or not has_reported:
                        has_reported, is_lost = True, False
                        yield report
                        await _either(closing, closing, TOGETHER)
                    await _either(announced, closing, POLL)
        except (StoreUnavailable, psycopg.Error, OSError):
            if closing.is_set():
                return
            if not is_lost:
                is_lost = True
                yield Changes(seq or 0, lost_at=clock())
            await _either(closing, closing, wait * random.uniform(0.5, 1.0))
            wait = min(wait * 2, LONGEST_WAIT)


def _look(seq: int | None) -> Callable[[Database], Changes]:
    def look(db: Database) -> Changes:
        return Changes(reads.last_change(db)) if seq is None else reads.changes_after(db, seq)

    return look


@asynccontextmanager
async def _announcements(address: str) -> AsyncIterator[asyncio.Event]:
    """An event that is set by each commit that the server announces, and by the loss of its line."""
    announced = asyncio.Event()
    listener = await psycopg.AsyncConnection.connect(address, **options(address))
    try:
        with suppress(psycopg.errors.FeatureNotSupported):
            await listener.execute(f"LISTEN {CHANNEL}")

        async def hear() -> None:
            try:
                async for _ in listener.notifies():
                    announced.set()
            finally:
                announced.set()

        hearing = asyncio.create_task(hear(), name="announcements")
        try:
            yield announced
        finally:
            hearing.cancel()
            with suppress(asyncio.CancelledError, psycopg.Error):
                await hearing
    finally:
        await listener.close()


async def _either(event: asyncio.Event, closing: asyncio.Event, seconds: float) -> None:
    """Wait for an event, or the end, for so long."""
    waits = {asyncio.ensure_future(awaited.wait()) for awaited in {event, closing}}
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiting in waits:
            waiting.cancel()
