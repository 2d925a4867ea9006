"""What the commands say of conversations of which not everything can be read: their ids, and what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from inbox_tui.cli.output import say
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation
from inbox_tui.store.protocol import Scan

_NAMED = 5
"""Conversations that are named; of more only their number is told."""


class Damaged:
    """The damaged ones among the conversations that a command shows."""

    def __init__(self) -> None:
        self._found: list[Conversation] = []

    def note(self, conversations: Iterable[Conversation]) -> None:
        """Look through conversations that are shown."""
        self._found += [conversation for conversation in conversations if conversation.damage]

    def tell(self) -> None:
        """Say on stderr what was found, if anything was."""
        for conversation in self._found[:_NAMED]:
            say(f"Conversation {conversation.id} is damaged: {conversation.damage} cannot be read.")
        if len(self._found) > _NAMED:
            say(f"… and {len(self._found) - _NAMED:,} more are.")
        if self._found:
            say("See what to do with: inbox-tui doctor")


class NotingScan:
    """A Scan whose damaged conversations are noted as they pass."""

    def __init__(self, store: Scan, damaged: Damaged) -> None:
        self._store = store
        self._damaged = damaged

    async def scan(self, query: Query, batch: int = 1000) -> AsyncIterator[Sequence[Conversation]]:
        """The store's."""
        async for some in self._store.scan(query, batch):
            self._damaged.note(some)
            yield some

    async def matching(self, query: Query, limit: int) -> Sequence[Conversation]:
        """The store's."""
        return await self._store.matching(query, limit)
