"""Noticing that another program wrote to the file, or deleted it.

``PRAGMA data_version`` costs microseconds and changes with every commit of another connection. A thread of its own
asks for it a few times a second, so that an idle program wakes for nothing else: the event loop sleeps until
something was written.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Protocol

from inbox_tui.domain.errors import InboxError

POLL_INTERVAL = 0.2
"""Another program's write is noticed within this time."""
LOOKS_BETWEEN_FILE_CHECKS = 5

Wait = Callable[[float], bool]
"""Waits for so many seconds; True, and at once, when the watch is over."""


class Watched(Protocol):
    """What a watch needs of a connection."""

    def number(self, pragma: str) -> int:
        """The value of a pragma that is a number."""

    def has_same_files(self) -> bool:
        """Whether the file and its log are still those that were opened."""


def watch(db: Watched, tell: Callable[[], None], wait: Wait) -> None:
    """Call ``tell`` at once, for what was written meanwhile, and after each write of another connection.

    A file that was deleted or replaced reports no write any more: ``tell`` is called then as well, and whoever
    reads next finds out. Ends when ``wait`` says so.
    """
    known: int | None = None
    looks = 0
    while True:
        version = db.number("data_version")
        is_file_due = looks % LOOKS_BETWEEN_FILE_CHECKS == 0
        if version != known or (is_file_due and not db.has_same_files()):
            tell()
        known = version
        looks += 1
        if wait(POLL_INTERVAL):
            return


class Watch:
    """Watches one file for a session, from the first follower until ``end``."""

    def __init__(self, run: Callable[[Callable[[Watched], None]], Awaitable[None]], ring: Callable[[], None]) -> None:
        """Nothing is watched yet.

        Args:
            run: Runs a function in a thread of its own, on a connection of its own.
            ring: Called in the event loop when followers have something to read.
        """
        self._run = run
        self._ring = ring
        self._is_over = threading.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Watch, if nobody has asked for it before."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="watch")
            self._task.add_done_callback(_report)

    def end(self) -> None:
        """Watch no longer."""
        self._is_over.set()
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()

        def tell() -> None:
            loop.call_soon_threadsafe(self._ring)

        try:
            while not self._is_over.is_set():
                try:
                    await self._run(lambda db: watch(db, tell, self._is_over.wait))
                except InboxError:
                    self._ring()  # whoever reads next meets the same error, and reports it
                    await asyncio.sleep(POLL_INTERVAL)
        finally:
            self._is_over.set()


def _report(task: asyncio.Task[None]) -> None:
    """Let the loop report a bug, which would otherwise end the watch silently."""
    if not task.cancelled():
        task.result()
