"""How conversations enter: whole ones from imports, single messages from a website or an AI agent.

Everything goes through the same rules as if it had been written here. Taking the same
conversation in again adds only the messages it lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import msgspec

from inbox_tui.backends.sql import statements
from inbox_tui.backends.sql.rows import Stored, storable
from inbox_tui.backends.sql.team import insert_member
from inbox_tui.backends.sql.unit import Unit
from inbox_tui.domain import rules
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.models import (
    Access,
    Agent,
    AgentId,
    Author,
    Conversation,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Kind,
    Lead,
    Member,
    MemberId,
    Status,
    Taken,
)
from inbox_tui.domain.rules import Ruling

_SOMEBODY = Member(MemberId(""), "")
"""The author of a member's message that does not say whose it is."""


class _Fate(Enum):
    ADDED = "added"
    EXTENDED = "extended"
    UNCHANGED = "unchanged"


def take_in(unit: Unit, conversations: Sequence[IncomingConversation]) -> Taken:
    """Add conversations, or the messages that known ones lack. Raises Rejected."""
    tally = dict.fromkeys(_Fate, 0)
    messages = 0
    for incoming in conversations:
        _require_sense(incoming)
        before = unit.find(incoming.id)
        stored = [_as_stored(message, message.key or f"#{index}") for index, message in enumerate(incoming.messages)]
        added = _add(unit, incoming, stored) if before is None else _extend(unit, before, stored)
        fate = _Fate.ADDED if before is None else _Fate.EXTENDED if added else _Fate.UNCHANGED
        tally[fate] += 1
        messages += added
    return Taken(tally[_Fate.ADDED], tally[_Fate.EXTENDED], tally[_Fate.UNCHANGED], messages)


def receive(unit: Unit, id: ConversationId, message: IncomingMessage) -> Conversation:
    """A visitor's or AI agent's message. Raises NotFound, Rejected."""
    if message.author not in (Author.VISITOR, Author.AGENT) or message.kind is not Kind.MESSAGE:
        raise Rejected("Only messages of visitors and AI agents are received.", hint="Members reply or write notes.")
    rules.require_body(message.body)
    before = unit.load(id)
    written = _as_stored(message, message.key)
    if written.key and written.key in _keys(unit, before.row_id):
        return before.conversation
    return _append(unit, before, written).conversation


def request_handoff(unit: Unit, id: ConversationId, at: datetime) -> Conversation:
    """A human is asked for. Raises NotFound."""
    before = unit.load(id)
    return unit.save(before, rules.handoff_requested(before.conversation, at), None).conversation


def set_lead(unit: Unit, id: ConversationId, lead: Lead) -> Conversation:
    """Replace what is known of the visitor. Raises NotFound."""
    before = unit.load(id)
    known = Lead(storable(lead.name), storable(lead.email), storable(lead.phone), storable(lead.company))
    return unit.save(before, Ruling(msgspec.structs.replace(before.conversation, lead=known)), None).conversation


def _add(unit: Unit, incoming: IncomingConversation, messages: Sequence[IncomingMessage]) -> int:
    folded = Conversation(
        id=ConversationId(storable(incoming.id)),
        agent=_agent(unit, incoming.agent),
        created_at=incoming.created_at,
        last_activity_at=incoming.created_at,
        lead=incoming.lead,
        topic=incoming.topic,
    )
    authors = [_author(unit, message) for message in messages]
    for message, author in zip(messages, authors, strict=True):
        folded = _ruling(folded, message, author).conversation
    row_id = unit.add_conversation(_settled(unit, incoming, folded))
    last = None
    for message, author in zip(messages, authors, strict=True):
        added = unit.add_message(row_id, message, author)
        last = added if message.kind is Kind.MESSAGE else last
    if last is not None:
        unit.db.run(statements.SET_LAST_MESSAGE, message=last, id=row_id)
    return len(messages)


def _extend(unit: Unit, before: Stored, messages: Sequence[IncomingMessage]) -> int:
    known = _keys(unit, before.row_id)
    lacking = [message for message in messages if message.key not in known]
    for message in lacking:
        before = _append(unit, before, message)
    return len(lacking)


