"""An open database: a session whose connections are PostgreSQL's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from inbox_tui.backends.postgres.connections import ServerConnection
from inbox_tui.backends.postgres.errors import postgres_errors
from inbox_tui.backends.postgres.lines import LONG_READ_TIMEOUT, READ_TIMEOUT
from inbox_tui.backends.postgres.schema import located, prepare
from inbox_tui.backends.postgres.search import WordIndex
from inbox_tui.backends.sql.session import StoreSession
from inbox_tui.store.protocol import Clock, Schema


class ServerSession(StoreSession[ServerConnection]):
    """One member at one database.

    Args:
        address: ``postgresql://…``, with the password if it has one.
        name: The same without.
        clock: Says when writes happen.
    """

    def __init__(self, address: str, name: str, clock: Clock) -> None:
        super().__init__(name, clock, WordIndex())
        self.address = address

    def errors(self) -> AbstractContextManager[None]:
        """Translates PostgreSQL's. They are read in one line of a screen: libpq's own words tell the host."""
        return postgres_errors(self.name.partition("?")[0])

    def wake_followers(self) -> None:
        """The server announces each commit, and the end is waited for."""

    def _connect(self, *, is_reader: bool, is_patient: bool) -> ServerConnection:
        return ServerConnection(self.address, LONG_READ_TIMEOUT if is_patient else READ_TIMEOUT)

    def _prepare(
        self,
        db: ServerConnection,
        bootstrap: Callable[[ServerConnection], None] | None,
        fix: Callable[[ServerConnection], None],
    ) -> Schema:
        schema = prepare(db, self.name, bootstrap, fix)
        self.name = located(db, self.name)
        return schema
