"""Listening to a server's events, over every loss of the line.

Each report of the server has an id; after a loss the feed goes on from the last one, so
nothing is missed. Between attempts it waits longer each time, and never as long as others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
from httpx_sse import EventSource, SSEError

from inbox_tui.backends.http.answers import decoded
from inbox_tui.backends.web.client import ApiClient
from inbox_tui.domain.changes import ChangeId, FeedReport, LineBack, LineLost, Written
from inbox_tui.domain.errors import StoreBroken, StoreUnavailable
from inbox_tui.store.api import WRITTEN_EVENTS
from inbox_tui.store.pauses import pause
from inbox_tui.store.protocol import Clock

INITIAL_BACKOFF = 0.25
"""Seconds before the first new attempt; each further one waits twice as long."""
MAX_BACKOFF = 15.0
SILENT_FOR = 40.0
"""Seconds without a byte after which the line is lost; the server speaks at least every 15."""


async def follow(
    line: ApiClient, closing: asyncio.Event, since: ChangeId | None, clock: Clock
) -> AsyncIterator[FeedReport]:
    """Reports after ``since`` (None: from now on) until ``closing`` is set, and when the line is lost and back.

    Raises:
        CredentialError, NotAllowed: the token does not hold any more.
        StoreBroken: no server of ours answers.
    """
    wait, is_lost = INITIAL_BACKOFF, False
    has_gap = False
    while not closing.is_set():
        try:
            async for report in _listen(line, closing, since):
                if has_gap and since is None:
                    report = msgspec.structs.replace(report, team=True, reset=True)  # noqa: PLW2901  # what was missed cannot be told
                if is_lost:
                    yield LineBack()
                has_gap = is_lost = False
                since, wait = report.id, INITIAL_BACKOFF
                yield report
        except StoreUnavailable:
            pass  # told below, and tried again
        if closing.is_set():
            return
        has_gap = True
        if not is_lost:
            is_lost = True
            yield LineLost(clock())
        await pause(closing, wait * line.random.uniform(0.5, 1.0))
        wait = min(wait * 2, MAX_BACKOFF)


async def _listen(line: ApiClient, closing: asyncio.Event, since: ChangeId | None) -> AsyncIterator[Written]:
    """Reports over one connection; ends when the server ends it, or with ``closing``. Raises StoreUnavailable."""
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    if since is not None:
        headers["Last-Event-ID"] = since
    closed = asyncio.ensure_future(closing.wait())
    try:
        async with line.listen("events", headers=headers, timeout=httpx.Timeout(SILENT_FOR, connect=5.0)) as response:
            events = aiter(EventSource(response).aiter_sse())
            while True:
                coming = asyncio.ensure_future(anext(events, None))
                try:
                    await asyncio.wait({coming, closed}, return_when=asyncio.FIRST_COMPLETED)
                    if not coming.done():
                        return
                    event = coming.result()
                except SSEError as error:
                    raise StoreBroken(
                        f"{line.name} sends no events: {error}.", hint="A proxy may stand between; see docs/server.md."
                    ) from error
                finally:
                    await _end(coming)
                if event is None:
                    return
                if event.data and event.event in WRITTEN_EVENTS:
                    yield decoded(event.data.encode(), Written, line.name)
    finally:
        closed.cancel()


async def _end(reading: asyncio.Future[Any]) -> None:
    """Stop a read before its connection closes under it, and take its error, which nobody waits for any more."""
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
