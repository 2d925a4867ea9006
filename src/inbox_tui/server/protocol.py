"""HTTP/1.1 on one connection, as uvicorn speaks it over h11, with what both leave open closed.

Uvicorn waits for ever for the rest of a request, and for a client that does not take its answer; h11 takes lines that
end without a CR, which a proxy in front may read as one line.
"""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import Any

import h11
import msgspec
import uvicorn
from h11._receivebuffer import ReceiveBuffer
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from inbox_tui.server.connections import Connections, Slot
from inbox_tui.server.proxy import ENCRYPTED
from inbox_tui.store.api import Problem

HEAD_TIMEOUT = 15.0
"""Seconds within which the head of a request must have come."""
IDLE = 15
"""Seconds that a connection stays open between requests."""
IDLE_BEHIND_PROXY = 75
"""The same for a proxy, which keeps connections for its next request, often for a minute."""
HEAD_LIMIT = 32 * 1024
"""Bytes of the head of a request: an id of any characters fits into its path."""
SEND_TIMEOUT = 60.0
"""Seconds within which a client must take a piece of an answer."""
SLOWED_FOR = 0.5
"""Seconds after which the next request is read from a client that sends more than it may."""

OF_BODY = (b"content-length", b"transfer-encoding")
"""The headers that say that a body follows."""

_CONNECTION = "inbox_tui.connection"
_HEAD_ENDS = re.compile(b"\n\r?\n")
_BARE_LF = re.compile(b"(?<!\r)\n")
_EMPTY_LINE = b"\r\n"
_EMPTY_LINES = 4
"""Empty lines that may precede a request."""
_CHUNKS = 256
"""Chunks of a body that may be of any size; reading one costs as much as reading a small request."""
_CHUNK = 1024
"""Bytes that the chunks beyond must have on average."""
READ_AT_ONCE = 16 * 1024
"""Bytes that asyncio takes from a connection at once; its own 256 KiB would be a gigabyte for all."""


