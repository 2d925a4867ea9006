"""Checks whether the store answers, and caches the result for concurrent probes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from inbox_tui.domain.errors import StoreBroken, StoreUnavailable
from inbox_tui.store.protocol import Host, Store

_BROKEN = "The store cannot be used by this server. Its log tells more; update the server, or start it again."
HOLDS_FOR = 1.0
"""Seconds for which an answer holds."""


class Readiness:
    """The last answer of a store.

    Args:
        ask: Asks the store; raises InboxError where it cannot answer.
        clock: Seconds that only grow.
    """

    def __init__(self, ask: Callable[[], Awaitable[object]], clock: Callable[[], float] = monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._asked_at = 0.0
        self._answer: asyncio.Future[object] | None = None

    async def require(self) -> None:
        """Raises InboxError, as the store does, unless it answers, or did a moment ago."""
        now = self._clock()
        if self._answer is None or (self._answer.done() and now - self._asked_at >= HOLDS_FOR):
            self._asked_at = now
            self._answer = asyncio.ensure_future(self._ask())
            self._answer.add_done_callback(_look_at)
        await asyncio.shield(self._answer)


async def require_ready(store: Store, host: Host) -> None:
    """Raises StoreUnavailable unless the store answers and takes writes.

    Args:
        store: What is asked.
        host: The same store, as one that a server offers.
    """
    try:
        await store.counts()
        await host.require_writable()
    except StoreBroken as error:
        raise StoreUnavailable(error.message, hint=error.hint, public=error.public or _BROKEN) from error


def _look_at(answer: asyncio.Future[object]) -> None:
    """Nobody may wait any longer for an answer that is an error."""
    if not answer.cancelled():
        answer.exception()
