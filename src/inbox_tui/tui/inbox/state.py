"""The model behind the inbox: the rows that were read, and the member's changes that the store does not show yet.

The screen paints the rules applied to both (``InboxState.painted``), so a late answer cannot paint a decision away.
Imports no Textual.

**The order of rows.** A conversation carries no version, so two things tell which of two rows is the newer one:

- the time of the request. ``ask`` numbers each request. The model drops a row whose request is older than that of the
  row it holds; if the dropped row was newer after all, the feed has yet to report the write, which rereads the row.
  The result of the member's own write and a row from the feed count as requested on arrival.
- the values that only grow. Within one history neither ``messages`` nor ``last_activity_at`` shrinks.

Neither tells a lagging store's old status from a colleague who restored it. So the model doubts a row that shows the
state before a decision until ``CONFIRM_TIMEOUT`` after the store made the change; then it rereads the row and believes
the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

import msgspec

from inbox_tui.domain import rules
from inbox_tui.domain.errors import InboxError, NotFound
from inbox_tui.domain.models import Assign, Conversation, ConversationId, Member, MemberId, SetStatus, StateChange
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.domain.team import with_members

CONFIRM_TIMEOUT = timedelta(seconds=3)
"""How long after the store made a change the model doubts an older row."""
MAX_ROWS = 4_000
"""The most rows to hold; beyond that the model drops rows that are not on screen and have no pending change."""
MAX_REMOVED = 1_000
"""How many deleted conversations to remember, so that a late answer does not bring one back."""


class Ask(NamedTuple):
    """The number of a request to the store; later ones are greater."""

    number: int
    at: datetime


_NEVER = Ask(0, datetime.min.replace(tzinfo=timezone.utc))


@dataclass
class _Pending:
    """A pending change: a decision that the store does not show yet."""

    change: StateChange
    at: datetime
    """When the member decided."""
    asked: Ask
    made: Conversation | None = None
    """The row in the store's answer; None until it arrives."""
    lags_until: datetime | None = None
    """Until when the model doubts a row from before the change; None until the store answers."""

    def is_settled(self, at: datetime) -> bool:
        """The store made it, and the time for doubt is over."""
        return self.lags_until is not None and at >= self.lags_until


@dataclass
class _Entry:
    """One conversation."""

    row: Conversation
    """The newest known row of the store."""
    asked: Ask
    pending: dict[type[StateChange], _Pending] = field(default_factory=dict)
    """The last decision of each kind."""
    doubted: datetime | None = None
    """When to reread it; None if ``row`` is not in doubt."""
    trusted: Ask | None = None
    """A row from this request or a later one is the truth, whatever it shows."""


