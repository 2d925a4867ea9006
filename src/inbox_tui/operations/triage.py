"""Deciding about conversations: take, assign, resolve, reopen, reply, and taking it back.

The same for one conversation and for ten thousand, for the screen and for the command
line. Keeps what is needed to undo each act. The rules are the store's; nothing here
decides whether an act is allowed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import assert_never

import msgspec

from inbox_tui.domain import rules
from inbox_tui.domain.counts import counted
from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.models import (
    Assign,
    Conversation,
    ConversationId,
    Kind,
    Member,
    MessageId,
    ReplyDraft,
    Sent,
    SetStatus,
    StateChange,
    Status,
)
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.domain.writes import ReplyWrite
from inbox_tui.operations.writes import Writes


class Done(msgspec.Struct, frozen=True):
    """What an act came to."""

    outcomes: tuple[Outcome, ...]
    """One for each conversation, in the order they were given."""
    description: str
    """The act in a few words for people, e.g. "Resolved 42 conversations"."""
    can_undo: bool = False
    """``undo`` would take this back."""
    is_undo: bool = False
    """It took an act back; ``description`` says how the conversations are now."""

    @property
    def refusals(self) -> tuple[InboxError, ...]:
        """Why conversations were not changed, in the order of the outcomes."""
        return tuple(outcome.refusal for outcome in self.outcomes if outcome.refusal is not None)


class _Act(msgspec.Struct, frozen=True):
    """An act that can be taken back."""

    inverse: tuple[StateChange, ...]
    description: str


def assignments(conversations: Iterable[Conversation], member: Member | None) -> tuple[StateChange, ...]:
    """What gives conversations to a member, or to nobody."""
    target = member.id if member else None
    return tuple(Assign(each.id, target, each.assignee.id if each.assignee else None) for each in conversations)


def status_changes(conversations: Iterable[Conversation], status: Status) -> tuple[StateChange, ...]:
    """What resolves or reopens conversations."""
    return tuple(SetStatus(each.id, status, each.status) for each in conversations)


def new_key() -> str:
    """A key for one reply, never made twice."""
    return uuid.uuid4().hex


class Triage:
    """One member's acts, with the means to undo them.

    Args:
        writes: Where the acts go.
        make_key: Makes the key of a reply.
    """

    def __init__(self, writes: Writes, make_key: Callable[[], str] = new_key) -> None:
        self._writes = writes
        self._make_key = make_key
        self._acts: list[_Act] = []

    async def assign(self, conversations: Sequence[Conversation], member: Member | None) -> Done:
        """Give conversations to a member, or to nobody, each unless a colleague was first.

        Raises:
            InboxError: for a single conversation whatever the store says; for many only
                what stops all of them, the rest is in the outcomes.
        """
        changes = assignments(conversations, member)
        verb = f"Assigned {{}} to {member.label}" if member else "Unassigned {}"
        return await self._act(changes, conversations, verb)

    async def set_status(self, conversations: Sequence[Conversation], status: Status) -> Done:
        """Resolve or reopen conversations, each unless a colleague was first. Raises as ``assign``."""
        changes = status_changes(conversations, status)
        verb = "Resolved {}" if status is Status.RESOLVED else "Reopened {}"
        return await self._act(changes, conversations, verb)

    async def undo(self) -> Done:
        """Take the last act back, as far as nobody has changed the conversations since.

        Raises:
            InboxError: the store cannot answer; what was not taken back yet can be undone again.
        """
        if not self._acts:
            return Done((), "Nothing to undo")
        act = self._acts.pop()
        outcomes: list[Outcome] = []
        try:
            async for some in self._writes.decide_in_batches(act.inverse):
                outcomes += some
        except InboxError:
            self._acts.append(msgspec.structs.replace(act, inverse=act.inverse[len(outcomes) :]))
            raise
        return Done(tuple(outcomes), _as_it_is_again(outcomes), is_undo=True)

    async def reply(
        self,
        id: ConversationId,
        body: str,
        *,
        last_seen: MessageId | None,
        kind: Kind = Kind.MESSAGE,
        auto_assign: bool = True,
    ) -> Sent:
        """Send a reply or write a note, under a key of its own. Raises as ``Store.reply``."""
        draft = ReplyDraft(body, self._make_key(), kind=kind, last_seen=last_seen, auto_assign=auto_assign)
        return await self._writes.reply(ReplyWrite(id, draft))

    async def _act(self, changes: Sequence[StateChange], seen: Sequence[Conversation], verb: str) -> Done:
        if not changes:
            return Done((), "Nothing to do")
        outcomes: list[Outcome] = []
        try:
            async for some in self._writes.decide_in_batches(changes):
                outcomes += some
        except InboxError:
            self._remember(outcomes, seen, verb)
            raise
        if len(outcomes) == 1:
            outcomes[0].result()
        return Done(tuple(outcomes), _described(verb, outcomes), self._remember(outcomes, seen, verb))

    def _remember(self, outcomes: Iterable[Outcome], seen: Sequence[Conversation], verb: str) -> bool:
        """Keep what undoes the outcomes; False if they changed nothing."""
        was = {conversation.id: conversation for conversation in seen}
        done = [outcome for outcome in outcomes if outcome.after is not None]
        inverse = tuple(undoing for outcome in done if (undoing := _inverse(outcome, was)) is not None)
        if inverse:
            self._acts.append(_Act(inverse, _described(verb, done)))
        return bool(inverse)


def _inverse(outcome: Outcome, seen: Mapping[ConversationId, Conversation]) -> StateChange | None:
    """What undoes one change; where the store could not tell what was before it, its author's screen did."""
    before = outcome.before or seen.get(outcome.change.id)
    if before is None or outcome.after is None:
        return None
    return rules.inverse(outcome.change, before, outcome.after)


def _as_it_is_again(outcomes: Sequence[Outcome]) -> str:
    """What is again as it was before the act that was taken back."""
    done = [(outcome.change, outcome.after) for outcome in outcomes if outcome.after is not None]
    kept = len(outcomes) - len(done)
    states = {_state(change, after) for change, after in done}
    if not done:
        return f"Nothing was undone: {counted(kept, 'conversation')} changed since" if kept else "Nothing was undone"
    is_one = len(done) == 1
    who = done[0][1].visitor if is_one else counted(len(done), "conversation")
    verb = "is" if is_one else "are"
    what = f"{who} {verb} {states.pop() if len(states) == 1 else 'as before'} again"
    what = f"{what}, except {kept:,} that changed since" if kept else what
    is_wait_lost = any(
        isinstance(change, SetStatus) and change.waiting_since is not None and after.waiting_since is None
        for change, after in done
    )
    # Not every store can bring a wait back.
    return f"{what} (the visitor no longer counts as waiting)" if is_wait_lost else what


def _state(change: StateChange, after: Conversation) -> str:
    match change:
        case Assign():
            return f"with {after.assignee.label}" if after.assignee is not None else "with nobody"
        case SetStatus():
            return str(change.status)
        case _:
            assert_never(change)


def _described(verb: str, outcomes: Sequence[Outcome]) -> str:
    done = [outcome.after for outcome in outcomes if outcome.after is not None]
    return verb.replace("{}", done[0].visitor if len(done) == 1 else counted(len(done), "conversation"))
