"""Moving a workspace from one store into another, and proving that it has arrived.

Goes through the port alone, so any two kinds of store will do. May be broken off and
begun again: what has arrived is passed over. Tokens stay behind, for stores keep no secret
that could be copied.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from inbox_tui.domain import rules
from inbox_tui.domain.errors import NotFound, Rejected, StoreBroken, Unsupported
from inbox_tui.domain.filters import Order, Query
from inbox_tui.domain.models import (
    Access,
    Conversation,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Member,
    Message,
    Standing,
)
from inbox_tui.store.protocol import Host, Intake, Scan, Store, Team

BATCH = 100
"""Conversations that go in together: writers of the target wait for them."""
MESSAGES_AT_ONCE = 1_000
NAMED = 10
"""Conversations that a failed check names."""

_OLDEST_FIRST = Query(order=Order.OLDEST)
"""So that numbers grow with time in the target too, as a search for the newest expects."""


class CopySource(Store, Scan, Team, Protocol):
    """What can be copied from."""


class CopyTarget(Store, Scan, Team, Intake, Protocol):
    """What can be copied to."""


class Progress(msgspec.Struct, frozen=True):
    """How far a copy is."""

    step: str
    """``copy`` or ``check``."""
    done: int
    total: int


class Copied(msgspec.Struct, frozen=True):
    """What a copy came to."""

    conversations: int
    written: int
    """How many of them were not there, or not as they are now."""
    messages: int
    """Notes and events included."""
    checksum: str
    """Of all conversations and their messages, the same in both stores."""
    members: int
    without_profile: tuple[str, ...]
    """Addresses of members whose name and avatar the target lets only themselves write."""


def require_source(store: Store) -> CopySource:
    """The store, if it can be copied from. Raises Unsupported."""
    can = store.capabilities
    if not (isinstance(store, Scan) and isinstance(store, Team) and can.scan and can.team):
        raise Unsupported(f"{store.name} cannot be copied from: it lists neither everything nor its team.")
    return store


def require_target(store: Store) -> CopyTarget:
    """The store, if it can be copied to. Raises Unsupported."""
    if not (isinstance(require_source(store), Intake) and store.capabilities.intake):
        raise Unsupported(f"{store.name} cannot be copied to: it takes no conversations in.")
    return store  # type: ignore[return-value]  # as above


class Copy:
    """One run from one store to another.

    Args:
        source: Read as a member who may chat.
        target: Written as an admin.
        on_progress: Is told after each batch.
    """

    def __init__(
        self, source: CopySource, target: CopyTarget, on_progress: Callable[[Progress], None] | None = None
    ) -> None:
        self._source = source
        self._target = target
        self._on_progress = on_progress
        self._total = 0

    async def run(self) -> Copied:
        """Copy what is not there yet, then read both and compare.

        Raises:
            StoreBroken: the two differ afterwards, because of writes meanwhile or because the target had more.
            InboxError: whatever a store says. What has arrived stays; run again to go on.
        """
        self._total = (await self._source.counts(None)).all
        members, without_profile = await self._copy_team()
        written = await self._copy_conversations()
        conversations, messages, checksum = await self._compare()
        return Copied(conversations, written, messages, checksum, members, without_profile)

    async def _copy_team(self) -> tuple[int, tuple[str, ...]]:
        there = {member.email.casefold(): member for member in await self._target.members()}
        me = (await self._target.me()).id
        without_profile: list[str] = []
        given = await self._source.members()
        for member in given:
            known = there.get(member.email.casefold())
            if known is None:
                try:
                    known = await self._target.add_member(member.email, member.name, member.access)
                except Rejected:
                    continue  # an import's author without an address; comes with what they wrote
            elif known.access is not member.access and member.access is not Access.NONE and known.id != me:
                await self._target.set_access(known.id, member.access)
            if not await self._copy_profile(member, known):
                without_profile.append(member.email)
        return len(given), tuple(without_profile)

    async def _copy_profile(self, member: Member, known: Member) -> bool:
        photo = await self._source.photo(member.id)
        is_same = (known.name, known.badge) == (member.name, member.badge)
        if is_same and photo == await self._target.photo(known.id):
            return True
        own: Any = self._target
        if known.id != (await self._target.me()).id:
            own = self._target.seen_by(known.id) if isinstance(self._target, Host) else None
        if own is None or member.badge is None:
            return is_same
        await own.save_profile(member.name, member.badge)
        await own.save_photo(photo)
        return True

    async def _copy_conversations(self) -> int:
        done = written = 0
        async for conversations in self._source.scan(_OLDEST_FIRST, BATCH):
            missing = [found for found in conversations if not await self._has(found)]
            if missing:
                await self._target.take_in(
                    [as_incoming(found, await thread(self._source, found.id)) for found in missing]
                )
            written += len(missing)
            done += len(conversations)
            self._tell("copy", done)
        return written

    async def _has(self, conversation: Conversation) -> bool:
        try:
            there = await self._target.get(conversation.id)
        except NotFound:
            return False
        return _told(there) == _told(conversation)

    async def _compare(self) -> tuple[int, int, str]:
        """Read everything in both. Raises StoreBroken."""
        here, there = _Sum(), _Sum()
        different: list[ConversationId] = []
        async for conversations in self._source.scan(_OLDEST_FIRST, BATCH):
            for found in conversations:
                original, copy = await asyncio.gather(thread(self._source, found.id), self._copy_of(found.id))
                expected = here.add(found, original)
                if copy is None or there.add(*copy) != expected:
                    different.append(found.id)
            self._tell("check", here.conversations)
        total = (await self._target.counts(None)).all
        if different:
            named = ", ".join(different[:NAMED]) + (", …" if len(different) > NAMED else "")
            raise StoreBroken(
                f"{len(different):,} of {here.conversations:,} conversations differ: {named}.",
                hint="Somebody wrote meanwhile. Have everybody stop, and copy again: only these are written.",
            )
        if total != here.conversations:
            raise StoreBroken(
                f"The target holds {total:,} conversations, the source {here.conversations:,}.",
                hint="Copy into a new store: this one held others before, or somebody writes to it.",
            )
        return here.conversations, here.messages, here.text

    async def _copy_of(self, id: ConversationId) -> tuple[Conversation, Sequence[Message]] | None:
        """What the target has of a conversation, if it has it."""
        try:
            return await self._target.get(id), await thread(self._target, id)
        except NotFound:
            return None

    def _tell(self, step: str, done: int) -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(step, done, self._total))


async def thread(store: Store, id: ConversationId) -> Sequence[Message]:
    """All messages of a conversation, oldest first."""
    found = await store.thread(id, limit=MESSAGES_AT_ONCE)
    messages = list(found.messages)
    while found.has_earlier:
        found = await store.thread(id, before=found.messages[0].id, limit=MESSAGES_AT_ONCE)
        messages[:0] = found.messages
    return messages


def as_incoming(conversation: Conversation, messages: Sequence[Message]) -> IncomingConversation:
    """The conversation as it enters another workspace, to stand there as it stands here."""
    return IncomingConversation(
        id=conversation.id,
        messages=tuple(
            IncomingMessage(
                message.author,
                message.body,
                message.created_at,
                message.key,
                message.kind,
                message.member.email if message.member else "",
            )
            for message in messages
        ),
        agent=conversation.agent.name,
        created_at=conversation.created_at,
        lead=conversation.lead,
        status=conversation.status,
        assignee_email=conversation.assignee.email if conversation.assignee else "",
        topic=conversation.topic,
        standing=Standing(
            conversation.last_activity_at,
            conversation.waiting_since,
            conversation.handoff_requested,
            conversation.first_human_reply_at,
            conversation.resolved_at,
            conversation.last_outgoing,
        ),
    )


class _Sum:
    """A checksum that does not depend on the order of the conversations."""

    def __init__(self) -> None:
        self.conversations = self.messages = self._sum = 0

    def add(self, conversation: Conversation, messages: Sequence[Message]) -> bytes:
        """Count a conversation in; gives its own checksum."""
        told = (_told(conversation), [_told_message(place, message) for place, message in enumerate(messages)])
        digest = hashlib.sha256(msgspec.json.encode(told)).digest()
        self.conversations += 1
        self.messages += len(messages)
        self._sum = (self._sum + int.from_bytes(digest)) % 2**256
        return digest

    @property
    def text(self) -> str:
        """The sum of all."""
        return f"sha256:{self._sum:064x}"


def _told(conversation: Conversation) -> dict[str, object]:
    """A conversation without what each store names in its own way."""
    return {
        **msgspec.structs.asdict(conversation),
        "agent": conversation.agent.name,
        "assignee": conversation.assignee.email.casefold() if conversation.assignee else None,
        "last_message": rules.preview(conversation.last_message),
    }


def _told_message(place: int, message: Message) -> tuple[object, ...]:
    author = message.member.email.casefold() if message.member else None
    key = message.key or f"#{place}"  # what has none is given one by its place
    return message.author, message.kind, message.body, message.created_at, author, key
