"""Takes conversations in: whole ones from imports, single messages from a website or an AI agent.

Everything goes through the same rules as if it had been written here. Taking the same
conversation in again adds only the messages it lacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from inbox_tui.backends.sql import statements
from inbox_tui.backends.sql.database import Value
from inbox_tui.backends.sql.portions import Portion
from inbox_tui.backends.sql.rows import Stored, micros
from inbox_tui.backends.sql.rows import message as message_of
from inbox_tui.backends.sql.team import insert_member
from inbox_tui.backends.sql.unit import UnitOfWork
from inbox_tui.domain import identity, intake, rules
from inbox_tui.domain.models import (
    Access,
    Agent,
    Author,
    Conversation,
    ConversationId,
    ImportResult,
    IncomingConversation,
    IncomingMessage,
    Kind,
    Lead,
    Member,
)
from inbox_tui.domain.names import is_blank
from inbox_tui.domain.rules import Transition
from inbox_tui.domain.text import replace_unstorable

_CONVERSATION = 8
"""What a conversation weighs in a portion: it is in many indexes."""
_BODY = 250
"""Characters of a message that weigh as much as one more message: they are indexed for the search."""
_LOOKED_UP_AT_ONCE = 100
_NO_CONTENT = identity.Content(Author.SYSTEM, "", None, "")
"""Of what is recognized by its key."""


class Under(msgspec.Struct, frozen=True):
    """The conversation that is under way: a long one takes several transactions."""

    is_new: bool
    before: Stored | None
    """As it was found; None for a new one."""
    place: int = 0
    """Messages of it that were looked at."""
    added: int = 0
    is_left: bool = False
    """It stays unassigned, for its assignee has no chat access."""
    owed: int | None = None
    """Messages that the conversation counts already and that are not there; None before they are counted."""


class IntakeProgress(msgspec.Struct, frozen=True):
    """How far a work of several transactions has come. Each gives another, which holds once it is committed."""

    done: int = 0
    """Conversations."""
    taken: ImportResult = ImportResult()
    under: Under | None = None


def checked(incoming: IncomingConversation, now: datetime) -> tuple[IncomingConversation, Conversation]:
    """A conversation as it is kept, and what it will be after its last message. Needs no store. Raises Rejected."""
    accepted = intake.accepted(incoming, now)
    return accepted, intake.folded(accepted)


def take_some(
    unit: UnitOfWork,
    conversations: Sequence[IncomingConversation],
    folded: Mapping[int, Conversation],
    progress: IntakeProgress,
    portion: Portion,
) -> IntakeProgress:
    """Add as many conversations, or messages that known ones lack, as go into one transaction. All have been checked.

    A new conversation stands as it will from its first message on; what of its messages is missing, if the work breaks
    off, is seen by its number of messages, and comes in with the same import again.

    Args:
        unit: The transaction.
        conversations: All of the work.
        folded: What the long ones will be after their last message, by their place.
        progress: How far the work has come.
        portion: How much goes in.

    Raises:
        NotAllowed: an import is an admin's.
    """
    rules.require_admin(unit.actor)
    some = slice(progress.done, progress.done + portion.left // _CONVERSATION + 1)
    unit.look_up(incoming.id for incoming in conversations[some])
    while progress.done < len(conversations) and not portion.is_spent:
        incoming = conversations[progress.done]
        under = progress.under or _begun(unit, incoming, folded.get(progress.done), portion)
        under = _messages_added(unit, incoming, under, portion)
        if under.place < len(incoming.messages):
            return msgspec.structs.replace(progress, under=under)
        progress = IntakeProgress(progress.done + 1, progress.taken + _ended(unit, incoming, under))
    return progress


def receive(unit: UnitOfWork, id: ConversationId, message: IncomingMessage) -> Conversation:
    """A visitor's or AI agent's message that a member brings in. Raises NotAllowed, NotFound, Rejected."""
    rules.require_chat(unit.actor)
    written = intake.received(message, unit.at)
    return receive_once(unit, unit.load(id), written, imported_by=unit.actor).conversation


def receive_once(unit: UnitOfWork, before: Stored, written: IncomingMessage, *, imported_by: Member | None) -> Stored:
    """A message by the rules, as it is kept, unless its key says that it is there already."""
    if written.key and unit.db.row(statements.MESSAGE_BY_KEY, conversation=before.row_id, key=written.key):
        return before
    added = unit.add_message(before.row_id, written, None, imported_by)
    late = unit.late(before, added, written)
    ruling = intake.message_received(before.conversation, written, late)
    return unit.save(before, ruling, None, late.said if late else added)


def request_handoff(unit: UnitOfWork, id: ConversationId, at: datetime) -> Conversation:
    """A human is asked for. Raises NotAllowed, NotFound, Rejected."""
    rules.require_chat(unit.actor)
    return handed_off(unit, unit.load(id), at).conversation


def handed_off(unit: UnitOfWork, before: Stored, at: datetime) -> Stored:
    """The conversation once a human was asked for. Raises Rejected."""
    return unit.save(before, intake.handoff_requested(before.conversation, at, unit.at), None)


def set_lead(unit: UnitOfWork, id: ConversationId, lead: Lead) -> Conversation:
    """Replace what is known of the visitor. Raises NotAllowed, NotFound, Rejected."""
    rules.require_chat(unit.actor)
    return with_lead(unit, unit.load(id), lead).conversation


def with_lead(unit: UnitOfWork, before: Stored, lead: Lead) -> Stored:
    """The conversation once something else is known of the visitor."""
    return unit.save(
        before, Transition(msgspec.structs.replace(before.conversation, lead=intake.kept_lead(lead))), None
    )


def _begun(unit: UnitOfWork, incoming: IncomingConversation, folded: Conversation | None, portion: Portion) -> Under:
    portion.spend(_CONVERSATION)
    before = unit.find(incoming.id)
    if before is not None:
        return Under(is_new=False, before=before)
    conversation = msgspec.structs.replace(folded or intake.folded(incoming), agent=agent_named(unit, incoming.agent))
    named = _member(unit, incoming.assignee_email)
    assignee = intake.assignable(named)
    unit.add_conversation(intake.final_state(conversation, incoming, assignee))
    return Under(is_new=True, before=None, is_left=named is not assignee, owed=conversation.messages or 0)


def _messages_added(unit: UnitOfWork, incoming: IncomingConversation, under: Under, portion: Portion) -> Under:
    """Go on with a conversation's messages to the end, or until the portion is spent; some in any case."""
    messages = incoming.messages
    if not messages:
        return under
    now = unit.load(incoming.id)
    while under.place < len(messages):
        count, weight = _fitting(messages, under.place, portion.left)
        under, now = _some_added(unit, incoming, count, under, now)
        portion.spend(weight)
        if portion.is_spent:
            break
    return under


