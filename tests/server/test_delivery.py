"""What is sent to a remote store arrives once and in order, whatever the line does, and whoever is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from inbox_tui.domain.errors import Conflict, InboxError, NotFound, StoreBroken
from inbox_tui.domain.models import Assign, ConversationId, Kind, ReplyDraft, SetStatus, StateChange, Status
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.domain.writes import ReplyWrite
from inbox_tui.local.journal import Journal
from inbox_tui.local.outbox import Outbox
from inbox_tui.operations import delivery as delivery_module
from inbox_tui.operations.delivery import Delivery
from inbox_tui.operations.triage import Triage
from inbox_tui.store.protocol import Intake, Store
from inbox_tui.testing.deciding import assign, set_status
from inbox_tui.testing.factories import minute
from server.team import ONE, TWO, said_by_members
from server.wire import Fault, Wire

SEED = 4


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Attempts follow each other quickly."""
    with monkeypatch.context() as patch:
        patch.setattr(delivery_module, "INITIAL_BACKOFF", 0.005)
        yield


SENDER = "the server as sam"


def delivering(store: Store, folder: Path) -> Delivery:
    """A program that starts and delivers what an earlier one left."""
    outbox = Outbox(Journal(folder / "unsent.db"), SENDER)
    return Delivery(store, outbox, outbox.take_over(), Random(SEED))


async def end(delivery: Delivery) -> None:
    """The program ends."""
    await delivery.aclose()
    delivery.outbox.journal.close()


def drafts_in(folder: Path) -> list[str]:
    """The drafts that the next start finds."""
    outbox = Outbox(Journal(folder / "unsent.db"), SENDER)
    outbox.take_over()
    found = [draft.body for draft in outbox.journal.drafts(SENDER)]
    outbox.journal.close()
    return found


class Told:
    """Whoever listens to a delivery."""

    def __init__(self) -> None:
        self.held_by: list[InboxError] = []
        self.refusals: list[tuple[list[ConversationId], InboxError]] = []
        self.in_doubt: list[str] = []

    def held(self, error: InboxError) -> None:
        self.held_by.append(error)

    def refused(self, ids: Sequence[ConversationId], error: InboxError) -> None:
        self.refusals.append((list(ids), error))

    def unconfirmed(self, write: ReplyWrite) -> None:
        self.in_doubt.append(write.draft.key)


async def decided(delivery: Delivery, *changes: StateChange) -> list[Outcome]:
    return [outcome async for some in delivery.decide_in_batches(changes) for outcome in some]


async def seen(store: Store, body: str, key: str, id: ConversationId = ONE) -> ReplyDraft:
    thread = await store.thread(id)
    return ReplyDraft(body, key, last_seen=thread.messages[-1].id)


async def test_with_the_line_up_it_is_delivered_at_once(store: Store, remote: Store, tmp_path: Path) -> None:
    delivery = delivering(remote, tmp_path)
    sent = await delivery.reply(ReplyWrite(ONE, await seen(store, "Hello", "k1")))
    assert (sent.message.body, delivery.undelivered) == ("Hello", 0)
    [taken] = await decided(delivery, Assign(TWO, (await remote.me()).id, None))
    assert taken.before is not None and taken.before.assignee is None
    assert taken.after is not None and taken.after.assignee == await remote.me()
    [resolved] = await decided(delivery, SetStatus(TWO, Status.RESOLVED, Status.OPEN))
    assert resolved.after is not None and resolved.after.status is Status.RESOLVED
    [reopened] = await decided(delivery, SetStatus(TWO, Status.OPEN, Status.RESOLVED))
    assert reopened.result().status is Status.OPEN
    await end(delivery)
    assert await said_by_members(store, ONE) == ["Hello"]


async def test_while_the_line_is_down_it_waits_and_then_arrives_in_order(
    store: Store, remote: Store, wire: Wire, tmp_path: Path
) -> None:
    delivery = delivering(remote, tmp_path)
    drafts = [await seen(store, f"Number {number}", f"k{number}") for number in range(5)]
    wire.cut()
    waiting = [asyncio.create_task(delivery.reply(ReplyWrite(ONE, draft))) for draft in drafts]
    resolving = asyncio.create_task(decided(delivery, SetStatus(ONE, Status.RESOLVED, Status.OPEN)))
    await asyncio.wait(waiting, timeout=0.1)
    assert delivery.undelivered == 6
    assert not any(task.done() for task in waiting)
    wire.mend()
    delivery.line_is_back()
    await asyncio.gather(*waiting, resolving)
    assert await said_by_members(store, ONE) == [draft.body for draft in drafts]
    assert (await store.get(ONE)).status is Status.RESOLVED
    await end(delivery)


