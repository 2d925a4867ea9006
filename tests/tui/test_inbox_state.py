"""The model behind the screen, step by step: what it believes when, of a store whose reads and reports come late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from inbox_tui.domain.models import Agent, AgentId, Conversation, ConversationId, Member, MemberId, SetStatus, Status
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.tui.inbox.state import CONFIRM_TIMEOUT, InboxState

ID = ConversationId("priya")
SOON, LATER = timedelta(seconds=1), CONFIRM_TIMEOUT + timedelta(seconds=1)


class Time:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 3, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def state(time: Time) -> InboxState:
    return InboxState(time, Member(MemberId("me"), "me@acme.example"))


def row(messages: int | None, status: Status = Status.OPEN) -> Conversation:
    start = datetime(2026, 11, 3, 9, tzinfo=UTC)
    written = start + timedelta(minutes=messages or 0)
    return Conversation(ID, Agent(AgentId("a"), "A"), start, written, messages=messages, status=status)


def painted(state: InboxState) -> Conversation:
    shown = state.painted(ID)
    assert shown is not None
    return shown


def test_an_old_report_does_not_take_away_what_was_written_however_late_it_is(state: InboxState, time: Time) -> None:
    state.read([row(2)], state.ask())
    time.now += LATER
    state.read([row(1)])
    assert painted(state).messages == 2
    assert list(state.due()) == [ID]


def test_a_read_with_less_in_it_is_believed_once_it_cannot_lag(state: InboxState, time: Time) -> None:
    state.read([row(2)], state.ask())
    time.now += SOON
    state.read([row(1)], state.ask())
    assert painted(state).messages == 2
    time.now += LATER
    assert list(state.due()) == [ID]
    state.read([row(1)], state.ask())
    assert painted(state).messages == 1


def test_an_older_history_is_believed_at_once(state: InboxState, time: Time) -> None:
    """And what was decided in the one that was undone is not painted over it."""
    state.read([row(2)], state.ask())
    asked, change = state.ask(), SetStatus(ID, Status.RESOLVED, Status.OPEN)
    late = state.ask()
    state.decide([change], [row(2)])
    state.answered([Outcome(change, row(2), row(2, Status.RESOLVED))], asked)
    state.start_again()
    state.read([row(2, Status.RESOLVED)], late)
    state.read([row(1)], state.ask())
    assert painted(state) == row(1)


def test_two_reads_that_disagree_do_not_take_a_decision_back(state: InboxState, time: Time) -> None:
    """The first comes from a copy of the store that has it, the second from one that has it not yet."""
    state.read([row(2)], state.ask())
    change = SetStatus(ID, Status.RESOLVED, Status.OPEN)
    state.decide([change], [row(2)])
    state.answered([Outcome(change, row(2), row(2, Status.RESOLVED))], state.ask())
    state.read([row(2, Status.RESOLVED)], state.ask())
    time.now += SOON
    state.read([row(2)], state.ask())
    assert painted(state).status is Status.RESOLVED


def test_a_write_of_unknown_result_is_read_twice(state: InboxState, time: Time) -> None:
    """At once, and when the read cannot come from before the write."""
    state.read([row(2)], state.ask())
    change = SetStatus(ID, Status.RESOLVED, Status.OPEN)
    state.decide([change], [row(2)])
    state.failed([change])
    assert list(state.due()) == [ID]
    state.read([row(2)], state.ask())
    assert painted(state).status is Status.OPEN
    time.now += LATER
    assert list(state.due()) == [ID]
    state.read([row(2, Status.RESOLVED)], state.ask())
    assert painted(state).status is Status.RESOLVED
    assert state.next_due is None


def test_rows_of_a_store_that_does_not_count_messages(state: InboxState) -> None:
    state.read([row(None)], state.ask())
    written = msgspec.structs.replace(row(3), messages=None)
    state.read([written], state.ask())
    state.read([row(3)], state.ask())
    assert painted(state) == row(3)
