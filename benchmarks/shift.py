"""A team and its websites at work over HTTP: a steady load, and a note of all that was promised to it.

Each client acts at times that were set before, one act after the other, on conversations
of its own. How long an act took counts from when it was due; an act that was still under
way when the next ones were due counts for those as well, so that a server which stood
still for ten seconds is not let off with one slow answer.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from benchmarks.loopback import Line, Site
from benchmarks.vocabulary import Vocabulary

API = "/v1"
PATIENCE = 30.0
"""Seconds after which a client gives an act up."""
MARK = "bench shift"
"""How every text of the load begins; the rest makes it the only one."""
GENERATED = "c-"
"""How the ids of generated conversations begin; nobody else's do."""
_ATTEMPT = 15.0
"""Seconds that one request may take."""
_AGAIN_AFTER = 0.25
"""Seconds after which a request that was refused or cut is sent again."""
_AGENTS_SHARE = 0.2
_PAGE = 50
_KNOWN = 1_000
_EXPORTS_EVERY, _WATCHED_EVERY = 5.0, 1.0
_OWN = 4
"""Conversations that a member's client works on."""
_SEED = 1
_GROUPS = {"search": "search", "reply": "write", "assign": "write"}
_BEGINNINGS = ("127.0.1", "127.0.3")
"""Where clients come from: members' and websites'."""


class Act(NamedTuple):
    """One thing that was done."""

    due: float
    group: str
    """``read``, ``search``, ``write``, ``export`` or ``health``; ``website`` for all that an AI agent's client does."""
    taken: float
    """Seconds from when it was due."""
    has_failed: bool


@dataclass
class Promises:
    """What the server acknowledged, and what it may have done."""

    kept: set[str] = field(default_factory=set)
    """Texts that were acknowledged: each must be in the store, once."""
    sent: set[str] = field(default_factory=set)
    """All texts that were sent: none may be there twice."""
    replies: set[str] = field(default_factory=set)
    """Acknowledged texts that a website must hear."""
    heard: Counter[str] = field(default_factory=Counter)
    """What the websites heard."""


