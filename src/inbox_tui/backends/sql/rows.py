"""Rows to records and back: the one place that knows the columns.

Times are stored as integer microseconds since 1970 UTC, which sort and compare as
they are and lose nothing. Characters that databases do not take are replaced here, on
their way in.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from inbox_tui.backends.sql.database import Row, Value
from inbox_tui.backends.sql.message_ids import message_id
from inbox_tui.backends.sql.roster import Roster, row_number
from inbox_tui.domain import salvage
from inbox_tui.domain.filters import Filter
from inbox_tui.domain.limits import EARLIEST, LATEST
from inbox_tui.domain.models import (
    Author,
    Conversation,
    ConversationId,
    Kind,
    Lead,
    MemberId,
    Message,
    Status,
)
from inbox_tui.domain.text import replace_unstorable

_EPOCH = EARLIEST
_MICROSECOND = timedelta(microseconds=1)
AUTHORS = {author.value: author for author in Author}
KINDS = {kind.value: kind for kind in Kind}
_AUTHORS = dict[str | None, Author | None]([(None, None), *AUTHORS.items()])
LATEST_MICROS = (LATEST - _EPOCH) // _MICROSECOND
_NOBODY_KNOWN = Lead()
_NOBODY = MemberId("")
_AFTER_ALL_TIME = 2**62
"""Microseconds beyond every time there is, with room on both sides."""

STATUS_NUMBERS = {Status.OPEN: 0, Status.RESOLVED: 1}
STATUSES = {number: status for status, number in STATUS_NUMBERS.items()}

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

TIMES = ("created_at", "last_activity_at", "waiting_since", "first_human_reply_at", "resolved_at")
CONVERSATION_CHOICES: dict[str, Iterable[str | int]] = {
    "status": STATUSES,
    "last_outgoing": AUTHORS,
    "last_message_author": AUTHORS,
}
CONVERSATION_REFERENCES = {"agent_id": "agent", "assignee_id": "member"}
MESSAGE_CHOICES: dict[str, Iterable[str | int]] = {"author": AUTHORS, "kind": KINDS}
MESSAGE_REFERENCES = {"member_id": "member", "imported_by": "member"}
"""What can be read of the columns that do not take any value: times, choices among a few, rows of another table."""

CONVERSATION_COLUMNS = ("id", *STATE_COLUMNS[:-2])
MESSAGE_COLUMNS = ("id", "author", "kind", "body", "created_at", "member_id", "key", "imported_by")

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
    """The record that a row of CONVERSATION_COLUMNS holds; of a damaged one, as much of it as can be read."""
    try:
        return _conversation(row, roster)
    except salvage.UNREADABLE:
        return _damaged_conversation(row, roster)


def _conversation(row: Row, roster: Roster) -> Conversation:
    (_, public_id, agent, status, assignee, waiting, handoff, outgoing, created, activity, human, resolved) = row[:12]
    (count, author, last, _, name, email, phone, company, topic, _) = row[12:]
    return Conversation(
        id=ConversationId(public_id),
        agent=roster.agents[agent],
        created_at=moment(created),
        last_activity_at=moment(activity),
        lead=Lead(name, email, phone, company) if name or email or phone or company else _NOBODY_KNOWN,
        topic=topic,
        status=STATUSES[status],
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


def _damaged_conversation(row: Row, roster: Roster) -> Conversation:
    of = dict(zip(CONVERSATION_COLUMNS, row, strict=True))

    def optional(column: str) -> datetime | None:
        return None if of[column] is None else moment(of[column])

    return salvage.conversation(
        {
            "id": lambda: ConversationId(of["public_id"]),
            "agent": lambda: roster.agents[of["agent_id"]],
            "created_at": lambda: moment(of["created_at"]),
            "last_activity_at": lambda: moment(of["last_activity_at"]),
            "lead": lambda: Lead(*(of[name] for name in ("lead_name", "lead_email", "lead_phone", "lead_company"))),
            "topic": lambda: of["topic"],
            "status": lambda: STATUSES[of["status"]],
            "assignee": lambda: None if of["assignee_id"] is None else roster.members[of["assignee_id"]],
            "waiting_since": lambda: optional("waiting_since"),
            "handoff_requested": lambda: bool(of["handoff_requested"]),
            "last_outgoing": lambda: _AUTHORS[of["last_outgoing"]],
            "first_human_reply_at": lambda: optional("first_human_reply_at"),
            "resolved_at": lambda: optional("resolved_at"),
            "messages": lambda: int(of["message_count"]),
            "last_message_author": lambda: _AUTHORS[of["last_message_author"]],
            "last_message": lambda: of["last_message"],
        }
    )


def state(record: Conversation, last_message_id: int | None) -> dict[str, Value]:
    """The values of STATE_COLUMNS for a conversation."""
    lead = record.lead
    waiting = record.waiting_since
    return {
        "public_id": replace_unstorable(record.id),
        "agent_id": row_number(record.agent.id),
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
        "last_message": replace_unstorable(record.last_message),
        "last_message_id": last_message_id,
        "lead_name": replace_unstorable(lead.name),
        "lead_email": replace_unstorable(lead.email),
        "lead_phone": replace_unstorable(lead.phone),
        "lead_company": replace_unstorable(lead.company),
        "topic": replace_unstorable(record.topic),
        "wait_rank": _AFTER_ALL_TIME - micros(record.last_activity_at) if waiting is None else micros(waiting),
        "has_lead": int(record.has_lead),
        "pending": int(Filter.PENDING.matches(record, _NOBODY)),
    }


def message(row: Row, roster: Roster) -> Message:
    """The record that a row of MESSAGE_COLUMNS holds; of a damaged one, as much of it as can be read."""
    try:
        return _message(row, roster)
    except salvage.UNREADABLE:
        return _damaged_message(row, roster)


def _message(row: Row, roster: Roster) -> Message:
    id, author, kind, body, created_at, member_id, key, importer_id = row
    member, importer = (None if who is None else roster.members[who] for who in (member_id, importer_id))
    at, named = moment(created_at), message_id(id, created_at, author, kind, key)
    return Message(named, AUTHORS[author], KINDS[kind], body, at, member, key or "", importer)


def _damaged_message(row: Row, roster: Roster) -> Message:
    of = dict(zip(MESSAGE_COLUMNS, row, strict=True))
    return salvage.message(
        {
            "id": lambda: message_id(of["id"], of["created_at"], of["author"], of["kind"], of["key"]),
            "author": lambda: AUTHORS[of["author"]],
            "kind": lambda: KINDS[of["kind"]],
            "body": lambda: of["body"],
            "created_at": lambda: moment(of["created_at"]),
            "member": lambda: None if of["member_id"] is None else roster.members[of["member_id"]],
            "key": lambda: of["key"] or "",
            "imported_by": lambda: None if of["imported_by"] is None else roster.members[of["imported_by"]],
        }
    )


def moment(micros: int) -> datetime:
    """The time that a stored number of microseconds means. Raises ValueError for one that cannot be shown."""
    if not 0 <= micros <= LATEST_MICROS:
        raise ValueError(f"{micros} is no time in microseconds since 1970")
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
