"""The texts of the statements, each literal and built once.

A list's statement is put together from the filter's condition, whether one agent was
chosen, and the order; values never become part of a text. The conditions are
written so that each finds an index that already has its rows in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal

import msgspec

from inbox_tui.backends.sql.database import Hits
from inbox_tui.backends.sql.rows import (
    CONVERSATION_CHOICES,
    CONVERSATION_COLUMNS,
    CONVERSATION_REFERENCES,
    MESSAGE_CHOICES,
    MESSAGE_COLUMNS,
    MESSAGE_REFERENCES,
    STATE_COLUMNS,
    TIMES,
    names,
)
from inbox_tui.domain.filters import Filter, Order

Shape = Literal["page", "seek", "whole"]
"""What is read of each row: all of it; only its place; all of it and the whole last message."""

Edge = Literal["none", "after", "from"]
"""Where reading starts: at the beginning, after a place, or at it."""


class Condition(msgspec.Struct, frozen=True):
    """A filter's definition in SQL, and what a list may rely on."""

    text: str
    """Values: me. Empty for every conversation."""
    nobody_waits: bool = False
    """No conversation in it is waited for: the order by waiting is the order by activity."""
    is_short: bool = False
    """Few conversations, found by one index: read those and sort, rather than walk everybody's in order."""


CONDITIONS = {
    "everything": Condition(""),
    "assigned_to_me": Condition("assignee_id = :me AND status = 0", is_short=True),
    "open": Condition("status = 0"),
    "resolved": Condition("status = 1", nobody_waits=True),
    "waiting": Condition("pending = 1"),
    "has_lead": Condition("has_lead = 1"),
}
"""By the name that the table of filters gives each (``Entry.condition``)."""

_WHOLE_MESSAGE = "coalesce((SELECT body FROM message WHERE message.id = conversation.last_message_id), '')"
_COLUMNS = names(CONVERSATION_COLUMNS)
_WHOLE_COLUMNS = ", ".join(_WHOLE_MESSAGE if column == "last_message" else column for column in CONVERSATION_COLUMNS)


class Ordering(msgspec.Struct, frozen=True):
    """An order as the database sees it: a column, and the row number among equals."""

    column: Literal["last_activity_at", "wait_rank"]
    is_descending: bool


def ordering(filter: Filter, order: Order) -> Ordering:
    """How a filter's list is sorted."""
    if order is Order.WAITING and not condition_of(filter).nobody_waits:
        return Ordering("wait_rank", is_descending=False)
    return Ordering("last_activity_at", is_descending=order is not Order.OLDEST)


@lru_cache(maxsize=512)
def listing(
    filter: Filter,
    order: Order,
    *,
    shape: Shape = "page",
    edge: Edge = "none",
    has_agent: bool = False,
    is_reversed: bool = False,
    hits: str = "",
) -> str:
    """A stretch of one list. Values: me, agent, key and tie (of the edge), limit, skip.

    ``hits`` is a subselect of row numbers, if only those found by a search are wanted.
    """
    by = ordering(filter, order)
    descends = by.is_descending is not is_reversed
    condition = condition_of(filter)
    column = f"+{by.column}" if condition.is_short and by.column == "wait_rank" else by.column
    conditions = [condition.text] if condition.text else []
    if has_agent:
        conditions.append("+agent_id = :agent" if condition.is_short else "agent_id = :agent")
    if edge != "none":
        sign = ("<" if descends else ">") + ("=" if edge == "from" else "")
        conditions.append(f"({column}, id) {sign} (:key, :tie)")
    if hits:
        conditions.append(f"+id IN ({hits})")  # by + the list's index drives, already in order
    columns = {"page": _COLUMNS, "whole": _WHOLE_COLUMNS, "seek": f"{by.column}, id"}[shape]
    direction = "DESC" if descends else "ASC"
    return " ".join(
        (
            "SELECT",
            columns,
            "FROM conversation",
            f"WHERE {' AND '.join(conditions)}" if conditions else "",
            f"ORDER BY {column} {direction}, id {direction}",
            "LIMIT :limit OFFSET :skip",
        )
    )


@lru_cache(maxsize=128)
def found(hits: Hits, filter: Filter, order: Order, *, has_agent: bool) -> str:
    """The places of a list's rows that are among those hit, in the order in which they were. Values: me, agent, enough.

    ``hits`` drives: a search finds fewer rows than the filter holds.
    """
    conditions = [text] if (text := condition_of(filter).text) else []
    if has_agent:
        conditions.append("agent_id = :agent")
    guarded = " AND ".join(f"(+{condition})" for condition in conditions)
    return " ".join(
        (
            "SELECT",
            ordering(filter, order).column,
            f", conversation.id FROM ({hits.read}) AS hit CROSS JOIN conversation ON conversation.id = hit.id",
            f"WHERE {guarded}" if guarded else "",
            hits.in_order,
            "LIMIT :enough",
        )
    )


