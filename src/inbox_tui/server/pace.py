"""Rate-limits new connections: those that come too fast wait; addresses take turns, each with its newest first.

To make a connection costs a millisecond, and more with TLS, which those at work would lack. Whoever floods waits behind
its own connections only: each address that waits has its turn. And of an address the newest is made first, because its
client is the most likely to be still there.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from inbox_tui.server.connections import Slot
from inbox_tui.server.limits import RateLimiter
from inbox_tui.server.seldom import Seldom

MADE_A_SECOND = 150.0
"""New connections that are made; those beyond wait, or make room for others."""
MADE_AT_ONCE = 300

_log = logging.getLogger("inbox_tui.server.pace")
_log.addFilter(Seldom())


class Pace:
    """The connections that are accepted and not yet made.

    Args:
        make: Makes a connection; it and its slot are no longer ours then.
    """

    def __init__(self, make: Callable[[socket.socket, Slot], None]) -> None:
        self._make = make
        self._bucket = RateLimiter[None](MADE_A_SECOND, MADE_AT_ONCE)
        self._waiting: OrderedDict[str, dict[Slot, socket.socket]] = OrderedDict()
        """By address, the next one first; of each address, the newest last."""
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, connection: socket.socket, slot: Slot) -> None:
        """Make a connection, now or when it is its turn; ``slot.close`` closes it until then."""
        if not self._waiting and not self._bucket.take(None):
            self._make(connection, slot)
            return
        _log.warning("Connections wait: too many are opened; the last by %s.", slot.address)
        if slot.address not in self._waiting:
            self._waiting[slot.address] = {}
            self._waiting.move_to_end(slot.address, last=False)
        self._waiting[slot.address][slot] = connection
        slot.close = partial(self._drop, slot)
        self._go_on_later()

    def stop(self) -> None:
        """Make no more. Those that wait are closed by their slots, as all others are."""
        if self._timer is not None:
            self._timer.cancel()

    def _go_on_later(self) -> None:
        if self._timer is None:
            wait = max(self._bucket.wait(None), 1 / MADE_A_SECOND)
            self._timer = asyncio.get_running_loop().call_later(wait, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        if not self._waiting:
            return
        self._bucket.take(None)
        address = next(iter(self._waiting))
        slot, connection = self._waiting[address].popitem()
        self._waiting.move_to_end(address)
        self._forget_empty(address)
        self._make(connection, slot)
        self._go_on_later()

    def _drop(self, slot: Slot) -> None:
        self._waiting[slot.address].pop(slot).close()
        self._forget_empty(slot.address)

    def _forget_empty(self, address: str) -> None:
        if not self._waiting[address]:
            del self._waiting[address]
