"""A queue in which clients take turns: each one's jobs stay in order, and nobody's many jobs delay another's one."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Generic, TypeVar

J = TypeVar("J")


class TurnQueue(Generic[J]):
    """Jobs from any thread, taken by one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str | None, deque[J]] = OrderedDict()
        """Each client's jobs; the client whose turn is next comes first."""
        self._is_closed = False

    def put(self, job: J, client: str | None) -> None:
        """Add a job behind the client's others."""
        with self._changed:
            self._waiting.setdefault(client, deque()).append(job)
            self._changed.notify_all()

    def get(self) -> J | None:
        """The next job, waited for; None once the queue is closed and empty."""
        with self._changed:
            while not self._waiting and not self._is_closed:
                self._changed.wait()
            if not self._waiting:
                return None
            client, jobs = self._waiting.popitem(last=False)
            job = jobs.popleft()
            if jobs:
                self._waiting[client] = jobs  # behind all others
            return job

    def take_all(self) -> list[J]:
        """Every job that waits now, in no particular order among clients."""
        with self._changed:
            jobs = [job for waiting in self._waiting.values() for job in waiting]
            self._waiting.clear()
            return jobs

    def close(self) -> None:
        """No more jobs come."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
