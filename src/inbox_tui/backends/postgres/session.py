"""An open database: a session whose connections are PostgreSQL's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress

import psycopg

from inbox_tui.backends.postgres.answers import Answers, NotAsked
from inbox_tui.backends.postgres.connections import ServerConnection
from inbox_tui.backends.postgres.errors import postgres_errors
from inbox_tui.backends.postgres.lines import LONG_READ_TIMEOUT, READ_TIMEOUT
from inbox_tui.backends.postgres.schema import LOOK, current, located, prepare
from inbox_tui.backends.postgres.search import WordIndex
from inbox_tui.backends.sql.database import Asked, AskedWithin, Database
from inbox_tui.backends.sql.session import StoreSession, T
from inbox_tui.domain.errors import InboxError
from inbox_tui.store.protocol import Clock, Schema
from inbox_tui.store.registry import Identity


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
        self._becoming_ready: asyncio.Task[None] | None = None

    async def sign_in(self, identity: Identity) -> None:
        """Open the workspace in one round trip where its tables are those of today; else as any other.

        Over the connection that reads, which the screen needs first. The one that writes is made when it is needed, or
        by ``make_ready``.
        """
        if not await self.run_on(self._reader, lambda db: self._look(db, identity)):
            await super().sign_in(identity)

    async def connect(self) -> None:
        """Connect for reading. Raises InboxError."""
        await self.run_on(self._reader, lambda _: None)

    def make_ready(self) -> None:
        """Begin to connect for writing: the first reply need not wait for that, and tells why where it fails."""

        async def connect() -> None:
            with suppress(InboxError):
                await self.run_on(self._writer, lambda _: None)

        self._becoming_ready = asyncio.create_task(connect(), name="make ready")

    async def aclose(self) -> None:
        """Finish writes under way, unless they take long, and let go of the database."""
        await super().aclose()
        if self._becoming_ready is not None and not self._is_guest:
            await asyncio.wait([self._becoming_ready], timeout=0)
            self._becoming_ready.cancel()

    def errors(self) -> AbstractContextManager[None]:
        """Translates PostgreSQL's. They are read in one line of a screen: libpq's own words tell the host."""
        return postgres_errors(self.name.partition("?")[0])

    def wake_followers(self) -> None:
        """The server announces each commit, and the end is waited for."""

    def _look(self, db: ServerConnection, identity: Identity) -> bool:
        try:
            answers = Answers(db, LOOK)
        except psycopg.ProgrammingError:
            return False  # no tables of ours, or none that we may read: which of them, is found out one by one
        if (schema := current(answers)) is None:
            return False
        self.schema = schema
        self.name = located(answers, self.name)
        self.me = self._recognise(answers, identity)
        return True

    def _read_asked(
        self, db: ServerConnection, asked: Sequence[Asked | AskedWithin], work: Callable[[Database], T]
    ) -> T:
        try:
            return work(Answers(db, asked))
        except NotAsked:
            return super()._read_asked(db, asked, work)

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
