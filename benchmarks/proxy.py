"""A TCP proxy that is as far away as it is told: every byte takes half a round trip each way.

It counts, too. A round trip is what its client had to wait for: a connection takes one to be made, as the
network's own would, and whatever is sent after an answer has come begins the next. What is sent together, on
however many connections, is one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

HERE = "127.0.0.1"
_PIECE = 1 << 16


class Tally(NamedTuple):
    """What passed."""

    round_trips: int = 0
    """The longest chain of questions each of which was asked after an answer, all connections together."""
    turns: int = 0
    """Questions, whether or not anybody waited for one before asking the next; none for making a connection."""
    connections: int = 0
    sent: int = 0
    """Bytes to the server."""
    received: int = 0
    """Bytes to the client."""

    def after(self, before: Tally) -> Tally:
        """What came on top of an earlier tally."""
        return Tally(*(now - then for now, then in zip(self, before, strict=True)))


class Proxy:
    """A line to one server.

    Args:
        host: Where the server listens.
        port: The same.
        round_trip: Seconds.
    """

    def __init__(self, host: str, port: int, round_trip: float = 0.0) -> None:
        self._server = (host, port)
        self.round_trip = round_trip
        self.port = 0
        """Where it listens itself."""
        self.answered_in = 0
        """The latest round trip of which the client has an answer."""
        self._tally = Tally()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def tally(self) -> Tally:
        """What has passed until now."""
        return self._tally

    def begin(self) -> None:
        """Count from here on. Nobody may be connected."""
        self.answered_in = 0
        self._tally = Tally()

    async def listen(self) -> asyncio.Server:
        """Begin to listen, at a free port."""
        server = await asyncio.start_server(self._accept, HERE, 0, limit=_PIECE)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def aclose(self) -> None:
        """Cut every connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        now = asyncio.get_running_loop().time()
        connection = _Connection(self, made_in=self.answered_in + 1, stands_at=now + self.round_trip)
        self.count(connections=1)
        far = None
        try:
            there, far = await asyncio.open_connection(*self._server, limit=_PIECE)
            await asyncio.gather(connection.carry_there(reader, far), connection.carry_back(there, writer))
        except (OSError, asyncio.CancelledError):
            pass  # an end was cut, or the proxy is closed: so the other end is cut
        finally:
            self._tasks.discard(task)
            writer.transport.abort()
            if far is not None:
                far.transport.abort()

    def count(
        self, *, round_trip: int = 0, turns: int = 0, connections: int = 0, sent: int = 0, received: int = 0
    ) -> None:
        """Add to the tally; of round trips the latest counts."""
        before = self._tally
        self._tally = Tally(
            max(before.round_trips, round_trip),
            before.turns + turns,
            before.connections + connections,
            before.sent + sent,
            before.received + received,
        )


class _Connection:
    """One connection of the client's, and the proxy's own to the server."""

    def __init__(self, proxy: Proxy, *, made_in: int, stands_at: float) -> None:
        self._proxy = proxy
        self._made_in = made_in
        self._stands_at = stands_at
        self._asked_in = made_in
        self._is_asking = False

    async def carry_there(self, near: asyncio.StreamReader, far: asyncio.StreamWriter) -> None:
        """What the client sends. It cannot send before its connection stands."""

        def sent(data: bytes) -> None:
            self._asked_in = max(self._proxy.answered_in, self._made_in) + 1
            self._proxy.count(round_trip=self._asked_in, turns=int(not self._is_asking), sent=len(data))
            self._is_asking = True

        await self._carry(near, far, sent, lambda _: None, not_before=self._stands_at)

    async def carry_back(self, far: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        """What the server sends. It answers what was asked last."""

        def delivered(data: bytes) -> None:
            self._proxy.answered_in = max(self._proxy.answered_in, self._asked_in)
            self._proxy.count(received=len(data))
            self._is_asking = False

        await self._carry(far, near, lambda _: None, delivered)

    async def _carry(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        came: Callable[[bytes], None],
        goes: Callable[[bytes], None],
        not_before: float = 0.0,
    ) -> None:
        """Pass on what comes, in its order, each piece half a round trip later; an end is passed on, too."""
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def read() -> None:
            data = b"begun"
            while data:
                data = await source.read(_PIECE)
                if data:
                    came(data)
                under_way.put_nowait((max(loop.time(), not_before) + self._proxy.round_trip / 2, data))

        reading = asyncio.create_task(read())
        try:
            while True:
                due, data = await under_way.get()
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
                if not data:
                    break
                goes(data)
                target.write(data)
                await target.drain()
            if target.can_write_eof():
                target.write_eof()
        finally:
            reading.cancel()


@contextmanager
def far_away(host: str, port: int, round_trip: float) -> Iterator[Proxy]:
    """A proxy in a thread of its own, for as long as the block lasts."""
    proxy = Proxy(host, port, round_trip)
    loop = asyncio.new_event_loop()
    is_up = threading.Event()

    async def run() -> None:
        server = await proxy.listen()
        is_up.set()
        with suppress(asyncio.CancelledError):
            await server.serve_forever()
        await proxy.aclose()

    running = loop.create_task(run())
    thread = threading.Thread(target=lambda: loop.run_until_complete(running), name="proxy", daemon=True)
    thread.start()
    is_up.wait()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(running.cancel)
        thread.join()
        loop.close()
