"""A workspace moved from store to store: whole, once, and proven."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from threading import Thread

import pytest

from inbox_tui.domain.errors import InboxError, NotAllowed, Rejected, StoreBroken
from inbox_tui.domain.models import (
    Access,
    Author,
    Badge,
    Color,
    ConversationId,
    Kind,
    Member,
    ReplyDraft,
    Status,
)
from inbox_tui.operations.copying import Copied, Copy, Progress, require_source, require_target
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract.base import C1, intake_of, last_seen, member_of, messages, reply, team_of
from inbox_tui.testing.contract.hosting import host_of
from inbox_tui.testing.factories import DANA, EVE, MORNING, SAM, incoming, random_conversations, said
from server.harness import serving

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


async def fill(store: Store) -> None:
    """Everything that a workspace can hold, decided and written by the rules."""
    team, intake = team_of(store), intake_of(store)
    await team.save_profile("Dana Ortiz", Badge("DX", Color.TEAL))
    await team.save_photo(PNG)
    sam = await team.add_member(SAM, "Sam", Access.EDIT)
    await team_of(seen_by(store, sam)).save_profile("Sam Okafor", Badge("SO", Color.BLUE))
    await team.add_member(EVE, "Eve Stone", Access.NONE)
    await intake.take_in(random_conversations(Random(3), 120))
    odd = said("a\x1b[2J\u202e", 1, Author.MEMBER, member_email="no address")
    await intake.take_in([incoming("c-1", "a", "b", needs_human=True), incoming("日 \x1b]0;x\x07", "x", odd)])
    await reply(store)
    await store.reply(C1, ReplyDraft("ask the warehouse", "k-2", Kind.NOTE))
    await store.set_status(C1, Status.RESOLVED, Status.OPEN)
    await intake.receive(C1, said("and now?", 30, key="v-9"))
    await intake.request_handoff(ConversationId("r-7"), MORNING)
    await store.assign(C1, (await member_of(store, SAM)).id, (await store.me()).id)
    long = incoming("long", *(said(f"message {n}", n) for n in range(2_300)))
    await intake.take_in([long])


def seen_by(store: Store, member: Member) -> Store:
    """The same workspace as another member sees it."""
    return host_of(store).seen_by(member.id)


async def copied(source: Store, target: Store, told: list[Progress] | None = None) -> Copied:
    """One run."""
    return await Copy(await require_source(source), require_target(target), None if told is None else told.append).run()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        yield Place(tmp_path, stack)


class Place:
    """Where stores of one test are opened, and closed after it."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._folder = folder
        self._stack = stack

    async def opened(self, address: str) -> Store:
        """A store by its address, as Dana."""
        store = await open_store(StoreUrl.parse(address), Identity(DANA, "Dana Ortiz", is_given=True))
        self._stack.push_async_callback(store.aclose)
        return store

    async def file(self, name: str) -> Store:
        """A file."""
        return await self.opened(f"sqlite:///{self._folder}/{name}.db")

    async def remote(self, store: Store) -> Store:
        """The same workspace over HTTP."""
        served = await self._stack.enter_async_context(serving(store))
        remote = await served.open_as(DANA)
        self._stack.push_async_callback(remote.aclose)
        return remote


async def test_a_copy_is_the_same_and_a_second_writes_nothing(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)
    told: list[Progress] = []
    first = await copied(source, target, told)
    assert (first.conversations, first.written, first.without_profile) == (123, 123, ())
    assert first.messages > 2_500
    assert told[-1] == Progress("check", 123, 123)
    assert {progress.step for progress in told} == {"copy", "check"}
    second = await copied(source, target)
    assert (second.written, second.checksum) == (0, first.checksum)
    back = await copied(target, await place.file("c"))
    assert back.checksum == first.checksum
    for email in (DANA, SAM, EVE):
        here, there = await member_of(source, email), await member_of(target, email)
        assert (here.name, here.badge, here.access) == (there.name, there.badge, there.access)
        assert await team_of(source).photo(here.id) == await team_of(target).photo(there.id)
    assert [m.kind for m in await messages(source)] == [m.kind for m in await messages(target)]
    assert await source.counts(None) == await target.counts(None)


async def test_over_http_in_both_directions(place: Place) -> None:
    source = await place.file("a")
    await fill(source)
    there = await place.remote(await place.file("b"))
    up = await copied(source, there)
    assert up.without_profile == (SAM,), "who alone has a profile, and over the line only oneself writes it"
    down = await copied(there, await place.file("c"))
    assert up.checksum == down.checksum


