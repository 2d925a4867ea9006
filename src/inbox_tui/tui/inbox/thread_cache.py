"""The threads that were read lately, so that moving back and forth shows them at once.

Holds only what a store said; whoever writes or hears of a write must ``forget``.
"""

from __future__ import annotations

from collections import OrderedDict

from inbox_tui.domain.models import ConversationId, Thread

CACHE_SIZE = 64
"""Threads that are kept; the one used longest ago goes first."""


class ThreadCache:
    """Newest stretch of each conversation that was looked at or is likely to be next."""

    def __init__(self) -> None:
        self._threads: OrderedDict[ConversationId, Thread] = OrderedDict()

    def get(self, id: ConversationId) -> Thread | None:
        """The thread as it was last read, if it is still here."""
        if id in self._threads:
            self._threads.move_to_end(id)
        return self._threads.get(id)

    def put(self, thread: Thread) -> None:
        """Keep a thread that was just read."""
        self._threads[thread.conversation.id] = thread
        self._threads.move_to_end(thread.conversation.id)
        if len(self._threads) > CACHE_SIZE:
            self._threads.popitem(last=False)

    def forget(self, id: ConversationId) -> None:
        """The conversation was written to: what is kept of it is old."""
        self._threads.pop(id, None)

    def clear(self) -> None:
        """Everything may be old."""
        self._threads.clear()
