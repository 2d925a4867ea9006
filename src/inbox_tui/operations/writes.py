"""Where a member's writes go: straight to the store, or through the outbox (``delivery``).

The one choice between the two is made where the store is opened; nobody else asks which it is.
What a write means, and whether it may be made, is for the store to say.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol

from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.models import ConversationId, Sent, StateChange
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.domain.writes import ReplyWrite
from inbox_tui.store.protocol import Store


class Listener(Protocol):
    """What a screen wants to know of writes that nobody waits for just now."""

    def held(self, error: InboxError) -> None:
        """The store takes no writes: when that begins, when its reason changes, and with each write meanwhile."""

    def refused(self, ids: Sequence[ConversationId], error: InboxError) -> None:
        """The store refused what was decided before a restart."""

    def unconfirmed(self, write: ReplyWrite) -> None:
        """The store may have a reply although no answer came."""


class Writes(Protocol):
    """What takes a member's writes."""

    @property
    def held_by(self) -> InboxError | None:
        """Why the store takes no writes although it is heard; None if it takes them."""

    @property
    def unconfirmed(self) -> str:
        """The key of the reply that the store may have although no answer came; "" if none is in doubt."""

    @property
    def survives(self) -> bool:
        """What is not delivered waits on disk for the next start."""

    @property
    def undelivered(self) -> int:
        """How many writes are on disk and wait."""

    def is_safe(self, key: str) -> bool:
        """Whether a reply is on disk and would be delivered by a later start."""

    def left(self) -> list[ReplyWrite]:
        """Replies and notes that an earlier program sent."""

    def start(self, listener: Listener) -> None:
        """Deliver what is left from earlier, and report to a screen from now on."""

    def line_is_down(self) -> None:
        """The store is not heard."""

    def line_is_back(self) -> None:
        """The store is heard again."""

    async def reply(self, write: ReplyWrite) -> Sent:
        """Send a reply or write a note; returns once the store has it. Raises as ``Store.reply``."""

    def decide_in_batches(self, changes: Sequence[StateChange]) -> AsyncIterator[Sequence[Outcome]]:
        """Change the state of conversations; the outcomes come batch by batch. Raises as ``Store.decide``."""

    async def aclose(self) -> None:
        """Stop trying."""


class Direct:
    """Writes that the store gets at once, and that fail if it does not take them."""

    held_by: InboxError | None = None
    unconfirmed = ""
    survives = False
    undelivered = 0

    def __init__(self, store: Store) -> None:
        self._store = store

    def is_safe(self, key: str) -> bool:
        """Whether a later start would deliver a reply: never, its text is a draft then."""
        return False

    def left(self) -> list[ReplyWrite]:
        """What an earlier program sent: nothing."""
        return []

    def start(self, listener: Listener) -> None:
        """Nothing is left from earlier, and whoever writes hears what comes of it."""

    def line_is_down(self) -> None:
        """Each write finds out by itself."""

    def line_is_back(self) -> None:
        """Nothing waits for it."""

    async def reply(self, write: ReplyWrite) -> Sent:
        """Send a reply or write a note. Raises as ``Store.reply``."""
        return await self._store.reply(write.id, write.draft)

    async def decide_in_batches(self, changes: Sequence[StateChange]) -> AsyncIterator[Sequence[Outcome]]:
        """Change the state of conversations, each batch after the one before."""
        for batch in batches(changes, self._store):
            yield await self._store.decide(batch)

    async def aclose(self) -> None:
        """Nothing is tried."""


def batches(changes: Sequence[StateChange], store: Store) -> Iterable[Sequence[StateChange]]:
    """The changes, in batches of the size that the store asks for."""
    size = store.capabilities.batch
    return (changes[start : start + size] for start in range(0, len(changes), size))
