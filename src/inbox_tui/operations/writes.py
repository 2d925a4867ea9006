"""Where a member's writes go: straight to the store, or through the outbox (``delivery``).

What a write means, and whether it may be made, is for the store to say.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol

from inbox_tui.domain.models import ConversationId, ReplyDraft, Sent, StateChange
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.store.protocol import Store


class Writes(Protocol):
    """What takes a member's writes."""

    async def reply(self, id: ConversationId, draft: ReplyDraft, *, and_resolve: bool = False) -> Sent:
        """Send a reply or write a note. Raises as ``Store.reply``.

        ``and_resolve`` changes nothing now: an outbox keeps it for whoever delivers the reply after a restart.
        """

    def decide_in_batches(self, changes: Sequence[StateChange]) -> AsyncIterator[Sequence[Outcome]]:
        """Change the state of conversations; the outcomes come batch by batch. Raises as ``Store.decide``."""


class Direct:
    """Writes that the store gets at once, and that fail if it does not take them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def reply(self, id: ConversationId, draft: ReplyDraft, *, and_resolve: bool = False) -> Sent:
        """Send a reply or write a note. Raises as ``Store.reply``."""
        return await self._store.reply(id, draft)

    async def decide_in_batches(self, changes: Sequence[StateChange]) -> AsyncIterator[Sequence[Outcome]]:
        """Change the state of conversations, each batch after the one before."""
        for batch in batches(changes, self._store):
            yield await self._store.decide(batch)


def batches(changes: Sequence[StateChange], store: Store) -> Iterable[Sequence[StateChange]]:
    """The changes, in batches of the size that the store asks for."""
    size = store.capabilities.batch
    return (changes[start : start + size] for start in range(0, len(changes), size))
