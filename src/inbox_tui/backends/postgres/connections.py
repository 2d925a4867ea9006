"""Connections to the server, which may end at any time and reconnect.

What stands in the shared statements for SQLite's sake is put into PostgreSQL's words here.
Nothing is prepared on the server: a generic plan walks the whole table for a rare word,
and a pooler in transaction mode would lose it.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from math import inf
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.pq import PipelineStatus, TransactionStatus

from inbox_tui.backends.postgres.lines import CONNECT_TIMEOUT, READ_TIMEOUT, BoundedConnection, ReadDeadline
from inbox_tui.backends.sql.database import Asked, Row, Value
from inbox_tui.backends.sql.roster import Roster
from inbox_tui.domain.errors import ConfigError
from inbox_tui.domain.text import clean_line
from inbox_tui.store.url import StoreUrl

T = TypeVar("T")

CHANNEL = "inbox_tui"
"""On which each commit is announced."""
WRITERS = 0x494E4258
"""``INBX``: the lock that puts writers in an order, so that numbers are given out in the order of the commits."""

# A list is read in the order of its index, a few rows at a time: to compile a statement, to start helpers for it, or
# to prefer reading the whole table because disks once turned slowly, costs more than it gains.
_READ: LiteralString = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = '5s'; SET LOCAL jit = off;"
    " SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL random_page_cost = 1.1"
)
# The same for statements that travel together, each of which must be one.
_READ_TOGETHER: tuple[LiteralString, ...] = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SELECT set_config('lock_timeout', '5s', true), set_config('jit', 'off', true),"
    " set_config('max_parallel_workers_per_gather', '0', true), set_config('random_page_cost', '1.1', true)",
)
# Several statements in one round trip. Each statement after the lock sees what writers before committed,
# whatever the database's own default is. Who waits for them for longer is told so; and who stops in the middle,
# or whose line died there, is undone, or nobody could write any more.
_WRITE = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '5s';"
    " SET LOCAL idle_in_transaction_session_timeout = '20s';"
    f" SELECT pg_advisory_xact_lock({WRITERS})"
)
# In a new database the table comes with the first migration.
_SCHEMA = "SELECT version FROM inbox_tui_schema"
_WRITE_IN_SCHEMA = f"{_WRITE}; {_SCHEMA}"
_COMMIT = f"SELECT pg_notify('{CHANNEL}', ''); COMMIT"
_USUAL = {
    "connect_timeout": CONNECT_TIMEOUT,
    "application_name": "inbox-tui",
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""A line that died without a word is noticed within a minute. Seconds; the last in milliseconds."""
_FROM_ENVIRONMENT = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "service": "PGSERVICE",
    "options": "PGOPTIONS",
}
"""What says where a database is, and libpq's name for it where an address does not."""
_NAMED = re.compile(r":(\w+)")
_SIZE = re.compile(r"length\(CAST\((\w+) AS BLOB\)\)")

logging.getLogger("psycopg").addHandler(logging.NullHandler())  # a line that ended is told by our errors


