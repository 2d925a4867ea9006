"""Moving a workspace from one store into another, and proving that it has arrived.

Goes through the port alone, so any two kinds of store will do. May be broken off and
begun again: what has arrived is passed over. Never writes over what others wrote in the
target. Tokens stay behind, for stores keep no secret that could be copied.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import msgspec

from inbox_tui.domain.changes import ChangeId
from inbox_tui.domain.counts import counted
from inbox_tui.domain.errors import NotAllowed, Rejected, StoreBroken, Unsupported
from inbox_tui.domain.filters import Order, Query
from inbox_tui.domain.fingerprints import may_be_same
from inbox_tui.domain.models import Access, ConversationId, ConversationState, IncomingConversation, IncomingMessage
from inbox_tui.local.copies import Checkpoint, CopyJournal, Fingerprint
from inbox_tui.operations.comparing import Checksum, Whole, whole, written_since
from inbox_tui.operations.copying_team import Staffed, TeamCopy
from inbox_tui.store.protocol import Intake, Scan, Store, Team

BATCH = 100
"""Conversations that go in together: writers of the target wait for them."""
NAMED = 10
"""Conversations or members that an error names."""

_OLDEST_FIRST = Query(order=Order.OLDEST)
"""So that numbers grow with time in the target too, as a search for the newest expects."""
_AGAIN = "Somebody wrote meanwhile. Have everybody stop, and copy again: only what differs is written."


class CopySource(Staffed, Scan, Protocol):
    """What can be copied from."""


class CopyTarget(Staffed, Scan, Intake, Protocol):
    """What can be copied to."""


class CopyProgress(msgspec.Struct, frozen=True):
    """How far a copy is."""

    step: str
    """``look``, whether the target holds but an earlier copy; ``copy``, each batch compared once it is there."""
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
        raise Unsupported(f"{store.name} cannot be copied from: it cannot list everything or its team.")
    me = await store.me()
    if me.access is not Access.ADMIN:
        raise NotAllowed(
            f"Only an admin can copy a workspace; {me.email} is not an admin of {store.name}.",
            hint="Name one with --as.",
        )
    return store  # type: ignore[return-value]  # as asked above


def require_target(store: Store) -> CopyTarget:
    """The store, if it can be copied to. Raises Unsupported."""
    if not (_is_whole(store) and isinstance(store, Intake) and store.capabilities.intake):
        raise Unsupported(f"{store.name} cannot be copied to: it does not accept imports or cannot list everything.")
    return store  # type: ignore[return-value]  # as asked above


def _is_whole(store: Store) -> bool:
    can = store.capabilities
    return isinstance(store, Scan) and isinstance(store, Team) and can.scan and can.team and can.snapshot


class Copy:
    """One run from one store to another.

    Args:
        source: Read as an admin, who becomes one of the target too.
        target: Written as an admin.
        journal: Keeps up to where the target is known to hold nothing but the copy.
        on_progress: Is told after each batch.
    """

    def __init__(
        self,
        source: CopySource,
        target: CopyTarget,
        journal: CopyJournal,
        on_progress: Callable[[CopyProgress], None] | None = None,
    ) -> None:
        self._source = source
        self._target = target
        self._journal = journal
        self._on_progress = on_progress
        self._team = TeamCopy(source, target)
        self._mark = Checkpoint({})
        self._untold: set[ConversationId] = set()
        """What was written in the target and its feed has not told yet."""
        self._total = 0

    async def run(self) -> Copied:
        """Copy what is not there yet, and compare all.

        Raises:
            Rejected: the target holds what did not come from the source; nothing was written.
            StoreBroken: the two differ afterwards, because of writes meanwhile.
            InboxError: whatever a store says. What has arrived stays; run again to go on.
        """
        began = (await written_since(self._source, None)).id
        await self._require_another(began)
        goes_on = await self._require_earlier_copy()
        self._total = (await self._source.counts()).all
        await self._team.bring()
        await self._require_own(())
        checksum, written = await self._copy_conversations(goes_on=goes_on)
        await self._team.give_late_comers_access()
        await self._team.take_access_away()
        await self._require_own(())
        await self._require_same(began, checksum.conversations)
        return Copied(
            checksum.conversations,
            written,
            checksum.messages,
            checksum.text,
            len(self._team.members),
            tuple(self._team.without_profile),
        )

    async def _require_another(self, at: ChangeId) -> None:
        """The target is not the source by another address: then all would be the same. Raises Rejected."""
        me = await self._target.me()
        if me.badge is None or at != (await written_since(self._target, None)).id:
            return
        await self._target.save_profile(me.name, me.badge)  # changes nothing, but is told where it is heard of
        if (await written_since(self._source, at)).team:
            raise Rejected(
                f"{self._target.name} is {self._source.name} itself by another address.",
                hint="Nothing was changed. Name another store after --to.",
            )

    async def _require_earlier_copy(self) -> bool:
        """Whether the target holds an earlier copy, or a part of one. Raises Rejected if it holds anything else."""
        self._total = (await self._target.counts()).all
        mark = self._journal.read() if self._total else None
        if mark is not None and not await self._is_of_both(mark.witness):
            mark = None
        written = await written_since(self._target, mark.change if mark else None)
        self._mark = Checkpoint(mark.team if mark else {}, mark.witness if mark else None, written.id)
        if not self._total:
            return False
        is_known = mark is not None and not written.reset
        looked_at = written.conversations if is_known else await self._all_of_target()
        strange: list[ConversationId] = []
        own: list[ConversationId] = []
        self._total = len(looked_at)
        for number, id in enumerate(looked_at, 1):
            here, there = await asyncio.gather(whole(self._source, id), whole(self._target, id))
            if here is None:
                strange.append(id)
            elif there is None or here.digest() != there.digest():
                own.append(id)
            self._tell("look", number)
        known = mark.team if mark is not None else None
        people = await self._team.changed(known) if written.team or not is_known else []
        if strange:
            raise Rejected(
                f"{self._target.name} holds {_counted(strange, 'conversation')} that {self._source.name} does not.",
                hint="Nothing was written. Copy into a new store.",
            )
        if own or people:
            what = _counted(own, "conversation") if own else _counted(people, "member")
            raise Rejected(
                f"In {self._target.name} work has gone on since it was copied: {what}."
                if is_known
                else f"{self._target.name} differs from {self._source.name}, and here it is not known why: {what}.",
                hint="Nothing was written, for that work would be undone. Copy into a new store.",
            )
        return True

    async def _all_of_target(self) -> list[ConversationId]:
        return [found.id async for some in self._target.scan(_OLDEST_FIRST, BATCH) for found in some]

    async def _copy_conversations(self, *, goes_on: bool) -> tuple[Checksum, int]:
        """A checksum of all, and how many were written. Raises StoreBroken for one that did not arrive."""
        checksum, written = Checksum(), 0
        async for some in self._source.scan(_OLDEST_FIRST, BATCH):
            given = [found for listed in some if (found := await whole(self._source, listed.id))]
            missing = [found for found in given if not (goes_on and await self._has(found))]
            if missing:
                await self._bring([as_incoming(found) for found in missing])
                await self._require_own([found.conversation.id for found in missing])
                self._require_none([found.conversation.id for found in missing if not await self._has(found)])
            for found in given:
                checksum.add(found)
            written += len(missing)
            self._tell("copy", checksum.conversations)
        return checksum, written

    async def _bring(self, conversations: Sequence[IncomingConversation]) -> None:
        taken = await self._target.ingest(conversations)
        if taken.unassigned:  # to who has just come, without access
            await self._team.give_late_comers_access()
            await self._target.ingest(conversations)

    async def _has(self, given: Whole) -> bool:
        there = await whole(self._target, given.conversation.id)
        if there is None or there.digest() != given.digest():
            return False
        if given.messages:
            witness = Fingerprint(given.conversation.id, given.messages[0].id, there.messages[0].id)
            self._mark = msgspec.structs.replace(self._mark, witness=witness)
        return True

    async def _is_of_both(self, witness: Fingerprint | None) -> bool:
        """The stores are those that the mark is about, and not others that got their names."""
        if witness is None:
            return True
        id = ConversationId(witness.id)
        found = await asyncio.gather(whole(self._source, id), whole(self._target, id))
        firsts = [one.messages[0].id for one in found if one and one.messages]
        return len(firsts) == len(found) and all(map(may_be_same, firsts, (witness.here, witness.there)))

    async def _require_own(self, ids: Collection[ConversationId]) -> None:
        """Nothing else was written in the target meanwhile; from here on it is known so. Raises StoreBroken."""
        self._untold.update(ids)
        written = await written_since(self._target, self._mark.change)
        others = [id for id in written.conversations if id not in self._untold]
        if others or written.reset:
            what = _counted(others, "conversation") if others else "more than is listed"
            raise StoreBroken(
                f"Somebody else writes in {self._target.name}: {what}.",
                hint="Have everybody stop, and copy into a new store.",
            )
        self._untold.difference_update(written.conversations)
        team = await self._team.digests() if written.team or not self._mark.team else self._mark.team
        self._mark = Checkpoint(team, self._mark.witness, written.id)
        self._journal.write(self._mark)

    async def _require_same(self, began: ChangeId, copied: int) -> None:
        """Nothing was written in the source that is not in the target. Raises StoreBroken."""
        written = await written_since(self._source, began)
        if written.reset:
            raise StoreBroken(f"Too much was written in {self._source.name} meanwhile.", hint=_AGAIN)
        pairs = [(id, await whole(self._source, id)) for id in written.conversations]
        self._require_none([id for id, found in pairs if found is None or not await self._has(found)])
        total = (await self._target.counts()).all
        if total != copied:
            raise StoreBroken(
                f"{self._target.name} holds {counted(total, 'conversation')}; {copied:,} were copied.", hint=_AGAIN
            )
        if different := await self._team.different():
            raise StoreBroken(f"Not the same in both stores: {_counted(different, 'member')}.", hint=_AGAIN)

    def _require_none(self, different: Sequence[ConversationId]) -> None:
        if different:
            raise StoreBroken(f"Not the same in both stores: {_counted(different, 'conversation')}.", hint=_AGAIN)

    def _tell(self, step: str, done: int) -> None:
        if self._on_progress is not None:
            self._on_progress(CopyProgress(step, done, self._total))


def _counted(names: Sequence[str], noun: str) -> str:
    """``2 members (dana@acme.example, …)``."""
    some = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
    return f"{counted(len(names), noun)} ({some})"


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
                message.key,
                message.kind,
                message.member.email if message.member else "",
                message.imported_by.email if message.imported_by else "",
            )
            for message in found.messages
        ),
        agent=conversation.agent.name,
        created_at=conversation.created_at,
        lead=conversation.lead,
        status=conversation.status,
        assignee_email=conversation.assignee.email if conversation.assignee else "",
        topic=conversation.topic,
        standing=ConversationState.of(conversation),
    )