class InboxState:
    """Rows and pending changes of one inbox.

    Args:
        clock: Returns the current time.
        me: The member who decides.
        members: All members.
    """

    def __init__(self, clock: Callable[[], datetime], me: Member, members: Iterable[Member] = ()) -> None:
        self._clock = clock
        self._entries: dict[ConversationId, _Entry] = {}
        self._removed: dict[ConversationId, Ask] = {}
        self._doubted: set[ConversationId] = set()
        self._last = 0
        self._me = me
        self._members: Mapping[MemberId, Member] = {member.id: member for member in members}

    def __len__(self) -> int:
        """The number of conversations held."""
        return len(self._entries)

    @property
    def is_large(self) -> bool:
        """It is time to ``forget_unshown``."""
        return len(self._entries) > MAX_ROWS

    # What was read

    def ask(self) -> Ask:
        """Number a request that starts now; pass the number to ``read`` or ``wrote`` with the answer."""
        self._last += 1
        return Ask(self._last, self._clock())

    def read(self, rows: Iterable[Conversation], asked: Ask | None = None) -> None:
        """The store answered a request with rows; None: the feed carried them."""
        asked = self.ask() if asked is None else asked
        for row in rows:
            if asked < self._removed.get(row.id, _NEVER):
                continue
            self._removed.pop(row.id, None)
            self._take(row, asked)

    def wrote(self, row: Conversation, asked: Ask) -> None:
        """The store answered the write numbered ``asked`` with the resulting row."""
        if asked < self._removed.get(row.id, _NEVER):
            return
        entry = self._entries.get(row.id)
        if entry is not None and entry.asked > asked and entry.row != row:
            self._doubt(entry, self._clock())  # read while the write was under way: before it, or after it and newer
        else:
            self.read((row,))

    def removed(self, ids: Iterable[ConversationId]) -> None:
        """Conversations were deleted."""
        now = self.ask()
        for id in ids:
            self._entries.pop(id, None)
            self._doubted.discard(id)
            self._removed.pop(id, None)
            self._removed[id] = now
        while len(self._removed) > MAX_REMOVED:
            del self._removed[next(iter(self._removed))]

    def start_again(self) -> None:
        """The store was restored to an older history: only answers to requests from here on count."""
        self._removed.clear()
        now = self.ask()
        for entry in self._entries.values():
            entry.asked = entry.trusted = now

    def team(self, me: Member, members: Iterable[Member]) -> None:
        """Members changed: show them as they are now."""
        self._me, self._members = me, {member.id: member for member in members}
        for entry in self._entries.values():
            entry.row = with_members(entry.row, self._members)

    def forget_unshown(self, shown: Collection[ConversationId]) -> None:
        """Drop rows that are not on screen and have no pending change."""
        now = self._clock()
        for id, entry in tuple(self._entries.items()):
            is_settled = all(pending.is_settled(now) for pending in entry.pending.values())
            if is_settled and entry.doubted is None and id not in shown:
                del self._entries[id]

    # What was decided

    def decide(self, changes: Iterable[StateChange], seen: Iterable[Conversation]) -> None:
        """The member decided, seeing the conversations as ``seen``; the request starts now."""
        at, asked = self._clock(), self.ask()
        known = {row.id: row for row in seen}
        for change in changes:
            if change.id not in self._entries:
                self._entries[change.id] = _Entry(known[change.id], _NEVER)
            self._entries[change.id].pending[type(change)] = _Pending(change, at, asked)

    def answered(self, outcomes: Iterable[Outcome], asked: Ask) -> None:
        """The store answered the changes of the request ``asked``."""
        for outcome in outcomes:
            if outcome.after is not None:
                self._made(outcome.change, outcome.after, asked)
            else:
                self._drop(outcome.change)
                if outcome.before is not None:
                    self.wrote(outcome.before, asked)
                elif (entry := self._entries.get(outcome.change.id)) is not None:
                    self._doubt(entry, self._clock())

    def failed(self, changes: Iterable[StateChange]) -> None:
        """The store refused changes, or may have made them without answering: reread their rows."""
        for change in changes:
            self._drop(change)
            if (entry := self._entries.get(change.id)) is not None:
                self._doubt(entry, self._clock())

    def _drop(self, change: StateChange) -> None:
        entry = self._entries.get(change.id)
        pending = entry.pending.get(type(change)) if entry is not None else None
        if entry is not None and pending is not None and pending.made is None and pending.change == change:
            del entry.pending[type(change)]

    def _made(self, change: StateChange, row: Conversation, asked: Ask) -> None:
        entry = self._entries.get(change.id)
        if entry is not None:
            pending = entry.pending.get(type(change))
            is_latest = (
                pending is None or pending.change == change or (pending.made is not None and pending.asked < asked)
            )
            if is_latest:
                now = self._clock()
                decided = pending.at if pending is not None and pending.change == change else now
                entry.pending[type(change)] = _Pending(change, decided, asked, row, now + CONFIRM_TIMEOUT)
        self.wrote(row, asked)

    def is_pending(self, id: ConversationId) -> bool:
        """Whether a change is pending for it."""
        return id in self._entries and bool(self._entries[id].pending)

    # What is painted

    def painted(self, id: ConversationId) -> Conversation | None:
        """A conversation as the screen shows it; None if the model does not hold it."""
        entry = self._entries.get(id)
        if entry is None:
            return None
        row = entry.row
        for pending in entry.pending.values():
            row = self._decided(row, pending)
        return row

    def paint(self, rows: Iterable[Conversation]) -> tuple[Conversation, ...]:
        """Rows that were read, as the screen shows them now, without deleted ones."""
        return tuple(self.painted(row.id) or row for row in rows if row.id not in self._removed)

    # What must be read again

    def due(self) -> Sequence[ConversationId]:
        """Conversations to reread now, each once. The model believes the answer to the next request."""
        if not self._doubted:
            return ()
        now, asked = self._clock(), self.ask()
        due = [id for id in self._doubted if (at := self._entries[id].doubted) is not None and at <= now]
        for id in due:
            entry = self._entries[id]
            entry.doubted, entry.trusted = None, asked
        self._doubted.difference_update(due)
        return due

    @property
    def next_due(self) -> datetime | None:
        """When ``due`` next returns something; None if no row is in doubt."""
        times = [at for id in self._doubted if (at := self._entries[id].doubted) is not None]
        return min(times) if times else None

    def _take(self, row: Conversation, asked: Ask) -> None:
        entry = self._entries.get(row.id)
        if entry is None:
            self._entries[row.id] = _Entry(row, asked)
            return
        if asked < entry.asked:
            return
        is_trusted = entry.trusted is not None and asked >= entry.trusted
        if not is_trusted and _is_older(row, entry.row):
            self._doubt(entry, self._clock() + CONFIRM_TIMEOUT)
            return
        entry.row, entry.asked = row, asked
        if is_trusted:
            entry.trusted = None
        for kind, pending in tuple(entry.pending.items()):
            if pending.lags_until is None or row is pending.made:
                continue  # not answered yet; or this is the answer, and a row that is read may still lag behind it
            if is_trusted or pending.is_settled(asked.at) or not _is_before(row, pending):
                del entry.pending[kind]
            else:
                self._doubt(entry, pending.lags_until)

    def _doubt(self, entry: _Entry, at: datetime) -> None:
        entry.doubted = at if entry.doubted is None else min(at, entry.doubted)
        self._doubted.add(entry.row.id)

    def _decided(self, row: Conversation, pending: _Pending) -> Conversation:
        """Apply the pending changes to a row by the rules, whatever the row shows."""
        change: StateChange
        match pending.change:
            case Assign():
                holder = row.assignee.id if row.assignee is not None else None
                change = msgspec.structs.replace(pending.change, expected=holder)
            case SetStatus():
                change = msgspec.structs.replace(pending.change, expected=row.status)
        try:
            return rules.decided(row, change, self._me, pending.at, self._member).conversation
        except InboxError:  # the store will refuse it for the same reason
            return row

    def _member(self, id: MemberId) -> Member:
        if id not in self._members:
            raise NotFound("This member does not exist.")
        return self._members[id]


def _is_older(row: Conversation, held: Conversation) -> bool:
    """Whether the row is older than the held one by the values that only grow."""
    return (row.messages, row.last_activity_at) < (held.messages, held.last_activity_at)


def _is_before(row: Conversation, pending: _Pending) -> bool:
    """Whether the row may predate a change that the store made: nothing in it is newer."""
    made, change = pending.made, pending.change
    if made is None or _is_older(made, row):
        return False
    match change:
        case Assign():
            return (row.assignee.id if row.assignee is not None else None) == change.expected != change.member
        case SetStatus():
            return row.status is change.expected is not change.status