def condition_of(filter: Filter) -> Condition:
    """A filter's condition."""
    return CONDITIONS[filter.entry.condition]


@lru_cache(maxsize=256)
def update_conversation(columns: tuple[str, ...]) -> str:
    """Write these columns of one conversation: naming no more spares the indexes on the others."""
    return " ".join(
        ("UPDATE conversation SET", ", ".join(f"{column} = :{column}" for column in columns), "WHERE id = :id")
    )


@lru_cache(maxsize=128)
def keys_among(count: int) -> str:
    """Which of so many keys a conversation's messages have. Values: conversation, v0, v1, …"""
    named = ", ".join(f":v{number}" for number in range(count))
    return " ".join(("SELECT key FROM message WHERE conversation_id = :conversation AND key IN (", named, ")"))


@lru_cache(maxsize=128)
def written_at(count: int) -> str:
    """A conversation's messages of so many times. Values: conversation, v0, v1, …"""
    named = ", ".join(f":v{number}" for number in range(count))
    return " ".join(
        (
            "SELECT",
            names(MESSAGE_COLUMNS),
            "FROM message WHERE conversation_id = :conversation AND created_at IN (",
            named,
            ")",
        )
    )


@lru_cache(maxsize=1024)
def conversations_by(column: str, count: int) -> str:
    """So many conversations, in no order. Values: v0, v1, … of the column."""
    named = ", ".join(f":v{number}" for number in range(count))
    return " ".join(("SELECT", _COLUMNS, "FROM conversation WHERE", column, f"IN ({named})"))


CONVERSATION_BY_PUBLIC_ID = " ".join(("SELECT", _COLUMNS, "FROM conversation WHERE public_id = :public_id"))
CONVERSATIONS_OF_ASSIGNEE = " ".join(("SELECT", _COLUMNS, "FROM conversation WHERE assignee_id = :member ORDER BY id"))
INSERT_CONVERSATION = " ".join(
    (
        "INSERT INTO conversation (",
        names(STATE_COLUMNS),
        ") VALUES (",
        names(STATE_COLUMNS, prefix=":"),
        ") RETURNING id",
    )
)

_SIZE = "length(CAST({column} AS BLOB))"
"""Bytes of a text."""
_LEAD_SIZES = " OR ".join(
    f"{_SIZE.format(column=column)} > :field_limit"
    for column in ("lead_name", "lead_email", "lead_phone", "lead_company")
)


def _unreadable(choices: Mapping[str, Iterable[str | int]], references: Mapping[str, str]) -> str:
    """The condition for rows in which a column holds an unknown value, or refers to a row that does not exist."""
    wrong = [f"{column} NOT IN ({', '.join(map(repr, known))})" for column, known in choices.items()]
    wrong += [" ".join((column, "NOT IN (SELECT id FROM", table, ")")) for column, table in references.items()]
    return " OR ".join(wrong)


DAMAGED_CONVERSATIONS = " ".join(
    (
        "SELECT",
        _COLUMNS,
        "FROM conversation WHERE",
        " OR ".join(f"{column} NOT BETWEEN 0 AND :latest" for column in TIMES),
        f"OR {_SIZE.format(column='topic')} > :topic_limit OR {_LEAD_SIZES}",
        f"OR {_unreadable(CONVERSATION_CHOICES, CONVERSATION_REFERENCES)}",
        "ORDER BY id LIMIT :limit",
    )
)
_DAMAGED_MESSAGE = " OR ".join(
    ("message.created_at NOT BETWEEN 0 AND :latest", _unreadable(MESSAGE_CHOICES, MESSAGE_REFERENCES))
)
DAMAGED_MESSAGES = " ".join(
    (
        "SELECT id, conversation_id, created_at, author, kind, member_id, imported_by FROM message WHERE",
        _DAMAGED_MESSAGE,
    )
)
DAMAGED_IN_THREADS = " ".join(
    (
        "SELECT conversation.public_id, count(*),",
        "sum(CASE WHEN message.created_at BETWEEN 0 AND :latest THEN 0 ELSE 1 END)",
        "FROM message JOIN conversation ON conversation.id = message.conversation_id WHERE",
        _DAMAGED_MESSAGE,
        "GROUP BY conversation.id, conversation.public_id ORDER BY conversation.id LIMIT :limit",
    )
)
MEND_MESSAGE = (
    "UPDATE message SET created_at = :created_at, author = :author, kind = :kind, member_id = :member_id,"
    " imported_by = :imported_by WHERE id = :id"
)
SUM_UP_THREAD = (
    "UPDATE conversation SET last_message_id = :last, last_message_author = :author, last_message = :said,"
    " message_count = (SELECT count(*) FROM message"
    " WHERE message.conversation_id = conversation.id AND message.kind <> 'event') WHERE id = :id"
)

