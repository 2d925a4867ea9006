"""The rules for incoming data: from imports, websites and AI agents.

Pure functions that every store of ours applies. ``rules`` decides what each message
does to its conversation.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from inbox_tui.domain import limits, rules
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.identity import identified
from inbox_tui.domain.models import (
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
    Message,
    Status,
)
from inbox_tui.domain.names import is_blank, require_visible, trimmed
from inbox_tui.domain.rules import Transition
from inbox_tui.domain.team import ADDRESS_LIMIT
from inbox_tui.domain.text import replace_unstorable

_SOMEBODY = Member(MemberId(""), "")
"""The author of a member's message that names no member."""


class Late(NamedTuple):
    """The end of a thread that received a message older than its last activity (rule 14)."""

    said: Message | None
    """The last message between visitor and workspace, by time and then by arrival."""
    outgoing: Author | None
    """Who last wrote to the visitor."""
    is_said_last: bool
    """Only notes, no messages, follow the late message."""


def validate(incoming: IncomingConversation) -> None:
    """Raises Rejected for a conversation that contradicts itself or exceeds a limit (rule 13).

    A copy brings data that a store holds already, and earlier versions may have measured it differently. So only its
    topic and lead are checked: longer ones are damage, and the store's ``repair`` shortens them.
    """
    is_copy = incoming.standing is not None
    if not is_copy:
        limits.require_size(incoming.id, limits.ID_LIMIT, "A conversation's id")
    if not incoming.id or (is_blank(incoming.id) and not is_copy):
        raise Rejected("A conversation has no id.", hint="Give each conversation an id of its own.")
    of_it = f"of conversation {incoming.id}"
    if not is_copy:
        limits.require_size(incoming.agent, limits.AGENT_NAME_LIMIT, f"The AI agent's name {of_it}")
        require_visible(incoming.agent, f"The AI agent's name {of_it}")
        limits.require_size(incoming.assignee_email, ADDRESS_LIMIT, f"The address of the assignee {of_it}")
    limits.require_size(incoming.topic, limits.TOPIC_LIMIT, f"The topic {of_it}")
    _require_lead(incoming.lead, f" {of_it}")
    waits = incoming.needs_human or (incoming.standing is not None and incoming.standing.waiting_since is not None)
    if waits and incoming.status is Status.RESOLVED:
        raise Rejected(f"Conversation {incoming.id} is resolved and needs a human.", hint="It can be only one of them.")
    keys: set[str] = set()
    for message in incoming.messages:
        key = replace_unstorable(message.key)
        if key in keys:
            raise Rejected(f"Conversation {incoming.id} has two messages with the id {message.key}.")
        if key:
            keys.add(key)
        if not is_copy:
            _require_message(message, of_it)
        if message.kind is not Kind.MESSAGE and message.author in (Author.VISITOR, Author.AGENT):
            raise Rejected(f"Conversation {incoming.id} has a {message.kind} by its {message.author}.")


def _require_message(message: IncomingMessage, of_it: str) -> None:
    limits.require_size(message.key, limits.ID_LIMIT, f"The id of a message {of_it}")
    if message.key:
        require_visible(message.key, f"The id of a message {of_it}")
    for email in (message.member_email, message.imported_by_email):
        limits.require_size(email, ADDRESS_LIMIT, f"The address of a member {of_it}")
    limits.require_size(message.body, limits.BODY_LIMIT, f"A message {of_it}")


def accepted(incoming: IncomingConversation, now: datetime) -> IncomingConversation:
    """The conversation in the form that stores keep: its messages in the order of a thread, each with a key.

    Raises Rejected, also as ``validate``. A copy must equal its source, so it keeps times that are ahead of this clock
    and messages without a key; any other time ahead of the clock becomes the time of arrival.
    """
    validate(incoming)
    standing = incoming.standing
    gate = limits.arrived if standing is None else limits.accepted

    def optional(at: datetime | None) -> datetime | None:
        return None if at is None else gate(at, now)

    messages = [
        msgspec.structs.replace(kept(message, message.key), created_at=limits.accepted(message.created_at, now))
        for message in incoming.messages
    ]
    if standing is None:
        messages = identified(messages)  # by the times that were given: they are the same when it is imported again
    return msgspec.structs.replace(
        incoming,
        created_at=gate(incoming.created_at, now),
        messages=tuple(
            msgspec.structs.replace(message, created_at=gate(message.created_at, now)) for message in in_order(messages)
        ),
        standing=None
        if standing is None
        else msgspec.structs.replace(
            standing,
            last_activity_at=gate(standing.last_activity_at, now),
            waiting_since=optional(standing.waiting_since),
            first_human_reply_at=optional(standing.first_human_reply_at),
            resolved_at=optional(standing.resolved_at),
        ),
    )


