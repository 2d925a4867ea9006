"""What makes conversations of two workspaces the same, whatever numbers and names each store gives them.

Only looks; what follows from a difference is decided elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from inbox_tui.domain import rules
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.models import Conversation, ConversationId, Member, Message
from inbox_tui.store.protocol import Store

MESSAGES_AT_ONCE = 1_000


class Whole(msgspec.Struct, frozen=True):
    """A conversation and all its messages, oldest first."""

    conversation: Conversation
    messages: Sequence[Message]

    def told(self) -> tuple[object, ...]:
        """All that another store must say of it too."""
        return told(self.conversation), told_messages(self.messages)

    def begins(self, other: Whole) -> bool:
        """Whether the other one has every message of this, in the same order, and perhaps more."""
        return told_messages(other.messages)[: len(self.messages)] == told_messages(self.messages)


async def whole(store: Store, id: ConversationId) -> Whole | None:
    """The conversation as the store has it, if it has it."""
    try:
        found = await store.thread(id, limit=MESSAGES_AT_ONCE)
    except NotFound:
        return None
    conversation, messages = found.conversation, list(found.messages)
    while found.has_earlier:
        found = await store.thread(id, before=found.messages[0].id, limit=MESSAGES_AT_ONCE)
        messages[:0] = found.messages
    return Whole(conversation, messages)


async def conversation_of(store: Store, id: ConversationId) -> Conversation | None:
    """The conversation alone, if the store has it."""
    try:
        return await store.get(id)
    except NotFound:
        return None


def key_in_copy(place: int, message: Message) -> str:
    """A message's key in another workspace: one that has none gets one by its place, such as no import makes."""
    return message.key or f"copy#{place}"


def told(conversation: Conversation) -> dict[str, object]:
    """What another store must say of a conversation too, but for its messages."""
    return {
        **msgspec.structs.asdict(conversation),
        "agent": conversation.agent.name,
        "assignee": conversation.assignee.email.casefold() if conversation.assignee else None,
        "last_message": rules.preview(conversation.last_message),
    }


def told_messages(messages: Sequence[Message]) -> list[tuple[object, ...]]:
    """What another store must say of messages too."""
    return [
        (
            message.author,
            message.kind,
            message.body,
            message.created_at,
            message.member.email.casefold() if message.member else None,
            key_in_copy(place, message),
        )
        for place, message in enumerate(messages)
    ]


def is_same_member(one: Member, other: Member, *, with_profile: bool) -> bool:
    """Whether a member may do the same in both stores and, ``with_profile``, is shown alike."""
    is_alike = (one.name, one.badge) == (other.name, other.badge)
    return one.access is other.access and (is_alike or not with_profile)


class Checksum:
    """Of conversations, in whatever order they come."""

    def __init__(self) -> None:
        self.conversations = self.messages = self._sum = 0

    def add(self, whole: Whole) -> bytes:
        """Count a conversation in; gives its own checksum."""
        digest = hashlib.sha256(msgspec.json.encode(whole.told())).digest()
        self.conversations += 1
        self.messages += len(whole.messages)
        self._sum = (self._sum + int.from_bytes(digest)) % 2**256
        return digest

    @property
    def text(self) -> str:
        """The sum of all."""
        return f"sha256:{self._sum:064x}"
