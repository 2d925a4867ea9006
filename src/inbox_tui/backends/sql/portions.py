"""How much of a long work goes into one transaction, so that other writers get their turn in between."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

AIM = 0.02
"""Seconds that a transaction of a long work should take. What others wait for it then stays below 0.05."""
BETWEEN = 0.004
"""Seconds between two of them: longer than a writer of another process waits between two attempts (``connections``)."""

_SMALLEST, _LARGEST = 4, 5_000


class Portion:
    """The weight of one transaction's work, learned from how long the ones before took.

    Args:
        clock: Seconds, growing. Called in the writer's thread.
        weight: What the first may weigh. One is about what inserting a short message costs.
    """

    def __init__(self, clock: Callable[[], float] = monotonic, weight: int = 60) -> None:
        self._clock = clock
        self._weight = weight
        self._spent = 0
        self._began = 0.0

    @property
    def is_spent(self) -> bool:
        """The transaction has done enough."""
        return self._spent >= self._weight or self._clock() - self._began >= AIM

    @property
    def left(self) -> int:
        """The weight that still fits in; at least one."""
        return max(1, self._weight - self._spent)

    def begin(self) -> None:
        """A transaction begins."""
        self._spent = 0
        self._began = self._clock()

    def spend(self, weight: int) -> None:
        """Work of this weight was done."""
        self._spent += weight

    def end(self) -> None:
        """It is committed. The next one is as much larger or smaller as this one was too short or too long."""
        took = max(self._clock() - self._began, AIM / 100)
        if took > AIM:
            self._weight = max(_SMALLEST, int(min(self._spent, self._weight) * AIM / took))
        elif self._spent >= self._weight:
            self._weight = min(_LARGEST, int(self._weight * min(2.0, AIM / took)) + 1)
