"""Limits the bytes of requests, or of answers, that a server holds at a time: for each token, and in all.

What is held is given back when its request ends, however it ends. Counts only; nothing here reads or sends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from inbox_tui.domain.tokens import TokenId
from inbox_tui.server.problems import Refused

SMALL = 64 * 1024
"""Bytes up to which a body or an answer is small. An eighth of the room is theirs: large ones cannot keep them out."""
LARGEST = 16 * 1024 * 1024
"""Bytes of the largest body, and of the largest answer. Both have room even if a token's own room is smaller."""
_TOO_LARGE = 422
_TOO_MANY = 429
_BUSY = 503
_TRY_AGAIN = 2.0


class Budget:
    """Room for bytes.

    Args:
        each: Bytes for one token. One piece that is larger fits in when the token holds nothing else.
        all: Bytes for all tokens.
        largest: Bytes of the largest such piece.
    """

    def __init__(self, each: int, all: int, largest: int = LARGEST) -> None:
        self._each = each
        self._largest = largest
        self._all = all
        self._held: Counter[TokenId] = Counter()

    @property
    def held(self) -> int:
        """Bytes that are held now."""
        return self._held.total()

    @contextmanager
    def share(self, token: TokenId) -> Iterator[Share]:
        """A share that grows as it is needed, and is given back with the block."""
        share = Share(self, token)
        try:
            yield share
        finally:
            self._held[token] -= share.size
            if not self._held[token]:
                del self._held[token]

    def take(self, token: TokenId, share: int, more: int) -> None:
        """``more`` bytes for a share of this size.

        Raises Refused (422: too large in any case; 429: the token's own are too many; 503: all are).
        """
        if share + more > max(self._each, self._largest):
            raise Refused(_TOO_LARGE, "too_large", "This is more than the server holds at once; ask for less.")
        if self._held[token] + more > max(self._each, share + more):
            raise Refused(
                _TOO_MANY, "too_many", "This token has too much under way; wait for it.", retry_after=_TRY_AGAIN
            )
        room = self._all if share + more <= SMALL else self._all - self._all // 8
        if self.held + more > room:
            raise Refused(_BUSY, "busy", "The server has too much under way; try again.", retry_after=_TRY_AGAIN)
        self._held[token] += more


class Share:
    """What one request holds of a budget."""

    def __init__(self, budget: Budget, token: TokenId) -> None:
        self._budget = budget
        self._token = token
        self.size = 0

    def grow_to(self, size: int) -> None:
        """Hold at least so many bytes. Raises Refused."""
        if size > self.size:
            self._budget.take(self._token, self.size, size - self.size)
            self.size = size
