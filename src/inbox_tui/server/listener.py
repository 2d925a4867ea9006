"""Accepts the connections of a socket, counted and at a bounded pace, before asyncio makes anything of them."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from ssl import SSLContext

from inbox_tui.server.connections import Connections, Slot
from inbox_tui.server.pace import Pace
from inbox_tui.server.proxy import counted_as
from inbox_tui.server.seldom import Seldom

HANDSHAKE_TIMEOUT = 15.0
"""Seconds within which the TLS handshake must be done."""
BACKLOG = 2_048
"""Connections that may wait to be accepted."""
_AT_ONCE = 8
"""Connections that are accepted before others have their turn."""
_TRY_AGAIN = 1.0
"""Seconds until accepting is tried again where the system had no room."""
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_log = logging.getLogger("inbox_tui.server.connections")
_log.addFilter(Seldom())


class Listener:
    """Accepts the connections of a socket.

    Args:
        bound: A socket, not yet listening.
        connections: Where they are counted.
        protocol: Makes what speaks on a connection. Once the connection is made, the slot is the protocol's to free.
        tls: For TLS.
        busy: What is sent to those who find no place, where that is possible.
    """

    def __init__(
        self,
        bound: socket.socket,
        connections: Connections,
        protocol: Callable[[Slot], asyncio.Protocol],
        tls: SSLContext | None,
        busy: bytes,
    ) -> None:
        self._socket = bound
        self._connections = connections
        self._protocol = protocol
        self._tls = tls
        self._busy = busy
        self._loop = asyncio.get_running_loop()
        self._being_made: set[asyncio.Task[bool]] = set()
        """Connections that are being made; with TLS, in their handshakes."""
        self._pace = Pace(self._make)
        self._later: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Begin to accept."""
        self._socket.listen(BACKLOG)
        self._loop.add_reader(self._socket.fileno(), self._accept)

    def close(self) -> None:
        """Accept no more, and let go of those that are in their handshakes."""
        if self._later is not None:
            self._later.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._pace.stop()
        for making in self._being_made:
            making.cancel()

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, peer = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                _log.error("A connection could not be accepted: %s.", error.strerror)
                if error.errno in _NO_ROOM:
                    self._pause(_TRY_AGAIN)
                return
            self._take(connection, str(peer[0]))

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._later = self._loop.call_later(seconds, self._accept_again)

    def _accept_again(self) -> None:
        self._later = None
        self._loop.add_reader(self._socket.fileno(), self._accept)

    def _take(self, connection: socket.socket, peer: str) -> None:
        connection.setblocking(False)
        slot = self._connections.admit(counted_as(peer))
        if slot is None:
            _log.warning("Connections are refused: %d are open and at work.", len(self._connections))
            with suppress(OSError):
                if self._tls is None:
                    connection.send(self._busy)
            connection.close()
            return
        if slot.is_reserve:
            _log.warning("Connections are told to come later: %d are open and at work.", len(self._connections))
        if self._connections.counts_addresses:
            self._pace.begin(connection, slot)
        else:
            self._make(connection, slot)

    def _make(self, connection: socket.socket, slot: Slot) -> None:
        making = self._loop.create_task(self._made(connection, slot))
        slot.close = making.cancel  # until the protocol knows its transport
        self._being_made.add(making)

        def met(_: asyncio.Task[bool]) -> None:
            self._being_made.discard(making)
            if making.cancelled() or not making.result():
                self._connections.free(slot)
                connection.close()

        making.add_done_callback(met)

    async def _made(self, connection: socket.socket, slot: Slot) -> bool:
        """Whether the connection was made."""
        try:
            await self._loop.connect_accepted_socket(
                lambda: self._protocol(slot),
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT if self._tls else None,
            )
        except OSError:  # it hung up, or does not speak TLS: nothing that concerns anybody here
            return False
        return True
