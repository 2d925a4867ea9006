"""A team and its websites at work over HTTP: a steady load, and a note of all that was promised to it.

Each client acts at times that were set before, one act after the other, on conversations
of its own. How long an act took counts from when it was due; an act that was still under
way when the next ones were due counts for those as well, so that a server which stood
still for ten seconds is not let off with one slow answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from benchmarks.clients import Client, Exporter, Member, Watcher, Website
from benchmarks.ledger import AGAIN_AFTER, API, TIMEOUT, Ledger
from benchmarks.loopback import Line, Site

GENERATED = "c-"
"""How the ids of generated conversations begin; nobody else's do."""
_AGENTS_SHARE = 0.2
_KNOWN = 1_000
_EXPORTS_EVERY, _WATCHED_EVERY = 5.0, 1.0
_OWN = 4
"""Conversations that a member's client works on."""
_BEGINNINGS = ("127.0.1", "127.0.3")
"""Where clients come from: members' and websites'."""


@dataclass(frozen=True)
class InputLexer:
    """Secrets of those who work and of those who attack."""

    members: tuple[str, ...]
    agents: tuple[str, ...]


class Shift:
    """So many clients at work.

    Args:
        site: The server.
        tokens: Of the members and agents that work.
        clients: How many; one in five is a website.
        pace: Acts a second of each.
        has_writes: Members and websites write too; else everybody reads.
        has_addresses: Each client comes from an address of its own.
    """

    def __init__(
        self,
        site: Site,
        tokens: InputLexer,
        clients: int,
        pace: float,
        *,
        has_writes: bool = True,
        has_addresses: bool = True,
    ) -> None:
        websites = max(len(tokens.agents), round(clients * _AGENTS_SHARE))
        self._site = site
        self._tokens = tokens
        self._interval = 1 / pace
        self._has_addresses = has_addresses
        self.ledger = ledger = Ledger()
        self.begun = 0.0
        """When the work began, on the monotonic clock."""

        def member(number: int) -> Member:
            line = self.line(tokens.members[number % len(tokens.members)], number)
            return Member(ledger, line, number, has_writes=has_writes)

        def website(number: int) -> Website:
            line = self.line(tokens.agents[number % len(tokens.agents)], number, 1)
            return Website(ledger, line, number, has_writes=has_writes)

        self._members = [member(number) for number in range(clients - websites)]
        self._websites = [website(number) for number in range(websites)]
        self._beside: list[tuple[Client, float]] = [
            (Exporter(ledger, self.line(tokens.members[-1], 249)), _EXPORTS_EVERY),
            (Watcher(ledger, self.line("", 248)), _WATCHED_EVERY),
        ]
        self._following: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        """Read what the clients work on, and have the websites listen."""
        line = self.line(self._tokens.members[0], 0)
        listed = await line.ask("GET", f"{API}/conversations?filter=unresolved&limit={_KNOWN}")
        rows = [row for row in msgspec.json.decode(listed.body)["rows"] if row["id"].startswith(GENERATED)]
        await line.close()
        if len(rows) < len(self._members):
            raise RuntimeError("The workspace is too small for so many clients.")
        for number, member in enumerate(self._members):
            member.own = rows[number :: len(self._members)][:_OWN]
        await _few_at_once([member.look for member in self._members] + [site.begin for site in self._websites])
        for agent in range(len(self._tokens.agents)):
            is_on = asyncio.Event()
            self._following.append(asyncio.create_task(self._hear(agent, is_on)))
            await asyncio.wait_for(is_on.wait(), TIMEOUT)
            # An id to come again with, whenever the stream is cut.
            await self.ledger.done(self._members[0].line, self._members[0].greet(self._websites[agent].first))
        until = time.monotonic() + TIMEOUT
        while self.ledger.promises.replies - self.ledger.promises.heard.keys():
            if time.monotonic() > until:
                raise RuntimeError("The websites do not hear replies.")
            await asyncio.sleep(0.02)

    async def work(self, seconds: float) -> None:
        """All act for so long; what is under way then is finished."""
        begin = self.begun = time.monotonic()
        clients: Sequence[Client] = [*self._members, *self._websites]
        offsets = [self._interval * number / len(clients) for number in range(len(clients))]
        await asyncio.gather(
            *(client.work(begin + every / 10, begin + seconds, every) for client, every in self._beside),
            *(
                client.work(begin + offset, begin + seconds, self._interval)
                for client, offset in zip(clients, offsets, strict=True)
            ),
        )

    async def end(self) -> None:
        """Wait until the websites have heard what was promised to them, then hang up."""
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until and self.ledger.promises.replies - self.ledger.promises.heard.keys():
            await asyncio.sleep(0.1)
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        for client in self._everybody():
            await client.line.close()

    async def says_hello(self) -> float:
        """Seconds that a colleague who comes now waits for a list and for a reply; PATIENCE if in vain."""
        began = time.monotonic()
        member = self._members[0]
        for act in (member.list, member.reply):
            if await self.ledger.done(member.line, act()) is None:
                return TIMEOUT
        return time.monotonic() - began

    def line(self, token: str, number: int, kind: int = 0) -> Line:
        """A connection for a client."""
        source = f"{_BEGINNINGS[kind]}.{1 + number % 250}" if self._has_addresses else ""
        return Line(self._site, token, source)

    def _everybody(self) -> Sequence[Client]:
        return [*self._members, *self._websites, *(client for client, _ in self._beside)]

    async def _hear(self, agent: int, is_on: asyncio.Event) -> None:
        """Follow the replies as a website does, and come again with the last id whenever the line is cut."""
        line, last = self.line(self._tokens.agents[agent], 240 + agent, 1), b""
        while True:
            with suppress(OSError, EOFError, ValueError, asyncio.LimitOverrunError):
                more = b"Last-Event-ID: %b\r\n" % last if last else b""
                async with line.stream(f"{API}/agent/replies", more) as (status, reader):
                    id = last
                    while status == 200 and (part := await reader.readline()):
                        is_on.set()
                        if part.startswith(b"id: "):
                            id = part[4:].strip()
                        elif part.startswith(b"data: ") and part.endswith(b"\n"):
                            last = id  # only now: had the line been cut before, it would come again
                            self.ledger.promises.heard[msgspec.json.decode(part[6:])["body"]] += 1
            await asyncio.sleep(AGAIN_AFTER)


async def _few_at_once(tasks: Sequence[Callable[[], Awaitable[None]]], at_once: int = 8) -> None:
    """All of them, but the server is not stormed before the run."""
    places = asyncio.Semaphore(at_once)

    async def one(task: Callable[[], Awaitable[None]]) -> None:
        async with places:
            await task()

    await asyncio.gather(*(one(task) for task in tasks))
