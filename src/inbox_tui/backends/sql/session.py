"""An open workspace: its three threads, and the acting member.

One thread reads what a screen waits for, one does what may take longer, one writes.
Every error that leaves here is ours. How a connection is made, and a new workspace, is the adapter's.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from copy import copy
from datetime import datetime
from functools import partial
from typing import Generic, Self, TypeVar

from inbox_tui.backends.sql import counters, reads, repair, team, upgrade
from inbox_tui.backends.sql.database import Asked, AskedWithin, Database, TextSearch
from inbox_tui.backends.sql.migrations import require_same_schema
from inbox_tui.backends.sql.portions import Portion
from inbox_tui.backends.sql.roster_reader import current_roster
from inbox_tui.backends.sql.unit import UnitOfWork
from inbox_tui.backends.sql.workers import C, ConnectionThread
from inbox_tui.domain import rules
from inbox_tui.domain.errors import CredentialError
from inbox_tui.domain.models import Access, MemberId
from inbox_tui.domain.team import checked_address
from inbox_tui.store.protocol import Clock, Schema
from inbox_tui.store.registry import Identity

T = TypeVar("T")


class StoreSession(ABC, Generic[C]):
    """One member at one workspace.

    Args:
        name: Where the workspace is, as it may be shown.
        clock: Says when writes happen.
        text_search: How the database finds words.
    """

    def __init__(self, name: str, clock: Clock, text_search: TextSearch) -> None:
        self.name = name
        self.me = MemberId("")
        """Who is asking; nobody until ``sign_in``."""
        self.text_search = text_search
        self.schema = Schema(0, 0)
        """What ``sign_in`` found and left."""
        self._is_guest = False
        self._clock = clock
        self._reader = ConnectionThread(
            "inbox-reader", lambda: self._connect(is_reader=True, is_patient=False), can_stop=True
        )
        self._searcher = self.new_reader("inbox-searcher")
        self._writer = ConnectionThread(
            "inbox-writer", lambda: self._connect(is_reader=False, is_patient=False), can_stop=False
        )

    async def sign_in(self, identity: Identity) -> None:
        """Open the workspace, or make it with the identity as its first member.

        Raises:
            CredentialError: the workspace does not know the identity.
            StoreUnavailable: there is no workspace, and the identity founds none.
            Rejected: a new workspace's first member gave something that is no e-mail address.
        """

        def bootstrap(db: C) -> None:
            if identity.is_given:
                checked_address(identity.email)
            unit = UnitOfWork(db, MemberId(""), self._clock())
            badge = rules.badge_for(identity.name) if identity.name.strip() else None
            team.insert_member(unit, identity.email, identity.name.strip(), Access.ADMIN, badge)
            unit.finish()

        def fix(db: C) -> None:
            self._act(db, repair.repair)
            after: int | None = 0
            while after is not None:
                after = self._act(db, partial(upgrade.put_right, after=after))

        def open_and_look(db: C) -> MemberId:
            self.schema = self._prepare(db, bootstrap if identity.may_create else None, fix)
            with db.snapshot():
                me = self._recognise(db, identity)
                is_counted = not self.can_write or not counters.uncounted(db)
            if not is_counted:
                with db.transaction():
                    counters.count_new(db)
            return me

        with self.errors():
            self.me = await self._writer.run(open_and_look)

    async def read(self, work: Callable[[C], T]) -> T:
        """A short read, all of it from one state of the workspace."""
        return await self.read_on(self._reader, work)

    async def read_asked(self, asked: Sequence[Asked | AskedWithin], work: Callable[[Database], T]) -> T:
        """The same where the statements are known before the first is answered: one round trip, if that saves any.

        Args:
            asked: The statements. The read may have others, but then has as many round trips as any.
            work: What reads. It may be called twice.
        """
        return await self.run_on(self._reader, lambda db: self._read_asked(db, asked, work))

    async def search(self, work: Callable[[C], T]) -> T:
        """A read that may take longer; does not delay ``read``."""
        return await self.read_on(self._searcher, work)

    async def read_on(self, worker: ConnectionThread[C], work: Callable[[C], T]) -> T:
        """A read on a worker of one's own."""

        def in_snapshot(db: C) -> T:
            with db.snapshot():
                return work(db)

        return await self.run_on(worker, in_snapshot)

    def _read_asked(self, db: C, asked: Sequence[Asked | AskedWithin], work: Callable[[Database], T]) -> T:
        """Nothing is saved where each statement is a call within this process."""
        with db.snapshot():
            return work(db)

    async def run_on(self, worker: ConnectionThread[C], work: Callable[[C], T]) -> T:
        """Anything on a worker of one's own, outside a transaction."""
        with self.errors():
            return await worker.run(work)

    async def write(self, act: Callable[[UnitOfWork], T], portion: Portion | None = None) -> T:
        """One act in one transaction; ``portion`` measures it if it is one of many that belong together.

        Raises StoreBroken if a newer program changed the tables meanwhile.
        """

        def in_transaction(db: C) -> T:
            with db.transaction() as schema:
                require_same_schema(schema, self.schema.now, self.name)
                if portion is not None:
                    portion.begin()
                result = self._act(db, act)
            if portion is not None:
                portion.end()
            return result

        result = await self.run_on(self._writer, in_transaction)
        self.wake_followers()
        return result

    def _act(self, db: C, act: Callable[[UnitOfWork], T]) -> T:
        newest = reads.last_message(db)
        unit = UnitOfWork(db, self.me, self._clock())
        result = act(unit)
        with db.pipeline():
            unit.finish()
            self.text_search.index(db, newest, unit.newly_known)
            if unit.removed:
                self.text_search.forget(db, unit.removed)
        return result

    def now(self) -> datetime:
        """The present, as writes are dated."""
        return self._clock()

    def new_reader(self, name: str) -> ConnectionThread[C]:
        """A further thread with a connection for reads that may take long; its maker closes it."""
        return ConnectionThread(name, lambda: self._connect(is_reader=True, is_patient=True), can_stop=True)

    def as_member(self, member: MemberId) -> Self:
        """The same workspace for another member, over the same threads, which stay this session's to close."""
        other = copy(self)
        other.me = member
        other._is_guest = True
        return other

    async def aclose(self) -> None:
        """Finish writes under way, unless they take long, and let go of the workspace."""
        if self._is_guest:
            return
        await asyncio.gather(self._searcher.aclose(), self._reader.aclose())
        await self._writer.aclose()

    @property
    def can_write(self) -> bool:
        """The workspace takes writes."""
        return True

    @abstractmethod
    def errors(self) -> AbstractContextManager[None]:
        """Lets nothing but errors of ours out of a block."""

    @abstractmethod
    def wake_followers(self) -> None:
        """Something was committed by this process, or the store is being closed: those who follow look at once."""

    @abstractmethod
    def _connect(self, *, is_reader: bool, is_patient: bool) -> C:
        """Open a connection; ``is_patient`` for what may take long. Called in the thread that will own it."""

    @abstractmethod
    def _prepare(self, db: C, bootstrap: Callable[[C], None] | None, fix: Callable[[C], None]) -> Schema:
        """Bring the workspace to this program's schema.

        In the same transaction ``settle`` fills a new one and ``mend`` repairs an older one.
        Without ``settle`` none is made. Raises StoreUnavailable then.
        """

    def _recognise(self, db: Database, identity: Identity) -> MemberId:
        roster = current_roster(db)
        found = roster.by_email(identity.email)
        if found is not None:
            return found.id
        able = [member for member in roster.members.values() if member.may_chat]
        if len(able) == 1 and not identity.is_given:
            return able[0].id
        raise CredentialError(f"{identity.email} is not a member of the workspace in {self.name}.")
