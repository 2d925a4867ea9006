"""Caches recent threads, so that moving back and forth shows them at once.

Holds only answers of the store; every write, by anybody, must ``forget`` its conversation.
"""

from __future__ import annotations

from collections import OrderedDict

from inbox_tui.domain.models import ConversationId, Thread

CACHE_SIZE = 64
"""The number of cached threads; the least recently used one goes first."""


class ThreadCache:
    """The newest messages of conversations that were open or are likely to be next."""

    def __init__(self) -> None:
        self._threads: OrderedDict[ConversationId, Thread] = OrderedDict()

    def get(self, id: ConversationId) -> Thread | None:
        """The cached thread, if there is one."""
        if id in self._threads:
            self._threads.move_to_end(id)
        return self._threads.get(id)

    def put(self, thread: Thread) -> None:
        """Cache a thread."""
        self._threads[thread.conversation.id] = thread
        self._threads.move_to_end(thread.conversation.id)
        if len(self._threads) > CACHE_SIZE:
            self._threads.popitem(last=False)

    def forget(self, id: ConversationId) -> None:
        """The conversation changed: drop its thread."""
        self._threads.pop(id, None)

    def clear(self) -> None:
        """Everything may be out of date: clear the cache."""
        self._threads.clear()
