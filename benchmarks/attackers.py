"""What a stranger does to a server, with a token and without: each attack with bounds of count and time.

    python -m benchmarks.attackers NAME < orders.json

``benchmarks.attacks`` starts each in a process of its own and sends the orders. It only
goes to 127.0.0.1, ends by itself, and steps back where processors are short: a stranger
brings a machine of their own and does not take the server's cores.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import NamedTuple

import msgspec

from benchmarks import just_allowed
from benchmarks.stranger import API, Ask, Field, Orders, hold, send_and_go

CONTROLS = "\x1b]0;owned\x07\x1b[2J\x08"
"""What a terminal would obey: a title, an empty screen, a step back."""
AGENT = "Borrowed website"
"""The AI agent whose token the stranger has."""
LONG_IDS = 5_000
"""Conversations that the stranger's agent had begun before, with ids as long as the store takes them."""

_MB = 1_000_000
_LETTERS = "abcdefghijklmnopqrs"
_SILENT_FROM_AN_ADDRESS = 28


async def description(field: Field) -> None:
    """The page that was built anew for everybody."""
    await field.flood(lambda _: Ask("/openapi.json"))


async def strange_tokens(field: Field) -> None:
    """Tokens that do not exist, another each time."""
    await field.flood(lambda number: Ask("/counts", b"Authorization: Bearer inbox_m_%d\r\n" % number))


async def strange_paths(field: Field) -> None:
    """Pages that do not exist."""
    await field.flood(lambda number: Ask(f"/nothing/{number}"))


async def readiness(field: Field) -> None:
    """What watchers ask, which asks the store."""
    await field.flood(lambda number: Ask("/ready" if number % 2 else "/health"))


async def silence(field: Field) -> None:
    """More connections than are allowed, from one address; none says a word."""
    await hold(field, 7_000, lambda _: field.source())


