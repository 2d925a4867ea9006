"""How much one client may ask: requests a second, streams at once.

Counts only; who the client is was decided before. Each server process counts for itself.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import msgspec

from inbox_tui.domain.tokens import TokenId
from inbox_tui.server.problems import Refused
from inbox_tui.store.api import IMPORT_LIMIT

_TOO_MANY = 429
_CLIENTS_REMEMBERED = 10_000


class Limits(msgspec.Struct, frozen=True):
    """What a server allows."""

    rate: float = 100.0
    """Requests a second for each token."""
    burst: int = 400
    """Requests that a token may send at once after a pause."""
    streams: int = 20
    """Open streams for each token."""
    all_streams: int = 2_000
    """Open streams for all."""
    connections: int = 4_000
    """Open connections for all."""
    scans: int = 4
    """Walks over a whole list at the same time, for all, one for each token: each holds a view of the store open."""
    at_once: int = 8
    """Requests of each token that are worked on at the same time."""
    waiting: int = 400
    """Further ones of each token that may wait for their turn."""
    token_bodies: int = IMPORT_LIMIT
    """Bytes of bodies that each token may have under way."""
    all_bodies: int = 32 * 1024 * 1024
    """The same for all."""
    token_answers: int = 16 * 1024 * 1024
    """Bytes of answers that each token may leave untaken; a larger one only by itself."""
    all_answers: int = 64 * 1024 * 1024
    """The same for all."""
    spool: int = 1024 * 1024 * 1024
    """Bytes of an export that wait on disk until its client takes them."""
    all_spools: int = 2 * 1024 * 1024 * 1024
    """The same for all exports."""


class Rates:
    """A bucket of requests for each token, refilled as time passes."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._buckets: OrderedDict[TokenId, tuple[float, float]] = OrderedDict()
        """What is left, and when that was so; the most recently used last."""

    def take(self, token: TokenId) -> None:
        """One more request. Raises Refused (429) when there were too many."""
        now = self._clock()
        left, at = self._buckets.pop(token, (float(self._limits.burst), now))
        left = min(float(self._limits.burst), left + (now - at) * self._limits.rate)
        self._buckets[token] = (max(0.0, left - 1), now)
        if len(self._buckets) > _CLIENTS_REMEMBERED:
            self._buckets.popitem(last=False)
        if left < 1:
            wait = (1 - left) / self._limits.rate
            raise Refused(_TOO_MANY, "too_many", "Too many requests; wait a moment.", retry_after=wait)


class Places:
    """How many streams and walks are open."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._streams: Counter[TokenId] = Counter()
        self._scans = 0
        self._scanning: set[TokenId] = set()

    @contextmanager
    def stream(self, token: TokenId) -> Iterator[None]:
        """A stream for as long as the block lasts. Raises Refused (429)."""
        is_full = self._streams.total() >= self._limits.all_streams
        if is_full or self._streams[token] >= self._limits.streams:
            raise Refused(_TOO_MANY, "too_many", "Too many streams are open.", retry_after=5)
        self._streams[token] += 1
        try:
            yield
        finally:
            self._streams[token] -= 1
            if not self._streams[token]:
                del self._streams[token]

    @contextmanager
    def scan(self, token: TokenId) -> Iterator[Callable[[], None]]:
        """A walk for as long as the block lasts; what it gives is called when the store is read no longer.

        Others may then begin, though the client still takes what was read. Raises Refused (429).
        """
        if token in self._scanning or self._scans >= self._limits.scans:
            raise Refused(_TOO_MANY, "too_many", "Too many exports are under way.", retry_after=5)
        self._scanning.add(token)
        self._scans += 1
        is_reading = True

        def is_read() -> None:
            nonlocal is_reading
            self._scans -= is_reading
            is_reading = False

        try:
            yield is_read
        finally:
            is_read()
            self._scanning.discard(token)
