"""The rate limits and the limits of concurrency for each client.

Counts only; who the client is was decided before. Each server process counts for itself.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from math import isfinite
from time import monotonic
from typing import Generic, TypeVar

import msgspec

from inbox_tui.domain.errors import ConfigError
from inbox_tui.domain.tokens import TokenId
from inbox_tui.server.problems import Refused
from inbox_tui.store.api import IMPORT_LIMIT

K = TypeVar("K", bound=Hashable)

TOO_MANY = 429
REMEMBERED = 10_000
"""Clients whose recent requests are counted one by one; those beyond share one bucket."""
_ROUNDING = 1e-6
"""Part of a request by which a sum of times may be off."""
_HIGHEST = 1_000_000
_MOST_BYTES = 2**40
_IN_BYTES = ("token_bodies", "all_bodies", "token_answers", "all_answers", "spool", "all_spools")


class Limits(msgspec.Struct, frozen=True):
    """What a server allows. Raises ConfigError for a limit that cannot be held."""

    rate: float = 100.0
    """Requests a second for each token; what is large or opens a stream counts as several (see ``access``)."""
    burst: int = 200
    """Requests that a token may send at once after a pause."""
    streams: int = 20
    """Open streams for each token."""
    all_streams: int = 2_000
    """Open streams for all."""
    connections: int = 4_000
    """Open connections for all."""
    scans: int = 4
    """Walks over a whole list at the same time, for all, one for each token: each holds a view of the store open."""
    at_once: int = 2
    """Requests of each token that are worked on at the same time."""
    arriving: int = 64
    """Bodies of each token that may be arriving at the same time."""
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
    address_rate: float = 20.0
    """Requests a second without a good token, for each address."""
    address_burst: int = 100
    """Those that an address may send at once after a pause."""
    address_connections: int = 0
    """Open connections for each address; 0: a quarter of all. Not behind a proxy, whose address is everybody's."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            least = 0 if name in ("streams", "all_streams", "scans", "address_connections") else 1
            is_rate = name.endswith("rate")
            most = _MOST_BYTES if name in _IN_BYTES else _HIGHEST
            fits = isfinite(value) and (0 < value <= most if is_rate else least <= value <= most)
            if not fits or not (is_rate or isinstance(value, int)):
                raise ConfigError(f"{value} is not a limit of a server ({name}).", hint="Give a number in its range.")


class RateLimiter(Generic[K]):
    """For each client a bucket of requests, which refills as time passes. A refused request takes nothing.

    Whatever is offered, no more than ``burst + rate * seconds`` requests of a client are taken, and of those that
    come faster than ``rate`` no fewer than ``rate`` a second.

    Args:
        rate: Requests a second by which a bucket refills.
        burst: Requests that a full bucket holds.
        clock: Seconds, from any origin, that only grow.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = monotonic) -> None:
        self._each = 1 / rate
        """Seconds that refill one request."""
        self._all = burst / rate
        """Seconds that refill a whole bucket."""
        self._clock = clock
        self._full_at: OrderedDict[K, float] = OrderedDict()
        """When a bucket will be full again, the one last taken from at the end; one that is full is forgotten."""
        self._others_full_at = 0.0
        """The same for all clients together that came while there were too many to remember; a new one begins with it,
        so that nobody has a full bucket twice."""

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: K) -> float:
        """Take a request: 0; or, if there is none, take nothing: the seconds until there is one."""
        now = self._clock()
        if wait := self._wait(key, now):
            return wait
        self._add(key, 1, now)
        return 0.0

    def charge(self, key: K, count: int) -> None:
        """Take so many more for a request that was taken and turns out to be work for many, whether they are there."""
        if count:
            self._add(key, count, self._clock())

    def give_back(self, key: K) -> None:
        """Undo one ``take``."""
        if key in self._full_at:
            self._full_at[key] -= self._each

    def wait(self, key: K) -> float:
        """Seconds until there is a request to take; 0 if there is one."""
        return self._wait(key, self._clock())

    def _add(self, key: K, count: int, now: float) -> None:
        full_at = max(self._full_at.pop(key, self._others_full_at), now) + self._each * count
        self._forget_full(now)
        if len(self._full_at) < REMEMBERED:
            self._full_at[key] = full_at
        else:
            self._others_full_at = full_at

    def _wait(self, key: K, now: float) -> float:
        missing = max(0.0, self._full_at.get(key, self._others_full_at) - now)
        wait = missing + self._each - self._all
        return wait if wait > self._each * _ROUNDING else 0.0

    def _forget_full(self, now: float) -> None:
        """Each is full ``_all`` seconds after it was last taken from, so the oldest never stays."""
        while self._full_at and self._full_at[oldest := next(iter(self._full_at))] <= now:
            del self._full_at[oldest]


class StreamLimits:
    """How many streams and walks are open, and how many bodies are arriving."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._streams: Counter[TokenId] = Counter()
        self._arriving: Counter[TokenId] = Counter()
        self._scans = 0
        self._scanning: set[TokenId] = set()

    @contextmanager
    def stream(self, token: TokenId) -> Iterator[None]:
        """A stream for as long as the block lasts. Raises Refused (429)."""
        is_full = self._streams.total() >= self._limits.all_streams
        if is_full or self._streams[token] >= self._limits.streams:
            raise Refused(TOO_MANY, "too_many", "Too many streams are open.", retry_after=5)
        with _counted_in(self._streams, token):
            yield

    @property
    def arriving(self) -> int:
        """Bodies of all tokens that are arriving now."""
        return self._arriving.total()

    @contextmanager
    def arrival(self, token: TokenId) -> Iterator[None]:
        """A body that arrives for as long as the block lasts. Raises Refused (429)."""
        if self._arriving[token] >= self._limits.arriving:
            raise Refused(TOO_MANY, "too_many", "Too many bodies of this token are arriving already.", retry_after=5)
        with _counted_in(self._arriving, token):
            yield

    @contextmanager
    def scan(self, token: TokenId) -> Iterator[Callable[[], None]]:
        """A walk for as long as the block lasts; what it gives is called when the store is read no longer.

        Others may then begin, though the client still takes what was read. Raises Refused (429).
        """
        if token in self._scanning or self._scans >= self._limits.scans:
            raise Refused(TOO_MANY, "too_many", "Too many exports are under way.", retry_after=5)
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


@contextmanager
def _counted_in(counter: Counter[TokenId], token: TokenId) -> Iterator[None]:
    """One more of a token for as long as the block lasts; nothing is kept of a token that has none."""
    counter[token] += 1
    try:
        yield
    finally:
        counter[token] -= 1
        if not counter[token]:
            del counter[token]
