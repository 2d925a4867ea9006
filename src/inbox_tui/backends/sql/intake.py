"""How conversations enter: whole ones from imports, single messages from a website or an AI agent.

Everything goes through the same rules as if it had been written here. Taking the same
conversation in again adds only the messages it lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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


def take_in(unit: Unit, conversations: Sequence[IncomingConversation]) -> Taken:
    """Add conversations, or the messages that known ones lack. Raises NotAllowed, Rejected."""
    rules.require_admin(unit.actor)
    taken = Taken()
    unit.look_up(incoming.id for incoming in conversations)
    for incoming in [intake.accepted(given, unit.at) for given in conversations]:
        before = unit.find(incoming.id)
        taken += _add(unit, incoming) if before is None else _extend(unit, before, incoming)
    return taken


def receive(unit: Unit, id: ConversationId, message: IncomingMessage) -> Conversation:
    """A visitor's or AI agent's message that a member brings in. Raises NotAllowed, NotFound, Rejected."""
    rules.require_chat(unit.actor)
    written = intake.received(message, unit.at)
    return receive_once(unit, unit.load(id), written, imported_by=unit.actor).conversation


def receive_once(unit: Unit, before: Stored, written: IncomingMessage, *, imported_by: Member | None) -> Stored:
    """A message by the rules, as it is kept, unless its key says that it is there already."""
    if written.key and unit.db.row(statements.MESSAGE_BY_KEY, conversation=before.row_id, key=written.key):
        return before
    added = unit.add_message(before.row_id, written, None, imported_by)
    return unit.save(before, intake.message_added(before.conversation, written, None), None, added)


def request_handoff(unit: Unit, id: ConversationId, at: datetime) -> Conversation:
    """A human is asked for. Raises NotAllowed, NotFound, Rejected."""
    rules.require_chat(unit.actor)
    return handed_off(unit, unit.load(id), at).conversation


def handed_off(unit: Unit, before: Stored, at: datetime) -> Stored:
    """The conversation once a human was asked for. Raises Rejected."""
    return unit.save(before, intake.handoff_requested(before.conversation, at, unit.at), None)


def set_lead(unit: Unit, id: ConversationId, lead: Lead) -> Conversation:
    """Replace what is known of the visitor. Raises NotAllowed, NotFound, Rejected."""
    rules.require_chat(unit.actor)
    return with_lead(unit, unit.load(id), lead).conversation


def with_lead(unit: Unit, before: Stored, lead: Lead) -> Stored:
    """The conversation once something else is known of the visitor."""
    return unit.save(before, Ruling(msgspec.structs.replace(before.conversation, lead=intake.kept_lead(lead))), None)


def agent_named(unit: Unit, name: str) -> Agent:
    """The AI agent of this name; one that is not known yet becomes known."""
    if unit.roster.by_name(name) is None:
        unit.db.run(statements.INSERT_AGENT, name=storable(name))
        unit.team_changed()
    found = unit.roster.by_name(name)
    assert found is not None  # written above
    return found


def _add(unit: Unit, incoming: IncomingConversation) -> Taken:
    messages = intake.keyed(incoming)
    folded = intake.begun(incoming, agent_named(unit, incoming.agent))
    thread = [(said, _member(unit, said.member_email), _importer(unit, incoming, said)) for said in messages]
    for said, author, _ in thread:
        folded = intake.message_added(folded, said, author).conversation
    named = _member(unit, incoming.assignee_email)
    assignee = intake.assignable(named)
    row_id = unit.add_conversation(intake.settled(folded, incoming, assignee))
    unit.add_thread(row_id, thread)
    return Taken(added=1, messages=len(messages), unassigned=int(named is not assignee))


def _extend(unit: Unit, before: Stored, incoming: IncomingConversation) -> Taken:
    keys = unit.db.rows(statements.KEYS_OF_CONVERSATION, conversation=before.row_id)
    lacking = intake.lacking(intake.keyed(incoming), [key or "" for (key,) in keys])
    after = before
    for message in lacking:
        after = _append(unit, after, incoming, message)
    is_copy = incoming.standing is not None
    named = _member(unit, incoming.assignee_email) if is_copy else None
    assignee = intake.assignable(named)
    caught_up = intake.caught_up(after.conversation, incoming, assignee)
    after = unit.save(after, Ruling(caught_up), None)
    changed = int(bool(lacking) or after != before)
    left = int(named is not assignee and caught_up.assignee is None)
    return Taken(extended=changed, unchanged=1 - changed, messages=len(lacking), unassigned=left)


def _append(unit: Unit, before: Stored, incoming: IncomingConversation, message: IncomingMessage) -> Stored:
    author = _member(unit, message.member_email)
    added = unit.add_message(before.row_id, message, author, _importer(unit, incoming, message))
    ruling = intake.message_added(before.conversation, message, author)
    if incoming.standing is not None:  # the events of its source come with it
        ruling = Ruling(ruling.conversation)
    return unit.save(before, ruling, None, added)


def _importer(unit: Unit, incoming: IncomingConversation, message: IncomingMessage) -> Member | None:
    """Who brings the message in; for a copy, who brought it into the workspace it comes from."""
    return unit.actor if incoming.standing is None else _member(unit, message.imported_by_email)


def _member(unit: Unit, email: str) -> Member | None:
    """The person of this address; one who is not known becomes known, and may do nothing."""
    if is_blank(email):
        return None
    return unit.roster.by_email(email) or insert_member(unit, email, "", Access.NONE)
