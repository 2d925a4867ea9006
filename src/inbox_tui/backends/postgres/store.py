"""The store in a PostgreSQL database: opening it, and following it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random

import msgspec

from inbox_tui.backends.postgres.connections import name_of, require_readable
from inbox_tui.backends.postgres.feed import follow
from inbox_tui.backends.postgres.session import ServerSession
from inbox_tui.backends.sql.store import CAPABILITIES, SqlStore
from inbox_tui.domain.changes import ChangeId, Changes
from inbox_tui.domain.errors import Unsupported
from inbox_tui.domain.models import MemberId
from inbox_tui.domain.rules import require_admin
from inbox_tui.store.protocol import Capabilities, Clock
from inbox_tui.store.registry import Identity
from inbox_tui.store.url import StoreUrl

_CAPABILITIES = msgspec.structs.replace(CAPABILITIES, outbox=True)


async def open_store(url: StoreUrl, identity: Identity, clock: Clock) -> PostgresStore:
    """Open the database that the address names, and make its tables if it is empty.

    Raises:
        ConfigError: the database does not exist, or the address cannot be read.
        CredentialError: the server does not accept the login, or the workspace does not know the identity.
        StoreUnavailable, StoreBroken.
    """
    require_readable(url)
    session = ServerSession(url.text, name_of(url), clock)
    try:
        await session.sign_in(identity)
    except BaseException:
        await session.aclose()
        raise
    return PostgresStore(session, clock)


class PostgresStore(SqlStore):
    """A workspace in one PostgreSQL database, seen by one member."""

    _session: ServerSession

    def __init__(self, session: ServerSession, clock: Clock) -> None:
        super().__init__(session)
        self._clock = clock

    @property
    def capabilities(self) -> Capabilities:
        """Everything; and writes wait on disk while the server is away."""
        return _CAPABILITIES

    def changes(self, since: ChangeId | None = None) -> AsyncIterator[Changes]:
        """Reports of writes, by anybody, after ``since``; those of a lost line among them. Ends with ``aclose``."""
        return follow(self._session, self._closing, since, self._clock, Random())

    async def back_up(self, target: Path, progress: Callable[[float], None] | None = None) -> None:
        """Raises NotAllowed; to an admin Unsupported: PostgreSQL's own program does it."""
        require_admin(await self.me())
        raise Unsupported(
            f"{self.name} is not copied into a file by this program.",
            hint=f"Use PostgreSQL's: pg_dump --format=custom --file={target} --dbname=ADDRESS",
        )

    def as_member(self, member: MemberId) -> PostgresStore:
        """The same database as another member sees it."""
        return PostgresStore(self._session.as_member(member), self._clock)
