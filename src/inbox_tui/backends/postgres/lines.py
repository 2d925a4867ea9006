"""psycopg's connections, which wait for a server that says nothing no longer than they should.

libpq bounds how long a connection may take to be made, and the kernel how long it may take to be acknowledged. A server
whose processes are stopped, or a firewall that takes what nobody gets, is silent after both.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq.abc import PGconn

from inbox_tui.backends.sql.database import Row

CONNECT_TIMEOUT = 10
"""Seconds for a new connection."""
READ_TIMEOUT = 20.0
"""Seconds in which a server says something to one statement of what a screen waits for, or of a write.

An act may have many statements, and a batch of them is answered little by little: only silence counts. The longest that
is in order is a wait for other writers, of 5 seconds.
"""
LONG_READ_TIMEOUT = 120.0
"""The same for a search or the first rows of an export, which may read much of a large database from a cold disk."""


class ReadDeadline:
    """How long one who asks a server waits for a word of it. Read by the thread that waits, set from any.

    Args:
        seconds: Of silence; ``inf`` for ever.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_over = False
        """Nothing is waited for any more."""

    def bounded(self, answer: PQGen[RV], line: PGconn) -> PQGen[RV]:
        """The same answer, or the end of the line: whoever gave up on one answer would take it for the next."""
        heard_at = monotonic()
        try:
            wanted = next(answer)
            while True:
                ready = yield wanted  # ten times a second, or when something came
                now = monotonic()
                if ready:
                    heard_at = now
                if self.is_over or now - heard_at > self.seconds:
                    line.finish()
                    raise psycopg.OperationalError("the server does not answer")
                wanted = answer.send(ready)
        except StopIteration as end:
            answered: RV = end.value
            return answered


class BoundedConnection(psycopg.Connection[Row]):
    """A connection for a thread."""

    patience: ReadDeadline

    def wait(self, gen: PQGen[RV], *args: Any, **named: Any) -> RV:
        """The answer. Raises psycopg.Error."""
        return super().wait(self.patience.bounded(gen, self.pgconn), *args, **named)


class BoundedAsyncConnection(psycopg.AsyncConnection[Row]):
    """A connection for the event loop."""

    patience: ReadDeadline

    async def wait(self, gen: PQGen[RV], *args: Any, **named: Any) -> RV:
        """The answer. Raises psycopg.Error."""
        return await super().wait(self.patience.bounded(gen, self.pgconn), *args, **named)
