"""The model behind the inbox: the rows that were read, and what the member decided and the store has not shown yet.

A screen paints the rules applied to the two (``InboxState.painted``), so nothing that arrives late can paint a
decision away. Imports no Textual.

**What orders rows.** A conversation carries no version, so two things tell which of two rows is the newer one:

- when they were asked for. ``ask`` numbers each request. A row that was asked for before the one that is held was asked
  for is dropped; if it was the newer one after all, the feed still has to report the write, and the row is read again.
  The result of the member's own write and a row that the feed carries count as asked for when they arrive.
- what only grows. Within one history neither ``messages`` nor ``last_activity_at`` shrinks.

Neither tells a lagging store's old status from a colleague who put it back. ``CONFIRM_TIMEOUT`` is how far the reads
of a store may lag behind its writes. A row that shows what was there before a decision is not believed for that time
after the store made the change, nor one with less in it after more was read; what follows a write of unknown result
is believed, but read again. What is read after the timeout is painted, whatever it shows.
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
"""For how long after a write the store's reads may show the time before it."""
MAX_ROWS = 4_000
"""Rows that are held; beyond that, those that nobody shows and nobody decided about are forgotten."""
MAX_REMOVED = 1_000
"""Removed conversations that are remembered, so that a late answer does not bring them back."""


class Ask(NamedTuple):
    """One request to the store: a later one is greater."""

    number: int
    at: datetime


_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)
_NEVER = Ask(0, _LONG_AGO)


@dataclass
class _Pending:
    """A decision that the store has not shown yet."""

    change: StateChange
    at: datetime
    """When the member decided."""
    asked: Ask
    made: Conversation | None = None
    """The row that the store answered with; None while the answer is awaited."""
    lags_until: datetime | None = None
    """Until when a row that shows the time before it is not believed; None while the answer is awaited."""

    def is_settled(self, at: datetime) -> bool:
        """The store made it, and every row that is asked for at this time is believed."""
        return self.lags_until is not None and at >= self.lags_until


@dataclass
class _Entry:
    """One conversation."""

    row: Conversation
    """As the store holds it, as far as is known."""
    asked: Ask
    grew: datetime
    """When more in it was read last; soon after, a row with less in it comes from a read that lags behind."""
    pending: dict[type[StateChange], _Pending] = field(default_factory=dict)
    """The last decision of each kind."""
    doubted: datetime | None = None
    """When it is to be read again; None where nothing speaks against ``row``."""


