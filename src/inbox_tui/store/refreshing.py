"""Reads after a write what the screen shows: the changed conversations, the filters' numbers and the open thread.

A ``Refreshing`` store answers in one call. For any other, ``read_refreshed`` requests the parts concurrently.
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
    """The request."""

    ids: Sequence[ConversationId] = ()
    """The changed conversations, any number."""
    scope: Scope = WHOLE_WORKSPACE
    """The scope to count."""
    thread: ConversationId | None = None
    """The conversation whose newest messages to read."""
    limit: int = 200
    """The most messages to read."""


class Refreshed(msgspec.Struct, frozen=True):
    """The answer."""

    conversations: Sequence[Conversation]
    """The existing ones, as ``get_many`` returns them."""
    counts: Counts
    thread: Thread | None
    """None if the request named none, or its conversation does not exist."""


@runtime_checkable
class Refreshing(Protocol):
    """A store that reads everything in one call. Each part equals the answer of its own verb."""

    async def refresh(self, wanted: Refresh) -> Refreshed:
        """``get_many``, ``counts`` and ``thread``. Raises NotAllowed for a thread."""


async def read_refreshed(store: Store, wanted: Refresh) -> Refreshed:
    """Refresh from any store. Raises InboxError."""
    if isinstance(store, Refreshing):
        return await store.refresh(wanted)
    return await read_apart(store, wanted)


async def read_apart(store: Store, wanted: Refresh) -> Refreshed:
    """Refresh with the verbs of the port. Raises InboxError."""
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