@pytest.mark.usefixtures("soon")
async def test_it_says_why_it_waits_unless_the_line_is_known_to_be_down(
    store: Store, remote: Store, wire: Wire, tmp_path: Path
) -> None:
    delivery = delivering(remote, tmp_path)
    listener = Told()
    told = listener.held_by
    delivery.start(listener)
    draft = await seen(store, "Hello", "k1")
    wire.cut()
    delivery.line_is_down()
    reply = asyncio.create_task(delivery.reply(ReplyWrite(ONE, draft)))
    await asyncio.sleep(0.2)
    assert not told
    delivery.line_is_back()
    while not told:
        await asyncio.sleep(0.01)
    assert told == [delivery.held_by]
    assigning = asyncio.create_task(decided(delivery, Assign(TWO, None, None)))
    await asyncio.sleep(0.05)
    assert len(told) == 2, "with each write that is sent meanwhile"
    wire.mend()
    await asyncio.gather(reply, assigning)
    assert delivery.held_by is None
    await end(delivery)


async def test_a_later_start_delivers_what_an_earlier_one_could_not(
    store: Store, remote: Store, wire: Wire, tmp_path: Path
) -> None:
    delivery = delivering(remote, tmp_path)
    first, second = await seen(store, "First", "k1"), await seen(store, "Second", "k2")
    wire.cut()
    waiting = [
        asyncio.create_task(delivery.reply(ReplyWrite(ONE, draft, and_resolve=True))) for draft in (first, second)
    ]
    await asyncio.wait(waiting, timeout=0.1)
    await end(delivery)
    for task in waiting:
        task.cancel()
    wire.mend()
    again = delivering(remote, tmp_path)
    assert [(write.draft.body, write.and_resolve) for write in again.left()] == [("First", True), ("Second", True)]
    sent = await again.reply(ReplyWrite(ONE, first))
    assert sent.message.body == "First"
    again.start(Told())
    await again.reply(ReplyWrite(ONE, second))
    assert await said_by_members(store, ONE) == ["First", "Second"]
    await end(again)
    later = delivering(remote, tmp_path)
    assert later.left() == []
    await end(later)


async def test_what_was_already_done_when_the_program_died_is_not_done_twice(
    store: Store, remote: Store, wire: Wire, tmp_path: Path
) -> None:
    wire.choose = lambda method, path: Fault.HALF_OPEN if method == "POST" else Fault.NONE
    delivery = delivering(remote, tmp_path)
    draft = await seen(store, "Once", "k1")
    sending = asyncio.create_task(delivery.reply(ReplyWrite(ONE, draft)))
    while await said_by_members(store, ONE) != ["Once"]:  # it is there, and its answer never comes
        await asyncio.wait([sending], timeout=0.02)
    await end(delivery)
    sending.cancel()
    wire.choose = lambda method, path: Fault.NONE
    again = delivering(remote, tmp_path)
    assert (await again.reply(ReplyWrite(ONE, draft))).message.body == "Once"
    assert await said_by_members(store, ONE) == ["Once"]
    await end(again)


async def test_a_conflict_comes_back_to_whoever_sent_it(
    store: Store, remote: Store, wire: Wire, tmp_path: Path
) -> None:
    delivery = delivering(remote, tmp_path)
    mine, theirs = await seen(store, "Mine", "k1"), await seen(store, "Theirs", "k2")
    after = await seen(store, "For another", "k3", TWO)
    wire.cut()
    sending = asyncio.create_task(delivery.reply(ReplyWrite(ONE, mine)))
    following = asyncio.create_task(delivery.reply(ReplyWrite(TWO, after)))
    await asyncio.wait([sending], timeout=0.05)
    await store.reply(ONE, theirs)
    wire.mend()
    delivery.line_is_back()
    with pytest.raises(Conflict) as told:
        await sending
    assert [message.body for message in told.value.messages] == ["Theirs"]
    assert (await following).message.body == "For another", "what was sent after it goes on"
    await end(delivery)
    assert drafts_in(tmp_path) == ["Mine"], "whatever became of the screen, its text is a draft"
    later = delivering(remote, tmp_path)
    assert later.left() == []
    await end(later)