async def silence_of_many(field: Field) -> None:
    """The same from hundreds of addresses, a few from each."""
    await hold(field, 7_000, lambda number: field.source(number // _SILENT_FROM_AN_ADDRESS))


async def silence_after_one(field: Field) -> None:
    """Connections that ask one thing and then say nothing more."""
    await hold(field, 5_000, lambda number: field.source(number // _SILENT_FROM_AN_ADDRESS), _ONE_REQUEST)


async def member_at_full_rate(field: Field) -> None:
    """One member's token, as often as it is allowed, for the largest pages there are."""
    await field.flood(lambda _: Ask("/conversations?limit=1000"), tokens=[field.orders.edit], rate=100)


async def member_over_its_rate(field: Field) -> None:
    """One member's token, as often as it gets an answer."""
    await field.flood(lambda _: Ask("/conversations?limit=60"), tokens=[field.orders.edit])


async def large_imports(field: Field) -> None:
    """Bodies of 31 MiB, sixty at once, by a member who may not even read."""
    conversation = b'{"id":"%07d","messages":[],"agent":"a","created_at":"2026-01-01T00:00:00Z","topic":"%s"},'
    piece = b"".join(conversation % (number, b"x" * 200) for number in range(1_000))
    body = b'{"conversations":[' + (piece * (31 * 1024 * 1024 // len(piece)))[:-1] + b"]}"

    async def again() -> None:
        for _ in range(3):
            if field.left > 0:
                await field.post(field.line(field.orders.none), "/import", body)

    await asyncio.gather(*(again() for _ in range(field.share(60))))


async def held_bodies(field: Field) -> None:
    """A thousand bodies of 2 MB by one agent's token, of which the last byte never comes."""
    body = b'{"author":"visitor","key":"k","body":"' + b"x" * (2 * _MB) + b'"}'

    async def one(number: int) -> None:
        await asyncio.sleep(max(0.0, (number - 400) / 100))
        while field.left > 0:
            before = field.tally["429"] + field.tally["503"]
            await field.post(field.line(field.orders.agent), "/agent/conversations/held/messages", body, keep=1)
            if field.tally["429"] + field.tally["503"] == before:
                break
            await asyncio.sleep(min(1.0, max(0.0, field.left)))

    await asyncio.gather(*(one(number) for number in range(field.share(1_000))))


async def places_in_the_feed(field: Field) -> None:
    """The feed from thousands of places, one after the other: each was a report that the server kept."""
    numbers = count()

    async def one() -> None:
        line = field.line(field.orders.none)
        while field.left > 0 and (number := next(numbers)) < field.share(2_500):
            with field.counting():
                async with asyncio.timeout(max(0.1, field.left)):
                    async with line.stream(f"{API}/events", b"Last-Event-ID: %d\r\n" % number) as (status, reader):
                        field.tally[str(status)] += 1
                        while status == 200 and (part := await reader.readline()):
                            if part.startswith(b"id:"):
                                break
            line.cut()

    await asyncio.gather(*(one() for _ in range(15)))


async def hung_up(field: Field) -> None:
    """Requests with a thousand messages each, of which no answer is awaited."""
    said = [{"author": "visitor", "body": "x" * 30, "key": str(number)} for number in range(1_000)]
    await send_and_go(
        field,
        300,
        field.orders.agent,
        lambda number: ("/agent/conversations", {"id": f"hung-{number}", "messages": said}),
    )


async def hung_up_bulk(field: Field) -> None:
    """Requests with a thousand state changes each, of which no answer is awaited."""

    def changes(number: int) -> tuple[str, object]:
        status, expected = ("resolved", "open") if number % 2 else ("open", "resolved")
        return "/bulk", {
            "changes": [
                {"type": "status", "id": f"c-{place}", "status": status, "expected": expected}
                for place in range(1, 1_001)
            ]
        }

    await send_and_go(field, 60, field.orders.edit, changes)


async def one_large_import(field: Field) -> None:
    """27 MB at once, by somebody who may."""
    for turn in range(2):
        if field.left > 0:
            said = "x" * 1_000
            conversations = [
                {
                    "id": f"bulk-{turn}-{number}",
                    "agent": AGENT,
                    "created_at": "2026-01-01T00:00:00Z",
                    "messages": [
                        {"author": "visitor", "body": said, "created_at": "2026-01-01T00:00:00Z", "key": str(place)}
                        for place in range(9)
                    ],
                }
                for number in range(field.share(2_500))
            ]
            body = msgspec.json.encode({"conversations": conversations})
            await field.post(field.line(field.orders.admin), "/import", body)


async def replies_from_the_first(field: Field) -> None:
    """All replies since the beginning, for an agent that has none; ten at a time."""

    async def one() -> None:
        line = field.line(field.orders.agent)
        while field.left > 0:
            with field.counting():
                async with asyncio.timeout(max(0.1, field.left)):
                    async with line.stream(f"{API}/agent/replies", b"Last-Event-ID: 0\r\n") as (status, reader):
                        field.tally[str(status)] += 1
                        await reader.readline()
            await asyncio.sleep(0.02)

    await asyncio.gather(*(one() for _ in range(10)))


async def long_searches(field: Field) -> None:
    """Searches for 330 words, 27 a second, by members with and without access."""
    words = "+".join(f"{a}{b}" for a in _LETTERS for b in _LETTERS)[: 330 * 3 - 1]
    await field.flood(
        lambda _: Ask(f"/conversations?search={words}"), tokens=[field.orders.none, field.orders.edit], lines=8, rate=27
    )


async def slow_readers(field: Field) -> None:
    """Four exports of one token, each read as slowly as just passes."""

    async def one() -> None:
        line = field.line(field.orders.edit)
        while field.left > 0:
            with field.counting():
                async with asyncio.timeout(max(0.1, field.left)):
                    async with line.stream(f"{API}/export.csv") as (status, reader):
                        field.tally[str(status)] += 1
                        while status == 200 and await reader.read(16_384):
                            await asyncio.sleep(0.25)
            await asyncio.sleep(0.5)

    await asyncio.gather(*(one() for _ in range(4)))


async def long_fields(field: Field) -> None:
    """Topics, names and messages of 2 MB by an agent, and six members who then look at them."""
    long = "x" * (2 * _MB - 1_000)
    hello = {"author": "visitor", "body": "Hello", "key": "1"}
    kinds: list[tuple[dict[str, object], dict[str, str]]] = [
        ({"topic": long}, hello),
        ({"lead": {"name": long}}, hello),
        ({}, hello | {"body": long[: _MB - 1_000]}),
    ]
    numbers, filled_by = iter(range(field.share(200))), field.left / 2

    async def fill() -> None:
        line = field.line(field.orders.agent)
        for number in numbers:
            if field.left < filled_by:
                return
            fields, said = kinds[number % 3]
            id = f"long-{number}" if number % 3 < 2 else "long"
            body = {"id": id, **fields, "messages": [said | {"key": str(number)}]}
            await field.post(line, "/agent/conversations", msgspec.json.encode(body))

    await asyncio.gather(*(fill() for _ in range(4)))
    pages = "/conversations?limit=200", "/conversations?limit=1000", "/conversations/long/thread?limit=1000"
    await field.flood(lambda number: Ask(pages[number % 3]), tokens=[field.orders.edit], lines=6, rate=12)


async def forged_addresses(field: Field) -> None:
    """Addresses without end, and what a terminal would obey, in the words of a proxy."""
    long = ", ".join([CONTROLS] * 4_000)[:60_000]
    forged = f"X-Forwarded-For: {long}\r\n", f"X-Forwarded-For: {CONTROLS}\r\nX-Forwarded-Proto: {CONTROLS}\r\n"
    heads = [text.encode("latin-1") for text in forged]
    await field.flood(lambda number: Ask(f"/nothing/{number}", heads[number % 2]), rate=300)


class Scene(NamedTuple):
    """What an attack takes place before; runs of one scene are compared with each other."""

    serves: tuple[str, ...] = ()
    """Options of the server."""
    is_tls: bool = False
    is_quiet: bool = False
    """Nobody else writes meanwhile: a write would set the server free of what it holds."""


class Attack(NamedTuple):
    """One attack."""

    name: str
    does: Callable[[Field], Awaitable[None]]
    meets: frozenset[str] = frozenset()
    """What a server that defends itself answers to some of it at least; nothing: the attack is but work."""
    scene: Scene = Scene()
    brief: float = 3.0
    """Seconds after which a short run of it shows what a server without a defence suffers."""


_LIMITED = frozenset({"429", "503", "cut"})
_REFUSED = frozenset({"400", "403", "413", "422"})
_CUT_OFF = frozenset({"400", "401", "429", "cut"})
_ONE_REQUEST = b"GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n"

ATTACKS = (
    Attack("openapi", description, _LIMITED),
    Attack("unknown-tokens", strange_tokens, _LIMITED),
    Attack("unknown-paths", strange_paths, _LIMITED),
    Attack("health-and-ready", readiness, _LIMITED),
    Attack("silence", silence, _LIMITED),
    Attack("silence-of-many", silence_of_many, _LIMITED),
    Attack("silence-after-one", silence_after_one, _LIMITED),
    Attack("tls-silence", silence, _LIMITED, Scene(is_tls=True)),
    Attack("tls-silence-of-many", silence_of_many, _LIMITED, Scene(is_tls=True)),
    Attack("full-rate", member_at_full_rate),
    Attack("over-the-rate", member_over_its_rate, _LIMITED, Scene(("--rate", "10"))),
    Attack("large-imports", large_imports, _LIMITED | _REFUSED),
    Attack("held-bodies", held_bodies, _LIMITED | _REFUSED),
    Attack("places-in-the-feed", places_in_the_feed, scene=Scene(is_quiet=True), brief=12.0),
    Attack("hung-up", hung_up),
    Attack("hung-up-bulk", hung_up_bulk),
    Attack("one-large-import", one_large_import),
    Attack("replies-from-the-first", replies_from_the_first),
    Attack("long-searches", long_searches, _REFUSED),
    Attack("slow-readers", slow_readers, _LIMITED),
    Attack("long-fields", long_fields, _REFUSED),
    Attack("imports-allowed", just_allowed.imports),
    Attack("agent-requests-allowed", just_allowed.agents_requests),
    Attack("searches-allowed", just_allowed.searches),
    Attack("bodies-that-never-come", just_allowed.bodies_that_never_come, _LIMITED),
    Attack("connections", just_allowed.connections),
    Attack("empty-lines", just_allowed.empty_lines, _CUT_OFF),
    Attack("crumbs", just_allowed.crumbs, _CUT_OFF),
    Attack("endless-body", just_allowed.endless_body, _CUT_OFF),
    Attack("forged-addresses", forged_addresses, scene=Scene(serves=("--behind-proxy",))),
)


def main() -> None:
    """Do as ordered, and tell what came back."""
    attack = {attack.name: attack for attack in ATTACKS}[sys.argv[1]]
    orders = msgspec.json.decode(sys.stdin.buffer.read(), type=Orders)
    os.nice(orders.nice)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    field = Field(orders)

    async def attacked() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(attack.does(field), orders.seconds + 5)

    asyncio.run(attacked())
    sys.stdout.buffer.write(msgspec.json.encode(field.tally))


if __name__ == "__main__":
    main()
