"""What makes conversations of two workspaces the same, whatever numbers and names each store gives them.

Only looks; what follows from a difference is decided elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import aclosing

import msgspec

from inbox_tui.domain import rules
from inbox_tui.domain.changes import ChangeId, Written
from inbox_tui.domain.errors import NotFound, StoreUnavailable
from inbox_tui.domain.intake import trimmed_lead
from inbox_tui.domain.models import Conversation, ConversationId, Member, Message
from inbox_tui.domain.names import name_key
from inbox_tui.store.protocol import Store

MESSAGES_AT_ONCE = 1_000


class Whole(msgspec.Struct, frozen=True):
    """A conversation and all its messages, oldest first."""

    conversation: Conversation
    messages: Sequence[Message]

    def digest(self) -> bytes:
        """A checksum of all that another store must say of it too."""
        said = _said(self.conversation), [_said_in(message) for message in self.messages]
        return hashlib.sha256(msgspec.json.encode(said)).digest()


class Checksum:
    """Of conversations, in whatever order they come."""

    def __init__(self) -> None:
        self.conversations = self.messages = self._sum = 0

    def add(self, whole: Whole) -> None:
        """Count a conversation in."""
        self.conversations += 1
        self.messages += len(whole.messages)
        self._sum = (self._sum + int.from_bytes(whole.digest())) % 2**256

    @property
    def text(self) -> str:
        """The sum of all."""
        return f"sha256:{self._sum:064x}"


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
    # A server of an earlier version gives them as they arrived.
    return Whole(conversation, sorted(messages, key=lambda message: message.created_at))


async def written_since(store: Store, since: ChangeId | None) -> Written:
    """What was written after a change; None: nothing, but where the store is at this moment."""
    async with aclosing(store.changes(since)) as reports:  # type: ignore[type-var]  # every store's is a generator
        async for report in reports:
            if isinstance(report, Written):
                return report
    raise StoreUnavailable(f"{store.name} was closed.")


def address(member: Member) -> str:
    """By which a member is known in every store."""
    return name_key(member.email)


def is_same_member(one: Member, other: Member, *, with_profile: bool) -> bool:
    """Whether a member may do the same in both stores and, ``with_profile``, is shown alike."""
    is_alike = (one.name, one.badge) == (other.name, other.badge)
    return one.access is other.access and (is_alike or not with_profile)


def _said(conversation: Conversation) -> dict[str, object]:
    return {
        **msgspec.structs.asdict(conversation),
        "damage": "",  # what stands in its place is what arrives
        "lead": trimmed_lead(conversation.lead),  # earlier versions kept the blanks around it
        "agent": name_key(conversation.agent.name),
        "assignee": address(conversation.assignee) if conversation.assignee else None,
        "last_message": rules.preview(conversation.last_message),
    }


def _said_in(message: Message) -> tuple[object, ...]:
    author, importer = (address(member) if member else None for member in (message.member, message.imported_by))
    return (message.author, message.kind, message.body, message.created_at, author, message.key, importer)