class InboxState:
    """Rows and decisions of one inbox.

    Args:
        clock: Gives the present.
        me: The member who decides.
        members: All members.
    """

    def __init__(self, clock: Callable[[], datetime], me: Member, members: Iterable[Member] = ()) -> None:
        self._clock = clock
        self._entries: dict[ConversationId, _Entry] = {}
        self._removed: dict[ConversationId, Ask] = {}
        self._doubted: set[ConversationId] = set()
        self._unsure: dict[ConversationId, datetime] = {}
        """Until when reads may lag behind a write whose result is not known."""
        self._last = 0
        self._me = me
        self._members: Mapping[MemberId, Member] = {member.id: member for member in members}

    def __len__(self) -> int:
        """How many conversations are held."""
        return len(self._entries)

    @property
    def is_large(self) -> bool:
        """It is time to ``forget_unshown``."""
        return len(self._entries) > MAX_ROWS

    # What was read

    def ask(self) -> Ask:
        """Number a request that is made now; give the number to ``read`` or ``wrote`` with the answer."""
        self._last += 1
        return Ask(self._last, self._clock())

    def read(self, rows: Iterable[Conversation], asked: Ask | None = None) -> None:
        """The store gave rows in answer to a request; None: the feed carried them."""
        is_carried = asked is None
        asked = self.ask() if asked is None else asked
        for row in rows:
            if asked < self._removed.get(row.id, _NEVER):
                continue
            self._removed.pop(row.id, None)
            self._take(row, asked, is_carried=is_carried)

    def wrote(self, row: Conversation, asked: Ask) -> None:
        """The store answered a write, which was numbered ``asked``, with the row that it left."""
        if asked < self._removed.get(row.id, _NEVER):
            return
        entry = self._entries.get(row.id)
        if entry is not None and entry.asked > asked and entry.row != row:
            self._doubt_at_once(row.id)  # read while the write was under way: before it, or after it and newer
        else:
            self.read((row,))

    def removed(self, ids: Iterable[ConversationId]) -> None:
        """Conversations do not exist any more."""
        now = self.ask()
        for id in ids:
            self._entries.pop(id, None)
            self._doubted.discard(id)
            self._removed.pop(id, None)
            self._removed[id] = now
        while len(self._removed) > MAX_REMOVED:
            del self._removed[next(iter(self._removed))]

    def start_again(self) -> None:
        """The store went back to an older history: only what is asked for from here on counts."""
        self._removed.clear()
        now = self.ask()
        for entry in self._entries.values():
            entry.asked, entry.grew = now, _LONG_AGO
            entry.pending = {kind: pending for kind, pending in entry.pending.items() if pending.made is None}

    def team(self, me: Member, members: Iterable[Member]) -> None:
        """Members changed: show them as they are now."""
        self._me, self._members = me, {member.id: member for member in members}
        for entry in self._entries.values():
            entry.row = with_members(entry.row, self._members)

    def forget_unshown(self, shown: Collection[ConversationId]) -> None:
        """Forget rows that nobody shows and nobody decided about."""
        now = self._clock()
        for id, entry in tuple(self._entries.items()):
            is_settled = all(pending.is_settled(now) for pending in entry.pending.values())
            if is_settled and entry.doubted is None and id not in shown:
                del self._entries[id]
        self._unsure = {id: until for id, until in self._unsure.items() if until > now}

    # What was decided

    def decide(self, changes: Iterable[StateChange], seen: Iterable[Conversation]) -> None:
        """The member decided, looking at the conversations as ``seen``; the store is asked now."""
        at, asked = self._clock(), self.ask()
        known = {row.id: row for row in seen}
        for change in changes:
            if change.id not in self._entries:
                self._entries[change.id] = _Entry(known[change.id], _NEVER, _LONG_AGO)
            self._entries[change.id].pending[type(change)] = _Pending(change, at, asked)

    def answered(self, outcomes: Iterable[Outcome], asked: Ask) -> None:
        """The store answered changes, which were sent under the number ``asked``."""
        for outcome in outcomes:
            if outcome.after is not None:
                self._made(outcome.change, outcome.after, asked)
            else:
                self._drop(outcome.change)
                if outcome.before is not None:
                    self.wrote(outcome.before, asked)
                else:
                    self._doubt_at_once(outcome.change.id)

    def failed(self, changes: Iterable[StateChange]) -> None:
        """The store refused changes, or did not answer and may have made them: their rows must be read again."""
        for change in changes:
            self._drop(change)
            self._doubt_at_once(change.id)

    def _drop(self, change: StateChange) -> None:
        entry = self._entries.get(change.id)
        pending = entry.pending.get(type(change)) if entry is not None else None
        if entry is not None and pending is not None and pending.made is None and pending.change == change:
            del entry.pending[type(change)]

    def _made(self, change: StateChange, row: Conversation, asked: Ask) -> None:
        now = self._clock()
        if change.id not in self._entries and asked > self._removed.get(change.id, _NEVER):
            self._entries[change.id] = _Entry(row, asked, now)
        if (entry := self._entries.get(change.id)) is not None:
            pending = entry.pending.get(type(change))
            is_own = pending is not None and pending.change == change
            if pending is None or is_own or (pending.made is not None and pending.asked < asked):
                decided = pending.at if pending is not None and is_own else now
                entry.pending[type(change)] = _Pending(change, decided, asked, row, now + CONFIRM_TIMEOUT)
        self.wrote(row, asked)

    def is_pending(self, id: ConversationId) -> bool:
        """The store has not shown yet what the member decided about it."""
        return id in self._entries and bool(self._entries[id].pending)

    # What is painted

    def painted(self, id: ConversationId) -> Conversation | None:
        """A conversation as the screen shows it; None where it is not held."""
        entry = self._entries.get(id)
        if entry is None:
            return None
        row = entry.row
        for pending in entry.pending.values():
            row = self._decided(row, pending)
        return row

    def paint(self, rows: Iterable[Conversation]) -> tuple[Conversation, ...]:
        """Rows that were read, as the screen shows them by now; removed ones are left out."""
        return tuple(self.painted(row.id) or row for row in rows if row.id not in self._removed)

    # What must be read again

    def due(self) -> Sequence[ConversationId]:
        """Conversations to read again now. Each is given once."""
        if not self._doubted:
            return ()
        now = self._clock()
        due = [id for id in self._doubted if (at := self._entries[id].doubted) is not None and at <= now]
        for id in due:
            self._entries[id].doubted = None
        self._doubted.difference_update(due)
        return due

    @property
    def next_due(self) -> datetime | None:
        """When ``due`` has something to give; None where nothing is in doubt."""
        times = [at for id in self._doubted if (at := self._entries[id].doubted) is not None]
        return min(times) if times else None

    def _take(self, row: Conversation, asked: Ask, *, is_carried: bool) -> None:
        entry = self._entries.get(row.id)
        if entry is None:
            entry = self._entries[row.id] = _Entry(row, asked, self._clock())
        if asked < entry.asked:
            return
        if _is_older(row, entry.row) and (is_carried or asked.at < entry.grew + CONFIRM_TIMEOUT):
            self._doubt(entry, max(self._clock(), entry.grew + CONFIRM_TIMEOUT))  # a report may come any time later
            return
        if _is_older(entry.row, row):
            entry.grew = self._clock()
        entry.row, entry.asked = row, asked
        unsure_until = self._unsure.get(row.id, asked.at)
        if asked.at < unsure_until:
            self._doubt(entry, unsure_until)
        else:
            self._unsure.pop(row.id, None)
        for kind, pending in tuple(entry.pending.items()):
            if pending.lags_until is None or row is pending.made:
                continue  # not answered yet; or this is the answer, and a row that is read may still lag behind it
            if pending.made is not None and _is_older(pending.made, row):
                del entry.pending[kind]
            elif pending.is_settled(asked.at) and not is_carried:
                del entry.pending[kind]
            elif not _shows(row, pending.change):
                self._doubt(entry, max(self._clock(), pending.lags_until))

    def _doubt(self, entry: _Entry, at: datetime) -> None:
        entry.doubted = at if entry.doubted is None else min(at, entry.doubted)
        self._doubted.add(entry.row.id)

    def _doubt_at_once(self, id: ConversationId) -> None:
        """Nobody knows what a write left: read it now, and again once reads cannot lag behind the write."""
        now = self._clock()
        self._unsure[id] = now + CONFIRM_TIMEOUT
        if id in self._entries:
            self._doubt(self._entries[id], now)

    def _decided(self, row: Conversation, pending: _Pending) -> Conversation:
        """The rules applied to a row: what the member decided, whatever the row shows by now."""
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
    """Less was written in it than in the one that is held."""
    return (row.messages, row.last_activity_at) < (held.messages, held.last_activity_at)


def _shows(row: Conversation, change: StateChange) -> bool:
    match change:
        case Assign():
            return (row.assignee.id if row.assignee is not None else None) == change.member
        case SetStatus():
            return row.status is change.status