class ServerConnection:
    """One connection; a ``Connection`` for the shared code.

    Args:
        address: ``postgresql://…``, as libpq reads it.
        answer_within: Seconds of silence after which the server counts as one that does not answer.
    """

    def __init__(self, address: str, answer_within: float = READ_TIMEOUT) -> None:
        self.roster: Roster | None = None
        self.is_lost = False
        self._address = address
        self._patience = ReadDeadline(answer_within)
        self._raw = self._connected()
        self._walking: list[psycopg.ServerCursor[Row]] = []
        self._stopping: list[threading.Thread] = []

    def rows(self, statement: str, **values: Any) -> list[Row]:
        """All rows that the statement gives."""
        return self._execute(statement, values).fetchall()

    def rows_within(self, room: int, statement: str, order: str, **values: Value) -> list[Row]:
        """The first rows, up to the one whose column ``body`` goes beyond ``room`` bytes.

        The server measures them: psycopg takes in whatever a statement gives.
        """
        return measured(self._execute(*within(room, statement, order, values)).fetchall())

    def row(self, statement: str, **values: Value) -> Row | None:
        """The first row, if there is one."""
        return self._execute(statement, values).fetchone()

    def run(self, statement: str, **values: Value) -> None:
        """Execute a statement whose result does not matter."""
        self._execute(statement, values)

    def run_each(self, statement: str, values: Sequence[Mapping[str, Value]]) -> None:
        """Execute a statement once for each of the values, in few round trips."""
        if len(values) == 1:
            self._execute(statement, values[0])
            return
        with self._raw.cursor() as cursor:
            cursor.executemany(_in_its_words(statement), values)

    def pipeline(self) -> AbstractContextManager[object]:
        """A block whose statements are on their way together: one round trip, unless one reads."""
        return self._raw.pipeline()

    def cursor(self, statement: str, values: Mapping[str, Any]) -> psycopg.ServerCursor[Row]:
        """The rows of a statement, to be fetched little by little, inside a transaction."""
        cursor = self._raw.cursor(name="walk")
        self._walking.append(cursor)
        cursor.execute(_in_its_words(statement), values)
        return cursor

    def at_once(self, asked: Sequence[Asked]) -> list[list[Row]]:
        """What each of the statements gives, all from one state of the workspace: one round trip.

        Outside a transaction, and so it ends.
        """
        return self._on_a_line(lambda: self._at_once(asked))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A block whose reads all see the same state of the workspace."""
        self._start(_READ)
        try:
            yield
        finally:
            self._undo()

    def begin(self) -> None:
        """Begin to see one state of the workspace, until the connection is closed."""
        self._start(_READ)

    @contextmanager
    def transaction(self) -> Iterator[int]:
        """A block whose writes happen all or not at all, after those of every writer before.

        Gives the number of the schema, which came with the lock: no round trip more.
        """
        with self._writing(_WRITE_IN_SCHEMA) as begun:
            while begun.nextset():
                pass
            row = begun.fetchone()
            yield row[0] if row else 0

    @contextmanager
    def migration(self) -> Iterator[None]:
        """The same for making and changing the tables, of which there may be none."""
        with self._writing(_WRITE):
            yield

    def schema_number(self) -> int:
        """The number of the tables' last migration."""
        row = self.row(_SCHEMA)
        return row[0] if row else 0

    @contextmanager
    def _writing(self, words: LiteralString) -> Iterator[psycopg.Cursor[Row]]:
        try:
            yield self._start(words)
            self._raw.execute(_COMMIT)
        except BaseException as error:
            self.roster = None
            self._undo()
            if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
                self._raw.close()  # whether a server takes writes may be settled when a connection begins
            raise

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """A block in which the server may be silent for as long as it likes: an index over millions of rows is slow."""
        usual, self._patience.seconds = self._patience.seconds, inf
        try:
            yield
        finally:
            self._patience.seconds = usual

    def interrupt(self) -> None:
        """Stop the statement that is running now. From any thread, which does not wait for the server."""
        stopping = threading.Thread(target=self._stop, name="inbox-stop", daemon=True)
        stopping.start()
        self._stopping.append(stopping)

    def disconnect(self) -> None:
        """Wait for no further word of the server. From any thread."""
        self._patience.is_over = True

    def close(self) -> None:
        """Let go of the server, without waiting for it."""
        self._raw.close()
        for cursor in self._walking:
            cursor.close()

    def _execute(self, statement: str, values: Mapping[str, Any]) -> psycopg.Cursor[Row]:
        return self._raw.execute(_in_its_words(statement), values)

    def _stop(self) -> None:
        with suppress(psycopg.Error):
            self._raw.cancel_safe(timeout=CONNECT_TIMEOUT)

    def _at_once(self, asked: Sequence[Asked]) -> list[list[Row]]:
        try:
            with self._raw.pipeline():
                for words in _READ_TOGETHER:
                    self._raw.execute(words)
                cursors = [self._execute(statement, values) for statement, values in asked]
                self._raw.execute("ROLLBACK")
        except BaseException:
            self.roster = None
            self._undo()
            raise
        return [cursor.fetchall() for cursor in cursors]

    def _start(self, words: LiteralString) -> psycopg.Cursor[Row]:
        return self._on_a_line(lambda: self._raw.execute(words))

    def _on_a_line(self, begin: Callable[[], T]) -> T:
        """Begin; on a new connection if this one has ended since it was last used: nothing is lost with it then."""
        while self._stopping:  # or it would stop what begins now
            self._stopping.pop().join()
        try:
            return begin()
        except psycopg.OperationalError:
            if not self._raw.closed or self._patience.is_over:
                raise
            self.roster = None
            self.is_lost = True
            self._raw = self._connected()
            self.is_lost = False
            return begin()

    def _connected(self) -> BoundedConnection:
        line = BoundedConnection.connect(self._address, **options(self._address))
        line.patience = self._patience
        return line

    def _undo(self) -> None:
        if not self._raw.closed:
            with suppress(psycopg.OperationalError):  # it has ended, and its transaction with it
                self._raw.execute("ROLLBACK")
            # One that ended while many statements were on their way may say that it lasts, and never take another.
            raw = self._raw.pgconn
            if (raw.transaction_status, raw.pipeline_status) != (TransactionStatus.IDLE, PipelineStatus.OFF):
                self._raw.close()


