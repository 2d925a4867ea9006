"""Attacks that no limit refuses as a whole: as large as is just allowed, or bytes of which no request is made.

Kept apart from ``attackers`` because those show what is refused; these show what the rest costs.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from itertools import count

from benchmarks.stranger import Ask, Field, send_and_go

_WORDS = (
    "refund",
    "order",
    "card",
    "tonight",
    "arrive",
    "window",
    "seat",
    "booking",
    "email",
    "number",
    "street",
    "map",
)
_HEAD = b"POST /v1/agent/conversations HTTP/1.1\r\nHost: a\r\n"
_OPENED_A_SECOND = 2_000
_SENDERS = 4


async def imports(field: Field) -> None:
    """Imports of just under 16 MiB by an admin, one after the other."""
    body = b'{"conversations":[' + b" " * (16 * 1024 * 1024 - 64) + b"]}"
    while field.left > 0:
        await field.post(field.line(field.orders.admin), "/import", body)


async def agents_requests(field: Field) -> None:
    """Requests with a hundred messages of words that no other has, by one agent; no answer is awaited."""
    choice = random.Random(1)

    def chat(number: int) -> tuple[str, object]:
        texts = (" ".join(f"{choice.getrandbits(40):x}" for _ in range(55)) for _ in range(100))
        said = [{"author": "visitor", "body": text, "key": str(place)} for place, text in enumerate(texts)]
        return "/agent/conversations", {"id": f"allowed-{number}", "messages": said}

    await send_and_go(field, 600, field.orders.agent, chat)


async def searches(field: Field) -> None:
    """Searches for twelve words that many conversations have, as often as one token is allowed."""
    words = "+".join(_WORDS)
    await field.flood(lambda _: Ask(f"/conversations?search={words}"), tokens=[field.orders.edit], lines=8)


async def bodies_that_never_come(field: Field) -> None:
    """A thousand requests of one token from many addresses, each of which lacks its body of ten bytes."""

    async def one(number: int) -> None:
        await asyncio.sleep(number / 200)
        line = field.line(field.orders.agent)
        while field.left > 0:
            await field.post(line, "/agent/conversations", b" " * 10, keep=10)
            await asyncio.sleep(min(1.0, max(0.0, field.left)))

    await asyncio.gather(*(one(number) for number in range(field.share(1_000))))


async def connections(field: Field) -> None:
    """One address opens connections as fast as it can and drops them."""
    numbers = count()

    async def one() -> None:
        while field.left > 0 and next(numbers) < field.share(100_000):
            with field.counting():
                line = field.line()
                await line.open()
                line.cut()
                field.tally["opened"] += 1
            await asyncio.sleep(_SENDERS / _OPENED_A_SECOND)

    await asyncio.gather(*(one() for _ in range(_SENDERS)))


async def empty_lines(field: Field) -> None:
    """Empty lines, of which HTTP allows some before a request."""
    await _pour(field, b"", b"\r\n" * 32_768)


async def crumbs(field: Field) -> None:
    """A body in chunks of one byte."""
    await _pour(field, _HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000)


async def endless_body(field: Field) -> None:
    """A body that is refused at once and goes on all the same."""
    await _pour(field, _HEAD + b"Content-Length: 99999999999\r\n\r\n", b"x" * 65_536)


async def _pour(field: Field, first: bytes, rest: bytes) -> None:
    """Send one thing again and again on a few connections, whatever is answered."""

    async def one() -> None:
        while field.left > 0:
            line = field.line()
            with field.counting():
                async with asyncio.timeout(max(0.1, field.left)):
                    reader, writer = await line.open()
                    answer = asyncio.ensure_future(reader.read(16))
                    writer.write(first)
                    with suppress(ConnectionError):
                        while True:
                            writer.write(rest)
                            await writer.drain()
                    said = await answer
                    field.tally[said[9:12].decode() or "cut"] += 1
            line.cut()

    await asyncio.gather(*(one() for _ in range(_SENDERS)))
