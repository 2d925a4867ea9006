"""A line between a client and a server on which everything goes wrong that goes wrong on lines.

It speaks just enough HTTP to tell one request from the next. Each request travels to the
server over a connection of its own; what becomes of it, and of its answer, is a test's to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto
from urllib.parse import urlsplit

PIECE = 64 * 1024
HELD_FOR = 0.2
"""Seconds for which a request waits to be overtaken."""


class Fault(Enum):
    """What happens to a request."""

    NONE = auto()
    DELAY = auto()
    CUT_REQUEST = auto()
    """Half of it arrives, then the line is gone."""
    CUT_ANSWER = auto()
    """It is done, but only half of the answer arrives."""
    DUPLICATE = auto()
    """It arrives twice; the second answer comes back."""
    REORDER = auto()
    """It arrives after the one that was sent after it."""
    BROKEN_BEFORE = auto()
    """Something between answers 500, and it never arrives."""
    BROKEN_AFTER = auto()
    """It is done, but something between answers 500."""
    HALF_OPEN = auto()
    """It is done, and nothing ever comes back."""
    SILENT = auto()
    """It never arrives, and nothing ever comes back."""


_BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry"


class Wire:
    """The line; it is up until it is cut."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        assert parts.hostname is not None and parts.port is not None
        self._server = (parts.hostname, parts.port)
        self._here: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._passed = asyncio.Event()
        self._is_down = False
        self.address = ""
        self.choose: Callable[[str, str], Fault] = lambda method, path: Fault.NONE
        """What happens to a request, by its method and its path."""
        self.suffered: list[Fault] = []
        """What happened, request by request."""

    def lead_to(self, address: str) -> None:
        """To another server from now on."""
        parts = urlsplit(address)
        assert parts.hostname is not None and parts.port is not None
        self._server = (parts.hostname, parts.port)

    def cut(self) -> None:
        """Nothing passes any more."""
        self._is_down = True
        for writer in self._here:
            writer.transport.abort()

    def mend(self) -> None:
        """It is up again."""
        self._is_down = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._here.add(writer)
        try:
            while not self._is_down:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_length(head))
                if not await self._pass(head, body, writer):
                    return
        except (OSError, EOFError):
            pass
        except asyncio.CancelledError:
            pass  # the end of the test
        finally:
            self._here.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort()

    async def _pass(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the connection goes on."""
        method, path, _ = head.decode("latin-1").split("\r\n", 1)[0].split(" ")
        fault = self.choose(method, path)
        self.suffered.append(fault)
        request = head[:-2] + b"Connection: close\r\n\r\n" + body
        if fault is Fault.DELAY:
            await asyncio.sleep(0.02)
        elif fault is Fault.CUT_REQUEST:
            await self._send(request[: len(request) // 2])
            return False
        elif fault is Fault.BROKEN_BEFORE:
            writer.write(_BROKEN)
            await writer.drain()
            return False
        elif fault is Fault.SILENT:
            await asyncio.Event().wait()
        elif fault is Fault.DUPLICATE:
            await self._whole_answer(request)
        elif fault is Fault.REORDER:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._passed.wait(), HELD_FOR)
        if fault in (Fault.CUT_ANSWER, Fault.BROKEN_AFTER, Fault.HALF_OPEN):
            answer = await self._whole_answer(request)
            if fault is Fault.HALF_OPEN:
                await asyncio.Event().wait()
            writer.write(_BROKEN if fault is Fault.BROKEN_AFTER else answer[: len(answer) // 2])
            await writer.drain()
            return False
        await self._relay(request, writer)
        self._passed.set()
        self._passed.clear()
        return False

    async def _send(self, data: bytes) -> None:
        _, there = await asyncio.open_connection(*self._server)
        there.write(data)
        await there.drain()
        there.transport.abort()

    async def _whole_answer(self, request: bytes) -> bytes:
        reader, there = await asyncio.open_connection(*self._server)
        try:
            there.write(request)
            return await reader.read(-1)
        finally:
            there.transport.abort()

    async def _relay(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        reader, there = await asyncio.open_connection(*self._server)
        try:
            there.write(request)
            while piece := await reader.read(PIECE):
                writer.write(piece)
                await writer.drain()
            writer.write_eof()
        finally:
            there.transport.abort()

    async def aclose(self) -> None:
        """Let nobody wait any longer."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def wire_to(address: str) -> AsyncIterator[Wire]:
    """A line to a server for as long as the block lasts."""
    wire = Wire(address)
    listener = await asyncio.start_server(wire.accept, "127.0.0.1", 0, limit=1 << 20)
    host, port = listener.sockets[0].getsockname()[:2]
    wire.address = f"http://{host}:{port}"
    try:
        yield wire
    finally:
        listener.close()
        await wire.aclose()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
