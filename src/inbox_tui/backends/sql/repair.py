"""Rows with values that nobody could read or that are larger than is stored today: finding them, and mending them.

Older versions took in what the gate in ``domain.limits`` refuses, and other programs can write anything.
Reading such a row is ``rows``' matter and never fails; here the row itself is put right.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from inbox_tui.backends.sql import statements
from inbox_tui.backends.sql.database import Database, Row, Value
from inbox_tui.backends.sql.intake import agent_named
from inbox_tui.backends.sql.roster import Roster, current_roster
from inbox_tui.backends.sql.rows import CONVERSATION_COLUMNS, Stored, micros, stored
from inbox_tui.backends.sql.unit import Unit
from inbox_tui.domain import limits
from inbox_tui.domain.models import Conversation, ConversationId, Lead
from inbox_tui.domain.rules import Ruling
from inbox_tui.store.protocol import Damage

_TIMES = ("created_at", "last_activity_at", "waiting_since", "first_human_reply_at", "resolved_at")
_LEAD = ("name", "email", "phone", "company")
_WITHOUT_END = 2**62
_NO_AGENT = "Unknown agent"


def damaged(db: Database, at: datetime, limit: int) -> Sequence[Damage]:
    """The first rows that need to be mended, with what is wrong; ``at`` is now."""
    roster = current_roster(db)
    bounds = _bounds(at)
    found = [_damage(row, roster, bounds) for row in db.rows(statements.DAMAGED_CONVERSATIONS, **bounds, limit=limit)]
    room = limit - len(found)
    threads = db.rows(statements.DAMAGED_THREADS, latest=bounds["latest"], limit=room) if room else []
    return [*found, *(Damage(ConversationId(id), _times_of(count)) for id, count in threads)]


def repair(unit: Unit) -> int:
    """Mend all rows; gives how many. A time beyond the present becomes the present, one before 1970 becomes 1970."""
    bounds = _bounds(unit.at)
    rows = unit.db.rows(statements.DAMAGED_CONVERSATIONS, **bounds, limit=_WITHOUT_END)
    for row in rows:
        before = stored(row, unit.roster)
        unit.save(before, Ruling(_mended(unit, before)), None)
    messages = unit.db.rows(statements.DAMAGED_MESSAGES, latest=bounds["latest"])
    now = micros(unit.at)
    unit.db.run_each(
        statements.SET_MESSAGE_TIME, [{"id": id, "at": 0 if created_at < 0 else now} for id, created_at in messages]
    )
    return len(rows) + len(messages)


def _times_of(count: int) -> str:
    return "the time of a message" if count == 1 else f"the times of {count:,} messages"


def _bounds(at: datetime) -> dict[str, Value]:
    latest = micros(min(at + limits.AHEAD, limits.LATEST))
    return {"latest": latest, "topic_limit": limits.TOPIC_LIMIT, "field_limit": limits.FIELD_LIMIT}


def _damage(row: Row, roster: Roster, bounds: dict[str, Value]) -> Damage:
    conversation = stored(row, roster).conversation
    wrong = dict.fromkeys(part for part in conversation.damage.split(", ") if part)
    of = dict(zip(CONVERSATION_COLUMNS, row, strict=True))
    latest = bounds["latest"]
    assert isinstance(latest, int)
    wrong |= dict.fromkeys(name for name in _TIMES if of[name] is not None and of[name] > latest)
    wrong |= dict.fromkeys(f"lead_{name}" for name in _LEAD if limits.size(of[f"lead_{name}"]) > limits.FIELD_LIMIT)
    if limits.size(conversation.topic) > limits.TOPIC_LIMIT:
        wrong["topic"] = None
    return Damage(conversation.id, ", ".join(wrong))


def _mended(unit: Unit, before: Stored) -> Conversation:
    conversation = before.conversation
    latest = unit.at + limits.AHEAD

    def readable(at: datetime | None) -> datetime | None:
        return unit.at if at is not None and at > latest else at

    lead = Lead(*(limits.shortened(getattr(conversation.lead, name), limits.FIELD_LIMIT) for name in _LEAD))
    agent = conversation.agent if conversation.agent.id else agent_named(unit, _NO_AGENT)
    times = {name: readable(getattr(conversation, name)) for name in _TIMES}
    topic = limits.shortened(conversation.topic, limits.TOPIC_LIMIT)
    return msgspec.structs.replace(conversation, agent=agent, lead=lead, topic=topic, **times)
