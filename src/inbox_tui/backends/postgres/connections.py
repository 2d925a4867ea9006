"""Connections to the server, which may end at any time and are made anew.

What stands in the shared statements for SQLite's sake is put into PostgreSQL's words here.
Nothing is prepared on the server: a generic plan walks the whole table for a rare word,
and a pooler in transaction mode would lose it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, LiteralString

import psycopg

from inbox_tui.backends.sql.database import Row, Value
from inbox_tui.backends.sql.roster import Roster

CHANNEL = "inbox_tui"
"""On which each commit is announced."""
CONNECT_WITHIN = 10
"""Seconds for a new connection."""

_WRITERS = 0x494E4258
"""``INBX``: the lock that puts writers in an order, so that numbers are given out in the order of the commits."""
_SNAPSHOT: LiteralString = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_NAMED = re.compile(r":(\w+)")


class ServerConnection:
    """One connection; a ``Connection`` for the shared code.

    Args:
        address: ``postgresql://…``, as libpq reads it.
    """

    def __init__(self, address: str) -> None:
        self.roster: Roster | None = None
        self._address = address
        self._raw = connected(address)
        self._walking: list[psycopg.ServerCursor[Row]] = []

    def rows(self, statement: str, **values: Any) -> list[Row]:
        """All rows that the statement gives."""
        return self._execute(statement, values).fetchall()

    def row(self, statement: str, **values: Value) -> Row | None:
        """The first row, if there is one."""
        return self._execute(statement, values).fetchone()

    def run(self, statement: str, **values: Value) -> None:
        """Execute a statement whose result does not matter."""
        self._execute(statement, values)

    def run_each(self, statement: str, values: Sequence[Mapping[str, Any]]) -> None:
        """Execute a statement once for each of the values, in few round trips."""
        with self._raw.cursor() as cursor:
            cursor.executemany(_in_its_words(statement), values)

    def cursor(self, statement: str, values: Mapping[str, Any]) -> psycopg.ServerCursor[Row]:
        """The rows of a statement, to be fetched little by little, inside a transaction."""
        cursor = self._raw.cursor(name="walk")
        self._walking.append(cursor)
        cursor.execute(_in_its_words(statement), values)
        return cursor

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A block whose reads all see the same state of the workspace."""
        self._start(_SNAPSHOT)
        try:
            yield
        finally:
            self._undo()

    def begin(self) -> None:
        """Begin to see one state of the workspace, until the connection is closed."""
        self._start(_SNAPSHOT)

    @contextmanager
    def transaction(self, *, survives_power_loss: bool = True) -> Iterator[None]:
        """A block whose writes happen all or not at all, after those of every writer before."""
        self._start("BEGIN")
        try:
            self.run("SELECT pg_advisory_xact_lock(:writers)", writers=_WRITERS)
            if not survives_power_loss:
                self.run("SET LOCAL synchronous_commit = off")
            yield
            self.run("SELECT pg_notify(:channel, '')", channel=CHANNEL)
            self.run("COMMIT")
        except BaseException:
            self.roster = None
            self._undo()
            raise

    def interrupt(self) -> None:
        """Stop the statement that is running now. From any thread."""
        with suppress(psycopg.Error):
            self._raw.cancel_safe(timeout=CONNECT_WITHIN)

    def close(self) -> None:
        """Let go of the server."""
        for cursor in self._walking:
            with suppress(psycopg.Error):  # the server may have gone before
                cursor.close()
        self._raw.close()

    def _execute(self, statement: str, values: Mapping[str, Any]) -> psycopg.Cursor[Row]:
        return self._raw.execute(_in_its_words(statement), values)

    def _start(self, words: LiteralString) -> None:
        """Begin; on a new connection if this one has ended since it was last used: nothing is lost with it then."""
        try:
            self._raw.execute(words)
        except psycopg.OperationalError:
            if not self._raw.broken:
                raise
            self._raw.close()
            self.roster = None
            self._raw = connected(self._address)
            self._raw.execute(words)

    def _undo(self) -> None:
        if not self._raw.closed:
            with suppress(psycopg.OperationalError):  # it has ended, and its transaction with it
                self._raw.execute("ROLLBACK")


def connected(address: str) -> psycopg.Connection[Row]:
    """A new connection. Raises psycopg.Error."""
    return psycopg.connect(address, **options(address))


def options(address: str) -> dict[str, Any]:
    """How a connection is made, where the address does not say it."""
    given = psycopg.conninfo.conninfo_to_dict(address)
    usual = {"connect_timeout": CONNECT_WITHIN, "application_name": "inbox-tui"}
    said = {name: value for name, value in usual.items() if name not in given}
    return {**said, "autocommit": True, "prepare_threshold": None, "client_encoding": "UTF8"}


@lru_cache(maxsize=1024)
def _in_its_words(statement: str) -> str:
    """A shared statement as PostgreSQL and psycopg read it. Values never become part of a text."""
    ordered = statement.replace("CROSS JOIN conversation ON", "JOIN conversation ON")  # SQLite's hint for a plan
    return _NAMED.sub(r"%(\1)s", ordered)
