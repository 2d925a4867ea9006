"""The open connections of a server: how many there may be, of whom, and which of them make room for others.

A connection is counted from the moment it is accepted, before any TLS. It *waits* while no request is under way on it:
in its handshake, before its first request, between two requests. When there are too many, the one that has waited
longest is closed for the newcomer, so that whoever asks something always finds room; only when all are at work is a
newcomer turned away. A few places are kept for those that are turned away: to be told so, and to ask for the
server's health.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable

RESERVE = 64
"""Connections beyond the limit, which only ask for the server's health or are told that there are too many."""


class Slot:
    """The place of one open connection."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.is_reserve = False
        """It was accepted although there are too many."""
        self.close: Callable[[], object] = lambda: None
        """Closes it at once."""


class _Waiting:
    """Slots that wait, oldest first."""

    def __init__(self) -> None:
        self._slots: OrderedDict[Slot, None] = OrderedDict()

    def add(self, slot: Slot) -> None:
        self._slots[slot] = None
        self._slots.move_to_end(slot)

    def discard(self, slot: Slot) -> None:
        self._slots.pop(slot, None)

    def oldest(self) -> Slot | None:
        return next(iter(self._slots), None)

    def __bool__(self) -> bool:
        return bool(self._slots)


class Connections:
    """All open connections.

    Args:
        most: How many there may be.
        of_one: How many there may be of one address.
        reserve: How many more are answered, but with little.
    """

    def __init__(self, most: int, of_one: int, reserve: int = RESERVE) -> None:
        self._most = most
        self._of_one = of_one
        self._reserve = reserve
        self._open: set[Slot] = set()
        self._of: Counter[str] = Counter()
        """How many of each address, without the reserve."""
        self._in_reserve = 0
        self._waiting = _Waiting()
        self._waiting_of: defaultdict[str, _Waiting] = defaultdict(_Waiting)
        self._waiting_in_reserve = _Waiting()

    def __len__(self) -> int:
        return len(self._open)

    @property
    def counts_addresses(self) -> bool:
        """Whether one address may have fewer than all; behind a proxy there is but one."""
        return self._of_one < self._most

    def admit(self, address: str) -> Slot | None:
        """A place for a new connection, which waits; None if there is none, not even in the reserve."""
        slot = Slot(address)
        if not self._make_room(address):
            slot.is_reserve = True
            if self._in_reserve >= self._reserve and not self._evict(self._waiting_in_reserve):
                return None
        self._open.add(slot)
        if slot.is_reserve:
            self._in_reserve += 1
        else:
            self._of[address] += 1
        self.waits(slot)
        return slot

    def waits(self, slot: Slot) -> None:
        """No request is under way on a connection, from now on."""
        if slot in self._open:
            for queue in self._queues(slot):
                queue.add(slot)

    def works(self, slot: Slot) -> None:
        """A request has come on a connection."""
        for queue in self._queues(slot):
            queue.discard(slot)
        if not self._waiting_of[slot.address]:
            del self._waiting_of[slot.address]

    def free(self, slot: Slot) -> None:
        """A connection is closed."""
        if slot not in self._open:
            return
        self._open.discard(slot)
        self.works(slot)
        if slot.is_reserve:
            self._in_reserve -= 1
        else:
            self._of[slot.address] -= 1
            if not self._of[slot.address]:
                del self._of[slot.address]

    def close(self) -> None:
        """Close all at once."""
        for slot in list(self._open):
            self.free(slot)
            slot.close()

    def _make_room(self, address: str) -> bool:
        if self._of[address] >= self._of_one:
            return self._evict(self._waiting_of[address])
        if len(self._open) - self._in_reserve >= self._most:
            return self._evict(self._waiting)
        return True

    def _evict(self, queue: _Waiting) -> bool:
        slot = queue.oldest()
        if slot is None:
            return False
        self.free(slot)
        slot.close()
        return True

    def _queues(self, slot: Slot) -> tuple[_Waiting, ...]:
        if slot.is_reserve:
            return (self._waiting_in_reserve,)
        return (self._waiting, self._waiting_of[slot.address])
