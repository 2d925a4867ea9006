"""Reads single conversations and the feed.

Each function runs inside one read transaction and sees one state of the workspace.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

from inbox_tui.backends.sql import counters, statements
from inbox_tui.backends.sql.database import Asked, AskedWithin, Database, Row, Value
from inbox_tui.backends.sql.message_ids import is_named, no_message, numbered
from inbox_tui.backends.sql.roster import Roster
from inbox_tui.backends.sql.roster_reader import current_roster
from inbox_tui.backends.sql.rows import Stored, message, stored
from inbox_tui.domain import rules
from inbox_tui.domain.changes import CHANGES_LISTED, NO_CHANGE, ChangeId, Written, is_too_long, report, start_again
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.fingerprints import numbered_id, read_id
from inbox_tui.domain.models import (
    FROM_START,
    Conversation,
    ConversationId,
    MemberId,
    Message,
    MessageId,
    Thread,
)
from inbox_tui.domain.paging import ROOM, that_fit
from inbox_tui.domain.text import replace_unstorable
from inbox_tui.store.refreshing import Refresh, Refreshed

_AFTER_ALL = 2**63 - 1
_BEFORE_ALL = -(2**63)
_LOOKED_UP_AT_ONCE = 1_000
_CHANGES_AT_ONCE = 500


def find(db: Database, me: MemberId, id: ConversationId) -> Conversation:
    """One conversation, as the member may see it. Raises NotFound."""
    roster = current_roster(db)
    return rules.as_seen_by(roster.acting(me), load(db, id, roster).conversation)


def find_many(db: Database, me: MemberId, ids: Sequence[ConversationId]) -> list[Conversation]:
    """Those conversations that exist, in the order asked for, as the member may see them."""
    roster = current_roster(db)
    actor = roster.acting(me)
    wanted = _each_once(ids)
    rows = (stored(row, roster).conversation for row in conversations(db, "public_id", wanted))
    found = {one.id: rules.as_seen_by(actor, one) for one in rows}
    return [found[ConversationId(id)] for id in wanted if id in found]


def refreshed(db: Database, me: MemberId, wanted: Refresh) -> Refreshed:
    """Changed conversations, the numbers and the open thread, as they are at one moment. Raises NotAllowed."""
    opened = None
    if wanted.thread is not None:
        with suppress(NotFound):
            opened = thread(db, me, wanted.thread, None, wanted.limit)
    found = find_many(db, me, wanted.ids) if wanted.ids else ()
    return Refreshed(found, counters.read(db, me, wanted.scope), opened)


def thread(db: Database, me: MemberId, id: ConversationId, before: MessageId | None, limit: int) -> Thread:
    """The newest messages, or those before one. Raises NotAllowed, NotFound."""
    conversation, newest, has_earlier = _stretch(db, me, id, before, towards=_OLDER, limit=limit)
    return Thread(conversation, tuple(reversed(newest)), has_earlier, has_later=before is not None)


def thread_after(db: Database, me: MemberId, id: ConversationId, after: MessageId, limit: int) -> Thread:
    """The messages after one, or the first. Raises NotAllowed, NotFound."""
    edge = None if after == FROM_START else after
    conversation, first, has_later = _stretch(db, me, id, edge, towards=_NEWER, limit=limit)
    return Thread(conversation, tuple(first), has_earlier=edge is not None, has_later=has_later)


class _Direction(NamedTuple):
    """One of the two ways to read through a thread."""

    statement: str
    order: str
    from_its_end: int
    """Time and row number to read from where no message is named."""


_OLDER = _Direction(statements.THREAD, "created_at DESC, id DESC", _AFTER_ALL)
_NEWER = _Direction(statements.THREAD_AFTER, "created_at, id", _BEFORE_ALL)


def _stretch(
    db: Database, me: MemberId, id: ConversationId, edge: MessageId | None, *, towards: _Direction, limit: int
) -> tuple[Conversation, Sequence[Message], bool]:
    """A conversation, the messages beyond an edge of its thread, nearest first, and whether there are more."""
    roster = current_roster(db)
    rules.require_chat(roster.acting(me))
    found = load(db, id, roster)
    wanted = max(0, limit)
    if edge is None and towards is _OLDER:
        room, statement, order, values = _end_asked(id, wanted)
        rows = db.rows_within(room, statement, order, **values)
    else:
        at, number = (towards.from_its_end,) * 2 if edge is None else _edge(db, found.row_id, edge)
        rows = db.rows_within(
            ROOM, towards.statement, towards.order, conversation=found.row_id, at=at, number=number, limit=wanted + 1
        )
    fitting = that_fit(message(row, roster) for row in rows[:wanted])
    return found.conversation, fitting, len(rows) > len(fitting)


def thread_asked(id: ConversationId, limit: int) -> Sequence[Asked | AskedWithin]:
    """What ``thread`` reads the newest messages by."""
    return [asked_of(id), _end_asked(id, max(0, limit))]


def _end_asked(id: ConversationId, wanted: int) -> AskedWithin:
    values = {**asked_of(id).values, "at": _AFTER_ALL, "number": _AFTER_ALL, "limit": wanted + 1}
    return AskedWithin(ROOM, statements.THREAD_OF, _OLDER.order, values)


def last_change(db: Database) -> ChangeId:
    """The newest change."""
    row = db.row(statements.LAST_CHANGE)
    return _change_id(*row) if row else NO_CHANGE


def conversations(db: Database, column: Literal["id", "public_id"], values: Sequence[Value]) -> list[Row]:
    """The rows of many conversations, in few statements and no order."""
    return [row for statement, some in _conversations_asked(column, values) for row in db.rows(statement, **some)]


def many_asked(ids: Sequence[ConversationId]) -> Sequence[Asked]:
    """What ``find_many`` reads by."""
    return _conversations_asked("public_id", _each_once(ids))


def _conversations_asked(column: Literal["id", "public_id"], values: Sequence[Value]) -> list[Asked]:
    asked: list[Asked] = []
    for start in range(0, len(values), _LOOKED_UP_AT_ONCE):
        some = {f"v{number}": value for number, value in enumerate(values[start : start + _LOOKED_UP_AT_ONCE])}
        asked.append(Asked(statements.conversations_by(column, len(some)), some))
    return asked


def _each_once(ids: Iterable[ConversationId]) -> list[str]:
    """Ids as the tables hold them."""
    return list(dict.fromkeys(map(replace_unstorable, ids)))


def last_message(db: Database) -> int:
    """The row number of the newest message; 0 if there is none."""
    row = db.row(statements.LAST_MESSAGE)
    return (row[0] or 0) if row else 0


def changes_after(db: Database, since: ChangeId | None) -> Written:
    """What was written after a change; None: nothing, only where the workspace is now."""
    newest = last_change(db)
    if since is None or since == newest:
        return Written(newest)
    seq = _sequence_number(db, since)
    last = Written(newest).seq
    if seq is None or seq > last or last - seq > CHANGES_LISTED:
        return start_again(newest)
    ids: dict[ConversationId, None] = {}
    has_team = False
    while rows := db.rows(statements.CHANGES_AFTER, seq=seq, limit=_CHANGES_AT_ONCE):
        ids |= dict.fromkeys(ConversationId(public_id) for _, _, public_id in rows if public_id is not None)
        has_team = has_team or any(kind == "team" for _, kind, _ in rows)
        seq = rows[-1][0]
        if len(rows) < _CHANGES_AT_ONCE or is_too_long(ids):
            break
    return report(newest, ids, team=has_team)


def changes_asked(since: ChangeId | None) -> Sequence[Asked]:
    """What ``changes_after`` reads by, unless it is very much."""
    asked = [Asked(statements.LAST_CHANGE)]
    found = None if since is None else read_id(since)
    if found is not None:
        asked += [
            Asked(statements.CHANGE, {"seq": found.number}) if found.fingerprint else Asked(statements.FIRST_CHANGE),
            Asked(statements.CHANGES_AFTER, {"seq": found.number, "limit": _CHANGES_AT_ONCE}),
        ]
    return asked


def _change_id(seq: int, at: int, kind: str, conversation: int | None) -> ChangeId:
    return ChangeId(numbered_id(seq, at, kind, conversation or 0))


def _sequence_number(db: Database, since: ChangeId) -> int | None:
    """The number of a change that this feed goes on from; None if it gave no such id, or what came after it is gone."""
    found = read_id(since)
    if found is None:
        return None
    if found.fingerprint:
        row = db.row(statements.CHANGE, seq=found.number)
        return found.number if row and _change_id(found.number, *row) == since else None
    row = db.row(statements.FIRST_CHANGE)
    oldest = (row[0] or 1) if row else 1
    return found.number if found.number + 1 >= oldest else None


def _edge(db: Database, conversation: int, before: MessageId) -> tuple[int, int]:
    """The time and the row number of a message. Raises NotFound for one that is not in the conversation (any more)."""
    id = numbered(before)
    row = db.row(statements.MESSAGE_NAMED, conversation=conversation, id=id.number)
    if row is None or not is_named(id, row):
        raise no_message()
    return row[0], id.number


def asked_of(id: ConversationId) -> Asked:
    """What ``load`` reads by."""
    return Asked(statements.CONVERSATION_BY_PUBLIC_ID, {"public_id": replace_unstorable(id)})


def load(db: Database, id: ConversationId, roster: Roster) -> Stored:
    """A conversation as the transaction under way sees it. Raises NotFound."""
    statement, values = asked_of(id)
    row = db.row(statement, **values)
    if row is None:
        raise NotFound(f"Conversation {replace_unstorable(id)} does not exist.")
    return stored(row, roster)
