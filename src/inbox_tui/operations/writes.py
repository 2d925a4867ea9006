"""Where the writes of a screen go: to the store at once, or through an outbox (``delivery``).

The one choice between the two is made where the store is opened; nobody else asks which it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.models import ConversationId, Sent
from inbox_tui.local.outbox import ReplyWrite
from inbox_tui.operations.decisions import Direct
from inbox_tui.operations.decisions import Writes as Decisions


class Listener(Protocol):
    """What a screen wants to know of writes that nobody waits for just now."""

    def held(self, error: InboxError) -> None:
        """The store takes no writes: when that begins, when its reason changes, and with each write meanwhile."""

    def refused(self, ids: Sequence[ConversationId], error: InboxError) -> None:
        """The store refused what was decided before a restart."""

    def unconfirmed(self, write: ReplyWrite) -> None:
        """The store may have a reply although no answer came."""


class Writes(Decisions, Protocol):
    """The writes of one member to one store."""

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
        """Send a reply or note; returns once the store has it. Raises as ``Store.reply``."""

    async def aclose(self) -> None:
        """Stop trying."""


class DirectWrites(Direct):
    """Writes that are made at once, by a store that is always there."""

    held_by: InboxError | None = None
    unconfirmed = ""
    survives = False
    undelivered = 0

    def is_safe(self, key: str) -> bool:
        """Whether a later start would deliver a reply: never, its text is a draft then."""
        return False

    def left(self) -> list[ReplyWrite]:
        """What an earlier program sent: nothing."""
        return []

    def start(self, listener: Listener) -> None:
        """Begin; whoever writes hears what comes of it."""

    def line_is_down(self) -> None:
        """The store is not heard, which each write finds out by itself."""

    def line_is_back(self) -> None:
        """The store is heard again."""

    async def reply(self, write: ReplyWrite) -> Sent:
        """Send a reply or note. Raises as ``Store.reply``."""
        return await self._store.reply(write.id, write.draft)

    async def aclose(self) -> None:
        """Nothing is tried."""
