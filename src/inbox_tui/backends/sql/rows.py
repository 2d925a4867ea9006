"""Rows to records and back: the one place that knows the columns.

Times are stored as integer microseconds since 1970 UTC, which sort and compare as
they are and lose nothing. Characters that databases do not take are replaced here, on
their way in.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from inbox_tui.backends.sql.database import Row, Value
from inbox_tui.backends.sql.message_ids import message_id
from inbox_tui.backends.sql.roster import Roster
from inbox_tui.domain.filters import Filter
from inbox_tui.domain.models import (
    Author,
    Conversation,
    ConversationId,
    Kind,
    Lead,
    Member,
    MemberId,
    Message,
    Status,
)
from inbox_tui.domain.text import storable

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_AUTHORS: dict[str | None, Author | None] = {None: None, **{author.value: author for author in Author}}
_KINDS = {kind.value: kind for kind in Kind}
_NOBODY_KNOWN = Lead()
_NOBODY = MemberId("")
_AFTER_ALL_TIME = 2**62
"""Microseconds beyond every time there is, with room on both sides."""

STATUS_NUMBERS = {Status.OPEN: 0, Status.RESOLVED: 1}
_STATUSES = (Status.OPEN, Status.RESOLVED)

STATE_COLUMNS = (
    "public_id",
    "agent_id",
    "status",
    "assignee_id",
    "waiting_since",
    "handoff_requested",
    "last_outgoing",
    "created_at",
    "last_activity_at",
    "first_human_reply_at",
    "resolved_at",
    "message_count",
    "last_message_author",
    "last_message",
    "last_message_id",
    "lead_name",
    "lead_email",
    "lead_phone",
    "lead_company",
    "topic",
    "wait_rank",
    "has_lead",
    "pending",
)
"""What is written of a conversation. The last three follow from the others and are there to be indexed."""

KNOWN_COLUMNS = frozenset(("lead_name", "lead_email", "lead_phone", "lead_company", "topic"))
"""What a search finds a conversation by, besides its messages."""

CONVERSATION_COLUMNS = ("id", *STATE_COLUMNS[:-2])
MESSAGE_COLUMNS = ("id", "author", "kind", "body", "created_at", "member_id", "key")

_ACTIVITY = CONVERSATION_COLUMNS.index("last_activity_at")
_WAIT_RANK = CONVERSATION_COLUMNS.index("wait_rank")
_LAST_MESSAGE_ID = CONVERSATION_COLUMNS.index("last_message_id")


class Stored(NamedTuple):
    """A conversation together with what only the database knows of it."""

    row_id: int
    conversation: Conversation
    last_message_id: int | None


def stored(row: Row, roster: Roster) -> Stored:
    """The conversation that a row of CONVERSATION_COLUMNS holds."""
    return Stored(row[0], conversation(row, roster), row[_LAST_MESSAGE_ID])


def sort_key(row: Row, column: str) -> int:
    """The value by which a list in the order of ``column`` has this row."""
    key: int = row[_WAIT_RANK if column == "wait_rank" else _ACTIVITY]
    return key


def conversation(row: Row, roster: Roster) -> Conversation:
    """The record that a row of CONVERSATION_COLUMNS holds."""
    (_, public_id, agent, status, assignee, waiting, handoff, outgoing, created, activity, human, resolved) = row[:12]
    (count, author, last, _, name, email, phone, company, topic, _) = row[12:]
    return Conversation(
        id=ConversationId(public_id),
        agent=roster.agents[agent],
        created_at=moment(created),
        last_activity_at=moment(activity),
        lead=Lead(name, email, phone, company) if name or email or phone or company else _NOBODY_KNOWN,
        topic=topic,
        status=_STATUSES[status],
        assignee=None if assignee is None else roster.members[assignee],
        waiting_since=None if waiting is None else moment(waiting),
        handoff_requested=bool(handoff),
        last_outgoing=_AUTHORS[outgoing],
        first_human_reply_at=None if human is None else moment(human),
        resolved_at=None if resolved is None else moment(resolved),
        messages=count,
        last_message_author=_AUTHORS[author],
        last_message=last,
    )


def state(record: Conversation, last_message_id: int | None) -> dict[str, Value]:
    """The values of STATE_COLUMNS for a conversation."""
    lead = record.lead
    waiting = record.waiting_since
    return {
        "public_id": storable(record.id),
        "agent_id": int(record.agent.id),
        "status": STATUS_NUMBERS[record.status],
        "assignee_id": None if record.assignee is None else int(record.assignee.id),
        "waiting_since": micros_or_none(waiting),
        "handoff_requested": int(record.handoff_requested),
        "last_outgoing": None if record.last_outgoing is None else record.last_outgoing.value,
        "created_at": micros(record.created_at),
        "last_activity_at": micros(record.last_activity_at),
        "first_human_reply_at": micros_or_none(record.first_human_reply_at),
        "resolved_at": micros_or_none(record.resolved_at),
        "message_count": record.messages,
        "last_message_author": None if record.last_message_author is None else record.last_message_author.value,
        "last_message": storable(record.last_message),
        "last_message_id": last_message_id,
        "lead_name": storable(lead.name),
        "lead_email": storable(lead.email),
        "lead_phone": storable(lead.phone),
        "lead_company": storable(lead.company),
        "topic": storable(record.topic),
        "wait_rank": _AFTER_ALL_TIME - micros(record.last_activity_at) if waiting is None else micros(waiting),
        "has_lead": int(record.has_lead),
        "pending": int(Filter.PENDING.matches(record, _NOBODY)),
    }


def message(row: Row, roster: Roster) -> Message:
    """The record that a row of MESSAGE_COLUMNS holds."""
    id, author, kind, body, created_at, member_id, key = row
    member: Member | None = None if member_id is None else roster.members[member_id]
    named = message_id(id, created_at, author, kind, key)
    return Message(named, Author(author), _KINDS[kind], body, moment(created_at), member, key or "")


def moment(micros: int) -> datetime:
    """The time that a stored number of microseconds means."""
    return _EPOCH + timedelta(microseconds=micros)


def micros(moment: datetime) -> int:
    """The number under which a time is stored."""
    return (moment - _EPOCH) // _MICROSECOND


def micros_or_none(moment: datetime | None) -> int | None:
    """``micros`` of a time that may be absent."""
    return None if moment is None else micros(moment)


def names(columns: tuple[str, ...], *, prefix: str = "") -> str:
    """A list of columns, or with the prefix ``:`` of the values for them."""
    return ", ".join(prefix + column for column in columns)
