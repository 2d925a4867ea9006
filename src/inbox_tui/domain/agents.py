"""What an AI agent may do: work on its own conversations, and see no others.

Pure rules that every store of ours applies inside the transaction that writes.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from inbox_tui.domain import intake, limits
from inbox_tui.domain.errors import Conflict, NotFound, Rejected
from inbox_tui.domain.models import (
    Agent,
    AgentId,
    Conversation,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Lead,
    Moment,
)

MESSAGES_AT_ONCE = 100
"""The most messages in one request of an agent. They form one transaction, and other writers wait for it."""
TEXT_AT_ONCE = 64 * 1024
"""The most bytes of text in one request, for the same reason. A longer message has to come alone."""


class NewChat(msgspec.Struct, frozen=True):
    """A chat as an AI agent's website begins it, or goes on with it."""

    id: ConversationId
    created_at: Moment
    lead: Lead = Lead()
    topic: str = ""
    messages: tuple[IncomingMessage, ...] = ()


def accepted(chat: NewChat, now: datetime) -> NewChat:
    """The chat in the form that stores keep. Raises Rejected for an invalid message or too large a request."""
    if len(chat.messages) > MESSAGES_AT_ONCE:
        raise Rejected(
            f"The request carries {len(chat.messages):,} messages; {MESSAGES_AT_ONCE} is the most.",
            hint="Send the others in further requests.",
        )
    if len(chat.messages) > 1 and sum(limits.size(message.body) for message in chat.messages) > TEXT_AT_ONCE:
        raise Rejected(
            f"The messages of the request have more than {TEXT_AT_ONCE:,} bytes together.",
            hint="Send some of them in further requests.",
        )
    return msgspec.structs.replace(
        chat,
        created_at=limits.arrived(chat.created_at, now),
        messages=tuple(intake.in_order(intake.received(message, now) for message in chat.messages)),
    )


def initial_state(chat: NewChat, agent: Agent) -> Conversation:
    """The conversation before its first message. Raises Rejected for values that no store accepts."""
    began = min([chat.created_at, *(message.created_at for message in chat.messages)])
    incoming = IncomingConversation(chat.id, (), agent.name, began, chat.lead, topic=chat.topic)
    intake.validate(incoming)
    return intake.initial_state(incoming, agent)


def require_own(conversation: Conversation, agent: AgentId) -> None:
    """Raises NotFound for another agent's conversation, as for one that does not exist."""
    if conversation.agent.id != agent:
        raise NotFound(f"Conversation {conversation.id} does not exist.")


def require_free(conversation: Conversation, agent: AgentId) -> None:
    """Raises Conflict for an id under which another agent has a conversation."""
    if conversation.agent.id != agent:
        raise Conflict("This id is taken.", hint="Give the conversation another id, or none.")
