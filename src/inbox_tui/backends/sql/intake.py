"""How conversations enter: whole ones from imports, single messages from a website or an AI agent.

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
from inbox_tui.backends.sql.rows import Stored
from inbox_tui.backends.sql.team import insert_member
from inbox_tui.backends.sql.unit import Unit
from inbox_tui.domain import intake, rules
from inbox_tui.domain.models import (
    Access,
    Agent,
    AgentId,
    Conversation,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Kind,
    Lead,
    Member,
    Taken,
)
from inbox_tui.domain.rules import Ruling
from inbox_tui.domain.text import storable

_CONVERSATION = 8
"""What a conversation weighs in a portion: it is in many indexes."""
_BODY = 250
"""Characters of a message that weigh as much as one more message: they are indexed for the search."""
_LOOKED_UP_AT_ONCE = 100


class Under(msgspec.Struct, frozen=True):
    """The conversation that is under way: a long one takes several transactions."""

    is_new: bool
    before: Stored | None
    """As it was found; None for a new one."""
    place: int = 0
    """Messages of it that were looked at."""
    added: int = 0
    unkeyed: int | None = None
    """Messages without a key that are there already and were not yet met; None before they are counted."""
    owed: int | None = None
    """Messages that the conversation counts already and that are not there; None before they are counted."""


class Progress(msgspec.Struct, frozen=True):
    """How far a work of several transactions has come. Each gives another, which holds once it is committed."""

    done: int = 0
    """Conversations."""
    taken: Taken = Taken()
    under: Under | None = None


def checked(incoming: IncomingConversation) -> Conversation:
    """What a conversation will be after its last message. Needs no store. Raises Rejected."""
    intake.require_sense(incoming)
    return intake.folded(incoming)


def take_some(
    unit: Unit,
    conversations: Sequence[IncomingConversation],
    folded: Mapping[int, Conversation],
    progress: Progress,
    portion: Portion,
) -> Progress:
    """Add as many conversations, or messages that known ones lack, as go into one transaction. All have been checked.

    A new conversation stands as it will from its first message on; what of its messages is missing, if the work breaks
    off, is seen by its number of messages, and comes in with the same import again.

    Args:
        unit: The transaction.
        conversations: All of the work.
        folded: What the long ones will be after their last message, by their place.
        progress: How far the work has come.
        portion: How much goes in.
    """
    some = slice(progress.done, progress.done + portion.left // _CONVERSATION + 1)
    unit.look_up(incoming.id for incoming in conversations[some])
    while progress.done < len(conversations) and not portion.is_spent:
        incoming = conversations[progress.done]
        under = progress.under or _begun(unit, incoming, folded.get(progress.done), portion)
        under = _messages_added(unit, incoming, under, portion)
        if under.place < len(incoming.messages):
            return msgspec.structs.replace(progress, under=under)
        progress = Progress(progress.done + 1, _counted(progress.taken, under, _ended(unit, incoming, under)))
    return progress


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


def _begun(unit: Unit, incoming: IncomingConversation, folded: Conversation | None, portion: Portion) -> Under:
    portion.spend(_CONVERSATION)
    before = unit.find(incoming.id)
    if before is not None:
        return Under(is_new=False, before=before)
    conversation = msgspec.structs.replace(folded or intake.folded(incoming), agent=agent_named(unit, incoming.agent))
    assignee = _member(unit, incoming.assignee_email, is_assignee=True)
    unit.add_conversation(intake.settled(conversation, incoming, assignee))
    return Under(is_new=True, before=None, unkeyed=0, owed=conversation.messages)


def _messages_added(unit: Unit, incoming: IncomingConversation, under: Under, portion: Portion) -> Under:
    """Go on with a conversation's messages to the end, or until the portion is spent; some in any case."""
    messages = incoming.messages
    if not messages:
        return under
    now = unit.load(incoming.id)
    while under.place < len(messages):
        some = intake.keyed(incoming, under.place, under.place + min(portion.left, _LOOKED_UP_AT_ONCE))
        under, now = _some_added(unit, incoming, some, under, now)
        portion.spend(sum(1 + len(message.body) // _BODY for message in some))
        if portion.is_spent:
            break
    return under


def _some_added(
    unit: Unit, incoming: IncomingConversation, some: Sequence[IncomingMessage], under: Under, now: Stored
) -> tuple[Under, Stored]:
    unkeyed, owed = under.unkeyed, under.owed
    if unkeyed is None:
        has_unkeyed = incoming.standing is not None
        unkeyed = _number(unit, statements.UNKEYED_OF_CONVERSATION, now) if has_unkeyed else 0
    is_untouched = under.is_new and under.place == 0  # nothing of it can be there
    keys = [] if is_untouched else _known_keys(unit, now, some)
    lacking = intake.lacking(some, [*keys, *[""] * unkeyed])
    unkeyed -= sum(not message.key for message in some) - sum(not message.key for message in lacking)
    if lacking and owed is None:
        owed = now.conversation.messages - _number(unit, statements.SAID_IN_CONVERSATION, now)
    missing: list[tuple[IncomingMessage, Member | None]] = []
    for message in lacking:
        if owed or under.is_new:
            missing.append((message, _author(unit, message)))
            owed = max(0, (owed or 0) - (message.kind is not Kind.EVENT))
        else:
            now = _append(unit, now, message, is_copy=incoming.standing is not None)
    unit.add_thread(now.row_id, missing)
    place, added = under.place + len(some), under.added + len(lacking)
    return msgspec.structs.replace(under, place=place, added=added, unkeyed=unkeyed, owed=owed), now


def _ended(unit: Unit, incoming: IncomingConversation, under: Under) -> bool:
    """Whether the conversation is another than before, its last message in."""
    if under.is_new and not under.added:
        return True
    now = unit.load(incoming.id)
    if under.owed is not None and now.last_message_id is None:
        unit.end_thread(now.row_id)
    if under.before is None:
        return True
    assignee = _member(unit, incoming.assignee_email, is_assignee=True) if incoming.standing else None
    now = unit.save(now, Ruling(intake.caught_up(now.conversation, incoming, assignee)), None)
    return now != under.before


def _counted(taken: Taken, under: Under, is_changed: bool) -> Taken:
    return Taken(
        taken.added + under.is_new,
        taken.extended + (not under.is_new and (is_changed or under.added > 0)),
        taken.unchanged + (not under.is_new and not is_changed and not under.added),
        taken.messages + under.added,
    )


def _known_keys(unit: Unit, now: Stored, some: Sequence[IncomingMessage]) -> list[str]:
    """Which of the messages' keys the conversation has."""
    keys = list(dict.fromkeys(message.key for message in some if message.key))
    if not keys:
        return []
    named: dict[str, Value] = {f"v{number}": key for number, key in enumerate(keys)}
    return [key for (key,) in unit.db.rows(statements.keys_among(len(keys)), conversation=now.row_id, **named)]


def _number(unit: Unit, statement: str, now: Stored) -> int:
    row = unit.db.row(statement, conversation=now.row_id)
    return int(row[0]) if row else 0


def _append(unit: Unit, before: Stored, message: IncomingMessage, *, is_copy: bool = False) -> Stored:
    author = _author(unit, message)
    added = unit.add_message(before.row_id, message, author)
    ruling = intake.message_added(before.conversation, message, author)
    if is_copy:  # the events of its source come with it
        ruling = Ruling(ruling.conversation)
    return unit.save(before, ruling, None, added)


def agent_named(unit: Unit, name: str) -> Agent:
    """The AI agent of this name; one that is not known yet becomes known."""
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
