"""The interface of a database and its connections, as the shared code uses it.

Statements name their values ``:like_this``. A connection is used by one thread at a
time. The acts never begin or end transactions; that is the session's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from inbox_tui.backends.sql.roster import Roster
from inbox_tui.domain.sought import Term

Value = str | int | bytes | None
"""What a column may hold."""

Row = tuple[Any, ...]
"""One row as the driver gives it; ``Any`` because each statement has its own columns."""


class Asked(NamedTuple):
    """A statement, and the values that it names."""

    statement: str
    values: Mapping[str, Value] = {}


class AskedWithin(NamedTuple):
    """What ``rows_within`` reads."""

    room: int
    statement: str
    order: str
    values: Mapping[str, Value]


class Database(Protocol):
    """A connection inside a transaction."""

    roster: Roster | None
    """What was last read of members and agents. The adapter forgets it when a transaction is undone."""

    def rows(self, statement: str, **values: Value) -> list[Row]:
        """All rows that the statement gives."""

    def row(self, statement: str, **values: Value) -> Row | None:
        """The first row, if there is one."""

    def rows_within(self, room: int, statement: str, order: str, **values: Value) -> list[Row]:
        """The first rows that the statement gives, up to the one whose column ``body`` goes beyond ``room``.

        Args:
            room: Bytes; no more is read than is sent.
            statement: Ends in ``ORDER BY`` the order.
            order: The statement's, in names of its columns.
            values: The statement's.
        """

    def run(self, statement: str, **values: Value) -> None:
        """Execute a statement whose result does not matter."""

    def run_each(self, statement: str, values: Sequence[Mapping[str, Value]]) -> None:
        """Execute a statement once for each of the values, together if that is faster."""

    def pipeline(self) -> AbstractContextManager[object]:
        """A block whose statements may reach the database in one piece. An error of one may come only at its end."""


class Rows(Protocol):
    """The rows of a statement under way."""

    def fetchmany(self, size: int) -> list[Row]:
        """The next rows; none at the end."""


class Connection(Database, Protocol):
    """A connection, as the thread that owns it sees it."""

    is_lost: bool
    """The last attempt to reconnect failed."""

    def begin(self) -> None:
        """Begin to see one state of the workspace, until the connection is closed."""

    def cursor(self, statement: str, values: Mapping[str, int | str]) -> Rows:
        """The rows of a statement, to be fetched little by little."""

    def snapshot(self) -> AbstractContextManager[None]:
        """A block whose reads all see the same state of the workspace."""

    def transaction(self) -> AbstractContextManager[int]:
        """A block whose writes happen all or not at all, in an order with all other writers'; on disk at its end.

        Gives the number of the schema that it writes into, which nobody changes meanwhile.
        """

    def schema_number(self) -> int:
        """The number of the schema's last migration, as the transaction under way sees it."""

    def interrupt(self) -> None:
        """Stop the statement that is running now. From any thread."""

    def disconnect(self) -> None:
        """End what is running now, whether the database answers or not: it is used no more. From any thread."""

    def close(self) -> None:
        """Let go of the database, without waiting for an answer."""


class Hits(NamedTuple):
    """How what a search finds is read."""

    read: str
    """A SELECT, the newest hit first."""
    in_order: str = ""
    """Ends a join with ``read`` AS hit, so that its rows come in that order; blank where they do."""


class TextSearch(Protocol):
    """Full-text search in a database's own way, with the same answers in all."""

    messages: Hits
    """Its ``read`` gives the ``id`` of the conversation of each message found. Values: words, most."""
    known: Hits
    """Its ``read`` gives the ``id`` of each conversation found by what is known of it. Values: known, most."""
    number_of_messages: str
    """Counts what ``messages`` finds, without looking the conversations up."""
    all_hits: str
    """Reads row numbers of all conversations that were found. Values: words, known."""
    unindexed: str
    """Counts messages, and conversations, whose present text is not in the index."""

    def expression(self, db: Database, terms: Sequence[Term], *, in_messages: bool) -> str:
        """All the terms, in the database's search language.

        Args:
            db: Where they will be looked for.
            terms: What a search looks for; at least one.
            in_messages: In these, or in what is known of visitors.
        """

    def index(self, db: Database, newest: int, newly_known: Sequence[int]) -> None:
        """Make findable what this transaction wrote.

        Args:
            db: Inside the transaction.
            newest: The last message before it.
            newly_known: Row numbers of conversations of whose visitor or topic something else is known now.
        """

    def is_damaged(self, db: Database) -> bool:
        """Whether the index itself cannot be read. Reads most of it."""

    def rebuild(self, db: Database) -> None:
        """Index everything again, whatever the index holds. Inside a transaction."""

    def forget(self, db: Database, removed: Sequence[int]) -> None:
        """Let nothing be found of conversations that are no longer there, by their row numbers."""
