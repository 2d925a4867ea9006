"""Those who work: members who read, reply, assign and export, websites that pass on what is said, and a watcher."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

import msgspec

from benchmarks.ledger import MARK, Act, Ledger, Request, due_until
from benchmarks.loopback import Line
from benchmarks.vocabulary import Vocabulary

_PAGE = 50
_SEED = 1
_WORDS = [word for word in Vocabulary(_SEED).words[200:400] if len(word) > 3]
_GROUPS = {"search": "search", "reply": "write", "assign": "write"}


class Client:
    """One client at work."""

    def __init__(self, ledger: Ledger, line: Line, name: str, *, has_writes: bool = False) -> None:
        self.line = line
        self.ledger = ledger
        self.random = Random(f"{_SEED} {name}")
        self._name = name
        self.has_writes = has_writes
        self._count = 0

    def words(self) -> str:
        """A text that nobody else sends."""
        self._count += 1
        return f"{MARK} {self._name} {self._count}: {' '.join(self.random.choices(_WORDS, k=8))}"

    async def act(self) -> tuple[str, bool]:
        """One act; its group, and whether it failed."""
        raise NotImplementedError

    async def work(self, due: float, until: float, interval: float) -> None:
        """Act whenever an act is due."""
        while due < until:
            if (early := due - time.monotonic()) > 0:
                await asyncio.sleep(early)
                self.ledger.lags.append(time.monotonic() - due)
            group, has_failed = await self.act()
            now = time.monotonic()
            missed = due_until(due, min(now, until), interval)
            self.ledger.acts += [Act(one, group, now - one, has_failed) for one in missed]
            due = missed[-1] + self.random.uniform(0.8, 1.2) * interval


class Member(Client):
    """A member who reads, searches, replies and assigns."""

    def __init__(self, ledger: Ledger, line: Line, number: int, *, has_writes: bool) -> None:
        super().__init__(ledger, line, f"member {number}", has_writes=has_writes)
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
        if has_writes:
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
        body = await self.ledger.done(self.line, request)
        if body is None:
            raise RuntimeError(f"{request.path} is refused before the run has begun.")
        return body

    async def act(self) -> tuple[str, bool]:
        [(name, make)] = self.random.choices(self._acts, weights=self._weights)
        request = make()
        body = await self.ledger.done(self.line, request)
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
        return Request("GET", f"/conversations?limit={_PAGE}&search={quote(self.random.choice(_WORDS))}")

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


class Exporter(Client):
    """A member who takes a list home now and then."""

    def __init__(self, ledger: Ledger, line: Line) -> None:
        super().__init__(ledger, line, "exporter")

    async def act(self) -> tuple[str, bool]:
        body = await self.ledger.done(self.line, Request("GET", "/export.csv?filter=pending"))
        return "export", body is None or not body.startswith(b"conversation_id")


class Watcher(Client):
    """A program without a token that asks whether the server lives."""

    def __init__(self, ledger: Ledger, line: Line) -> None:
        super().__init__(ledger, line, "watcher")

    async def act(self) -> tuple[str, bool]:
        return "health", await self.ledger.done(self.line, Request("GET", "/health")) is None


class Website(Client):
    """An AI agent that begins conversations and passes on what is said in them."""

    def __init__(self, ledger: Ledger, line: Line, number: int, *, has_writes: bool) -> None:
        super().__init__(ledger, line, f"website {number}", has_writes=has_writes)
        self.first = f"shift-{number}-0"
        self._ids = [self.first]

    async def begin(self) -> None:
        """Have a conversation to begin with."""
        if await self.ledger.done(self.line, self._new(self.first)) is None:
            raise RuntimeError("A website cannot begin a conversation.")

    async def act(self) -> tuple[str, bool]:
        chance = self.random.random()
        id = self.random.choice(self._ids)
        if not self.has_writes or chance < 0.2:
            request = Request("GET", f"/agent/conversations/{id}")
        elif chance < 0.9:
            text = self.words()
            content = {"author": self.random.choice(("visitor", "agent")), "body": text, "key": text}
            request = Request("POST", f"/agent/conversations/{id}/messages", content, text)
        else:
            request = self._new(f"{self.first[:-1]}{len(self._ids)}")
        body = await self.ledger.done(self.line, request)
        if body is not None and request.path == "/agent/conversations":
            self._ids.append(msgspec.json.decode(body)["id"])
        return "website", body is None

    def _new(self, id: str) -> Request:
        text = self.words()
        messages = [{"author": "visitor", "body": text, "key": text}]
        lead = {"name": f"Visitor of {self._name}"}
        return Request("POST", "/agent/conversations", {"id": id, "lead": lead, "messages": messages}, text)