def in_order(messages: Iterable[IncomingMessage]) -> list[IncomingMessage]:
    """Messages that arrive together, by time and then as they came (rule 14)."""
    return sorted(messages, key=lambda message: message.created_at)


def received(message: IncomingMessage, now: datetime) -> IncomingMessage:
    """A message by a visitor or an AI agent in the form that stores keep. Raises Rejected for any other author."""
    if message.author not in (Author.VISITOR, Author.AGENT) or message.kind is not Kind.MESSAGE:
        raise Rejected("Only messages of visitors and AI agents are received.", hint="Members reply or write notes.")
    limits.require_size(message.key, limits.ID_LIMIT, "The message's key")
    if message.key:
        require_visible(message.key, "The message's key")
    rules.require_body(message.body)
    at = limits.arrived(message.created_at, now)
    return kept(msgspec.structs.replace(message, created_at=at), message.key)


def handoff_requested(conversation: Conversation, at: datetime, now: datetime) -> Transition:
    """Rule 2, for a request that gives its own time. Raises Rejected for a time that cannot be stored."""
    return rules.handoff_requested(conversation, limits.arrived(at, now))


def kept(message: IncomingMessage, key: str) -> IncomingMessage:
    """The message in the form that stores keep: a message by the system becomes an event."""
    kind = Kind.EVENT if message.author is Author.SYSTEM else message.kind
    return IncomingMessage(
        message.author,
        replace_unstorable(message.body),
        message.created_at,
        replace_unstorable(key),
        kind,
        replace_unstorable(message.member_email),
        replace_unstorable(message.imported_by_email),
    )


def kept_lead(lead: Lead) -> Lead:
    """The lead in the form that stores keep. Raises Rejected for a value that is too long."""
    _require_lead(lead)
    return trimmed_lead(lead)


def trimmed_lead(lead: Lead) -> Lead:
    """The lead with each value stripped of surrounding blanks and invisible characters."""
    return Lead(*(trimmed(replace_unstorable(field)) for field in (lead.name, lead.email, lead.phone, lead.company)))


def initial_state(incoming: IncomingConversation, agent: Agent) -> Conversation:
    """The conversation before its first message. It begins no later than that message, whatever its source says."""
    written = [] if incoming.standing is not None else [message.created_at for message in incoming.messages]
    created_at = min([incoming.created_at, *written])
    return Conversation(
        id=ConversationId(replace_unstorable(incoming.id)),
        agent=agent,
        created_at=created_at,
        last_activity_at=created_at,
        lead=kept_lead(incoming.lead),
        topic=replace_unstorable(incoming.topic),
    )


def folded(incoming: IncomingConversation) -> Conversation:
    """The conversation after its last message, by the rules. Its agent has only a name."""
    conversation = initial_state(incoming, Agent(AgentId(""), replace_unstorable(incoming.agent)))
    for message in incoming.messages:
        conversation = message_added(conversation, kept(message, message.key), None).conversation
    return conversation


def message_added(
    conversation: Conversation, message: IncomingMessage, author: Member | None, late: Late | None = None
) -> Transition:
    """Apply an incoming message to its conversation.

    Args:
        conversation: The conversation before the message.
        message: The message in the form that stores keep.
        author: The member who wrote it, if one did.
        late: Where the thread ends, if the message belongs further up.
    """
    if late is None:
        return _added(conversation, message, author)
    at = message.created_at
    if message.author is Author.VISITOR and not late.is_said_last:
        ruling = rules.note_written(conversation, at)  # it counts; what was said since shows how things stand
    else:
        ruling = _added(conversation, message, author)
    return Transition(
        with_end(_as_before(conversation, ruling.conversation, message), late.said, late.outgoing), ruling.events
    )