def require_readable(url: StoreUrl) -> None:
    """Raise ConfigError if libpq cannot read the address. Of what it says, only a wrong name can be no secret."""
    try:
        psycopg.conninfo.conninfo_to_dict(url.text)
    except psycopg.ProgrammingError as error:
        words = str(error)
        why = f": {clean_line(words)}" if words.startswith("invalid URI query parameter") else ""
        raise ConfigError(
            f"{url.shown} cannot be read{why}.",
            hint="Write it like postgresql://user@host/database; what may follow a ? is libpq's.",
        ) from None  # the error may hold the password


def name_of(url: StoreUrl) -> str:
    """The address as it may be shown, with what libpq takes from the environment where it says nothing.

    Two databases never have the same, or what waits for the one could be delivered to the other.
    """
    given = psycopg.conninfo.conninfo_to_dict(url.text)
    added = [
        f"{option}={value}"
        for option, variable in _FROM_ENVIRONMENT.items()
        if option not in given and (value := os.environ.get(variable))
    ]
    place, _, query = url.shown.partition("?")
    said = "&".join([query, *added] if query else added)
    return f"{place}?{said}" if said else place


def options(address: str) -> dict[str, Any]:
    """How a connection is made, where the address does not say it."""
    given = psycopg.conninfo.conninfo_to_dict(address)
    said = {name: value for name, value in _USUAL.items() if name not in given}
    return {**said, "autocommit": True, "prepare_threshold": None, "client_encoding": "UTF8"}


def within(room: int, statement: str, order: str, values: Mapping[str, Value]) -> Asked:
    """The statement that gives no more than there is room for."""
    return Asked(_within(statement, order), {**values, "room": room})


def measured(rows: list[Row]) -> list[Row]:
    """What ``within`` gave, without what was measured."""
    return [row[:-1] for row in rows]


@lru_cache(maxsize=64)
def _within(statement: str, order: str) -> str:
    """A statement's first rows, those before whose body there is room; the last column says how much was taken."""
    return " ".join(
        (
            "SELECT * FROM (SELECT given.*, sum(octet_length(body)) OVER (ORDER BY",
            order,
            ") - octet_length(body) AS taken FROM (",
            statement,
            ") AS given) AS measured WHERE taken <= :room ORDER BY",
            order,
        )
    )


@lru_cache(maxsize=1024)
def _in_its_words(statement: str) -> str:
    """A shared statement as PostgreSQL and psycopg read it. Values never become part of a text."""
    ordered = statement.replace("CROSS JOIN conversation ON", "JOIN conversation ON")  # SQLite's hint for a plan
    ordered = _SIZE.sub(r"octet_length(\1)", ordered)
    return _NAMED.sub(r"%(\1)s", ordered)
