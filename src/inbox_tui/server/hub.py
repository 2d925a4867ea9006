"""One follower of the store for all streams of this process.

It only notices that something was written. What that was is read from the store once for
all listeners that had seen as much, which in the long run is all of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

from inbox_tui.domain.changes import Changes
from inbox_tui.domain.errors import InboxError, StoreUnavailable
from inbox_tui.store.protocol import Store

_log = logging.getLogger("inbox_tui.server")

TRY_AGAIN = 1.0
"""Seconds after which a store that could not be followed is followed again."""


class Hub:
    """What is written to a store, for everybody who listens."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._newest = 0
        """Number of the newest change that is known of."""
        self._reads: dict[int | None, asyncio.Task[Changes]] = {}
        """What was written after a number, up to ``_newest``."""
        self._written = asyncio.Event()
        """Set, and replaced by a new one, with every report."""
        self._following: asyncio.Task[None] | None = None
        self._known = asyncio.Event()
        self._closed = asyncio.Event()

    def start(self) -> None:
        """Begin to follow."""
        self._following = asyncio.create_task(self._follow(), name="hub")

    async def aclose(self) -> None:
        """Follow no longer, and end everybody's listening."""
        self._closed.set()
        self._known.set()
        self._written.set()
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following

    @property
    def is_closed(self) -> bool:
        """The server is about to end."""
        return self._closed.is_set()

    @property
    def is_following(self) -> bool:
        """The store answered at least once, so its changes are known from then on."""
        return self._known.is_set() and not self._closed.is_set()

    async def listen(self, since: int | None, patience: float) -> AsyncIterator[Changes | None]:
        """Reports after ``since`` (None: from now on), each the sum of what came in the meantime.

        The first comes at once and may be empty. None after ``patience`` seconds without one. Ends with ``aclose``.
        """
        await self._known.wait()
        if self._closed.is_set():
            return
        report: Changes | None = await self._after(since)
        seq = report.seq if report else 0
        while True:
            written = self._written
            yield report
            if self._newest <= seq and not self._closed.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(written.wait(), patience)
            if self._closed.is_set():
                return
            report = await self._after(seq) if self._newest > seq else None
            seq = report.seq if report else seq

    async def _after(self, since: int | None) -> Changes:
        """Everything after ``since``, as one report; None: nothing, but where the workspace is at this moment."""
        if since is None:
            return await self._read(None)
        if since not in self._reads:
            self._reads[since] = asyncio.create_task(self._read(since), name="hub-read")
        return await asyncio.shield(self._reads[since])  # others may wait for it when this listener goes

    async def _read(self, since: int | None) -> Changes:
        async with aclosing(self._store.changes(since)) as reports:  # type: ignore[type-var]  # every store's is a generator
            async for report in reports:
                return report
        raise StoreUnavailable("The store is closed.")

    async def _follow(self) -> None:
        since: int | None = None
        while not self._closed.is_set():
            try:
                async for report in self._store.changes(since):
                    self._newest = since = report.seq
                    self._reads.clear()
                    self._known.set()
                    written, self._written = self._written, asyncio.Event()
                    written.set()
            except InboxError as error:
                _log.error("The store cannot be followed: %s", error.message)
            await asyncio.sleep(TRY_AGAIN)