def message_received(conversation: Conversation, message: IncomingMessage, late: Late | None = None) -> Transition:
    """Apply a message that a visitor or an AI agent sends now, whatever its time: the visitor may have to wait."""
    ruling = _added(conversation, message, None)
    return (
        ruling if late is None else Transition(with_end(ruling.conversation, late.said, late.outgoing), ruling.events)
    )


def may_be_late(conversation: Conversation, message: IncomingMessage) -> bool:
    """Whether the message may belong above an existing one; the rules then need ``Late``."""
    return message.kind is Kind.MESSAGE and message.created_at < conversation.last_activity_at


def _added(conversation: Conversation, message: IncomingMessage, author: Member | None) -> Transition:
    at = message.created_at
    if at < conversation.created_at:
        conversation = msgspec.structs.replace(conversation, created_at=at)
    match message.author, message.kind:
        case _, Kind.EVENT:
            return Transition(conversation)
        case _, Kind.NOTE:
            return rules.note_written(conversation, at)
        case Author.VISITOR, _:
            return rules.visitor_wrote(conversation, message.body, at)
        case Author.AGENT, _:
            return rules.agent_wrote(conversation, message.body, at)
        case _:
            return rules.member_replied(conversation, author or _SOMEBODY, message.body, at, auto_assign=False)


def _as_before(before: Conversation, after: Conversation, message: IncomingMessage) -> Conversation:
    """A late message of a member ends no wait that began after it, and may be the first reply."""
    at = message.created_at
    after = msgspec.structs.replace(after, created_at=min(before.created_at, at))
    if message.author is not Author.MEMBER:
        return after
    after = msgspec.structs.replace(after, first_human_reply_at=min(before.first_human_reply_at or at, at))
    if before.waiting_since is None or before.waiting_since <= at:
        return after
    return msgspec.structs.replace(
        after, waiting_since=before.waiting_since, handoff_requested=before.handoff_requested
    )


def with_end(conversation: Conversation, said: Message | None, outgoing: Author | None) -> Conversation:
    """The conversation with the end of its thread: what was last said, and who last wrote to the visitor (rule 14)."""
    return msgspec.structs.replace(
        conversation,
        last_message_author=None if said is None else said.author,
        last_message="" if said is None else rules.preview(said.body),
        last_outgoing=outgoing,
    )


def assignable(named: Member | None) -> Member | None:
    """The member to assign an incoming conversation to; None unless they have chat access (rule 5)."""
    return named if named is not None and named.may_chat else None


def final_state(conversation: Conversation, incoming: IncomingConversation, assignee: Member | None) -> Conversation:
    """The conversation after its last message, in the state that its source gives it."""
    if incoming.standing is not None:
        return msgspec.structs.replace(
            conversation,
            lead=trimmed_lead(incoming.lead),
            topic=replace_unstorable(incoming.topic),
            assignee=assignee,
            status=incoming.status,
            created_at=incoming.created_at,
            **msgspec.structs.asdict(incoming.standing),
        )
    visitor_wrote = [message.created_at for message in incoming.messages if message.author is Author.VISITOR]
    return msgspec.structs.replace(
        conversation,
        assignee=assignee,
        handoff_requested=incoming.needs_human,
        waiting_since=[incoming.created_at, *visitor_wrote][-1] if incoming.needs_human else None,
        status=incoming.status,
        resolved_at=conversation.last_activity_at if incoming.status is Status.RESOLVED else None,
    )


def merge_state(conversation: Conversation, incoming: IncomingConversation, assignee: Member | None) -> Conversation:
    """A known conversation after an import added its missing messages.

    A repeated copy takes over the source's state, unless somebody has written here since.
    """
    spoken = sum(
        message.author is not Author.SYSTEM and message.kind is not Kind.EVENT for message in incoming.messages
    )
    is_behind = incoming.standing is not None and (conversation.messages or 0) <= spoken
    return final_state(conversation, incoming, assignee) if is_behind else conversation


def _require_lead(lead: Lead, of_it: str = "") -> None:
    for name in ("name", "email", "phone", "company"):
        limits.require_size(getattr(lead, name), limits.FIELD_LIMIT, f"The visitor's {name}{of_it}")
