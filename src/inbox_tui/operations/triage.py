"""Deciding about conversations: take, assign, resolve, reopen, reply, and taking it back.

The same for one conversation and for ten thousand, for the screen and for the command
line. Keeps what is needed to undo each act. The rules are the store's; nothing here
decides whether an act is allowed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence

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
    Outcome,
    ReplyDraft,
    Sent,
    SetStatus,
    StateChange,
    Status,
)
from inbox_tui.operations.decisions import Direct, Writes
from inbox_tui.store.protocol import Store


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
    def refused(self) -> tuple[Outcome, ...]:
        """Those the store did not change, each with its reason."""
        return tuple(outcome for outcome in self.outcomes if outcome.error)


class _Act(msgspec.Struct, frozen=True):
    """An act that can be taken back."""

    inverse: tuple[StateChange, ...]
    description: str


def new_key() -> str:
    """A key for one reply, never made twice."""
    return uuid.uuid4().hex


class Triage:
    """One member's acts on one store, with the means to undo them.

    Args:
        store: What is read.
        make_key: Makes the key of a reply.
        writes: Where acts go, if not directly to the store.
    """

    def __init__(self, store: Store, make_key: Callable[[], str] = new_key, writes: Writes | None = None) -> None:
        self._store = store
        self._writes: Writes = writes or Direct(store)
        self._make_key = make_key
        self._acts: list[_Act] = []

    async def take(self, conversations: Sequence[Conversation]) -> Done:
        """Assign to the acting member. Raises as ``assign``."""
        return await self.assign(conversations, await self._store.me())

    async def assign(self, conversations: Sequence[Conversation], member: Member | None) -> Done:
        """Give conversations to a member, or to nobody, each unless a colleague was first.

        Raises:
            InboxError: for a single conversation whatever the store says; for many only
                what stops all of them, the rest is in the outcomes.
        """
        target = member.id if member else None
        changes = [Assign(c.id, target, c.assignee.id if c.assignee else None) for c in conversations]
        verb = f"Assigned {{}} to {member.label}" if member else "Unassigned {}"
        return await self._act(changes, verb)

    async def set_status(self, conversations: Sequence[Conversation], status: Status) -> Done:
        """Resolve or reopen conversations, each unless a colleague was first. Raises as ``assign``."""
        changes = [SetStatus(c.id, status, c.status) for c in conversations]
        verb = "Resolved {}" if status is Status.RESOLVED else "Reopened {}"
        return await self._act(changes, verb)

    async def resolve(self, conversations: Sequence[Conversation]) -> Done:
        """``set_status`` by its usual name."""
        return await self.set_status(conversations, Status.RESOLVED)

    async def reopen(self, conversations: Sequence[Conversation]) -> Done:
        """``set_status`` by its usual name."""
        return await self.set_status(conversations, Status.OPEN)

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
            async for some in self._writes.apply(act.inverse):
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
        return await self._store.reply(id, draft)

    async def _act(self, changes: Sequence[StateChange], verb: str) -> Done:
        if not changes:
            return Done((), "Nothing to do")
        if len(changes) == 1:
            outcomes = [await self._writes.decide(changes[0])]
        else:
            outcomes = []
            try:
                async for some in self._writes.apply(changes):
                    outcomes += some
            except InboxError:
                self._remember(outcomes, verb)
                raise
        return Done(tuple(outcomes), _described(verb, outcomes), self._remember(outcomes, verb))

    def _remember(self, outcomes: Iterable[Outcome], verb: str) -> bool:
        """Keep what takes the outcomes back; False if they changed nothing."""
        done = [outcome for outcome in outcomes if not outcome.error]
        inverse = tuple(undoing for outcome in done for undoing in _inverse(outcome))
        if inverse:
            self._acts.append(_Act(inverse, _described(verb, done)))
        return bool(inverse)


def _inverse(outcome: Outcome) -> list[StateChange]:
    """What takes this one change back, and nothing that somebody else changed at the same time."""
    if outcome.before is None or outcome.after is None:
        return []
    undoing = rules.inverse(outcome.before, outcome.after)
    return [change for change in undoing if type(change) is type(outcome.change)]


def _as_it_is_again(outcomes: Sequence[Outcome]) -> str:
    """What is again as it was before the act that was taken back."""
    done = [outcome for outcome in outcomes if outcome.after is not None and not outcome.error]
    kept = sum(1 for outcome in outcomes if outcome.error)
    states = {_state(outcome) for outcome in done}
    after = done[0].after if done else None
    if after is None:
        return f"Nothing was undone: {counted(kept, 'conversation')} changed since" if kept else "Nothing was undone"
    is_one = len(done) == 1
    who = after.visitor if is_one else counted(len(done), "conversation")
    verb = "is" if is_one else "are"
    what = f"{who} {verb} {states.pop() if len(states) == 1 else 'as before'} again"
    return f"{what}, except {kept:,} that changed since" if kept else what


def _state(outcome: Outcome) -> str:
    if isinstance(outcome.change, SetStatus):
        return str(outcome.change.status)
    holder = outcome.after.assignee if outcome.after is not None else None
    return f"with {holder.label}" if holder is not None else "with nobody"


def _described(verb: str, outcomes: Sequence[Outcome]) -> str:
    done = [outcome.after for outcome in outcomes if outcome.after is not None and not outcome.error]
    return verb.replace("{}", done[0].visitor if len(done) == 1 else counted(len(done), "conversation"))