async def test_what_is_refused_after_a_restart_is_told(store: Store, remote: Store, wire: Wire, tmp_path: Path) -> None:
    delivery = delivering(remote, tmp_path)
    gone = ConversationId("gone")
    wire.cut()
    taking = asyncio.create_task(decided(delivery, Assign(ONE, (await store.me()).id, None)))
    many = asyncio.create_task(decided(delivery, Assign(gone, None, None), Assign(TWO, None, None)))
    await asyncio.wait([taking, many], timeout=0.05)
    await end(delivery)
    taking.cancel()
    many.cancel()
    wire.mend()
    await assign(store, ONE, (await remote.me()).id, None)
    again = delivering(remote, tmp_path)
    listener = Told()
    assert (again.left(), again.undelivered) == ([], 2)
    again.start(listener)
    while again.undelivered:
        await remote.get(ONE)
    assert [(ids, type(error)) for ids, error in listener.refusals] == [([ONE], Conflict), ([gone], NotFound)]
    await end(again)


async def test_an_answer_that_tells_nothing_is_asked_for_again(
    store: Store, remote: Store, wire: Wire, tmp_path: Path, soon: None
) -> None:
    faults = iter([Fault.BROKEN_BEFORE, Fault.BROKEN_AFTER, Fault.CUT_ANSWER, Fault.CUT_REQUEST])
    wire.choose = lambda method, path: next(faults, Fault.NONE) if method == "POST" else Fault.NONE
    delivery = delivering(remote, tmp_path)
    sent = await delivery.reply(ReplyWrite(ONE, await seen(store, "Once", "k1")))
    assert sent.message.body == "Once"
    assert await said_by_members(store, ONE) == ["Once"]
    await end(delivery)


@pytest.mark.parametrize("fault", [Fault.CUT_ANSWER, Fault.BROKEN_AFTER, Fault.CUT_REQUEST])
async def test_a_change_whose_answer_was_lost_can_be_undone(
    store: Store, remote: Store, wire: Wire, tmp_path: Path, soon: None, fault: Fault
) -> None:
    """The second answer cannot tell what was there before the first attempt; the screen that it was decided on can."""
    assert isinstance(store, Intake)
    before = await store.request_handoff(ONE, minute(9))
    faults = iter([fault])
    wire.choose = lambda method, path: next(faults, Fault.NONE) if method == "POST" else Fault.NONE
    delivery = delivering(remote, tmp_path)
    triage = Triage(delivery)
    done = await triage.set_status([before], Status.RESOLVED)
    assert (done.can_undo, (await store.get(ONE)).waiting_since) == (True, None)
    await triage.undo()
    assert await store.get(ONE) == before
    assert before.waiting_since is not None
    await end(delivery)


async def test_what_a_colleague_did_first_is_not_undone(store: Store, remote: Store, tmp_path: Path) -> None:
    seen = await remote.get(ONE)
    await set_status(store, ONE, Status.RESOLVED, Status.OPEN)
    delivery = delivering(remote, tmp_path)
    triage = Triage(delivery)
    assert not (await triage.set_status([seen], Status.RESOLVED)).can_undo
    await end(delivery)


async def test_but_not_for_ever(store: Store, remote: Store, wire: Wire, tmp_path: Path, soon: None) -> None:
    wire.choose = lambda method, path: Fault.BROKEN_BEFORE if "one" in path else Fault.NONE
    delivery = delivering(remote, tmp_path)
    stuck = asyncio.create_task(delivery.reply(ReplyWrite(ONE, ReplyDraft("Stuck", "k1", Kind.NOTE))))
    sent = await delivery.reply(ReplyWrite(TWO, await seen(store, "Behind it", "k2", TWO)))
    assert sent.message.body == "Behind it"
    with pytest.raises(StoreBroken):
        await stuck
    await end(delivery)


async def test_of_a_conversation_that_is_gone(remote: Store, tmp_path: Path) -> None:
    delivery = delivering(remote, tmp_path)
    with pytest.raises(NotFound):
        await delivery.reply(ReplyWrite(ConversationId("gone"), ReplyDraft("x", "k")))
    await end(delivery)


async def test_without_a_disk_it_still_delivers_and_says_so(store: Store, remote: Store, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    delivery = delivering(remote, tmp_path / "file")
    assert "kept in memory only" in delivery.outbox.problem
    assert not delivery.survives
    sent = await delivery.reply(ReplyWrite(ONE, await seen(store, "Hello", "k1")))
    assert (sent.message.body, delivery.undelivered) == ("Hello", 0)
    await end(delivery)