def _fitting(messages: Sequence[IncomingMessage], place: int, left: int) -> tuple[int, int]:
    """How many messages from a place on fit into what is left of a portion, at least one; and what they weigh."""
    count = weight = 0
    for message in messages[place : place + _LOOKED_UP_AT_ONCE]:
        more = 1 + len(message.body) // _BODY
        if count and weight + more > left:
            break
        count, weight = count + 1, weight + more
    return count, weight


def _some_added(
    unit: UnitOfWork, incoming: IncomingConversation, count: int, under: Under, now: Stored
) -> tuple[Under, Stored]:
    end = under.place + count
    is_untouched = under.is_new and under.place == 0  # nothing of it can be there
    there = [] if is_untouched else _there(unit, now, incoming.messages[under.place : end])
    lacking = [incoming.messages[place] for place in identity.lacking(incoming.messages, under.place, end, there)]
    owed = under.owed
    if lacking and owed is None:
        owed = (now.conversation.messages or 0) - _number(unit, statements.SAID_IN_CONVERSATION, now)
    missing: list[tuple[IncomingMessage, Member | None, Member | None]] = []
    for message in lacking:
        if owed or under.is_new:
            missing.append((message, _member(unit, message.member_email), _importer(unit, incoming, message)))
            owed = max(0, (owed or 0) - (message.kind is not Kind.EVENT))
        else:
            unit.add_thread(now.row_id, missing)
            missing = []
            now = _append(unit, now, incoming, message)
    unit.add_thread(now.row_id, missing)
    return msgspec.structs.replace(under, place=end, added=under.added + len(lacking), owed=owed), now


