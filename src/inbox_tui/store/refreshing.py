"""What a screen reads after somebody wrote: the changed conversations, the filters' numbers and the open thread.

A store that is ``Refreshing`` answers by one call. Any other is asked for each part, all at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.filters import WHOLE_WORKSPACE, Counts, Scope
from inbox_tui.domain.models import Conversation, ConversationId, Thread
from inbox_tui.store.protocol import Store


class Refresh(msgspec.Struct, frozen=True):
    """What is to be read again."""

    ids: Sequence[ConversationId] = ()
    """Conversations that changed, any number."""
    scope: Scope = WHOLE_WORKSPACE
    """What is counted."""
    thread: ConversationId | None = None
    """The conversation whose newest messages are wanted."""
    limit: int = 200
    """Messages wanted of it."""


class Refreshed(msgspec.Struct, frozen=True):
    """What was read again."""

    conversations: Sequence[Conversation]
    """Those that exist, as ``get_many`` gives them."""
    counts: Counts
    thread: Thread | None
    """None if none was wanted, or its conversation does not exist."""


@runtime_checkable
class Refreshing(Protocol):
    """A store that reads all of it by one call. Each part is what its own verb gives."""

    async def refresh(self, wanted: Refresh) -> Refreshed:
        """``get_many``, ``counts`` and ``thread``. Raises NotAllowed for a thread."""


async def read_refreshed(store: Store, wanted: Refresh) -> Refreshed:
    """The same of any store. Raises InboxError."""
    if isinstance(store, Refreshing):
        return await store.refresh(wanted)
    return await read_apart(store, wanted)


async def read_apart(store: Store, wanted: Refresh) -> Refreshed:
    """The same by the verbs of the port. Raises InboxError."""
    found, counts, thread = await asyncio.gather(
        _many(store, wanted), store.counts(wanted.scope), _thread(store, wanted)
    )
    return Refreshed(found, counts, thread)


async def _many(store: Store, wanted: Refresh) -> Sequence[Conversation]:
    return await store.get_many(wanted.ids) if wanted.ids else ()


async def _thread(store: Store, wanted: Refresh) -> Thread | None:
    if wanted.thread is None:
        return None
    try:
        return await store.thread(wanted.thread, limit=wanted.limit)
    except NotFound:
        return None
