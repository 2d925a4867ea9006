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
from inbox_tui.backends.sql.message_ids import message_number
from inbox_tui.backends.sql.roster import Roster
from inbox_tui.backends.sql.roster_reader import current_roster
from inbox_tui.backends.sql.rows import AUTHORS, CONVERSATION_COLUMNS, KINDS, TIMES, Stored, micros, stored
from inbox_tui.backends.sql.unit import UnitOfWork
from inbox_tui.domain import limits, rules
from inbox_tui.domain.models import Author, Conversation, ConversationId, Kind, Lead
from inbox_tui.domain.rules import Transition
from inbox_tui.store.protocol import Damage

_LEAD = ("name", "email", "phone", "company")
_WITHOUT_END = 2**62
_NO_AGENT = "Unknown agent"


def damaged(db: Database, at: datetime, limit: int) -> Sequence[Damage]:
    """The first rows that need to be mended, with what is wrong; ``at`` is now."""
    roster = current_roster(db)
    bounds = _bounds(at)
    found = [_damage(row, roster, bounds) for row in db.rows(statements.DAMAGED_CONVERSATIONS, **bounds, limit=limit)]
    room = limit - len(found)
    threads = db.rows(statements.DAMAGED_IN_THREADS, latest=bounds["latest"], limit=room) if room else []
    return [*found, *(Damage(ConversationId(id), _of_messages(count, times)) for id, count, times in threads)]


def repair(unit: UnitOfWork) -> int:
    """Mend all rows; gives how many. A time beyond the present becomes the present, one before 1970 becomes 1970."""
    bounds = _bounds(unit.at)
    messages = _mend_messages(unit, bounds["latest"])
    rows = unit.db.rows(statements.DAMAGED_CONVERSATIONS, **bounds, limit=_WITHOUT_END)
    for row in rows:
        before = stored(row, unit.roster)
        unit.save(before, Transition(_mended(unit, before)), None)
    return len(rows) + messages


def _of_messages(count: int, times: int) -> str:
    if times == count:
        return "the time of a message" if count == 1 else f"the times of {count:,} messages"
    return "a message" if count == 1 else f"{count:,} messages"


def _mend_messages(unit: UnitOfWork, latest: Value) -> int:
    """Whoever is not known becomes nobody; what is not known a message of its visitor or agent, or else an event."""
    kind_of = dict.fromkeys((Author.VISITOR.value, Author.AGENT.value), Kind.MESSAGE.value)
    rows = unit.db.rows(statements.DAMAGED_MESSAGES, latest=latest)
    known = {None, *unit.roster.members}
    now = micros(unit.at)
    mended: list[dict[str, Value]] = []
    counted: dict[int, None] = {}
    assert isinstance(latest, int)
    for id, conversation, created_at, author, kind, member, importer in rows:
        is_known = author in AUTHORS and kind in KINDS
        if not is_known:
            counted[conversation] = None
        mended.append(
            {
                "id": id,
                "created_at": 0 if created_at < 0 else now if created_at > latest else created_at,
                "author": author if author in AUTHORS else Author.SYSTEM.value,
                "kind": kind if is_known else kind_of.get(author, Kind.EVENT.value),
                "member_id": member if member in known else None,
                "imported_by": importer if importer in known else None,
            }
        )
    unit.db.run_each(statements.MEND_MESSAGE, mended)
    unit.db.run_each(statements.SUM_UP_THREAD, [{"id": id, **_last_said(unit, id)} for id in counted])
    return len(rows)


def _last_said(unit: UnitOfWork, conversation: int) -> dict[str, Value]:
    """What was last said in a thread, as its conversation tells it."""
    said, _ = unit.end_of_thread(conversation)
    if said is None:
        return {"last": None, "author": None, "said": ""}
    return {"last": message_number(said.id), "author": said.author.value, "said": rules.preview(said.body)}


def _bounds(at: datetime) -> dict[str, Value]:
    latest = micros(min(at + limits.AHEAD, limits.LATEST))
    return {"latest": latest, "topic_limit": limits.TOPIC_LIMIT, "field_limit": limits.FIELD_LIMIT}


def _damage(row: Row, roster: Roster, bounds: dict[str, Value]) -> Damage:
    conversation = stored(row, roster).conversation
    wrong = dict.fromkeys(part for part in conversation.damage.split(", ") if part)
    of = dict(zip(CONVERSATION_COLUMNS, row, strict=True))
    latest = bounds["latest"]
    assert isinstance(latest, int)
    wrong |= dict.fromkeys(name for name in TIMES if of[name] is not None and of[name] > latest)
    wrong |= dict.fromkeys(f"lead_{name}" for name in _LEAD if limits.size(of[f"lead_{name}"]) > limits.FIELD_LIMIT)
    if limits.size(conversation.topic) > limits.TOPIC_LIMIT:
        wrong["topic"] = None
    return Damage(conversation.id, ", ".join(wrong))


def _mended(unit: UnitOfWork, before: Stored) -> Conversation:
    conversation = before.conversation
    latest = unit.at + limits.AHEAD

    def readable(at: datetime | None) -> datetime | None:
        return unit.at if at is not None and at > latest else at

    lead = Lead(*(limits.shortened(getattr(conversation.lead, name), limits.FIELD_LIMIT) for name in _LEAD))
    agent = conversation.agent if conversation.agent.id else agent_named(unit, _NO_AGENT)
    speaker = conversation.last_message_author
    if "last_message_author" in conversation.damage.split(", "):
        said = _last_said(unit, before.row_id)["author"]
        speaker = None if said is None else AUTHORS[str(said)]
    times = {name: readable(getattr(conversation, name)) for name in TIMES}
    topic = limits.shortened(conversation.topic, limits.TOPIC_LIMIT)
    return msgspec.structs.replace(
        conversation, agent=agent, lead=lead, topic=topic, last_message_author=speaker, **times
    )