class Guarded(H11Protocol):
    """One connection. It tells its slot whether a request is under way.

    Args:
        config: Uvicorn's, loaded.
        state: Uvicorn's, shared by all connections.
        slot: The connection's place.
        connections: Where it has it.
    """

    def __init__(self, config: uvicorn.Config, state: ServerState, slot: Slot, connections: Connections) -> None:
        super().__init__(config=config, server_state=state, app_state={})
        self.conn._receive_buffer = _Lines(self.conn)
        self.slot = slot
        self._connections = connections
        self._waiting: asyncio.TimerHandle | None = None
        self._closing: asyncio.TimerHandle | None = None
        self._cycle_seen: object = None
        self._is_slowed = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Wait for the first request."""
        super().connection_made(transport)
        if self.scheme == "http":  # over TLS, it is TLS that reads
            transport.max_size = READ_AT_ONCE  # type: ignore[attr-defined]  # an attribute of asyncio's own transports
        self.slot.close = transport.abort
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Read on, unless the connection is about to end."""
        if self.transport.is_closing():
            return
        self._wait_for_head()  # of the next request on this connection
        super().data_received(data)
        self._notice_request()

    def on_response_complete(self) -> None:
        """Go on with the next request, at once or after a pause."""
        self._connections.waits(self.slot)
        if self._is_slowed:
            self._is_slowed = False
            self.flow.pause_reading()
            self.loop.call_later(SLOWED_FOR, self._go_on)
        else:
            self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._stop_waiting()
        if self._closing is not None:
            self._closing.cancel()
        super().connection_lost(exc)
        self._connections.free(self.slot)

    def timeout_keep_alive_handler(self) -> None:
        """No further request has come."""
        super().timeout_keep_alive_handler()
        self._close()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, unless an answer is under way already."""
        under_way: Any = self.cycle  # None before the first request
        if under_way is None or under_way.response_complete or not under_way.response_started:
            self.transport.write(plain_answer(400, Problem("malformed", "The request is not HTTP/1.1."), self.scheme))
        if under_way is not None and not under_way.response_complete:
            under_way.disconnected = True
            under_way.message_event.set()
        self._close()

    def slow_down(self) -> None:
        """Read the next request no sooner than after a pause."""
        self._is_slowed = True

    def cut(self) -> None:
        """End the connection in the middle of an answer: its client must not take it for whole."""
        self.cycle.disconnected = True
        self.transport.abort()

    def _go_on(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._close()
        elif self.conn.their_state is h11.SEND_BODY or self.conn.trailing_data[0]:
            self._wait_for_head()  # what has come of a request already must be followed by the rest of it
        self._notice_request()

    def _notice_request(self) -> None:
        if self.cycle is not self._cycle_seen:
            self._cycle_seen = self.cycle
            seen: Any = self.scope
            seen[_CONNECTION] = self
            self._stop_waiting()
            self._connections.works(self.slot)

    def _wait_for_head(self) -> None:
        under_way: Any = self.cycle  # None before the first request
        if self._waiting is None and (under_way is None or under_way.response_complete):
            self._waiting = self.loop.call_later(HEAD_TIMEOUT, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        self._close()

    def _close(self) -> None:
        """Close, though not before the client has what was sent; whoever does not take it is cut off."""
        if not self.transport.is_closing():
            self.transport.close()
        if self._closing is None and self.scheme == "http":  # over TLS, asyncio sees to it
            self._expect_progress()

    def _expect_progress(self) -> None:
        left = self.transport.get_write_buffer_size()

        def look() -> None:
            if self.transport.get_write_buffer_size() < left:
                self._expect_progress()
            else:
                self.transport.abort()

        if left:
            self._closing = self.loop.call_later(SEND_TIMEOUT, look)


class _Lines(ReceiveBuffer):
    """What has come of a request: lines end with CRLF, and empty ones may precede it (RFC 9112, 2.2)."""

    def __init__(self, conn: h11.Connection) -> None:
        super().__init__()
        self._conn = conn
        self._chunks = 0
        """Chunks of this request's body so far."""
        self._chunked = 0
        """Bytes of them."""

    def maybe_extract_lines(self) -> list[bytearray] | None:
        """The lines up to an empty one. Raises LocalProtocolError for one that ends without a CR."""
        if self._conn.their_state is h11.IDLE:
            self._skip_empty_lines()
        searched = self._multiple_lines_search
        head = _HEAD_ENDS.search(self._data, searched)
        if _BARE_LF.search(self._data, searched, head.end() if head else len(self._data)):
            raise h11.LocalProtocolError("a line ends without a CR")
        return super().maybe_extract_lines()

    def maybe_extract_next_line(self) -> bytearray | None:
        """The line before a chunk. Raises LocalProtocolError for a body that is cut into crumbs."""
        line = super().maybe_extract_next_line()
        if line is not None and self._conn.their_state is h11.SEND_BODY:
            self._chunks += 1
            if self._chunks > _CHUNKS + self._chunked // _CHUNK:
                raise h11.LocalProtocolError("the chunks are too small")
        return line

    def maybe_extract_at_most(self, count: int) -> bytearray | None:
        """A part of the body."""
        part = super().maybe_extract_at_most(count)
        if part is not None:
            self._chunked += len(part)
        return part

    def _skip_empty_lines(self) -> None:
        self._chunks = self._chunked = 0
        skipped = 0
        while self._data.startswith(_EMPTY_LINE):
            skipped += 1
            if skipped > _EMPTY_LINES:
                raise h11.LocalProtocolError("there are too many empty lines")
            self.maybe_extract_at_most(len(_EMPTY_LINE))

    def is_next_line_obviously_invalid_request_line(self) -> bool:
        """Whether it cannot become a request; half an empty line still may."""
        return self._data != b"\r" and super().is_next_line_obviously_invalid_request_line()


def connection_of(scope: Any) -> Guarded:
    """The connection on which a request came."""
    found: Guarded = scope[_CONNECTION]
    return found


def announces_body(scope: Any) -> bool:
    """Whether a request's head says that a body follows (RFC 9112, 6)."""
    return any(name in OF_BODY and value != b"0" for name, value in scope["headers"])


def plain_answer(status: int, problem: Problem, scheme: str | None = None, *more: bytes) -> bytes:
    """An answer of ours in the bytes that travel, for where no application is asked; the connection ends with it."""
    body = msgspec.json.encode(problem)
    lines = (
        b"HTTP/1.1 %d %b" % (status, HTTPStatus(status).phrase.encode()),
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
        b"Connection: close",
        *more,
        *((b": ".join(ENCRYPTED),) if scheme == "https" else ()),
    )
    return b"\r\n".join((*lines, b"", body))