# By time and then by arrival (rule 14).
THREAD = " ".join(
    (
        "SELECT",
        names(MESSAGE_COLUMNS),
        "FROM message WHERE conversation_id = :conversation",
        "AND (created_at, id) < (:at, :number) ORDER BY created_at DESC, id DESC LIMIT :limit",
    )
)
# The same for who knows no row number yet, and need not ask for it first.
THREAD_OF = THREAD.replace(":conversation", "(SELECT id FROM conversation WHERE public_id = :public_id)")
THREAD_AFTER = " ".join(
    (
        "SELECT",
        names(MESSAGE_COLUMNS),
        "FROM message WHERE conversation_id = :conversation",
        "AND (created_at, id) > (:at, :number) ORDER BY created_at, id LIMIT :limit",
    )
)
# The one that was seen comes with them, so that its fingerprint is checked without another round trip. What an import
# brought in since, but belongs before it, does not count.
REPLIES_FROM = " ".join(
    (
        "SELECT",
        names(MESSAGE_COLUMNS),
        "FROM message WHERE id = :seen AND conversation_id = :conversation UNION ALL SELECT",
        names(MESSAGE_COLUMNS),
        "FROM message WHERE conversation_id = :conversation AND author = 'member' AND kind = 'message' AND id > :seen",
        "AND (imported_by IS NULL",
        "OR created_at >= coalesce((SELECT created_at FROM message WHERE id = :seen), 0)) ORDER BY id",
    )
)
MESSAGE_NAMED = "SELECT created_at, author, kind, key FROM message WHERE conversation_id = :conversation AND id = :id"
ANY_MESSAGE_NAMED = "SELECT created_at, author, kind, key FROM message WHERE id = :id"
MESSAGE_BY_KEY = " ".join(
    ("SELECT", names(MESSAGE_COLUMNS), "FROM message WHERE conversation_id = :conversation AND key = :key")
)
SAID_IN_CONVERSATION = "SELECT count(*) FROM message WHERE conversation_id = :conversation AND kind <> 'event'"
INSERT_MESSAGE = (
    "INSERT INTO message (conversation_id, author, kind, member_id, key, body, created_at, imported_by, reply_agent_id)"
    " VALUES (:conversation, :author, :kind, :member, :key, :body, :created_at, :imported_by,"
    # What comes in by an import was said to the visitor elsewhere.
    " CASE WHEN :author = 'member' AND :kind = 'message' AND CAST(:imported_by AS bigint) IS NULL"
    " THEN (SELECT agent_id FROM conversation WHERE id = :conversation) END)"
)
INSERT_MESSAGE_AND_TELL = " ".join((INSERT_MESSAGE, "RETURNING", names(MESSAGE_COLUMNS)))

LAST_CHANGE = "SELECT seq, at, kind, conversation_id FROM change ORDER BY seq DESC LIMIT 1"
CHANGE = "SELECT at, kind, conversation_id FROM change WHERE seq = :seq"
FIRST_CHANGE = "SELECT min(seq) FROM change"
CHANGES_AFTER = (
    "SELECT change.seq, change.kind, conversation.public_id"
    " FROM change LEFT JOIN conversation ON conversation.id = change.conversation_id"
    " WHERE change.seq > :seq ORDER BY change.seq LIMIT :limit"
)
INSERT_CHANGE = "INSERT INTO change (at, kind, conversation_id) VALUES (:at, :kind, :conversation)"
DELETE_ALL_CHANGES = "DELETE FROM change"
DELETE_CHANGES = (
    "DELETE FROM change WHERE seq <= (SELECT max(seq) FROM change) - :kept"
    " AND (SELECT max(seq) - max(seq) / :every * :every FROM change) < :added"
)

