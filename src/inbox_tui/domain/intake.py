"""The rules about what comes in: from imports, websites and AI agents.

Pure functions that every store of ours applies; what each message does to its
conversation is decided by ``rules``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from inbox_tui.domain import rules
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.models import (
    Agent,
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
)
from inbox_tui.domain.names import is_blank, require_visible
from inbox_tui.domain.rules import Ruling
from inbox_tui.domain.text import storable

_SOMEBODY = Member(MemberId(""), "")
"""The author of a member's message that does not say whose it is."""


def require_sense(incoming: IncomingConversation) -> None:
    """Raises Rejected for a conversation that contradicts itself."""
    rules.require_id(incoming.id, "A conversation's id")
    if is_blank(incoming.id):
        raise Rejected("A conversation has no id.", hint="Give each conversation an id of its own.")
    rules.require_id(incoming.assignee_email, f"The address of the assignee of conversation {incoming.id}")
    rules.require_id(incoming.agent, f"The AI agent's name of conversation {incoming.id}")
    require_visible(incoming.agent, f"The AI agent's name of conversation {incoming.id}")
    waits = incoming.needs_human or (incoming.standing is not None and incoming.standing.waiting_since is not None)
    if waits and incoming.status is Status.RESOLVED:
        raise Rejected(f"Conversation {incoming.id} is resolved and needs a human.", hint="It can be only one of them.")
    keys: set[str] = set()
    for message in keyed(incoming):
        if message.key in keys:
            raise Rejected(f"Conversation {incoming.id} has two messages with the id {message.key}.")
        if message.key:
            keys.add(message.key)
        rules.require_id(message.key, f"The id of a message of conversation {incoming.id}")
        if message.key:
            require_visible(message.key, f"The id of a message of conversation {incoming.id}")
        for email in (message.member_email, message.imported_by_email):
            rules.require_id(email, f"The address of a member in conversation {incoming.id}")
        if len(message.body) > rules.BODY_LIMIT:
            raise Rejected(
                f"A message of conversation {incoming.id} has {len(message.body):,} characters;"
                f" {rules.BODY_LIMIT:,} is the most."
            )
        if message.kind is not Kind.MESSAGE and message.author in (Author.VISITOR, Author.AGENT):
            raise Rejected(f"Conversation {incoming.id} has a {message.kind} by its {message.author}.")


def require_receivable(message: IncomingMessage) -> None:
    """Raises Rejected for what is not a message by a visitor or an AI agent."""
    if message.author not in (Author.VISITOR, Author.AGENT) or message.kind is not Kind.MESSAGE:
        raise Rejected("Only messages of visitors and AI agents are received.", hint="Members reply or write notes.")
    rules.require_id(message.key, "The message's key")
    if message.key:
        require_visible(message.key, "The message's key")
    rules.require_body(message.body)


def keyed(incoming: IncomingConversation) -> list[IncomingMessage]:
    """The messages as they are kept, with a key each, so that the same import finds them again.

    What has none where a copy comes from, has none in the copy.
    """
    is_copy = incoming.standing is not None
    return [
        kept(message, message.key if is_copy else message.key or f"#{place}")
        for place, message in enumerate(incoming.messages)
    ]


def lacking(messages: Sequence[IncomingMessage], keys: Iterable[str]) -> list[IncomingMessage]:
    """Those that are not in the thread with these keys; of those without a key, the last so many as it has too few."""
    has = Counter(keys)
    found: list[IncomingMessage] = []
    for message in messages:
        if not has[message.key]:
            found.append(message)
        elif not message.key:
            has[message.key] -= 1
    return found


def kept(message: IncomingMessage, key: str) -> IncomingMessage:
    """The message as a store keeps it: whatever the system says is an event."""
    kind = Kind.EVENT if message.author is Author.SYSTEM else message.kind
    return IncomingMessage(
        message.author,
        storable(message.body),
        message.created_at,
        storable(key),
        kind,
        storable(message.member_email),
        storable(message.imported_by_email),
    )


def kept_lead(lead: Lead) -> Lead:
    """What is known of the visitor, as a store keeps it."""
    return Lead(storable(lead.name), storable(lead.email), storable(lead.phone), storable(lead.company))


def begun(incoming: IncomingConversation, agent: Agent) -> Conversation:
    """The conversation before its first message."""
    return Conversation(
        id=ConversationId(storable(incoming.id)),
        agent=agent,
        created_at=incoming.created_at,
        last_activity_at=incoming.created_at,
        lead=kept_lead(incoming.lead),
        topic=storable(incoming.topic),
    )


def message_added(conversation: Conversation, message: IncomingMessage, author: Member | None) -> Ruling:
    """What a message that comes in does to its conversation."""
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


def assignable(named: Member | None) -> Member | None:
    """Whom a conversation is given to that comes in for somebody: nobody, unless they may chat (rule 5)."""
    return named if named is not None and named.may_chat else None


def settled(conversation: Conversation, incoming: IncomingConversation, assignee: Member | None) -> Conversation:
    """The conversation after its last message, in the state that its source gives it."""
    if incoming.standing is not None:
        return msgspec.structs.replace(
            conversation,
            lead=kept_lead(incoming.lead),
            topic=storable(incoming.topic),
            assignee=assignee,
            status=incoming.status,
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


def caught_up(conversation: Conversation, incoming: IncomingConversation, assignee: Member | None) -> Conversation:
    """A known conversation that has got what it lacked.

    A copy that is made again stands as its source does by now, unless more was said here.
    """
    spoken = sum(
        message.author is not Author.SYSTEM and message.kind is not Kind.EVENT for message in incoming.messages
    )
    is_behind = incoming.standing is not None and conversation.messages <= spoken
    return settled(conversation, incoming, assignee) if is_behind else conversation
