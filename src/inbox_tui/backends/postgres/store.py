"""The store in a PostgreSQL database: opening it, and following it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random

import msgspec

from inbox_tui.backends.postgres.connections import name_of, require_readable
from inbox_tui.backends.postgres.feed import Announcements, follow
from inbox_tui.backends.postgres.session import ServerSession
from inbox_tui.backends.sql.roster import agents_by_name, members_by_name
from inbox_tui.backends.sql.store import CAPABILITIES, SqlStore
from inbox_tui.domain.changes import ChangeId, FeedReport
from inbox_tui.domain.errors import Unsupported
from inbox_tui.domain.filters import Counts, Query
from inbox_tui.domain.models import MemberId
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.domain.rules import require_admin
from inbox_tui.store.overview import Overview
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
    announcements = Announcements(session)
    try:
        await session.connect()
        if identity.first is not None:  # a screen needs the other two connections soon: they are made meanwhile
            announcements.begin()
            session.make_ready()
        await session.sign_in(identity)
    except BaseException:
        await announcements.aclose()
        await session.aclose()
        raise
    return PostgresStore(session, clock, announcements)


class PostgresStore(SqlStore):
    """A workspace in one PostgreSQL database, seen by one member."""

    _session: ServerSession

    def __init__(self, session: ServerSession, clock: Clock, announcements: Announcements | None = None) -> None:
        """The first who follows does so by these ``announcements``."""
        super().__init__(session)
        self._clock = clock
        self._announcements = announcements

    @property
    def capabilities(self) -> Capabilities:
        """Everything; and writes wait on disk while the server is away."""
        return _CAPABILITIES

    async def overview(self, query: Query, request: PageRequest) -> Overview:
        """What the first screen shows, in one round trip unless it searches."""
        if query.search.strip():
            me, (page, counts) = await asyncio.gather(self.me(), self.counted_page(query, request))
            return Overview(me, tuple(await self.agents()), tuple(await self.members()), counts, page)
        page, counts, roster = await self._lists.counted_page(query, request)
        me = roster.acting(self._session.me)
        return Overview(me, tuple(agents_by_name(roster)), tuple(members_by_name(roster)), counts, page)

    async def counted_page(self, query: Query, request: PageRequest) -> tuple[Page, Counts]:
        """A page and the counts of its agent, in one round trip unless it searches."""
        if query.search.strip():
            page, counts = await asyncio.gather(self.list(query, request), self.counts(query.scope))
            return page, counts
        page, counts, _ = await self._lists.counted_page(query, request)
        return page, counts

    def changes(self, since: ChangeId | None = None) -> AsyncIterator[FeedReport]:
        """Reports of writes, by anybody, after ``since``; those of a lost line among them. Ends with ``aclose``."""
        begun, self._announcements = self._announcements, None
        return follow(self._session, self._closing, since, self._clock, random=Random(), begun=begun)

    async def aclose(self) -> None:
        """Finish writes under way, unless they take long, and let go of the database."""
        if self._announcements is not None:
            await self._announcements.aclose()
        await super().aclose()

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