DELETE_CONVERSATION = (
    "UPDATE conversation SET last_message_id = NULL WHERE id = :conversation",
    "DELETE FROM message WHERE conversation_id = :conversation",
    "DELETE FROM conversation WHERE id = :conversation",
)
# Whoever is still named stays, without access: a thread must be able to say who wrote in it.
DELETE_MEMBER = (
    "DELETE FROM member WHERE id = :id AND NOT EXISTS (SELECT 1 FROM conversation WHERE assignee_id = :id)"
    " AND NOT EXISTS (SELECT 1 FROM message WHERE member_id = :id OR imported_by = :id)"
    " AND NOT EXISTS (SELECT 1 FROM token WHERE member_id = :id) RETURNING id"
)
DELETE_AGENT = (
    "DELETE FROM agent WHERE id = :id AND NOT EXISTS (SELECT 1 FROM conversation WHERE agent_id = :id)"
    " AND NOT EXISTS (SELECT 1 FROM message WHERE reply_agent_id = :id)"
    " AND NOT EXISTS (SELECT 1 FROM token WHERE agent_id = :id)"
)
INSERT_AGENT = "INSERT INTO agent (name) VALUES (:name)"
INSERT_MEMBER = (
    "INSERT INTO member (email, name, initials, color, access) VALUES (:email, :name, :initials, :color, :access)"
)
SET_ACCESS = "UPDATE member SET access = :access WHERE id = :id"
SET_PROFILE = "UPDATE member SET name = :name, initials = :initials, color = :color WHERE id = :id"
SET_PHOTO = "UPDATE member SET photo = :photo WHERE id = :id"
PHOTO = "SELECT photo FROM member WHERE id = :id"

_TOKEN = "SELECT id, member_id, agent_id, label, created_at, expires_at FROM token"
TOKENS = " ".join((_TOKEN, "ORDER BY id"))
TOKEN_BY_HASH = " ".join((_TOKEN, "WHERE hash = :hash"))
TOKEN_BY_ROW = " ".join((_TOKEN, "WHERE id = :id"))
INSERT_TOKEN = (
    "INSERT INTO token (hash, member_id, agent_id, label, created_at, expires_at)"
    " VALUES (:hash, :member, :agent, :label, :created_at, :expires_at) RETURNING id"
)
DELETE_TOKEN = "DELETE FROM token WHERE id = :id"

LAST_MESSAGE = "SELECT max(id) FROM message"
NEWEST_MESSAGE = "SELECT id, created_at, author, kind, key FROM message ORDER BY id DESC LIMIT 1"
LAST_SAID = " ".join(
    (
        "SELECT",
        names(MESSAGE_COLUMNS),
        "FROM message WHERE conversation_id = :conversation AND kind = 'message'",
        "ORDER BY created_at DESC, id DESC LIMIT 1",
    )
)
NUMBER_SAID_LAST = (
    "SELECT id FROM message WHERE conversation_id = :conversation AND kind = 'message'"
    " ORDER BY created_at DESC, id DESC LIMIT 1"
)
FIRST_TIMES = (
    "SELECT min(created_at), min(CASE WHEN author = 'member' AND kind = 'message' THEN created_at END)"
    " FROM message WHERE conversation_id = :conversation"
)
LAST_OUTGOING = (
    "SELECT author FROM message WHERE conversation_id = :conversation AND kind = 'message'"
    " AND author IN ('agent', 'member') ORDER BY created_at DESC, id DESC LIMIT 1"
)
# Whether the thread tells otherwise than the conversation what stands first and last in it, and what is known.
OLD_CONVERSATIONS = (
    "SELECT id, CASE WHEN last_message_id <> (SELECT id FROM message WHERE conversation_id = conversation.id"
    " AND kind = 'message' ORDER BY created_at DESC, id DESC LIMIT 1)"
    " OR coalesce(last_outgoing, '') <> coalesce((SELECT author FROM message WHERE conversation_id = conversation.id"
    " AND kind = 'message' AND author IN ('agent', 'member') ORDER BY created_at DESC, id DESC LIMIT 1), '')"
    " OR created_at > (SELECT min(created_at) FROM message WHERE conversation_id = conversation.id) THEN 1 ELSE 0 END,"
    " lead_name, lead_email, lead_phone, lead_company FROM conversation WHERE id > :after ORDER BY id LIMIT :limit"
)
REPLIES_OF_AGENT = " ".join(
    (
        "SELECT conversation.public_id,",
        ", ".join(f"message.{column}" for column in MESSAGE_COLUMNS),
        "FROM message CROSS JOIN conversation ON conversation.id = message.conversation_id",
        "WHERE message.reply_agent_id = :agent AND message.id > :after AND message.id <= :last",
        "AND message.created_at > :since ORDER BY message.id LIMIT :limit",
    )
)
