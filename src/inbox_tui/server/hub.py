"""One follower of the store for all streams of this process.

It only notices that something was written. What that was is read from the store once for
all listeners that had seen as much, which in the long run is all of them. Whoever comes with
an id from longer ago has a read of their own, one after the other, and nothing of it is kept.
Nobody is told anything while the store is lost: whoever listened is sent away and comes again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import assert_never

from inbox_tui.domain.changes import ChangeId, LineBack, LineLost, Written
from inbox_tui.domain.errors import InboxError, StoreUnavailable
from inbox_tui.store.pauses import pause
from inbox_tui.store.protocol import Host, Store

_log = logging.getLogger("inbox_tui.server")

TRY_AGAIN = 1.0
"""Seconds after which a store that could not be followed or read is tried again."""
PLACES_SHARED = 32
"""The newest places in the feed from which what was written is read once for all."""


class Hub:
    """What is written to a store, for everybody who listens.

    Args:
        store: What is followed.
        host: The same store, which is read.
    """

    def __init__(self, store: Store, host: Host) -> None:
        self._store = store
        self._host = host
        self._newest: ChangeId | None = None
        """The newest change that is known of; None while the store is not heard."""
        self._recent: deque[ChangeId] = deque(maxlen=PLACES_SHARED)
        """Where those who listen are, but for stragglers; the newest last."""
        self._reads: dict[ChangeId, asyncio.Task[Written]] = {}
        """What was written after one of ``_recent``, up to ``_newest``."""
        self._straggler = asyncio.Lock()
        """Held by the one read that is made for one listener alone."""
        self._told = asyncio.Event()
        """Set, and replaced by a new one, whenever ``_newest`` is."""
        self._following: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        """Set once it is known whether the store can be followed."""
        self._closed = asyncio.Event()

    def start(self) -> None:
        """Begin to follow."""
        self._following = asyncio.create_task(self._follow(), name="hub")

    async def aclose(self) -> None:
        """Follow no longer, and end everybody's listening."""
        self._closed.set()
        self._tried.set()
        self._told.set()
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
        """Whatever is written to the store is heard of."""
        return self._newest is not None and not self._closed.is_set()

    async def listen(self, since: ChangeId | None, patience: float) -> AsyncIterator[Written | None]:
        """Reports after ``since`` (None: from now on), each the sum of what came in the meantime.

        The first comes at once and may be empty. None after ``patience`` seconds without one. Ends with ``aclose``,
        and when the store is lost; whoever comes again, here or to another server, goes on from the last id.

        Raises:
            InboxError: in place of the first report: the store cannot be read, or (StoreUnavailable) not be followed.
        """
        await self._tried.wait()
        if self._closed.is_set():
            return
        self._require_heard()
        told = self._told
        reports = [await self._after(since)]
        here = reports[0].id
        yield reports.pop()  # held here no longer: it may be long, and its listener slow
        while True:
            await pause(told, patience)
            if not self.is_following:
                return
            coming = self._told  # taken before the read, which may miss what is written during it
            if not told.is_set():
                yield None
            elif self._newest == here:  # the last report held it
                told = coming
            else:
                try:
                    reports.append(await self._after(here))
                except InboxError:  # told to the log
                    await pause(self._closed, TRY_AGAIN)
                else:
                    told, here = coming, reports[0].id
                    yield reports.pop()

    async def _after(self, since: ChangeId | None) -> Written:
        """Everything after ``since``, as one report; None: nothing, but where the workspace is at this moment."""
        if since is None:
            return await self._read(None)
        if since in self._recent:
            if since not in self._reads:
                self._reads[since] = asyncio.create_task(self._read(since), name="hub-read")
            return await asyncio.shield(self._reads[since])  # others may wait for it when this listener goes
        async with self._straggler:
            self._require_heard()  # or each of those who wait would find out by itself that the store is lost
            return await self._read(since)

    def _require_heard(self) -> None:
        if self._newest is None:
            raise StoreUnavailable("Live updates are unavailable.", hint="Try again.")

    async def _read(self, since: ChangeId | None) -> Written:
        try:
            report = await self._host.changes_after(since)
        except InboxError as error:
            if since is not None:
                self._reads.pop(since, None)  # who asks again shall have another answer
            _log.error("What was written to the store cannot be read: %s", error.message)
            raise
        self._arrived(report.id)
        return report

    def _arrived(self, here: ChangeId) -> None:
        """Listeners are at this place now: what comes after it is read for all of them together."""
        if here not in self._recent:
            if len(self._recent) == PLACES_SHARED:
                self._reads.pop(self._recent[0], None)
            self._recent.append(here)

    async def _follow(self) -> None:
        since: ChangeId | None = None
        while not self._closed.is_set():
            try:
                async for report in self._store.changes(since):
                    match report:
                        case Written():
                            since = report.id
                            self._tell(since)
                        case LineLost():
                            _log.error("The line to the store is lost.")
                            self._tell(None)
                        case LineBack():
                            pass  # the report that follows says where the store is
                        case _:
                            assert_never(report)
            except InboxError as error:
                _log.error("The store cannot be followed: %s", error.message)
            self._tell(None)
            await asyncio.sleep(TRY_AGAIN)

    def _tell(self, newest: ChangeId | None) -> None:
        """Let everybody who listens look: the store has come so far, or (None) is not heard."""
        self._newest = newest
        self._reads.clear()
        if newest is not None:
            self._arrived(newest)
        self._tried.set()
        told, self._told = self._told, asyncio.Event()
        told.set()
