"""State changes on their way to a store: one, with what was there before it, or many in parts.

What a change means, and whether it may be made, is the store's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol

from inbox_tui.domain.models import Assign, Conversation, Outcome, StateChange
from inbox_tui.store.protocol import Store

AT_ONCE = 500
"""Changes that one call to the store carries: a colleague's write waits no longer than that."""


class Writes(Protocol):
    """Where changes go: to the store, or to what delivers to it."""

    async def decide(self, change: StateChange) -> Outcome:
        """Make one change. Raises as ``Store.assign`` and ``Store.set_status``."""

    def apply(self, changes: Sequence[StateChange]) -> AsyncIterator[Sequence[Outcome]]:
        """Make many, part by part; what each part came to. Raises as ``Store.apply``."""


class Direct:
    """Changes that are made at once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def decide(self, change: StateChange) -> Outcome:
        """Make one change, whatever the screen showed before it: that may be old, and an undo must not be."""
        before = await self._store.get(change.id)
        return Outcome(change, before, await change_one(self._store, change))

    async def apply(self, changes: Sequence[StateChange]) -> AsyncIterator[Sequence[Outcome]]:
        """Make many, each part once the one before is made."""
        for part in parts(changes):
            yield await self._store.apply(part)


async def change_one(store: Store, change: StateChange) -> Conversation:
    """The conversation after the change. Raises as ``Store.assign`` and ``Store.set_status``."""
    if isinstance(change, Assign):
        return await store.assign(change.id, change.member, change.expected)
    return await store.set_status(change.id, change.status, change.expected)


def parts(changes: Sequence[StateChange]) -> Iterable[Sequence[StateChange]]:
    """The changes, so many as go together."""
    return (changes[start : start + AT_ONCE] for start in range(0, len(changes), AT_ONCE))
