"""What the shared code needs of a database connection, and nothing more.

Statements name their values ``:like_this``. A connection is used by one thread at a
time. Nothing here begins or ends transactions; that is the adapter's.
"""

from __future__ import annotations

from typing import Any, Protocol

from inbox_tui.backends.sql.roster import Roster

Value = str | int | bytes | None
"""What a column may hold."""

Row = tuple[Any, ...]
"""One row as the driver gives it; ``Any`` because each statement has its own columns."""


class Database(Protocol):
    """A connection inside a transaction."""

    roster: Roster | None
    """What was last read of members and agents. The adapter forgets it when a transaction is undone."""

    def rows(self, statement: str, **values: Value) -> list[Row]:
        """All rows that the statement gives."""

    def row(self, statement: str, **values: Value) -> Row | None:
        """The first row, if there is one."""

    def run(self, statement: str, **values: Value) -> None:
        """Execute a statement whose result does not matter."""
