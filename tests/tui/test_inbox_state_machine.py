"""What the model paints, whatever comes when: the store's rows and the member's decisions, and in the end the store's.

A store whose reads lag, a member and a colleague, and answers that arrive in any order or not at all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce

import msgspec
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from inbox_tui.domain import rules
from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.models import (
    Access,
    Agent,
    AgentId,
    Assign,
    Conversation,
    ConversationId,
    Member,
    MemberId,
    SetStatus,
    StateChange,
    Status,
)
from inbox_tui.domain.outcomes import Outcome, refused
from inbox_tui.tui.inbox.state import CONFIRM_TIMEOUT, Ask, InboxState

START = datetime(2026, 11, 3, 10, tzinfo=UTC)
ME, LEE = (Member(MemberId(name), f"{name}@acme.example", name, access=Access.EDIT) for name in ("me", "lee"))
MEMBERS = {member.id: member for member in (ME, LEE)}
IDS = tuple(ConversationId(f"c{number}") for number in range(3))
LAG = CONFIRM_TIMEOUT * 2 / 3
"""How old what the store reads may be."""
HOLDERS = st.sampled_from((None, ME.id, LEE.id))
INDEX = st.integers(0, 50)


def holder_of(row: Conversation) -> MemberId | None:
    return row.assignee.id if row.assignee is not None else None


def value(row: Conversation, kind: type[StateChange]) -> object:
    """What a decision of a kind sets."""
    return row.status if kind is SetStatus else holder_of(row)


def forced(row: Conversation, change: StateChange) -> Conversation:
    """A row after a change, whatever it showed before."""
    change = msgspec.structs.replace(change, expected=value(row, type(change)))
    return rules.decided(row, change, ME, START, lambda id: MEMBERS[id]).conversation


def without_time(row: Conversation) -> Conversation:
    return msgspec.structs.replace(row, resolved_at=None)


@dataclass
class Write:
    """A write of the member's that is under way."""

    changes: list[StateChange]
    asked: Ask
    outcomes: list[Outcome] | None = None
    """What the store made of it; None until it has come to it."""
    versions: dict[ConversationId, int] = field(default_factory=dict)


@dataclass
class Read:
    ids: tuple[ConversationId, ...]
    asked: Ask
    promised: dict[ConversationId, int]
    """Versions that the feed had reported by then: what others wrote does not lag behind the report of it."""
    rows: list[Conversation] | None = None
    gone: list[ConversationId] = field(default_factory=list)


class StateMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.state = InboxState(lambda: self.now, ME, (ME, LEE))
        self.versions: dict[ConversationId, list[tuple[datetime, Conversation | None]]] = {}
        self.decided: dict[ConversationId, set[StateChange]] = {id: set() for id in IDS}
        self.awaited: dict[tuple[ConversationId, type[StateChange]], StateChange] = {}
        """The last decision of each kind, until it is answered."""
        self.made: dict[tuple[ConversationId, type[StateChange]], tuple[StateChange, int, datetime, Ask]] = {}
        """The last change that the store said it made, the version that it led to, and when it said so."""
        self.writes: list[Write] = []
        self.reads: list[Read] = []
        self.reports: list[tuple[ConversationId, int]] = []
        self.promised: dict[ConversationId, int] = {}
        self.failed_reads: list[ConversationId] = []
        self.most: dict[ConversationId, tuple[int, datetime]] = {}
        """The most that was painted of each conversation."""

    @initialize(lags=st.booleans())
    def open(self, lags: bool) -> None:
        self.lag = LAG if lags else timedelta(0)
        for id in IDS:
            self.versions[id] = [
                (self.now, Conversation(id, Agent(AgentId("a"), "A"), START, START, waiting_since=START))
            ]
        self.state.read(self.current(id) for id in IDS)  # type: ignore[misc]

    def current(self, id: ConversationId) -> Conversation | None:
        return self.versions[id][-1][1]

    def read_now(self, id: ConversationId, back: int, promised: int) -> Conversation | None:
        """What a read gives: the newest, or an older one that is not older than the store lags."""
        versions = self.versions[id]
        newest_old = max(number for number, (at, _) in enumerate(versions) if at <= self.now - self.lag or not number)
        return versions[max(newest_old, promised, len(versions) - 1 - back)][1]

    def write(self, row: Conversation | None, id: ConversationId, *, is_own: bool = False) -> None:
        if row != self.current(id):
            self.versions[id].append((self.now, row))
            self.reports.append((id, 0 if is_own else len(self.versions[id]) - 1))

    # The member

    def send(self, changes: list[StateChange]) -> None:
        self.writes.append(Write(changes, self.state.ask()))

    @rule(ids=st.sets(st.sampled_from(IDS), min_size=1), status=st.sampled_from(Status))
    def set_status(self, ids: set[ConversationId], status: Status) -> None:
        rows = [row for id in sorted(ids) if (row := self.state.painted(id)) is not None]
        self.decide(rows, [SetStatus(row.id, status, row.status) for row in rows if row.status is not status])

    @rule(ids=st.sets(st.sampled_from(IDS), min_size=1), holder=HOLDERS)
    def assign(self, ids: set[ConversationId], holder: MemberId | None) -> None:
        rows = [row for id in sorted(ids) if (row := self.state.painted(id)) is not None]
        self.decide(rows, [Assign(row.id, holder, holder_of(row)) for row in rows])

    def decide(self, rows: list[Conversation], changes: Iterable[StateChange]) -> None:
        changes = list(changes)
        for change in changes:
            self.decided[change.id].add(change)
            self.awaited[change.id, type(change)] = change
            self.made.pop((change.id, type(change)), None)
        self.state.decide(changes, rows)
        self.send(changes)

    @rule(number=INDEX)
    def undo(self, number: int) -> None:
        """Take back something that was made; nothing is painted before the store says so."""
        made = [key for key in sorted(self.made, key=str) if key not in self.awaited and self.current(key[0])]
        if made:
            change = self.made[made[number % len(made)]][0]
            undoing: StateChange
            if isinstance(change, Assign):
                undoing = Assign(change.id, change.expected, change.member)
            else:
                undoing = SetStatus(change.id, change.expected, change.status, waiting_since=START)
            self.decided[change.id].add(undoing)
            self.send([undoing])

    @rule(number=INDEX)
    def store_writes(self, number: int) -> None:
        waiting = [write for write in self.writes if write.outcomes is None]
        if not waiting:
            return
        write = waiting[number % len(waiting)]
        write.outcomes = []
        for change in write.changes:
            before = self.current(change.id)
            try:
                if before is None:
                    write.outcomes.append(refused(change, None, InboxError("gone")))
                    continue
                after = rules.decided(before, change, ME, self.now, lambda id: MEMBERS[id]).conversation
            except InboxError as error:
                write.outcomes.append(refused(change, before, error))
            else:
                self.write(after, change.id, is_own=True)
                write.outcomes.append(Outcome(change, before, after))
            write.versions[change.id] = len(self.versions[change.id]) - 1

    @rule(number=INDEX, is_lost=st.booleans())
    def write_is_answered(self, number: int, is_lost: bool) -> None:
        """The outcomes arrive; or the line is lost, with the write made or not."""
        if not self.writes:
            return
        write = self.writes[number % len(self.writes)]
        if is_lost:
            self.state.failed(write.changes)
        elif write.outcomes is not None:
            self.state.answered(write.outcomes, write.asked)
        else:
            return
        self.writes.remove(write)
        for change in write.changes:
            key = change.id, type(change)
            if self.awaited.get(key) == change:
                del self.awaited[key]
            if any(outcome.change == change and outcome.after for outcome in write.outcomes or ()) and not is_lost:
                version = write.versions[change.id]
                if key in self.made and self.made[key][3] > write.asked:
                    del self.made[key]  # two changes crossed: which of them the store holds is not known here
                else:
                    self.made[key] = change, version, self.now, write.asked

    # What random steps seldom come to by themselves

    @rule(id=st.sampled_from(IDS), status=st.sampled_from(Status), holder=HOLDERS, is_status=st.booleans())
    def decision_is_made_at_once(
        self, id: ConversationId, status: Status, holder: MemberId | None, is_status: bool
    ) -> None:
        (self.set_status({id}, status) if is_status else self.assign({id}, holder))
        self.store_writes(-1)
        self.write_is_answered(-1, is_lost=False)

    @rule(ids=st.sets(st.sampled_from(IDS), min_size=1), back=st.integers(0, 3))
    def reads_at_once(self, ids: set[ConversationId], back: int) -> None:
        self.ask(ids)
        self.store_reads(-1, back)
        self.read_arrives(-1, is_lost=False)

    @rule(
        id=st.sampled_from(IDS), status=st.sampled_from(Status), theirs=st.sampled_from(Status), is_lost=st.booleans()
    )
    def answer_is_overtaken(self, id: ConversationId, status: Status, theirs: Status, is_lost: bool) -> None:
        """By a colleague's decision and the report of it, or by the report alone."""
        self.set_status({id}, status)
        self.store_writes(-1)
        self.colleague_decides(id, theirs, None)
        while self.reports:
            self.feed_reports(carries_row=False)
            self.store_reads(-1, back=3)
            self.read_arrives(-1, is_lost=False)
        self.write_is_answered(-1, is_lost)

    # Colleagues and visitors

    @rule(id=st.sampled_from(IDS), status=st.sampled_from(Status), holder=st.sampled_from((None, ME, LEE)))
    def colleague_decides(self, id: ConversationId, status: Status, holder: Member | None) -> None:
        if (row := self.current(id)) is not None:
            row = msgspec.structs.replace(row, assignee=holder)
            self.write(forced(row, SetStatus(id, status, status)), id)

    @rule(id=st.sampled_from(IDS), is_note=st.booleans())
    def somebody_writes(self, id: ConversationId, is_note: bool) -> None:
        if (row := self.current(id)) is not None:
            if is_note:
                self.write(rules.note_written(row, self.now).conversation, id)
            else:
                self.write(rules.visitor_wrote(row, "hello", self.now).conversation, id)

    @rule(id=st.sampled_from(IDS[:1]))
    def is_removed(self, id: ConversationId) -> None:
        self.write(None, id)

    # The line

    @rule(ids=st.sets(st.sampled_from(IDS), min_size=1))
    def ask(self, ids: Iterable[ConversationId]) -> None:
        self.reads.append(Read(tuple(sorted(ids)), self.state.ask(), dict(self.promised)))

    @rule(number=INDEX, back=st.integers(0, 3))
    def store_reads(self, number: int, back: int) -> None:
        waiting = [read for read in self.reads if read.rows is None]
        if waiting:
            read = waiting[number % len(waiting)]
            found = {id: self.read_now(id, back, read.promised.get(id, 0)) for id in read.ids}
            read.rows = [row for row in found.values() if row is not None]
            read.gone = [id for id, row in found.items() if row is None]

    @rule(number=INDEX, is_lost=st.booleans())
    def read_arrives(self, number: int, is_lost: bool) -> None:
        waiting = [read for read in self.reads if read.rows is not None]
        if waiting:
            self.take(waiting[number % len(waiting)], is_lost=is_lost)

    def take(self, read: Read, *, is_lost: bool = False) -> None:
        self.reads.remove(read)
        if is_lost:
            self.failed_reads += read.ids  # which the screen asks for again
            return
        assert read.rows is not None
        self.state.read(read.rows, read.asked)
        self.state.removed(read.gone)

    @rule()
    def line_is_back(self) -> None:
        if self.failed_reads:
            failed, self.failed_reads = self.failed_reads, []
            self.ask(set(failed))

    @rule(carries_row=st.booleans())
    def feed_reports(self, carries_row: bool) -> None:
        """The oldest report arrives, with the row as it was then or only with the id."""
        if not self.reports:
            return
        id, version = self.reports.pop(0)
        self.promised[id] = max(version, self.promised.get(id, 0))
        row = self.versions[id][version][1]
        if carries_row and row is not None and version:
            self.state.read((row,))
        else:
            self.ask({id})
        self.read_due()

    @rule(seconds=st.sampled_from((0.5, 1, 2, 5)))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.read_due()

    def read_due(self) -> None:
        if due := self.state.due():
            self.ask(set(due))

    @rule()
    def forget(self) -> None:
        """Another list is shown, and the rows that nobody shows are forgotten."""
        self.state.forget_unshown(())
        for id in IDS:
            if self.state.painted(id) is None and self.current(id) is not None:
                self.ask({id})

    # What holds

    @invariant()
    def no_row_shows_what_neither_the_store_held_nor_the_member_decided(self) -> None:
        for id in self.versions:
            painted = self.state.painted(id)
            if painted is None:
                continue
            each_alone: list[list[StateChange]] = [[each] for each in self.decided[id]]
            assigns = [[], *(some for some in each_alone if isinstance(some[0], Assign))]
            statuses = [[], *(some for some in each_alone if isinstance(some[0], SetStatus))]
            held = [row for _, row in self.versions[id] if row is not None]
            allowed = [
                without_time(reduce(forced, [*assign, *status], row))
                for row, assign, status in itertools.product(held, assigns, statuses)
            ]
            assert without_time(painted) in allowed

    @invariant()
    def a_decision_is_shown_until_it_is_answered(self) -> None:
        for (id, kind), change in self.awaited.items():
            if (painted := self.state.painted(id)) is not None:
                assert value(painted, kind) == value(forced(painted, change), kind)

    @invariant()
    def what_the_store_made_is_shown_until_it_holds_something_else(self) -> None:
        for (id, kind), (_, version, at, _) in self.made.items():
            painted = self.state.painted(id)
            if painted is not None and (id, kind) not in self.awaited and self.now < at + CONFIRM_TIMEOUT:
                held = {value(row, kind) for _, row in self.versions[id][version:] if row is not None}
                assert value(painted, kind) in held

    @invariant()
    def nothing_that_was_written_disappears(self) -> None:
        for id in self.versions:
            painted, most = self.state.painted(id), self.most.pop(id, None)
            if painted is not None:
                self.most[id] = painted.messages or 0, painted.last_activity_at
                assert most is None or self.most[id] >= most

    def every_row_ends_at_the_stores(self) -> None:
        """All that is under way arrives, and whatever is to be read again is read."""
        while self.writes:
            self.store_writes(0)
            self.write_is_answered(0, is_lost=False)
        for _ in range(10):
            while self.reports:
                self.feed_reports(carries_row=False)
            self.line_is_back()
            for _ in self.reads:
                self.store_reads(0, back=3)
            for read in reversed(self.reads.copy()):
                self.take(read)
            self.time_passes(5)
        assert not self.reads
        for id in self.versions:
            painted, row = self.state.painted(id), self.current(id)
            if row is None:
                assert painted is None
            elif painted is not None:
                assert painted == row
        assert self.state.next_due is None
        self.state.forget_unshown(())
        assert not len(self.state)

    def teardown(self) -> None:
        if self.versions:
            self.every_row_ends_at_the_stores()


QUICK = settings(max_examples=100, stateful_step_count=50, deadline=None, phases=[Phase.reuse, Phase.generate])
"""Without shrinking, which takes longer than a test may: the steps of a failure are printed as they were found."""
StateMachine.TestCase.settings = QUICK
test_what_is_painted = StateMachine.TestCase


@pytest.mark.slow
def test_what_is_painted_after_many_more_steps() -> None:
    run_state_machine_as_test(StateMachine, settings=settings(QUICK, max_examples=1500))
