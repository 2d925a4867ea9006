"""The store in one SQLite file: opening it, and following it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from random import Random

import msgspec

from inbox_tui.backends.sql.store import CAPABILITIES, SqlStore
from inbox_tui.backends.sql.unit import UnitOfWork
from inbox_tui.backends.sqlite.feed import follow
from inbox_tui.backends.sqlite.read_only import way_to
from inbox_tui.backends.sqlite.schema import require_file
from inbox_tui.backends.sqlite.session import FileSession
from inbox_tui.domain.changes import ChangeId, FeedReport
from inbox_tui.domain.errors import ConfigError
from inbox_tui.domain.models import ConversationId, MemberId
from inbox_tui.domain.rules import require_admin
from inbox_tui.store.protocol import Capabilities, Clock, Removed
from inbox_tui.store.registry import Identity
from inbox_tui.store.url import StoreUrl

_READ_ONLY = msgspec.structs.replace(CAPABILITIES, reply=False, notes=False, assign=False, resolve=False)
# For the length of the transaction: for each message that goes, SQLite looks whether a conversation names it its last.
_INDEX_LAST_MESSAGES = "CREATE INDEX conversation_last_message ON conversation (last_message_id)"
_DROP_INDEX = "DROP INDEX conversation_last_message"
LOCK_TIMEOUT = 5.0
"""Seconds that a write waits for another program's lock."""


async def open_store(url: StoreUrl, identity: Identity, clock: Clock) -> SqliteStore:
    """Open the file that the address names, or make it.

    Raises:
        ConfigError: the address names no file or a folder that does not exist, or has a ? in it.
        CredentialError: the workspace does not know the identity.
        StoreUnavailable: also for a file that does not exist, if the identity founds none.
        StoreBroken.
    """
    if "?" in url.text:
        raise ConfigError(
            f"{url.shown} is followed by a ?, which an SQLite address does not have.",
            hint="If the ? is part of the file's name, write it as %3F.",
        )
    if not url.path:
        raise ConfigError(f"{url.shown} names no file.", hint="Write it like sqlite:///inbox.db.")
    if url.path == ":memory:":
        raise ConfigError("An inbox cannot live in memory.", hint="Write it like sqlite:///inbox.db.")
    return await open_file(Path(url.path), identity, clock)


async def open_file(
    path: Path, identity: Identity, clock: Clock, *, patience: float = LOCK_TIMEOUT, random: Random | None = None
) -> SqliteStore:
    """``open_store`` for a path.

    Args:
        path: The file.
        identity: Who opens it.
        clock: Says when writes happen.
        patience: Seconds to wait for another program's lock.
        random: Spreads the attempts of several writers.
    """
    if not identity.may_create:
        require_file(path)
    path = path.absolute()
    session = FileSession(path, clock, patience=patience, random=random or Random(), way=way_to(path))
    try:
        await session.sign_in(identity)
    except BaseException:
        await session.aclose()
        raise
    return SqliteStore(session)


class SqliteStore(SqlStore):
    """A workspace in one SQLite file, seen by one member."""

    _session: FileSession

    @property
    def capabilities(self) -> Capabilities:
        """Everything; of a file that cannot be written only what reads."""
        return CAPABILITIES if self._session.can_write else _READ_ONLY

    def changes(self, since: ChangeId | None = None) -> AsyncIterator[FeedReport]:
        """Reports of writes, by anybody, after ``since``; ends with ``aclose``."""
        self._session.watch.begin()
        return follow(self._session.read, self._session.bell, self._closing, since)

    async def back_up(self, target: Path, progress: Callable[[float], None] | None = None) -> None:
        """Copy the file as it is now, its write-ahead log included. Admin only. Raises NotAllowed, StoreUnavailable."""
        require_admin(await self.me())
        worker = self._session.new_reader("inbox-backup")
        try:
            from inbox_tui.backends.sqlite.backup import back_up  # seldom needed

            await self._session.run_on(worker, lambda db: back_up(db, target, progress))
        finally:
            await worker.aclose()

    async def remove(self, conversations: Sequence[ConversationId], members: Sequence[MemberId]) -> Removed:
        """Delete conversations and members. Admin only. Raises NotAllowed, Rejected."""
        from inbox_tui.backends.sql import removal  # seldom needed

        def act(unit: UnitOfWork) -> Removed:
            require_admin(unit.actor)
            unit.db.run(_INDEX_LAST_MESSAGES)
            removed = removal.remove(unit, conversations, members)
            unit.db.run(_DROP_INDEX)
            return removed

        return await self._session.write(act)

    def as_member(self, member: MemberId) -> SqliteStore:
        """The same file as another member sees it."""
        return SqliteStore(self._session.as_member(member))
