"""An open file: its three threads, and who is asking.

One thread reads what a screen waits for, one does what may take longer, one writes.
Every error that leaves here is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from pathlib import Path
from random import Random
from typing import TypeVar

from inbox_tui.backends.sql import team
from inbox_tui.backends.sql.roster import current_roster
from inbox_tui.backends.sql.unit import Unit
from inbox_tui.backends.sqlite.connections import Connection
from inbox_tui.backends.sqlite.errors import sqlite_errors
from inbox_tui.backends.sqlite.feed import Bell
from inbox_tui.backends.sqlite.schema import make_file, prepare
from inbox_tui.backends.sqlite.search import index_messages, newest_message
from inbox_tui.backends.sqlite.workers import Worker
from inbox_tui.domain import rules
from inbox_tui.domain.errors import CredentialError
from inbox_tui.domain.models import Access, MemberId
from inbox_tui.domain.team import checked_address
from inbox_tui.store.protocol import Clock
from inbox_tui.store.registry import Identity

T = TypeVar("T")


class Session:
    """One member at one file.

    Args:
        path: The file; made with the first use of the writer if there is none.
        clock: Says when writes happen.
        patience: Seconds to wait for another program's lock.
        random: Spreads the attempts of several writers.
    """

    def __init__(self, path: Path, clock: Clock, *, patience: float, random: Random) -> None:
        self.path = path
        self.me = MemberId("")
        """Who is asking; nobody until ``sign_in``."""
        self.bell = Bell()
        self._is_guest = False
        self._clock = clock
        self._patience = patience
        self._random = random
        self._reader = self.new_reader("inbox-reader")
        self._searcher = self.new_reader("inbox-searcher")
        self._writer = Worker("inbox-writer", lambda: self._connect(is_reader=False), can_stop=False)

    async def sign_in(self, identity: Identity) -> None:
        """Open the file, or make it with the identity as its first member.

        Raises:
            CredentialError: the workspace does not know the identity.
            Rejected: a new workspace's first member gave something that is no e-mail address.
        """

        def settle(db: Connection) -> None:
            if identity.is_given:
                checked_address(identity.email)
            unit = Unit(db, MemberId(""), self._clock())
            badge = rules.badge_for(identity.name) if identity.name.strip() else None
            team.insert_member(unit, identity.email, identity.name.strip(), Access.ADMIN, badge)
            unit.finish()

        def open_and_look(db: Connection) -> MemberId:
            prepare(db, self.path, settle)
            with db.snapshot():
                return self._recognise(db, identity)

        with sqlite_errors(self.path):
            self.me = await self._writer.run(open_and_look)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """A short read, all of it from one state of the workspace."""
        return await self.read_on(self._reader, work)

    async def search(self, work: Callable[[Connection], T]) -> T:
        """A read that may take longer; does not delay ``read``."""
        return await self.read_on(self._searcher, work)

    async def read_on(self, worker: Worker, work: Callable[[Connection], T]) -> T:
        """A read on a worker of one's own."""

        def in_snapshot(db: Connection) -> T:
            with db.snapshot():
                return work(db)

        return await self.run_on(worker, in_snapshot)

    async def run_on(self, worker: Worker, work: Callable[[Connection], T]) -> T:
        """Anything on a worker of one's own, outside a transaction."""
        with sqlite_errors(self.path):
            return await worker.run(work)

    async def write(self, act: Callable[[Unit], T], *, survives_power_loss: bool = True) -> T:
        """One act in one transaction."""

        def in_transaction(db: Connection) -> T:
            with db.transaction(survives_power_loss=survives_power_loss):
                newest = newest_message(db)
                unit = Unit(db, self.me, self._clock())
                result = act(unit)
                unit.finish()
                index_messages(db, newest)
                return result

        result = await self.run_on(self._writer, in_transaction)
        self.bell.ring()
        return result

    def new_reader(self, name: str) -> Worker:
        """A further thread with a connection that reads; its maker closes it."""
        return Worker(name, lambda: self._connect(is_reader=True), can_stop=True)

    def seen_by(self, member: MemberId) -> Session:
        """The same file for another member, over the same threads, which stay this session's to close."""
        other = copy(self)
        other.me = member
        other._is_guest = True
        return other

    async def aclose(self) -> None:
        """Finish writes under way and let go of the file."""
        if self._is_guest:
            return
        for worker in (self._searcher, self._reader, self._writer):
            await worker.aclose()

    def _connect(self, *, is_reader: bool) -> Connection:
        if not is_reader:
            make_file(self.path)
        return Connection(self.path, patience=self._patience, random=self._random, is_reader=is_reader)

    def _recognise(self, db: Connection, identity: Identity) -> MemberId:
        roster = current_roster(db)
        found = roster.by_email(identity.email)
        if found is not None:
            return found.id
        able = [member for member in roster.members.values() if member.may_chat]
        if len(able) == 1 and not identity.is_given:
            return able[0].id
        raise CredentialError(f"{identity.email} is not a member of the workspace in {self.path}.")
