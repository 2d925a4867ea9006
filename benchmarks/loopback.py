"""A client that speaks just enough HTTP/1.1, so that most of what is measured is the server.

It can stand at any of the machine's own addresses (127.0.0.0/8 on Linux): a server that
counts by address sees as many visitors as a run has.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

HERE = "127.0.0.1"
_SENT_AHEAD = 64 * 1024
_BUFFER = 1 << 18
_HEAD_END = b"\r\n\r\n"


class Site(NamedTuple):
    """Where a server listens."""

    host: str
    port: int
    certificate: str = ""
    """The file that a client must trust; empty for plain HTTP."""

    @classmethod
    def of(cls, address: str, certificate: Path | None = None) -> Site:
        """The site of an address ``http://host:port``. Raises ValueError for another machine's."""
        parts = urlsplit(address)
        if parts.hostname != HERE or parts.port is None:
            raise ValueError(f"{address} is not at {HERE}: a run attacks its own server only.")
        return cls(parts.hostname, parts.port, str(certificate) if certificate else "")


class Answer(NamedTuple):
    """What a server said."""

    status: int
    body: bytes


class Line:
    """One connection, opened when it is needed and again after the server closed it.

    Args:
        site: Where the server listens.
        token: Sent with each request; none if empty.
        source: The address to come from; the system chooses if it is empty.
    """

    def __init__(self, site: Site, token: str = "", source: str = "") -> None:
        self._site = site
        self._source = source
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        self._head = f"Host: {site.host}\r\n{authorization}".encode()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: bytes | None = None, more: bytes = b"") -> Answer:
        """One request and its whole answer.

        Args:
            method: Of the request.
            path: With its query.
            body: JSON.
            more: Further lines of the head.

        Raises OSError or EOFError when the line is cut; what became of the request is then unknown.
        """
        try:
            reader, writer = await self.open()
            writer.write(self.request(method, path, body, more))
            head = await reader.readuntil(_HEAD_END)
            status, lowered = int(head[9:12]), head.lower()
            answer = await _body(reader, status, lowered)
        except (OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
            self.cut()
            raise
        if b"\r\nconnection: close" in lowered:
            self.cut()
        return Answer(status, answer)

    @asynccontextmanager
    async def stream(self, path: str, more: bytes = b"") -> AsyncIterator[tuple[int, asyncio.StreamReader]]:
        """The status of an answer that comes in parts, and what its chunks and their lengths are read from."""
        try:
            reader, writer = await self.open()
            writer.write(self.request("GET", path, None, more))
            head = await reader.readuntil(_HEAD_END)
            yield int(head[9:12]), reader
        finally:
            self.cut()

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection, made if there is none."""
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(
                self._site.host,
                self._site.port,
                limit=_BUFFER,
                local_addr=(self._source, 0) if self._source else None,
                ssl=_trusting(self._site.certificate) if self._site.certificate else None,
                server_hostname="localhost" if self._site.certificate else None,
                ssl_handshake_timeout=30.0 if self._site.certificate else None,
            )
            # What waits here to be sent takes the system's memory for connections, of which the server has the rest.
            self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SENT_AHEAD)
        return self._reader, self._writer

    def request(self, method: str, path: str, body: bytes | None = None, more: bytes = b"") -> bytes:
        """A request as it travels."""
        kind = b"" if body is None else b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
        return b"%b %b HTTP/1.1\r\n%b%b%b\r\n%b" % (
            method.encode(), path.encode(), self._head, kind, more, body or b"",
        )  # fmt: skip

    def cut(self) -> None:
        """Let go of the connection at once."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def close(self) -> None:
        """Let go of the connection once all is sent."""
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError, TimeoutError):
                await asyncio.wait_for(self._writer.wait_closed(), 5.0)
        self._reader = self._writer = None


async def _body(reader: asyncio.StreamReader, status: int, head: bytes) -> bytes:
    if b"\r\ntransfer-encoding: chunked" in head:
        chunks = []
        while length := int(await reader.readuntil(b"\r\n"), 16):
            chunks.append(await reader.readexactly(length))
            await reader.readexactly(2)
        await reader.readexactly(2)
        return b"".join(chunks)
    _, _, rest = head.partition(b"\r\ncontent-length:")
    if rest:
        return await reader.readexactly(int(rest.partition(b"\r\n")[0]))
    return b"" if status in (204, 304) else await reader.read(-1)


@cache
def _trusting(certificate: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)
