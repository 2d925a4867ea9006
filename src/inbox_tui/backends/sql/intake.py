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
from inbox_tui.backends.sql.rows import Stored
from inbox_tui.backends.sql.team import insert_member
from inbox_tui.backends.sql.unit import Unit
from inbox_tui.domain import intake, rules
from inbox_tui.domain.models import (
    Access,
    Agent,
    Conversation,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Lead,
    Member,
    Taken,
)
from inbox_tui.domain.names import is_blank
from inbox_tui.domain.rules import Ruling
from inbox_tui.domain.text import storable


class _Fate(Enum):
    ADDED = "added"
    EXTENDED = "extended"
    UNCHANGED = "unchanged"


def take_in(unit: Unit, conversations: Sequence[IncomingConversation]) -> Taken:
    """Add conversations, or the messages that known ones lack. Raises Rejected."""
    tally = dict.fromkeys(_Fate, 0)
    messages = 0
    unit.look_up(incoming.id for incoming in conversations)
    for incoming in conversations:
        intake.require_sense(incoming)
        before = unit.find(incoming.id)
        stored = intake.keyed(incoming)
        if before is None:
            fate, added = _Fate.ADDED, _add(unit, incoming, stored)
        else:
            added = _extend(unit, before, incoming, stored)
            fate = _Fate.EXTENDED if added or unit.load(incoming.id) != before else _Fate.UNCHANGED
        tally[fate] += 1
        messages += added
    return Taken(tally[_Fate.ADDED], tally[_Fate.EXTENDED], tally[_Fate.UNCHANGED], messages)


def receive(unit: Unit, id: ConversationId, message: IncomingMessage) -> Conversation:
    """A visitor's or AI agent's message. Raises NotFound, Rejected."""
    intake.require_receivable(message)
    before = unit.load(id)
    written = intake.kept(message, message.key)
    if written.key and unit.db.row(statements.MESSAGE_BY_KEY, conversation=before.row_id, key=written.key):
        return before.conversation
    return _append(unit, before, written).conversation


def request_handoff(unit: Unit, id: ConversationId, at: datetime) -> Conversation:
    """A human is asked for. Raises NotFound."""
    before = unit.load(id)
    return unit.save(before, rules.handoff_requested(before.conversation, at), None).conversation


def set_lead(unit: Unit, id: ConversationId, lead: Lead) -> Conversation:
    """Replace what is known of the visitor. Raises NotFound."""
    before = unit.load(id)
    known = msgspec.structs.replace(before.conversation, lead=intake.kept_lead(lead))
    return unit.save(before, Ruling(known), None).conversation


def _add(unit: Unit, incoming: IncomingConversation, messages: Sequence[IncomingMessage]) -> int:
    folded = intake.begun(incoming, agent_named(unit, incoming.agent))
    authors = [_author(unit, message) for message in messages]
    for message, author in zip(messages, authors, strict=True):
        folded = intake.message_added(folded, message, author).conversation
    assignee = _member(unit, incoming.assignee_email, is_assignee=True)
    row_id = unit.add_conversation(intake.settled(folded, incoming, assignee))
    unit.add_thread(row_id, list(zip(messages, authors, strict=True)))
    return len(messages)


def _extend(unit: Unit, before: Stored, incoming: IncomingConversation, messages: Sequence[IncomingMessage]) -> int:
    keys = unit.db.rows(statements.KEYS_OF_CONVERSATION, conversation=before.row_id)
    lacking = intake.lacking(messages, [key or "" for (key,) in keys])
    for message in lacking:
        before = _append(unit, before, message, is_copy=incoming.standing is not None)
    assignee = _member(unit, incoming.assignee_email, is_assignee=True) if incoming.standing else None
    unit.save(before, Ruling(intake.caught_up(before.conversation, incoming, assignee)), None)
    return len(lacking)


def _append(unit: Unit, before: Stored, message: IncomingMessage, *, is_copy: bool = False) -> Stored:
    author = _author(unit, message)
    added = unit.add_message(before.row_id, message, author)
    ruling = intake.message_added(before.conversation, message, author)
    if is_copy:  # the events of its source come with it
        ruling = Ruling(ruling.conversation)
    return unit.save(before, ruling, None, added)


def agent_named(unit: Unit, name: str) -> Agent:
    """The AI agent of this name; one that is not known yet becomes known."""
    if unit.roster.by_name(name) is None:
        unit.db.run(statements.INSERT_AGENT, name=storable(name))
        unit.team_changed()
    found = unit.roster.by_name(name)
    assert found is not None  # written above
    return found


def _author(unit: Unit, message: IncomingMessage) -> Member | None:
    return _member(unit, message.member_email, is_assignee=False)


def _member(unit: Unit, email: str, *, is_assignee: bool) -> Member | None:
    if is_blank(email):
        return None
    found = unit.roster.by_email(storable(email)) or insert_member(unit, email, "", Access.NONE)
    if is_assignee and not found.may_chat:
        unit.db.run(statements.SET_ACCESS, id=int(found.id), access=Access.EDIT.value)
        unit.team_changed()
        found = unit.roster.member(found.id)
    return found
