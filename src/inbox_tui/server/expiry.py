"""Streams end when the token does that they were opened with, whether or not anything happens in the workspace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from inbox_tui.domain.errors import CredentialError
from inbox_tui.domain.tokens import Token
from inbox_tui.store.protocol import Clock

T = TypeVar("T")

LOOKS_EVERY = 1.0
"""Seconds between two looks at the clock. It is looked at, and not waited for: it may be set, or the machine sleep."""


class Expiry:
    """One look at the clock for all that wait.

    Args:
        clock: Says whether a token has expired.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waits: dict[asyncio.Timeout, Token] = {}
        self._look_later: asyncio.TimerHandle | None = None

    async def while_held(self, token: Token, items: AsyncIterator[T]) -> AsyncIterator[T]:
        """What comes, until the token has expired."""
        while token.holds(self._clock()):
            wait = asyncio.timeout(None)
            try:
                async with wait:
                    self._watch(wait, token)
                    try:
                        came = [await anext(items)]
                    finally:
                        del self._waits[wait]
            except TimeoutError:
                if not wait.expired():
                    raise
                return
            except StopAsyncIteration:
                return
            yield came.pop()  # held here no longer: it may be long, and its stream slow

    def require(self, token: Token) -> None:
        """Raises CredentialError for a token that has expired."""
        if not token.holds(self._clock()):
            raise CredentialError("The token has expired.", hint="Ask an admin for another.")

    def _watch(self, wait: asyncio.Timeout, token: Token) -> None:
        self._waits[wait] = token
        if self._look_later is None:
            self._look_later = asyncio.get_running_loop().call_later(LOOKS_EVERY, self._look)

    def _look(self) -> None:
        self._look_later = None
        now = self._clock()
        loop = asyncio.get_running_loop()
        for wait, token in self._waits.items():
            if not token.holds(now):
                wait.reschedule(loop.time())
        if self._waits:
            self._look_later = loop.call_later(LOOKS_EVERY, self._look)
