"""How many requests of one token are worked on at once; its others wait in its own line, so that nobody else does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from inbox_tui.domain.tokens import TokenId
from inbox_tui.server.problems import Refused

_TOO_MANY = 429


class Turns:
    """The lines of all tokens.

    Args:
        at_once: Requests of a token that are worked on at the same time.
        waiting: Further ones of it that may wait.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._at_once = at_once
        self._most_waiting = waiting
        self._in_work: dict[TokenId, int] = {}
        self._waiting: dict[TokenId, deque[asyncio.Future[None]]] = {}

    @property
    def in_work(self) -> int:
        """Requests that are worked on now."""
        return sum(self._in_work.values())

    @asynccontextmanager
    async def turn(self, token: TokenId) -> AsyncIterator[None]:
        """A turn for as long as the block lasts, waited for. Raises Refused (429) where too many wait already."""
        if self._in_work.get(token, 0) < self._at_once:
            self._in_work[token] = self._in_work.get(token, 0) + 1
        else:
            await self._wait(token)
        try:
            yield
        finally:
            self._pass_on(token)

    async def _wait(self, token: TokenId) -> None:
        line = self._waiting.setdefault(token, deque())
        if len(line) >= self._most_waiting:
            raise Refused(_TOO_MANY, "too_many", "Too many requests of this token wait already.", retry_after=1)
        coming: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(coming)
        try:
            await coming
        except asyncio.CancelledError:
            if coming.cancelled():
                with suppress(ValueError):  # a turn came by and passed it over
                    line.remove(coming)
                self._forget_empty(token)
            else:  # it came at the moment when nobody waited any more
                self._pass_on(token)
            raise

    def _pass_on(self, token: TokenId) -> None:
        """Give a turn to who waits next, or back."""
        line = self._waiting.get(token, deque())
        while line:
            following = line.popleft()
            self._forget_empty(token)
            if not following.cancelled():
                following.set_result(None)
                return
        self._in_work[token] -= 1
        if not self._in_work[token]:
            del self._in_work[token]

    def _forget_empty(self, token: TokenId) -> None:
        if not self._waiting.get(token):
            self._waiting.pop(token, None)
