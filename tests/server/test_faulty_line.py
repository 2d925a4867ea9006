"""A thousand writes over a line on which almost half of the requests suffer something: each is done exactly once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from inbox_tui.backends.web import client as line_module
from inbox_tui.domain.errors import Conflict, InboxError, StoreBroken, StoreUnavailable
from inbox_tui.domain.models import Author, ConversationId, Kind, ReplyDraft, SetStatus, Status
from inbox_tui.domain.writes import ReplyWrite
from inbox_tui.local.journal import Journal
from inbox_tui.local.outbox import Outbox
from inbox_tui.operations import delivery as delivery_module
from inbox_tui.operations.delivery import Delivery
from inbox_tui.store.protocol import Store
from inbox_tui.testing.factories import DANA, SAM
from server.harness import Served
from server.team import AGENTS, NAMES
from server.wire import Fault, Wire, wire_to

T = TypeVar("T")

SEED = 20
IDS = list(AGENTS)
HARMLESS = 0.6
FAULTS = [fault for fault in Fault if fault not in (Fault.NONE, Fault.HALF_OPEN, Fault.SILENT)]


class Person:
    """A member who works over the line, and resends what is refused until it is accepted."""

    def __init__(self, email: str, served: Served, wire: Wire, folder: Path) -> None:
        self.name = NAMES[email].split()[0]
        self.random = Random(f"{SEED} {email}")
        self.journal = Journal(folder / f"{self.name}.db")
        self._served, self._wire, self._email = served, wire, email
        self.sent: list[tuple[ConversationId, str]] = []
        self.order: dict[ConversationId, list[str]] = {}

    async def work(self, writes: int) -> None:
        """So many writes."""
        remote = await self._served.open_as(self._email, over=self._wire.address)
        delivery = Delivery(remote, Outbox(self.journal, self._email), random=self.random)
        for number in range(writes):
            await self._write(remote, delivery, number)
        await delivery.aclose()
        self.journal.close()
        await remote.aclose()

    async def _write(self, remote: Store, delivery: Delivery, number: int) -> None:
        id = self.random.choice(IDS)
        choice = self.random.random()
        if choice < 0.7:
            await self._reply(remote, delivery, id, f"{self.name} {number}")
        elif choice < 0.85:
            with suppress(Conflict):
                now = (await again(lambda: remote.get(id))).status
                other = Status.RESOLVED if now is Status.OPEN else Status.OPEN
                async for [outcome] in delivery.decide_in_batches([SetStatus(id, other, now)]):
                    assert outcome.result().status is other
        else:
            now = (await again(lambda: remote.get(id))).status
            async for _ in delivery.decide_in_batches([SetStatus(id, Status.OPEN, now)]):
                pass

    async def _reply(self, remote: Store, delivery: Delivery, id: ConversationId, body: str) -> None:
        kind = Kind.NOTE if self.random.random() < 0.2 else Kind.MESSAGE
        attempt = 0
        while True:
            seen = (await again(lambda: remote.thread(id))).messages[-1].id
            attempt += 1
            try:
                await delivery.reply(ReplyWrite(id, ReplyDraft(body, f"{body} {attempt}", kind, seen)))
            except Conflict:
                continue  # a colleague replied: the person looks again, and sends anew
            self.sent.append((id, body))
            self.order.setdefault(id, []).append(body)
            return


async def again(ask: Callable[[], Awaitable[T]]) -> T:
    """A read that a person repeats until there is an answer."""
    while True:
        with suppress(StoreUnavailable, StoreBroken):
            return await ask()


async def work_over(served: Served, store: Store, folder: Path, writes: int, half_open: float) -> Counter[Fault]:
    random = Random(SEED)
    async with wire_to(served.address) as wire:

        def choose(method: str, path: str) -> Fault:
            if random.random() < half_open:
                return Fault.HALF_OPEN
            return Fault.NONE if random.random() < HARMLESS else random.choice(FAULTS)

        people = [Person(email, served, wire, folder) for email in (DANA, SAM)]
        wire.choose = choose
        await asyncio.gather(*(open_anyway(person, writes // 2) for person in people))
        suffered = Counter(wire.suffered)
    threads = {id: (await store.thread(id, limit=10_000)).messages for id in IDS}
    written = Counter((id, m.body) for id, thread in threads.items() for m in thread if m.author is Author.MEMBER)
    expected = Counter(pair for person in people for pair in person.sent)
    assert written == expected, "each exactly once: none lost, none twice"
    for person in people:
        for id, bodies in person.order.items():
            replies = (m.body for m in threads[id] if m.author is Author.MEMBER)
            mine = [body for body in replies if body.startswith(f"{person.name} ")]
            assert mine == bodies, "and in order"
        assert person.journal.problem == ""
    return suffered


async def open_anyway(person: Person, writes: int) -> None:
    """Opening is a read, and may fail as any."""
    while True:
        try:
            await person.work(writes)
        except (StoreUnavailable, StoreBroken):
            assert not person.sent, "once it is open, nothing gets through to the person but conflicts"
        except InboxError as error:
            raise AssertionError(error) from error
        else:
            return


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other quickly, so that many fit into the test's time."""
    monkeypatch.setattr(delivery_module, "INITIAL_BACKOFF", 0.01)
    monkeypatch.setattr(delivery_module, "MAX_BACKOFF", 0.1)
    monkeypatch.setattr(delivery_module, "MAX_FAILURES", 100)


async def test_a_hundred_writes(served: Served, store: Store, tmp_path: Path, soon: None) -> None:
    suffered = await work_over(served, store, tmp_path, 100, half_open=0.0)
    assert set(FAULTS) <= set(suffered)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_thousand_writes(
    served: Served, store: Store, tmp_path: Path, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "READ_TIMEOUT", 1.0)
    suffered = await work_over(served, store, tmp_path, 1_000, half_open=0.01)
    assert set(Fault) <= set(suffered)
