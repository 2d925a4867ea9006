"""New connections of an address that opens too many of them wait, the newest first.

To make a connection costs a millisecond, and more with TLS, which those at work would lack. The newest is made first
because its client is the most likely to be still there: when a flood ends, whoever comes then is answered at once.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial

from inbox_tui.server.connections import Slot
from inbox_tui.server.limits import Buckets
from inbox_tui.server.seldom import Seldom

OF_ONE_A_SECOND = 150.0
"""New connections of one address that are made; those beyond wait, or make room for others."""
OF_ONE_AT_ONCE = 300

_log = logging.getLogger("inbox_tui.server.pace")
_log.addFilter(Seldom())


class Pace:
    """The connections of each address that are accepted and not yet made.

    Args:
        make: Makes a connection; it and its slot are no longer ours then.
    """

    def __init__(self, make: Callable[[socket.socket, Slot], None]) -> None:
        self._make = make
        self._buckets = Buckets[str](OF_ONE_A_SECOND, OF_ONE_AT_ONCE)
        self._waiting: dict[str, dict[Slot, socket.socket]] = {}
        """By address; the newest at the end."""
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def begin(self, connection: socket.socket, slot: Slot) -> None:
        """Make a connection, now or when it is its turn; ``slot.close`` closes it until then."""
        wait = self._buckets.take(slot.address)
        if not wait:
            self._make(connection, slot)
            return
        _log.warning("Connections wait: %s opens too many.", slot.address)
        self._waiting.setdefault(slot.address, {})[slot] = connection
        slot.close = partial(self._drop, slot)
        self._call_later(slot.address, wait)

    def stop(self) -> None:
        """Make no more. Those that wait are closed by their slots, as all others are."""
        for timer in self._timers.values():
            timer.cancel()

    def _call_later(self, address: str, wait: float) -> None:
        if address not in self._timers:
            self._timers[address] = asyncio.get_running_loop().call_later(wait, self._go_on, address)

    def _go_on(self, address: str) -> None:
        del self._timers[address]
        waiting = self._waiting.get(address)
        if not waiting:
            return
        if wait := self._buckets.take(address):
            self._call_later(address, wait)
            return
        slot, connection = waiting.popitem()
        self._forget_empty(address)
        self._make(connection, slot)
        self._call_later(address, 1 / OF_ONE_A_SECOND)

    def _drop(self, slot: Slot) -> None:
        self._waiting[slot.address].pop(slot).close()
        self._forget_empty(slot.address)

    def _forget_empty(self, address: str) -> None:
        if not self._waiting[address]:
            del self._waiting[address]