@dataclass(frozen=True)
class Tokens:
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
        tokens: Tokens,
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
        self._has_writes = has_writes
        self._has_addresses = has_addresses
        self._members = [
            _Member(self, number, tokens.members[number % len(tokens.members)]) for number in range(clients - websites)
        ]
        self._websites = [
            _Website(self, number, tokens.agents[number % len(tokens.agents)]) for number in range(websites)
        ]
        self._beside: list[tuple[_Client, float]] = [
            (_Exporter(self, tokens.members[-1]), _EXPORTS_EVERY),
            (_Watcher(self), _WATCHED_EVERY),
        ]
        self._following: list[asyncio.Task[None]] = []
        self.acts: list[Act] = []
        self.lags: list[float] = []
        """Seconds by which clients woke late: the machine's share of what is measured."""
        self.answers: Counter[str] = Counter()
        """By status, or by what became of the line."""
        self.promises = Promises()
        self.words = [word for word in Vocabulary(_SEED).words[200:400] if len(word) > 3]

    async def begin(self) -> None:
        """Read what the clients work on, and have the websites listen."""
        line = self.line(self._tokens.members[0], 0)
        listed = await line.ask("GET", f"{API}/conversations?filter=unresolved&limit={_KNOWN}&offset=100")
        rows = [row for row in msgspec.json.decode(listed.body)["rows"] if row["id"].startswith(GENERATED)]
        await line.close()
        for number, member in enumerate(self._members):
            member.own = rows[number :: len(self._members)][:_OWN]
        await _few_at_once([member.look for member in self._members] + [site.begin for site in self._websites])
        for agent in range(len(self._tokens.agents)):
            is_on = asyncio.Event()
            self._following.append(asyncio.create_task(self._hear(agent, is_on)))
            await asyncio.wait_for(is_on.wait(), PATIENCE)
            # An id to come again with, whenever the stream is cut.
            await self.done(self._members[0].line, self._members[0].greet(self._websites[agent].first))
        until = time.monotonic() + PATIENCE
        while self.promises.replies - self.promises.heard.keys():
            if time.monotonic() > until:
                raise RuntimeError("The websites do not hear replies.")
            await asyncio.sleep(0.02)

    async def work(self, seconds: float) -> None:
        """All act for so long; what is under way then is finished."""
        begin = time.monotonic()
        self.begun = begin
        clients: Sequence[_Client] = [*self._members, *self._websites]
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
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.promises.replies - self.promises.heard.keys():
            await asyncio.sleep(0.1)
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        for client in (*self._members, *self._websites, *(client for client, _ in self._beside)):
            await client.line.close()

    async def says_hello(self) -> float:
        """Seconds that a colleague who comes now waits for a list and for a reply; PATIENCE if in vain."""
        began = time.monotonic()
        member = self._members[0]
        for act in (member.list, member.reply):
            if await self.done(member.line, act()) is None:
                return PATIENCE
        return time.monotonic() - began

    def line(self, token: str, number: int, kind: int = 0) -> Line:
        """A connection for a client."""
        source = f"{_BEGINNINGS[kind]}.{1 + number % 250}" if self._has_addresses else ""
        return Line(self._site, token, source)

    @property
    def writes(self) -> bool:
        """Whether there are any."""
        return self._has_writes

    async def done(self, line: Line, request: Request) -> bytes | None:
        """Send a request until it is answered with a success; None when it was refused for good or took too long."""
        until = time.monotonic() + PATIENCE
        body = None if request.content is None else msgspec.json.encode(request.content)
        if request.text:
            self.promises.sent.add(request.text)
        while (left := until - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(min(left, _ATTEMPT)):
                    answer = await line.ask(request.method, API + request.path, body)
            except TimeoutError:
                self.answers["silence"] += 1
                continue
            except (OSError, EOFError, asyncio.LimitOverrunError):
                self.answers["cut"] += 1
                await asyncio.sleep(_AGAIN_AFTER)
                continue
            self.answers[str(answer.status)] += 1
            if answer.status < 300:
                self._promised(request)
                return answer.body
            if answer.status not in (429, 500, 503):
                return None
            await asyncio.sleep(_AGAIN_AFTER)
        return None

    def _promised(self, request: Request) -> None:
        if request.text:
            self.promises.kept.add(request.text)
            if request.is_reply:
                self.promises.replies.add(request.text)

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
                            self.promises.heard[msgspec.json.decode(part[6:])["body"]] += 1
            await asyncio.sleep(_AGAIN_AFTER)


class Request(NamedTuple):
    """What a client asks for."""

    method: str
    path: str
    content: dict[str, Any] | None = None
    text: str = ""
    """The words by which what it writes is known again."""
    is_reply: bool = False


class _Client:
    """One client at work."""

    def __init__(self, shift: Shift, line: Line, seed: str) -> None:
        self.line = line
        self.shift = shift
        self.random = Random(f"{_SEED} {seed}")
        self._name = seed
        self._count = 0

    def words(self) -> str:
        """A text that nobody else sends."""
        self._count += 1
        return f"{MARK} {self._name} {self._count}: {' '.join(self.random.choices(self.shift.words, k=8))}"

    async def act(self) -> tuple[str, bool]:
        """One act; its group, and whether it failed."""
        raise NotImplementedError

    async def work(self, due: float, until: float, interval: float) -> None:
        """Act whenever an act is due."""
        while due < until:
            if (early := due - time.monotonic()) > 0:
                await asyncio.sleep(early)
                self.shift.lags.append(time.monotonic() - due)
            group, has_failed = await self.act()
            now = time.monotonic()
            missed = due_until(due, min(now, until), interval)
            self.shift.acts += [Act(one, group, now - one, has_failed) for one in missed]
            due = missed[-1] + self.random.uniform(0.8, 1.2) * interval


class _Member(_Client):
    """A member who reads, searches, replies and assigns."""

    def __init__(self, shift: Shift, number: int, token: str) -> None:
        super().__init__(shift, shift.line(token, number), f"member {number}")
        self.own: list[dict[str, Any]] = []
        self._seen: dict[str, str] = {}
        self._me = ""
        self._holders: dict[str, str | None] = {}
        self._acts: list[tuple[str, Callable[[], Request]]] = [
            ("list", self.list),
            ("counts", self.counts),
            ("thread", self.thread),
            ("search", self.search),
        ]
        self._weights = [30, 15, 25, 6]
        if shift.writes:
            self._acts += [("reply", self.reply), ("assign", self.assign)]
            self._weights += [16, 8]

    async def look(self) -> None:
        """What the member sees before the first act."""
        self._me = msgspec.json.decode(await self._must(Request("GET", "/me")))["id"]
        for row in self.own:
            thread = msgspec.json.decode(await self._must(self._thread_of(row["id"])))
            self._seen[row["id"]] = thread["messages"][-1]["id"]
            holder = thread["conversation"]["assignee"]
            self._holders[row["id"]] = holder and holder["id"]

    async def _must(self, request: Request) -> bytes:
        body = await self.shift.done(self.line, request)
        if body is None:
            raise RuntimeError(f"{request.path} is refused before the run has begun.")
        return body

    async def act(self) -> tuple[str, bool]:
        [(name, make)] = self.random.choices(self._acts, weights=self._weights)
        request = make()
        body = await self.shift.done(self.line, request)
        if body is not None and name == "reply":
            sent = msgspec.json.decode(body)
            holder = sent["conversation"]["assignee"]
            id = sent["conversation"]["id"]
            self._seen[id], self._holders[id] = sent["message"]["id"], holder and holder["id"]
        elif body is not None and name == "assign":
            assigned = msgspec.json.decode(body)
            self._holders[assigned["id"]] = assigned["assignee"] and assigned["assignee"]["id"]
        return _GROUPS.get(name, "read"), body is None

    def list(self) -> Request:
        """A page of one of the lists."""
        filter = self.random.choice(("unresolved", "pending", "your-inbox", "all"))
        return Request(
            "GET", f"/conversations?filter={filter}&limit={_PAGE}&offset={self.random.choice((0, 0, _PAGE))}"
        )

    def counts(self) -> Request:
        """How many each filter holds."""
        return Request("GET", "/counts")

    def thread(self) -> Request:
        """A conversation, opened."""
        return self._thread_of(self.random.choice(self.own)["id"])

    def search(self) -> Request:
        """A word that some have."""
        return Request("GET", f"/conversations?limit={_PAGE}&search={quote(self.random.choice(self.shift.words))}")

    def reply(self) -> Request:
        """A reply to a visitor."""
        id, text = self.random.choice(self.own)["id"], self.words()
        content = {"body": text, "key": text, "last_seen": self._seen[id]}
        return Request("POST", f"/conversations/{quote(id)}/messages", content, text, is_reply=True)

    def greet(self, id: str) -> Request:
        """A reply in a conversation that nobody has looked at yet."""
        text = self.words()
        return Request("POST", f"/conversations/{id}/messages", {"body": text, "key": text}, text, is_reply=True)

    def assign(self) -> Request:
        """Take a conversation, or give it back."""
        id = self.random.choice(self.own)["id"]
        holder = self._holders[id]
        member = None if holder == self._me else self._me
        return Request("PUT", f"/conversations/{quote(id)}/assignee", {"member": member, "expected": holder})

    @staticmethod
    def _thread_of(id: str) -> Request:
        return Request("GET", f"/conversations/{quote(id)}/thread?limit={_PAGE}")


class _Exporter(_Client):
    """A member who takes a list home now and then."""

    def __init__(self, shift: Shift, token: str) -> None:
        super().__init__(shift, shift.line(token, 249), "exporter")

    async def act(self) -> tuple[str, bool]:
        body = await self.shift.done(self.line, Request("GET", "/export.csv?filter=pending"))
        return "export", body is None or not body.startswith(b"conversation_id")


class _Watcher(_Client):
    """A program without a token that asks whether the server lives."""

    def __init__(self, shift: Shift) -> None:
        super().__init__(shift, shift.line("", 248), "watcher")

    async def act(self) -> tuple[str, bool]:
        return "health", await self.shift.done(self.line, Request("GET", "/health")) is None


class _Website(_Client):
    """An AI agent that begins conversations and passes on what is said in them."""

    def __init__(self, shift: Shift, number: int, token: str) -> None:
        super().__init__(shift, shift.line(token, number, 1), f"website {number}")
        self.first = f"shift-{number}-0"
        self._ids = [self.first]

    async def begin(self) -> None:
        """Have a conversation to begin with."""
        if await self.shift.done(self.line, self._new(self.first)) is None:
            raise RuntimeError("A website cannot begin a conversation.")

    async def act(self) -> tuple[str, bool]:
        chance = self.random.random()
        id = self.random.choice(self._ids)
        if not self.shift.writes or chance < 0.2:
            request = Request("GET", f"/agent/conversations/{id}")
        elif chance < 0.9:
            text = self.words()
            content = {"author": self.random.choice(("visitor", "agent")), "body": text, "key": text}
            request = Request("POST", f"/agent/conversations/{id}/messages", content, text)
        else:
            request = self._new(f"{self.first[:-1]}{len(self._ids)}")
        body = await self.shift.done(self.line, request)
        if body is not None and request.path == "/agent/conversations":
            self._ids.append(msgspec.json.decode(body)["id"])
        return "website", body is None

    def _new(self, id: str) -> Request:
        text = self.words()
        messages = [{"author": "visitor", "body": text, "key": text}]
        lead = {"name": f"Visitor of {self._name}"}
        return Request("POST", "/agent/conversations", {"id": id, "lead": lead, "messages": messages}, text)


def due_until(due: float, now: float, interval: float) -> list[float]:
    """When an act was due that has just ended, and the acts that could not begin because of it."""
    return [due + number * interval for number in range(max(1, math.ceil((now - due) / interval)))]


async def _few_at_once(tasks: Sequence[Callable[[], Awaitable[None]]], at_once: int = 8) -> None:
    """All of them, but the server is not stormed before the run."""
    places = asyncio.Semaphore(at_once)

    async def one(task: Callable[[], Awaitable[None]]) -> None:
        async with places:
            await task()

    await asyncio.gather(*(one(task) for task in tasks))
