"""Statements that are known before the first is answered, answered in one round trip.

What is read over a long line is slow by its round trips, not by its rows. A read that knows its statements
beforehand sends them together; the code that reads is the same either way.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from inbox_tui.backends.postgres.connections import ServerConnection, measured, within
from inbox_tui.backends.sql.database import Asked, AskedWithin, Row, Value
from inbox_tui.backends.sql.roster import Roster
from inbox_tui.backends.sql.roster_reader import AGENTS, LAST_TEAM_CHANGE, MEMBERS


class NotAsked(Exception):
    """A statement that was not among those sent. Its reader starts again, in a transaction that stays open."""


class Answers:
    """The answers to several statements, all from one state of the workspace: a ``Database`` that only knows these.

    Members and agents are always asked for where this connection does not know them yet.

    Args:
        db: The connection, outside a transaction. It is so again afterwards.
        asked: What will be read.

    Raises:
        psycopg.Error: the server does not answer, or refuses one of the statements.
    """

    def __init__(self, db: ServerConnection, asked: Sequence[Asked | AskedWithin]) -> None:
        self._db = db
        roster = [LAST_TEAM_CHANGE] if db.roster is not None else [LAST_TEAM_CHANGE, MEMBERS, AGENTS]
        bounded = (within(*each) if isinstance(each, AskedWithin) else each for each in asked)
        sent = [*(Asked(statement) for statement in roster), *bounded]
        self._rows = {_key(each): rows for each, rows in zip(sent, db.at_once(sent), strict=True)}

    @property
    def roster(self) -> Roster | None:
        """What was last read of members and agents over this connection."""
        return self._db.roster

    @roster.setter
    def roster(self, roster: Roster | None) -> None:
        self._db.roster = roster

    def rows(self, statement: str, **values: Value) -> list[Row]:
        """The rows of a statement that was asked. Raises NotAsked."""
        try:
            return self._rows[_key(Asked(statement, values))]
        except KeyError:
            raise NotAsked from None

    def row(self, statement: str, **values: Value) -> Row | None:
        """The first row, if there is one. Raises NotAsked."""
        return next(iter(self.rows(statement, **values)), None)

    def rows_within(self, room: int, statement: str, order: str, **values: Value) -> list[Row]:
        """The first rows of a statement that was asked, as many as there is room for. Raises NotAsked."""
        asked = within(room, statement, order, values)
        return measured(self.rows(asked.statement, **asked.values))

    def run(self, statement: str, **values: Value) -> None:
        """Raises NotAsked: nothing is written here."""
        raise NotAsked

    def run_each(self, statement: str, values: Sequence[Mapping[str, Value]]) -> None:
        """Raises NotAsked: nothing is written here."""
        raise NotAsked

    def pipeline(self) -> AbstractContextManager[object]:
        """A block that sends nothing."""
        return nullcontext()


def _key(asked: Asked) -> Hashable:
    return asked.statement, frozenset(asked.values.items())