async def test_broken_off_it_goes_on_where_it_was(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)

    def break_off(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await Copy(await require_source(source), require_target(target), break_off).run()
    assert (await target.counts(None)).all == 100
    assert (await copied(source, target)).written == 23


async def test_what_changed_since_is_copied_again(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)
    await copied(source, target)
    await source.reply(C1, ReplyDraft("Done", "k-3", last_seen=await last_seen(source)))
    await source.set_status(C1, Status.RESOLVED, Status.OPEN)
    again = await copied(source, target)
    assert again.written == 1
    assert [m.body for m in await messages(source)] == [m.body for m in await messages(target)]


async def test_a_target_with_other_conversations_is_refused_and_left_as_it_was(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await intake_of(source).take_in([incoming("c-1", "a")])
    await intake_of(target).take_in([incoming("other", "b")])
    with pytest.raises(Rejected, match=r"b\.db holds 1 conversation \(other\) that .*a\.db does not"):
        await copied(source, target)
    assert (await target.counts(None)).all == 1


async def test_a_target_in_which_work_has_gone_on_is_refused_and_left_as_it_is(place: Place) -> None:
    source = await place.file("a")
    await intake_of(source).take_in([incoming("c-1", "a"), incoming("c-2", "b")])
    sam = (await team_of(source).add_member(SAM, "Sam", Access.EDIT)).email
    targets = [await place.file(name) for name in "bcd"]
    for target in targets:
        await copied(source, target)
    await reply(targets[0], "A reply that the source does not have")
    await targets[1].set_status(C1, Status.RESOLVED, Status.OPEN)
    await targets[2].assign(C1, (await member_of(targets[2], sam)).id, None)
    before = [await target.get(C1) for target in targets]
    await source.reply(ConversationId("c-2"), ReplyDraft("new", "k-9", last_seen=await last_seen(source)))
    await source.reply(C1, ReplyDraft("new", "k-8", last_seen=await last_seen(source)))
    for target in targets:
        with pytest.raises(Rejected, match=r"work has gone on since it was copied: 1 conversation \(c-1\)") as caught:
            await copied(source, target)
        assert "Nothing was written" in caught.value.hint
    assert [await target.get(C1) for target in targets] == before
    assert {len(await messages(target, ConversationId("c-2"))) for target in targets} == {1}


async def test_messages_without_a_key_collide_with_none(place: Place) -> None:
    """An import gives those of a file keys by their places; the inbox gives its events none."""
    source, target = await place.file("a"), await place.file("b")
    longer = incoming("c-1", "a", "b", "c", "d")
    await intake_of(source).take_in([incoming("c-1", "a", "b")])
    await source.set_status(C1, Status.RESOLVED, Status.OPEN)
    await intake_of(source).take_in([longer])
    await copied(source, target)
    kinds = [m.kind for m in await messages(source)]
    assert kinds == [m.kind for m in await messages(target)] and kinds.count(Kind.EVENT) >= 1
    assert (await intake_of(target).take_in([longer])).messages == 0, "known there as here"
    assert (await intake_of(target).take_in([incoming("c-1", "a", "b", "c", "d", "e")])).messages == 1


async def test_access_that_was_taken_away_is_taken_away_in_the_copy(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)
    await copied(source, target)
    await team_of(source).set_access((await member_of(source, SAM)).id, Access.NONE)
    await copied(source, target)
    assert (await member_of(target, SAM)).access is Access.NONE


async def test_members_who_were_changed_meanwhile_are_told(place: Place, tmp_path: Path) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)

    async def revoke() -> None:
        other = await open_store(StoreUrl.parse(f"sqlite:///{tmp_path}/b.db"), Identity(DANA, is_given=True))
        await team_of(other).set_access((await member_of(other, EVE)).id, Access.EDIT)
        await other.aclose()

    def on_progress(progress: Progress) -> None:
        if progress == Progress("check", 123, 123):
            another_program = Thread(target=lambda: asyncio.run(revoke()))
            another_program.start()
            another_program.join()

    with pytest.raises(StoreBroken, match=rf"Not the same in both stores: 1 member \({EVE}\)"):
        await Copy(await require_source(source), require_target(target), on_progress).run()


async def test_only_an_admin_copies(place: Place) -> None:
    source = await place.file("a")
    await fill(source)
    with pytest.raises(NotAllowed, match=f"Only an admin copies a workspace, and {SAM} is none"):
        await require_source(seen_by(source, await member_of(source, SAM)))


async def test_a_member_without_rights_copies_nothing(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)
    await fill(target)
    guest = seen_by(target, await member_of(target, SAM))
    with pytest.raises(InboxError):
        await copied(source, guest)
