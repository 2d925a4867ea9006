"""A stranger before a server: the orders, the means, and a tally of what came back.

Everything goes to one site, ends at a set time and is bounded in number. The stranger has
an address of their own and can borrow others, as far as the system has more than one.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import NamedTuple

import msgspec

from benchmarks.loopback import Line, Site

API = "/v1"
_LINES = 30
"""Connections of a flood; each asks again as soon as it is answered."""
_FLOODED = 300_000
"""Requests of a flood."""
_AGAIN_AFTER = 0.02
"""Seconds until a connection that was cut is opened again."""
_PIECE = 1 << 18
_ALONE, _OTHERS = "127.0.2.1", "127.0.4.{}"
"""The stranger's own address, and those of machines that the stranger has borrowed."""
_FILES_BESIDE = 64
_OPENED_AT_ONCE = 200
_LOOKS_EVERY = 0.1
"""Seconds between two looks at what is held open."""


class Orders(msgspec.Struct, frozen=True):
    """What an attack is told."""

    site: Site
    seconds: float
    strength: float = 1.0
    """The share of the full count: of connections, bodies, requests."""
    nice: int = 0
    """By how much the attack steps back where processors are short, up to 19."""
    has_addresses: bool = True
    """The system has more addresses than 127.0.0.1."""
    none: str = ""
    """The token of a member with access ``none``."""
    edit: str = ""
    admin: str = ""
    agent: str = ""


class Ask(NamedTuple):
    """One request of a flood."""

    path: str
    more: bytes = b""


class Field:
    """Where an attack takes place: its orders, its end, and a tally of what came back."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.tally: Counter[str] = Counter()
        """By status; ``cut`` when the line was, ``open`` for what was left open at the end."""
        self._until = time.monotonic() + orders.seconds

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return self._until - time.monotonic()

    def share(self, count: int) -> int:
        """So many at full strength."""
        return max(1, round(count * self.orders.strength))

    def source(self, number: int | None = None) -> str:
        """The stranger's address, or that of a borrowed machine."""
        if not self.orders.has_addresses:
            return ""
        return _ALONE if number is None else _OTHERS.format(1 + number % 250)

    def line(self, token: str = "") -> Line:
        """A connection from the stranger's address."""
        return Line(self.orders.site, token, self.source())

    async def flood(
        self,
        ask: Callable[[int], Ask],
        *,
        tokens: Sequence[str] = ("",),
        lines: int = _LINES,
        most: int = _FLOODED,
        rate: float | None = None,
    ) -> None:
        """Ask on many connections, each as soon as it was answered, or ``rate`` times a second in all."""
        numbers, begin = count(), time.monotonic()

        async def worker(number: int) -> None:
            line = self.line(tokens[number % len(tokens)])
            while self.left > 0 and (place := next(numbers)) < most:
                if rate is not None:
                    await asyncio.sleep(max(0.0, min(self.left, begin + place / rate - time.monotonic())))
                request = ask(place)
                with self.counting():
                    async with asyncio.timeout(max(0.1, self.left)):
                        answer = await line.ask("GET", API + request.path, None, request.more)
                    self.tally[str(answer.status)] += 1
                    continue
                await asyncio.sleep(_AGAIN_AFTER)
            line.cut()

        await asyncio.gather(*(worker(number) for number in range(lines)))

    async def post(self, line: Line, path: str, body: bytes, *, keep: int = 0, method: str = "POST") -> None:
        """Send a large body piece by piece; all but ``keep`` bytes of it, and then hold the line open to the end."""
        with self.counting():
            async with asyncio.timeout(max(0.1, self.left)):
                reader, writer = await line.open()
                answer = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
                try:
                    writer.write(line.request(method, API + path, b"", b"")[: -len(b"Content-Length: 0\r\n\r\n")])
                    writer.write(b"Content-Length: %d\r\n\r\n" % len(body))
                    with suppress(OSError):
                        for start in range(0, len(body) - keep, _PIECE):
                            if answer.done():
                                break
                            writer.write(body[start : min(start + (_PIECE), len(body) - keep)])
                            await writer.drain()
                    self.tally[str(int((await answer)[9:12]))] += 1
                finally:
                    if not answer.done():
                        answer.cancel()
                    await asyncio.gather(answer, return_exceptions=True)
        line.cut()

    def counting(self) -> _Counting:
        """Counts a line that is cut, and one that was open when the attack ended."""
        return _Counting(self.tally)


class _Counting:
    def __init__(self, tally: Counter[str]) -> None:
        self._tally = tally

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> bool:
        if kind is None:
            return False
        if issubclass(kind, (TimeoutError, asyncio.CancelledError)):
            self._tally["open"] += 1
            return issubclass(kind, TimeoutError)
        if issubclass(kind, (OSError, EOFError, asyncio.LimitOverrunError, ValueError)):
            self._tally["cut"] += 1
            return True
        return False


async def hold(field: Field, connections: int, source: Callable[[int], str], first: bytes = b"") -> None:
    """Hold so many connections open, each after its first words; what is closed is opened again, within bounds."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(field.share(connections), most - _FILES_BESIDE)
    held: dict[int, _Held] = {}
    numbers = iter(range(3 * wanted))
    try:
        while field.left > 0:
            for number, one in list(held.items()):
                if said := one.look():
                    field.tally[said] += 1
                    if said == "cut":
                        del held[number]
            for _ in range(min(_OPENED_AT_ONCE, wanted - len(held))):
                if (next_one := next(numbers, None)) is None:
                    break
                held[next_one] = _Held(field.orders.site, source(next_one), first)
            await asyncio.sleep(_LOOKS_EVERY)
    finally:
        field.tally["open"] += len(held)
        for one in held.values():
            one.close()


class _Held:
    """A connection on which nothing more is said."""

    def __init__(self, site: Site, source: str, first: bytes) -> None:
        self._first = first
        self._socket = socket.socket()
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            if source:
                self._socket.bind((source, 0))
            self._socket.connect((site.host, site.port))

    def look(self) -> str:
        """The status that has come, ``cut``, or nothing."""
        try:
            if self._first:
                self._socket.send(self._first)
                self._first = b""
            said = self._socket.recv(4_096)
        except BlockingIOError:
            return ""
        except OSError:
            said = b""
        if said.startswith(b"HTTP/1.1 "):
            return said[9:12].decode()
        if said:
            return ""
        self.close()
        return "cut"

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


async def send_and_go(field: Field, requests: int, token: str, make: Callable[[int], tuple[str, object]]) -> None:
    """Send many requests whole and hang up, twenty at a time."""
    numbers = iter(range(field.share(requests)))

    async def one() -> None:
        for number in numbers:
            if field.left <= 0:
                return
            line = field.line(token)
            path, content = make(number)
            with field.counting():
                async with asyncio.timeout(max(0.1, field.left)):
                    _, writer = await line.open()
                    writer.write(line.request("POST", API + path, msgspec.json.encode(content)))
                    await writer.drain()
                    await line.close()
                    field.tally["sent"] += 1
            line.cut()

    await asyncio.gather(*(one() for _ in range(20)))
    await asyncio.sleep(max(0.0, field.left))