def _ended(unit: UnitOfWork, incoming: IncomingConversation, under: Under) -> ImportResult:
    """What became of a conversation, its last message in."""
    if under.is_new and not under.added:
        return ImportResult(added=1, unassigned=int(under.is_left))
    now = unit.load(incoming.id)
    if under.owed is not None and now.last_message_id is None:
        unit.end_thread(now.row_id)
    if under.before is None:
        return ImportResult(added=1, messages=under.added, unassigned=int(under.is_left))
    named = _member(unit, incoming.assignee_email) if incoming.standing else None
    assignee = intake.assignable(named)
    merge_state = intake.merge_state(now.conversation, incoming, assignee)
    now = unit.save(now, Transition(merge_state), None)
    changed = int(under.added > 0 or now != under.before)
    left = int(changed and named is not assignee and merge_state.assignee is None)
    return ImportResult(extended=changed, unchanged=1 - changed, messages=under.added, unassigned=left)


def _there(unit: UnitOfWork, now: Stored, some: Sequence[IncomingMessage]) -> list[identity.Known]:
    """What of the thread may be one of these messages: it has the key of one, or the time of one without an id."""
    found: list[identity.Known] = []
    keys = list(dict.fromkeys(message.key for message in some if message.key))
    if keys:
        named: dict[str, Value] = {f"v{number}": key for number, key in enumerate(keys)}
        rows = unit.db.rows(statements.keys_among(len(keys)), conversation=now.row_id, **named)
        found += [identity.Known(key, _NO_CONTENT) for (key,) in rows]
    times = list(dict.fromkeys(micros(message.created_at) for message in some if not identity.has_id(message)))
    if times:
        at: dict[str, Value] = {f"v{number}": time for number, time in enumerate(times)}
        rows = unit.db.rows(statements.written_at(len(times)), conversation=now.row_id, **at)
        found += (identity.Known.of(message_of(row, unit.roster)) for row in rows)
    return found


def _number(unit: UnitOfWork, statement: str, now: Stored) -> int:
    row = unit.db.row(statement, conversation=now.row_id)
    return int(row[0]) if row else 0


def agent_named(unit: UnitOfWork, name: str) -> Agent:
    """The AI agent of this name; one that is not known yet becomes known."""
    if unit.roster.by_name(name) is None:
        unit.db.run(statements.INSERT_AGENT, name=replace_unstorable(name))
        unit.team_changed()
    found = unit.roster.by_name(name)
    assert found is not None  # written above
    return found


def _append(unit: UnitOfWork, before: Stored, incoming: IncomingConversation, message: IncomingMessage) -> Stored:
    author = _member(unit, message.member_email)
    added = unit.add_message(before.row_id, message, author, _importer(unit, incoming, message))
    late = unit.late(before, added, message)
    ruling = intake.message_added(before.conversation, message, author, late)
    if incoming.standing is not None:  # the events of its source come with it
        ruling = Transition(ruling.conversation)
    return unit.save(before, ruling, None, late.said if late else added)


def _importer(unit: UnitOfWork, incoming: IncomingConversation, message: IncomingMessage) -> Member | None:
    """Who brings the message in; for a copy, who brought it into the workspace it comes from."""
    return unit.actor if incoming.standing is None else _member(unit, message.imported_by_email)


def _member(unit: UnitOfWork, email: str) -> Member | None:
    """The person of this address; one who is not known becomes known, and may do nothing."""
    if is_blank(email):
        return None
    return unit.roster.by_email(email) or insert_member(unit, email, "", Access.NONE)
