"""The open connections of a server: how many there may be, of whom, and which of them make room for others.

A connection is counted from the moment it is accepted, before any TLS. It *waits* while no request is under way on it:
in its handshake, before its first request, between two requests. When there are too many, the one that has waited
longest is closed for the newcomer, so that whoever asks something always finds room; only when all are at work is a
newcomer turned away. A few places are kept for those that are turned away: to be told so, and to ask for the
server's health.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from contextlib import suppress
from ssl import SSLContext

from inbox_tui.server.limits import Buckets
from inbox_tui.server.proxy import counted_as
from inbox_tui.server.seldom import Seldom

HANDSHAKE_WITHIN = 15.0
"""Seconds within which the TLS handshake must be done."""
RESERVE = 64
"""Connections beyond the limit, which only ask for the server's health or are told that there are too many."""
BACKLOG = 2_048
"""Connections that may wait to be accepted."""
_AT_ONCE = 8
"""Connections that are accepted before others have their turn."""
OF_ONE_A_SECOND = 150.0
"""New connections of one address; more are closed at once, so that they cost those at work nothing."""
OF_ONE_AT_ONCE = 300
_TRY_AGAIN = 1.0
"""Seconds until accepting is tried again where the system had no room."""
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_log = logging.getLogger("inbox_tui.server.connections")
_log.addFilter(Seldom())


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


class Door:
    """Accepts the connections of a socket.

    Args:
        listener: Bound, not yet listening.
        connections: Where they are counted.
        protocol: Makes what speaks on a connection. Once the connection is made, the slot is the protocol's to free.
        tls: For TLS.
        busy: What is sent to those who find no place, where that is possible.
    """

    def __init__(
        self,
        listener: socket.socket,
        connections: Connections,
        protocol: Callable[[Slot], asyncio.Protocol],
        tls: SSLContext | None,
        busy: bytes,
    ) -> None:
        self._listener = listener
        self._connections = connections
        self._protocol = protocol
        self._tls = tls
        self._busy = busy
        self._loop = asyncio.get_running_loop()
        self._meetings: set[asyncio.Task[bool]] = set()
        """Connections that are being made; with TLS, in their handshakes."""
        self._pace = Buckets[str](OF_ONE_A_SECOND, OF_ONE_AT_ONCE)
        self._later: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Begin to accept."""
        self._listener.listen(BACKLOG)
        self._loop.add_reader(self._listener.fileno(), self._accept)

    def close(self) -> None:
        """Accept no more, and let go of those that are in their handshakes."""
        if self._later is not None:
            self._later.cancel()
        self._loop.remove_reader(self._listener.fileno())
        for meeting in self._meetings:
            meeting.cancel()

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, peer = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                _log.error("A connection could not be accepted: %s.", error.strerror)
                if error.errno in _NO_ROOM:
                    self._pause(_TRY_AGAIN)
                return
            self._take(connection, str(peer[0]))

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener.fileno())
        self._later = self._loop.call_later(seconds, self._accept_again)

    def _accept_again(self) -> None:
        self._later = None
        self._loop.add_reader(self._listener.fileno(), self._accept)

    def _take(self, connection: socket.socket, peer: str) -> None:
        connection.setblocking(False)
        address = counted_as(peer)
        if self._connections.counts_addresses and self._pace.take(address):
            _log.warning("Connections are closed: %s opens too many.", address)
            connection.close()
            return
        slot = self._connections.admit(address)
        if slot is None:
            _log.warning("Connections are refused: %d are open and at work.", len(self._connections))
            with suppress(OSError):
                if self._tls is None:
                    connection.send(self._busy)
            connection.close()
            return
        if slot.is_reserve:
            _log.warning("Connections are told to come later: %d are open and at work.", len(self._connections))
        meeting = self._loop.create_task(self._meet(connection, slot))
        slot.close = meeting.cancel  # until the protocol knows its transport
        self._meetings.add(meeting)

        def met(_: asyncio.Task[bool]) -> None:
            self._meetings.discard(meeting)
            if meeting.cancelled() or not meeting.result():
                self._connections.free(slot)
                connection.close()

        meeting.add_done_callback(met)

    async def _meet(self, connection: socket.socket, slot: Slot) -> bool:
        """Whether the connection was made."""
        try:
            await self._loop.connect_accepted_socket(
                lambda: self._protocol(slot),
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_WITHIN if self._tls else None,
            )
        except OSError:  # it hung up, or does not speak TLS: nothing that concerns anybody here
            return False
        return True
