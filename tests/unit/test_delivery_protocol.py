"""A reply arrives once, whatever becomes of its attempts: where the store knows keys, and where it can only look.

Time is made up: it passes only where a delivery waits for its next attempt.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing, suppress
from datetime import datetime, timedelta, timezone
from enum import Enum, auto
from pathlib import Path
from random import Random
from typing import NamedTuple, NoReturn

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inbox_tui.domain import rules
from inbox_tui.domain.errors import StoreBroken, StoreUnavailable
from inbox_tui.domain.models import Author, ConversationId, Message, ReplyDraft, Sent
from inbox_tui.domain.writes import ReplyWrite
from inbox_tui.local.journal import Journal
from inbox_tui.local.outbox import Outbox
from inbox_tui.operations import delivery as delivery_module
from inbox_tui.operations.delivery import MAX_FAILURES, Delivery
from inbox_tui.testing.factories import DANA, WEBSITE, incoming, member
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.workspace import ModelWorkspace

NOON = datetime(2026, 11, 6, 12, tzinfo=timezone.utc)
SETTLES = timedelta(seconds=60)
"""The longest that the server holds a request."""
ID = ConversationId("c-1")
SENDER = "the desk as dana"


class Fate(Enum):
    """What becomes of an attempt."""

    UNREACHED = auto()
    """There is no line: nothing leaves."""
    LOST = auto()
    """It leaves and never arrives."""
    UNANSWERED = auto()
    """It is done, and its answer is lost."""
    BROKEN = auto()
    """It is done, and its answer cannot be read."""
    HELD = auto()
    """It is done only later, when nobody waits for it any more."""
    KILLED_BEFORE = auto()
    """The program is killed before it leaves."""
    KILLED_AFTER = auto()
    """It is done, and the program is killed before the answer comes."""
    KILLED_HELD = auto()
    """The program is killed, and it is done later."""


class Attempt(NamedTuple):
    fate: Fate
    held: int = 0
    """Seconds after which it is done, where it is held."""


class Server:
    """A desk far away, the line to it, and the clock of both."""

    def __init__(self, plan: list[Attempt], waits: list[int]) -> None:
        self.now = NOON
        self.model = ModelStore(ModelWorkspace(lambda: self.now, member("Dana Ortiz", email=DANA)), DANA)
        self.killed = asyncio.Event()
        self.knows_keys = True
        self.markers: dict[str, Sent] = {}
        """What a store that knows no keys finds by looking."""
        self._plan = iter(plan)
        self._waits = iter(waits)
        self._held: list[tuple[datetime, ReplyDraft]] = []
        self._posts = 0

    async def pause(self, until: asyncio.Event, seconds: float) -> None:
        """Time passes, and what was held is done."""
        await self.wait(next(self._waits, 30))

    async def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        due = [draft for at, draft in self._held if at <= self.now]
        self._held = [(at, draft) for at, draft in self._held if at > self.now]
        for draft in due:
            await self.do(draft)
        await asyncio.sleep(0)

    async def attempt(self, draft: ReplyDraft) -> Sent:
        """One request, by the plan; once that is at its end, everything works."""
        fate, held = next(self._plan, (None, 0))
        if fate is Fate.UNREACHED:
            raise StoreUnavailable("There is no line.")
        if fate is Fate.KILLED_BEFORE:
            await self._killed()
        if fate in (Fate.HELD, Fate.KILLED_HELD):
            self._held.append((self.now + timedelta(seconds=held), draft))
            if fate is Fate.KILLED_HELD:
                await self._killed()
            raise StoreUnavailable("No answer in time.", maybe_done=True)
        if fate is Fate.LOST:
            raise StoreUnavailable("The line broke.", maybe_done=True)
        sent = await self.do(draft)
        if fate is Fate.UNANSWERED:
            raise StoreUnavailable("The line broke.", maybe_done=True)
        if fate is Fate.BROKEN:
            raise StoreBroken("Half an answer.", maybe_done=True)
        if fate is Fate.KILLED_AFTER:
            await self._killed()
        return sent

    async def do(self, draft: ReplyDraft) -> Sent:
        """What the server does: the same key again is the same message, if it knows keys."""
        if self.knows_keys:
            return await self.model.reply(ID, draft)
        self._posts += 1
        sent = await self.model.reply(ID, msgspec.structs.replace(draft, key=f"post-{self._posts}"))
        self.markers[draft.key] = sent
        return sent

    async def _killed(self) -> NoReturn:
        self.killed.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def arrived(self) -> list[Message]:
        """What members wrote there."""
        thread = await self.model.thread(ID)
        return [message for message in thread.messages if message.author is Author.MEMBER]


class KeyedStore(ModelStore):
    """A store whose server knows keys; ``tried_at`` is nothing to it."""

    def __init__(self, server: Server) -> None:
        super().__init__(server.model._shared, DANA)
        self._server = server

    async def reply(self, id: ConversationId, draft: ReplyDraft) -> Sent:
        return await self._server.attempt(draft)


class LookingStore(KeyedStore):
    """A store whose server knows no keys, but shows what it has: it looks before it sends, and not too early."""

    async def reply(self, id: ConversationId, draft: ReplyDraft) -> Sent:
        self._server.knows_keys = False
        found = self._server.markers.get(draft.key)
        if found is not None:
            return msgspec.structs.replace(found, was_known=True)
        if rules.may_still_arrive(draft.tried_at, self._server.now, SETTLES):
            raise StoreUnavailable("The last attempt may still be on its way.")
        return await self._server.attempt(draft)


async def deliver(server: Server, store: ModelStore, folder: Path) -> None:
    """Send a reply, and start the program again as often as it is killed."""
    [row] = (await server.model.thread(ID)).messages
    write = ReplyWrite(ID, ReplyDraft("On its way", "k-1", last_seen=row.id))
    file = folder / "0" / "unsent.db"
    for number in range(1, 100):
        server.killed.clear()
        outbox = Outbox(Journal(file), SENDER)
        left = outbox.take_over()
        assert [one.write for one in left] == ([] if number == 1 else [write])
        delivery = Delivery(store, outbox, left, Random(1), lambda: server.now)
        sending = asyncio.create_task(delivery.reply(write))
        killing = asyncio.create_task(server.killed.wait())
        await asyncio.wait([sending, killing], return_when=asyncio.FIRST_COMPLETED, timeout=20)
        is_sent = sending.done()
        file = snapshot(file, folder / f"{number}" / "unsent.db")
        for task in (sending, killing):
            task.cancel()
        await delivery.aclose()
        outbox.journal.close()
        if is_sent:
            assert sending.result().message.body == "On its way"
            return
        assert killing.done(), "it goes on until the reply is sent"


def snapshot(file: Path, copy: Path) -> Path:
    """The file as a kill leaves it: what is in memory only is gone."""
    copy.parent.mkdir()
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


ATTEMPTS = st.lists(
    st.builds(Attempt, st.sampled_from(Fate), st.integers(0, 59)), max_size=MAX_FAILURES - 1
)  # as many broken answers in a row as are not a refusal yet
WAITS = st.lists(st.sampled_from([0, 1, 15, 31, 59, 60, 61, 200]), max_size=30)
KINDS = pytest.mark.parametrize("kind", [KeyedStore, LookingStore])


@KINDS
@settings(max_examples=40, deadline=None)
@given(plan=ATTEMPTS, waits=WAITS)
@example(plan=[Attempt(Fate.HELD, 50)], waits=[1] * 100)
@example(plan=[Attempt(Fate.HELD, 59), Attempt(Fate.UNREACHED), Attempt(Fate.LOST)], waits=[30, 30, 30])
@example(plan=[Attempt(Fate.KILLED_HELD, 59), Attempt(Fate.UNREACHED)], waits=[])
@example(plan=[Attempt(Fate.KILLED_HELD, 59), Attempt(Fate.KILLED_BEFORE), Attempt(Fate.LOST)], waits=[])
def test_a_reply_arrives_exactly_once(kind: type[KeyedStore], plan: list[Attempt], waits: list[int]) -> None:
    async def run() -> list[Message]:
        server = Server(plan, waits)
        await server.model.ingest([incoming("c-1", agent=WEBSITE)])
        with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
            patch.setattr(delivery_module, "pause", server.pause)
            await deliver(server, kind(server), Path(folder))
        await server.wait(1000)
        return await server.arrived()

    assert [message.body for message in asyncio.run(run())] == ["On its way"]


async def test_a_store_that_cannot_be_reached_does_not_put_the_moment_off_for_ever(tmp_path: Path) -> None:
    """An attempt that certainly did not reach the store leaves the moment of the one before as it was."""
    tried: list[datetime | None] = []

    class Recording(KeyedStore):
        async def reply(self, id: ConversationId, draft: ReplyDraft) -> Sent:
            tried.append(draft.tried_at)
            return await super().reply(id, draft)

    server = Server([Attempt(Fate.UNREACHED), Attempt(Fate.LOST), *[Attempt(Fate.UNREACHED)] * 3], [10] * 9)
    await server.model.ingest([incoming("c-1", agent=WEBSITE)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery_module, "pause", server.pause)
        await deliver(server, Recording(server), tmp_path)
    second = NOON + timedelta(seconds=10)
    assert tried == [None, None, second, second, second, second]


async def test_what_is_in_doubt_is_said_until_it_is_settled(tmp_path: Path) -> None:
    server = Server([Attempt(Fate.UNREACHED), Attempt(Fate.UNANSWERED)], [])
    await server.model.ingest([incoming("c-1", agent=WEBSITE)])
    said: list[tuple[str, str]] = []

    class Listening:
        def held(self, error: object) -> None: ...

        def refused(self, ids: object, error: object) -> None: ...

        def unconfirmed(self, write: ReplyWrite) -> None:
            said.append((write.draft.key, delivery.unconfirmed))

    outbox = Outbox(Journal(tmp_path / "unsent.db"), SENDER)
    delivery = Delivery(KeyedStore(server), outbox, (), Random(1), lambda: server.now)
    delivery.start(Listening())
    [row] = (await server.model.thread(ID)).messages
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery_module, "pause", server.pause)
        await delivery.reply(ReplyWrite(ID, ReplyDraft("On its way", "k-1", last_seen=row.id)))
    assert said == [("k-1", "k-1")]
    assert delivery.unconfirmed == ""
    with suppress(asyncio.CancelledError):
        await delivery.aclose()
    outbox.journal.close()
