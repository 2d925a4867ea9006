"""What is read of single conversations, of the counters and of the feed.

Each function runs inside one read transaction and sees one state of the workspace.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from inbox_tui.backends.sql import statements
from inbox_tui.backends.sql.database import Database, Row, Value
from inbox_tui.backends.sql.roster import Roster, current_roster, row_number
from inbox_tui.backends.sql.rows import Stored, message, message_row, stored
from inbox_tui.domain import rules
from inbox_tui.domain.changes import Changes
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.models import AgentId, Conversation, ConversationId, Counts, MemberId, MessageId, Thread
from inbox_tui.domain.paging import ROOM, message_size, that_fit
from inbox_tui.domain.text import storable

CHANGES_LISTED = 5_000
"""Change rows that one report covers; who missed more reads everything again."""

_AFTER_ALL = 2**63 - 1
_LOOKED_UP_AT_ONCE = 1_000


def find(db: Database, me: MemberId, id: ConversationId) -> Conversation:
    """One conversation, as the member may see it. Raises NotFound."""
    roster = current_roster(db)
    return rules.as_seen_by(roster.acting(me), load(db, id, roster).conversation)


def thread(db: Database, me: MemberId, id: ConversationId, before: MessageId | None, limit: int) -> Thread:
    """The newest messages, or those before one. Raises NotAllowed, NotFound."""
    roster = current_roster(db)
    rules.require_chat(roster.acting(me))
    found = load(db, id, roster)
    edge = _AFTER_ALL if before is None else message_row(before)
    wanted = max(0, limit)
    rows = db.rows_within(ROOM, statements.THREAD, "id DESC", conversation=found.row_id, before=edge, limit=wanted + 1)
    newest = that_fit((message(row, roster) for row in rows[:wanted]), message_size)
    return Thread(found.conversation, tuple(reversed(newest)), has_earlier=len(rows) > len(newest))


def counts(db: Database, me: MemberId, agent: AgentId | None) -> Counts:
    """The number in each filter, from the counters."""
    if agent is None:
        rows = db.rows(statements.COUNTS, me=row_number(me))
    else:
        rows = db.rows(statements.COUNTS_OF_AGENT, me=row_number(me), agent=row_number(agent))
    return Counts(**{name.replace("-", "_"): int(n) for name, n in rows})


def last_change(db: Database) -> int:
    """The number of the newest change; 0 in an empty feed."""
    row = db.row(statements.LAST_CHANGE)
    return (row[0] or 0) if row else 0


def conversations(db: Database, column: Literal["id", "public_id"], values: Sequence[Value]) -> list[Row]:
    """The rows of many conversations, in few statements and no order."""
    found: list[Row] = []
    for start in range(0, len(values), _LOOKED_UP_AT_ONCE):
        some = {f"v{number}": value for number, value in enumerate(values[start : start + _LOOKED_UP_AT_ONCE])}
        found += db.rows(statements.conversations_by(column, len(some)), **some)
    return found


def last_message(db: Database) -> int:
    """The row number of the newest message; 0 if there is none."""
    row = db.row(statements.LAST_MESSAGE)
    return (row[0] or 0) if row else 0


def changes_after(db: Database, seq: int | None) -> Changes:
    """What was written after change ``seq``; None: nothing, only where the workspace is now."""
    newest = last_change(db)
    if seq is None:
        return Changes(newest)
    row = db.row(statements.FIRST_CHANGE)
    oldest = (row[0] or 1) if row else 1
    if seq + 1 < oldest or seq > newest or newest - seq > CHANGES_LISTED:
        return Changes(newest, team=True, reset=True)
    rows = db.rows(statements.CHANGES_AFTER, seq=seq, limit=CHANGES_LISTED)
    ids = dict.fromkeys(ConversationId(public_id) for _, _, public_id in rows if public_id is not None)
    return Changes(newest, tuple(ids), team=any(kind == "team" for _, kind, _ in rows))


def load(db: Database, id: ConversationId, roster: Roster) -> Stored:
    """A conversation as the transaction under way sees it. Raises NotFound."""
    row = db.row(statements.CONVERSATION_BY_PUBLIC_ID, public_id=storable(id))
    if row is None:
        raise NotFound(f"Conversation {storable(id)} does not exist.")
    return stored(row, roster)
