"""A thread that owns one connection and does what the event loop hands it, in order; a server's clients take turns.

A hop to a thread costs about 0.1 ms however many statements the work has, and the
event loop runs meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from inbox_tui.backends.sql.database import Connection
from inbox_tui.backends.sql.turns import TurnQueue
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.store.client import CLIENT

FINISH_TIMEOUT = 2.0
"""Seconds that writes have at the end. One that is cut off then was done or not; its key tells, when it is repeated."""
RELEASE_TIMEOUT = 1.0
"""Seconds in which a thread ends whose connection was cut. Where even that does not end it (a connection is being made,
a disk hangs) it is left behind, and ends with the program."""

T = TypeVar("T")
C = TypeVar("C", bound=Connection)


class _Job(Generic[C, T]):
    def __init__(self, work: Callable[[C], T], loop: asyncio.AbstractEventLoop, *, ends_with_waiter: bool) -> None:
        self.work = work
        self.loop = loop
        self.ends_with_waiter = ends_with_waiter
        """It is not begun if nobody waits for it any more."""
        self.future: asyncio.Future[T] = loop.create_future()

    def answer(self, result: T | None, error: BaseException | None) -> None:
        """Deliver, unless nobody waits any more."""
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)  # type: ignore[arg-type]  # T may itself be None
        else:
            self.future.set_exception(error)


class ConnectionThread(Generic[C]):
    """Does jobs one after the other on a connection that it opens with the first of them. Clients take turns.

    Args:
        name: Of the thread, for debuggers.
        connect: Opens the connection; its errors are those of the job that needed it.
        can_stop: Stop a job nobody waits for any more. Only for reads.
    """

    def __init__(self, name: str, connect: Callable[[], C], *, can_stop: bool) -> None:
        self._name = name
        self._connect = connect
        self._can_stop = can_stop
        # Any: jobs of every result type stand in one queue; `run` ties each to its future.
        self._jobs: TurnQueue[_Job[C, Any]] = TurnQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._running: _Job[C, Any] | None = None
        self._connection: C | None = None
        self._is_closed = False
        self._is_over = False
        self._closed: tuple[asyncio.AbstractEventLoop, asyncio.Future[None]] | None = None

    async def run(self, work: Callable[[C], T]) -> T:
        """The result of ``work`` on this worker's connection.

        Cancelling a read stops it. A write that has begun is finished all the same; one that still waits is not
        begun if it was for a client of a server, and done if it was the program's own.
        """
        if self._is_closed:
            raise _closed()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        client = CLIENT.get()
        job = _Job(work, asyncio.get_running_loop(), ends_with_waiter=self._can_stop or client is not None)
        self._jobs.put(job, client)
        try:
            return await job.future
        except asyncio.CancelledError:
            if self._can_stop:
                self._stop(job)
            raise

    async def aclose(self) -> None:
        """End reads at once, and writes when they are done or have taken long; then the connection and the thread."""
        if self._is_closed:
            return
        self._is_closed = True
        thread = self._thread
        if thread is None:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closed = (asyncio.get_running_loop(), done)
        self._jobs.close()
        if not self._can_stop:
            await asyncio.wait([done], timeout=FINISH_TIMEOUT)
        self._end()
        await asyncio.wait([done], timeout=RELEASE_TIMEOUT)
        if done.done():
            thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.ends_with_waiter and job.future.cancelled():
                continue
            result, error = None, None
            with self._lock:
                self._running = job
            try:
                result = job.work(self._open())
            except BaseException as raised:  # noqa: BLE001  # carried to whoever waits
                error = raised
            with self._lock:
                self._running = None
            _call(job.loop, job.answer, result, error)
            if error is not None and (self._connection is None or self._connection.is_lost):
                self._refuse_waiting(error)
            del job, result, error
        with self._lock:  # what is being closed cannot be cut
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        if self._closed is not None:
            loop, done = self._closed
            _call(loop, _finish, done)

    def _refuse_waiting(self, error: BaseException) -> None:
        """What could not reach the database answers all who wait already, or each would wait as long in turn."""
        for job in self._jobs.take_all():
            _call(job.loop, job.answer, None, error)

    def _open(self) -> C:
        """The connection, made with the first job. Raises StoreUnavailable once nothing is begun any more."""
        if self._connection is None and not self._is_over:
            made = self._connect()
            with self._lock:
                self._connection = made
        if self._is_over or self._connection is None:
            raise _closed()
        return self._connection

    def _end(self) -> None:
        with self._lock:
            self._is_over = True
            if self._running is not None and self._connection is not None:
                self._connection.disconnect()

    def _stop(self, job: _Job[C, Any]) -> None:
        with self._lock:
            if self._running is job and self._connection is not None:
                self._connection.interrupt()


def _closed() -> StoreUnavailable:
    return StoreUnavailable("The store is closed.", hint="Open it again.")


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *arguments: object) -> None:
    try:
        loop.call_soon_threadsafe(function, *arguments)
    except RuntimeError:
        return  # the loop is closed, nobody waits