def _append(unit: Unit, before: Stored, message: IncomingMessage) -> Stored:
    author = _author(unit, message)
    added = unit.add_message(before.row_id, message, author)
    ruling = _ruling(before.conversation, message, author)
    return unit.save(before, ruling, None, added if message.kind is Kind.MESSAGE else None)


def _ruling(conversation: Conversation, message: IncomingMessage, author: Member | None) -> Ruling:
    at = message.created_at
    match message.author, message.kind:
        case _, Kind.EVENT:
            return Ruling(conversation)
        case _, Kind.NOTE:
            return rules.note_written(conversation, at)
        case Author.VISITOR, _:
            return rules.visitor_wrote(conversation, message.body, at)
        case Author.AGENT, _:
            return rules.agent_wrote(conversation, message.body, at)
        case _:
            return rules.member_replied(conversation, author or _SOMEBODY, message.body, at, auto_assign=False)


def _settled(unit: Unit, incoming: IncomingConversation, folded: Conversation) -> Conversation:
    """The new conversation in the state that the import gives it."""
    visitor_wrote = [message.created_at for message in incoming.messages if message.author is Author.VISITOR]
    waiting_since = (visitor_wrote[-1] if visitor_wrote else incoming.created_at) if incoming.needs_human else None
    is_resolved = incoming.status is Status.RESOLVED
    return msgspec.structs.replace(
        folded,
        assignee=_member(unit, incoming.assignee_email, is_assignee=True),
        handoff_requested=incoming.needs_human,
        waiting_since=waiting_since,
        status=incoming.status,
        resolved_at=folded.last_activity_at if is_resolved else None,
    )


def _agent(unit: Unit, name: str) -> Agent:
    name = storable(name)
    if name not in unit.roster.agent_rows:
        unit.db.run(statements.INSERT_AGENT, name=name)
        unit.team_changed()
    return Agent(AgentId(str(unit.roster.agent_rows[name])), name)


def _author(unit: Unit, message: IncomingMessage) -> Member | None:
    return _member(unit, message.member_email, is_assignee=False)


def _member(unit: Unit, email: str, *, is_assignee: bool) -> Member | None:
    if not email.strip():
        return None
    found = unit.roster.by_email(storable(email)) or insert_member(unit, email, "", Access.NONE)
    if is_assignee and not found.may_chat:
        unit.db.run(statements.SET_ACCESS, id=int(found.id), access=Access.EDIT.value)
        unit.team_changed()
        found = unit.roster.member(found.id)
    return found


def _keys(unit: Unit, row_id: int) -> set[str]:
    return {key for (key,) in unit.db.rows(statements.KEYS_OF_CONVERSATION, conversation=row_id)}


def _as_stored(message: IncomingMessage, key: str) -> IncomingMessage:
    """The message as a row holds it: whatever the system says is an event."""
    kind = Kind.EVENT if message.author is Author.SYSTEM else message.kind
    return IncomingMessage(
        message.author, storable(message.body), message.created_at, storable(key), kind, storable(message.member_email)
    )


def _require_sense(incoming: IncomingConversation) -> None:
    if not incoming.id.strip():
        raise Rejected("A conversation has no id.", hint="Give each conversation an id of its own.")
    if incoming.needs_human and incoming.status is Status.RESOLVED:
        raise Rejected(f"Conversation {incoming.id} is resolved and needs a human.", hint="It can be only one of them.")
    keys: set[str] = set()
    for message in incoming.messages:
        if message.key and message.key in keys:
            raise Rejected(f"Conversation {incoming.id} has two messages with the id {message.key}.")
        keys.add(message.key)
        if len(message.body) > rules.BODY_LIMIT:
            raise Rejected(
                f"A message of conversation {incoming.id} has {len(message.body):,} characters;"
                f" {rules.BODY_LIMIT:,} is the most."
            )
        is_members = message.author in (Author.MEMBER, Author.SYSTEM)
        if message.kind is not Kind.MESSAGE and not is_members:
            raise Rejected(f"Conversation {incoming.id} has a {message.kind} by its {message.author}.")
