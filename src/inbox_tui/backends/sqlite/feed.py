"""Reports of what was written, by this process or another.

A bell wakes those who follow: this process rings it after each write, and ``watch`` after those of others. A file
that was deleted or replaced, or whose log was, would never report anything again, so each look checks that too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from inbox_tui.backends.sql import reads
from inbox_tui.backends.sqlite.connections import FileConnection
from inbox_tui.domain.changes import ChangeId, Written
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.store.pauses import pause

_PAUSE_AFTER_REPORT = 0.1
"""Seconds; what is written within them is reported together."""
_PAUSE_AFTER_ERROR = 0.2
"""Seconds until a file that could not be read, because it was locked for example, is tried again."""

Read = Callable[[Callable[[FileConnection], Written | None]], Awaitable[Written | None]]


class WriteSignal:
    """Wakes everybody who follows the file in this process."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    @property
    def next(self) -> asyncio.Event:
        """Set when it rings the next time, and by no later ring."""
        return self._next

    def ring(self) -> None:
        """Something was written, or the store is being closed."""
        rung, self._next = self._next, asyncio.Event()
        rung.set()


async def follow(
    read: Read, bell: WriteSignal, closing: asyncio.Event, since: ChangeId | None
) -> AsyncIterator[Written]:
    """Reports after ``since`` (None: from now on) until ``closing`` is set.

    Args:
        read: Runs a function on a connection that reads; always the same connection.
        bell: Rung after each write, and after ``closing`` was set.
        closing: Set when the store is closed.
        since: The id that the last report known to the caller carried.

    Raises:
        StoreBroken: the file or its log was deleted or replaced, or is damaged.
    """
    look = ChangePoll(since)
    while not closing.is_set():
        rung = bell.next
        try:
            report = await read(look)
        except StoreUnavailable:  # locked or short of something just now
            await pause(closing, _PAUSE_AFTER_ERROR)
            continue
        if report is None:
            await rung.wait()
        else:
            yield report
            await pause(closing, _PAUSE_AFTER_REPORT)


class ChangePoll:
    """One look after the other at the same connection."""

    def __init__(self, since: ChangeId | None) -> None:
        self._since = since
        self._has_reported = False
        self._version = -1

    def __call__(self, db: FileConnection) -> Written | None:
        """What is new; None if nothing is."""
        db.require_same_files()
        version = db.number("data_version")
        if version == self._version:
            return None
        report = reads.changes_after(db, self._since)
        self._version = version
        self._since = report.id
        if not (report.is_news or not self._has_reported):
            return None
        self._has_reported = True
        return report
