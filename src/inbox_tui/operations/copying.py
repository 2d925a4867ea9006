"""Moving a workspace from one store into another, and proving that it has arrived.

Goes through the port alone, so any two kinds of store will do. May be broken off and
begun again: what has arrived is passed over. Tokens stay behind, for stores keep no secret
that could be copied.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from inbox_tui.domain.errors import NotAllowed, Rejected, StoreBroken, Unsupported
from inbox_tui.domain.filters import Order, Query
from inbox_tui.domain.models import (
    Access,
    Conversation,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Member,
    Standing,
)
from inbox_tui.operations.comparing import (
    Checksum,
    Whole,
    conversation_of,
    is_same_member,
    key_in_copy,
    told,
    whole,
)
from inbox_tui.store.protocol import Host, Intake, Scan, Store, Team

BATCH = 100
"""Conversations that go in together: writers of the target wait for them."""
NAMED = 10
"""Conversations or members that an error names."""

_OLDEST_FIRST = Query(order=Order.OLDEST)
"""So that numbers grow with time in the target too, as a search for the newest expects."""


class CopySource(Store, Scan, Team, Protocol):
    """What can be copied from."""


class CopyTarget(Store, Scan, Team, Intake, Protocol):
    """What can be copied to."""


class Progress(msgspec.Struct, frozen=True):
    """How far a copy is."""

    step: str
    """``look``, whether the target holds but an earlier copy; ``copy``; ``check``."""
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


async def require_source(store: Store) -> CopySource:
    """The store, if it can be copied from by who asks. Raises Unsupported, NotAllowed."""
    if not _is_whole(store):
        raise Unsupported(f"{store.name} cannot be copied from: it lists neither everything nor its team.")
    me = await store.me()
    if me.access is not Access.ADMIN:
        raise NotAllowed(
            f"Only an admin copies a workspace, and {me.email} is none of {store.name}.", hint="Name one with --as."
        )
    return store  # type: ignore[return-value]  # as asked above


def require_target(store: Store) -> CopyTarget:
    """The store, if it can be copied to. Raises Unsupported."""
    if not (_is_whole(store) and isinstance(store, Intake) and store.capabilities.intake):
        raise Unsupported(f"{store.name} cannot be copied to: it takes no conversations in, or lists not everything.")
    return store  # type: ignore[return-value]  # as asked above


def _is_whole(store: Store) -> bool:
    can = store.capabilities
    return isinstance(store, Scan) and isinstance(store, Team) and can.scan and can.team


class Copy:
    """One run from one store to another.

    Args:
        source: Read as an admin, who becomes one of the target too.
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
            Rejected: the target holds what is not the source's; nothing was written.
            StoreBroken: the two differ afterwards, because of writes meanwhile.
            InboxError: whatever a store says. What has arrived stays; run again to go on.
        """
        earlier = await self._require_earlier_copy()
        self._total = (await self._source.counts(None)).all
        members, without_profile = await self._copy_team()
        written = await self._copy_conversations(goes_on=earlier > 0)
        await self._take_access_away(members)
        conversations, messages, checksum = await self._compare()
        await self._compare_team(members, without_profile)
        return Copied(conversations, written, messages, checksum, len(members), without_profile)

    async def _require_earlier_copy(self) -> int:
        """How many the target holds: they came from the source, which has since gone on alone. Raises Rejected."""
        self._total = (await self._target.counts(None)).all
        strange: list[ConversationId] = []
        own: list[ConversationId] = []
        done = 0
        async for conversations in self._target.scan(_OLDEST_FIRST, BATCH):
            for there in conversations:
                here = await conversation_of(self._source, there.id)
                if here is None:
                    strange.append(there.id)
                elif told(here) != told(there) and not await self._is_behind(there.id):
                    own.append(there.id)
            done += len(conversations)
            self._tell("look", done)
        if strange:
            raise Rejected(
                f"{self._target.name} holds {_counted(strange, 'conversation')} that {self._source.name} does not.",
                hint="Nothing was written. Copy into a new store.",
            )
        if own:
            raise Rejected(
                f"In {self._target.name} work has gone on since it was copied: {_counted(own, 'conversation')}.",
                hint="Nothing was written, for that work would be undone. Copy into a new store.",
            )
        return done

    async def _is_behind(self, id: ConversationId) -> bool:
        """Nothing was written in the target's conversation but what the source's says too."""
        here, there = await asyncio.gather(whole(self._source, id), whole(self._target, id))
        return here is not None and there is not None and there.begins(here)

    async def _copy_team(self) -> tuple[Sequence[Member], tuple[str, ...]]:
        """The source's members, and those whose name and avatar could not be written."""
        there = {member.email.casefold(): member for member in await self._target.members()}
        me = (await self._target.me()).id
        without_profile: list[str] = []
        members = await self._source.members()
        for member in members:
            known = there.get(member.email.casefold())
            if known is None:
                try:
                    known = await self._target.add_member(member.email, member.name, member.access)
                except Rejected:
                    continue  # an import's author without an address; comes with what they wrote
            elif member.access not in (known.access, Access.NONE) and known.id != me:
                await self._target.set_access(known.id, member.access)
            if not await self._copy_profile(member, known):
                without_profile.append(member.email)
        return members, tuple(without_profile)

    async def _take_access_away(self, members: Sequence[Member]) -> None:
        """From those who have none any more. After the conversations, for until then some may be theirs there."""
        gone = {member.email.casefold() for member in members if member.access is Access.NONE}
        me = (await self._target.me()).id
        for known in await self._target.members():
            if known.email.casefold() in gone and known.access is not Access.NONE and known.id != me:
                await self._target.set_access(known.id, Access.NONE)

    async def _compare_team(self, members: Sequence[Member], without_profile: Sequence[str]) -> None:
        """Raises StoreBroken."""
        there = {member.email.casefold(): member for member in await self._target.members()}
        different = []
        for member in members:
            copy = there.get(member.email.casefold())
            with_profile = member.email not in without_profile
            if copy is None or not is_same_member(member, copy, with_profile=with_profile):
                different.append(member.email)
        if different:
            raise StoreBroken(
                f"Not the same in both stores: {_counted(different, 'member')}.",
                hint="Somebody changed them meanwhile. Have everybody stop, and copy again.",
            )

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

    async def _copy_conversations(self, *, goes_on: bool) -> int:
        done = written = 0
        async for conversations in self._source.scan(_OLDEST_FIRST, BATCH):
            missing = [found.id for found in conversations if not (goes_on and await self._has(found))]
            given = [await whole(self._source, id) for id in missing]
            if given:
                await self._target.take_in([as_incoming(found) for found in given if found])
            written += len(given)
            done += len(conversations)
            self._tell("copy", done)
        return written

    async def _has(self, conversation: Conversation) -> bool:
        there = await conversation_of(self._target, conversation.id)
        return there is not None and told(there) == told(conversation)

    async def _compare(self) -> tuple[int, int, str]:
        """Read everything in both. Raises StoreBroken."""
        here, there = Checksum(), Checksum()
        different: list[ConversationId] = []
        async for conversations in self._source.scan(_OLDEST_FIRST, BATCH):
            for id in (found.id for found in conversations):
                given, copy = await asyncio.gather(whole(self._source, id), whole(self._target, id))
                if given is None or copy is None or here.add(given) != there.add(copy):
                    different.append(id)
            self._tell("check", here.conversations)
        total = (await self._target.counts(None)).all
        if different or total != here.conversations:
            raise StoreBroken(
                f"Not the same in both stores: {_counted(different, 'conversation')}."
                if different
                else f"The target holds {total:,} conversations, the source {here.conversations:,}.",
                hint="Somebody wrote meanwhile. Have everybody stop, and copy again: only what differs is written.",
            )
        return here.conversations, here.messages, here.text

    def _tell(self, step: str, done: int) -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(step, done, self._total))


def _counted(names: Sequence[str], noun: str) -> str:
    """``2 members (dana@acme.example, …)``."""
    some = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
    return f"{len(names):,} {noun}{'' if len(names) == 1 else 's'} ({some})"


def as_incoming(found: Whole) -> IncomingConversation:
    """A conversation as it enters another workspace, to stand there as it stands here."""
    conversation = found.conversation
    return IncomingConversation(
        id=conversation.id,
        messages=tuple(
            IncomingMessage(
                message.author,
                message.body,
                message.created_at,
                key_in_copy(place, message),
                message.kind,
                message.member.email if message.member else "",
            )
            for place, message in enumerate(found.messages)
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
