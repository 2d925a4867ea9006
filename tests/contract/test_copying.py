"""A workspace moved from store to store: whole, once, and proven."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from threading import Thread

import pytest

from inbox_tui.domain.errors import ConfigError, InboxError, NotAllowed, Rejected, StoreBroken
from inbox_tui.domain.models import (
    Access,
    Author,
    Badge,
    Color,
    ConversationId,
    Kind,
    Lead,
    Member,
    ReplyDraft,
    Status,
)
from inbox_tui.local.copies import CopyJournal
from inbox_tui.operations.comparing import whole
from inbox_tui.operations.copying import Copied, Copy, CopyProgress, require_source, require_target
from inbox_tui.operations.copying_team import TeamCopy
from inbox_tui.store.protocol import Store, Upkeep
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract.base import C1, intake_of, last_seen, member_of, messages, reply, team_of
from inbox_tui.testing.contract.hosting import host_of
from inbox_tui.testing.deciding import assign, set_status
from inbox_tui.testing.factories import DANA, EVE, MORNING, SAM, incoming, random_conversations, said
from server.harness import serving

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


async def fill(store: Store) -> None:
    """Everything that a workspace can hold, decided and written by the rules."""
    team, intake = team_of(store), intake_of(store)
    await team.save_profile("Dana Ortiz", Badge("DX", Color.TEAL))
    await team.save_photo(PNG)
    sam = await team.add_member(SAM, "Sam", Access.EDIT)
    await team_of(as_member(store, sam)).save_profile("Sam Okafor", Badge("SO", Color.BLUE))
    await team.add_member(EVE, "Eve Stone", Access.NONE)
    await intake.ingest(random_conversations(Random(3), 120))
    odd = said("a\x1b[2J\u202e", 1, Author.MEMBER, member_email="no address")
    await intake.ingest([incoming("c-1", "a", "b", needs_human=True), incoming("日 \x1b]0;x\x07", "x", odd)])
    await reply(store)
    await store.reply(C1, ReplyDraft("ask the warehouse", "k-2", Kind.NOTE))
    await set_status(store, C1, Status.RESOLVED, Status.OPEN)
    await intake.receive(C1, said("and now?", 30, key="v-9"))
    await intake.request_handoff(ConversationId("r-7"), MORNING)
    await assign(store, C1, (await member_of(store, SAM)).id, (await store.me()).id)
    long = incoming("long", *(said(f"message {n}", n) for n in range(2_300)))
    await intake.ingest([long])


def as_member(store: Store, member: Member) -> Store:
    """The same workspace as another member sees it."""
    return host_of(store).as_member(member.id)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        yield Place(tmp_path, stack)


class Place:
    """Where stores of one test are opened, and closed after it; and the machine on which they are copied."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._folder = folder
        self._stack = stack

    async def copied(
        self,
        source: Store,
        target: Store,
        on_progress: Callable[[CopyProgress], None] | None = None,
        machine: str = "here",
    ) -> Copied:
        """One run."""
        journal = CopyJournal(self._folder / machine, source.name, target.name)
        return await Copy(await require_source(source), require_target(target), journal, on_progress).run()

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
    told: list[CopyProgress] = []
    first = await place.copied(source, target, told.append)
    assert (first.conversations, first.written, first.without_profile) == (123, 123, ())
    assert first.messages > 2_500
    assert told == [CopyProgress("copy", 100, 123), CopyProgress("copy", 123, 123)]
    second = await place.copied(source, target)
    assert (second.written, second.checksum) == (0, first.checksum)
    back = await place.copied(target, await place.file("c"))
    assert back.checksum == first.checksum
    for email in (DANA, SAM, EVE):
        here, there = await member_of(source, email), await member_of(target, email)
        assert (here.name, here.badge, here.access) == (there.name, there.badge, there.access)
        assert await team_of(source).photo(here.id) == await team_of(target).photo(there.id)
    assert [m.kind for m in await messages(source)] == [m.kind for m in await messages(target)]
    assert await source.counts() == await target.counts()


async def test_over_http_in_both_directions(place: Place) -> None:
    source = await place.file("a")
    await fill(source)
    there = await place.remote(await place.file("b"))
    up = await place.copied(source, there)
    assert up.without_profile == (SAM,), "who alone has a profile, and over the line only oneself writes it"
    down = await place.copied(there, await place.file("c"))
    assert up.checksum == down.checksum


def break_off(_: CopyProgress) -> None:
    raise KeyboardInterrupt


async def test_broken_off_it_goes_on_where_it_was(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)
    with pytest.raises(KeyboardInterrupt):
        await place.copied(source, target, break_off)
    assert (await target.counts()).all == 100
    assert (await place.copied(source, target)).written == 23


async def test_what_changed_since_is_copied_again(place: Place) -> None:
    """Also what leaves nothing behind but an event."""
    source, target = await place.file("a"), await place.file("b")
    await fill(source)
    await intake_of(source).ingest([incoming("c-2", "a")])
    await place.copied(source, target)
    await source.reply(C1, ReplyDraft("Done", "k-3", last_seen=await last_seen(source)))
    await set_status(source, C1, Status.RESOLVED, Status.OPEN)
    me, other = (await source.me()).id, ConversationId("c-2")
    await assign(source, other, me, None)
    await assign(source, other, None, me)
    again = await place.copied(source, target)
    assert again.written == 2
    for id in (C1, other):
        assert [m.body for m in await messages(source, id)] == [m.body for m in await messages(target, id)]
    assert (await place.copied(source, target)).written == 0


async def test_a_target_with_other_conversations_is_refused_and_left_as_it_was(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await intake_of(source).ingest([incoming("c-1", "a")])
    await intake_of(target).ingest([incoming("other", "b")])
    with pytest.raises(Rejected, match=r"b\.db holds 1 conversation \(other\) that .*a\.db does not"):
        await place.copied(source, target)
    assert (await target.counts()).all == 1


async def resolve(store: Store) -> object:
    return await set_status(store, C1, Status.RESOLVED, Status.OPEN)


async def take_and_give_back(store: Store) -> object:
    me = (await store.me()).id
    await assign(store, C1, me, None)
    return await assign(store, C1, None, me)


async def take_access_away(store: Store) -> object:
    return await team_of(store).set_access((await member_of(store, SAM)).id, Access.NONE)


async def rename_oneself(store: Store) -> object:
    return await team_of(store).save_profile("Dana O.", Badge("DO", Color.RED))


async def rename(store: Store) -> object:
    sam = as_member(store, await member_of(store, SAM))
    return await team_of(sam).save_profile("Samuel", Badge("SA", Color.RED))


WORK: dict[str, tuple[Callable[[Store], Awaitable[object]], str]] = {
    "a reply": (lambda store: reply(store, "A reply that the source does not have"), r"1 conversation \(c-1\)"),
    "a decision": (resolve, r"1 conversation \(c-1\)"),
    "an event alone": (take_and_give_back, r"1 conversation \(c-1\)"),
    "a handoff": (lambda store: intake_of(store).request_handoff(C1, MORNING), r"1 conversation \(c-1\)"),
    "a lead": (lambda store: intake_of(store).set_lead(C1, Lead("Maya")), r"1 conversation \(c-1\)"),
    "access": (take_access_away, rf"1 member \({SAM}\)"),
    "a profile": (rename, rf"1 member \({SAM}\)"),
    "one's own profile": (rename_oneself, rf"1 member \({DANA}\)"),
    "a photo": (lambda store: team_of(store).save_photo(PNG), rf"1 member \({DANA}\)"),
    "a member": (lambda store: team_of(store).add_member(EVE, "Eve", Access.EDIT), rf"1 member \({EVE}\)"),
}
LEFT_TO_THE_SOURCE = {"one's own profile", "a photo", "a member"}
"""Where it is not known what came of a copy."""


@pytest.mark.parametrize("work", WORK)
async def test_a_target_in_which_work_has_gone_on_is_refused_and_left_as_it_is(place: Place, work: str) -> None:
    act, named = WORK[work]
    source, target = await place.file("a"), await place.file("b")
    await intake_of(source).ingest([incoming("c-1", "a"), incoming("c-2", "b")])
    sam = await team_of(source).add_member(SAM, "Sam", Access.EDIT)
    await team_of(as_member(source, sam)).save_profile("Sam Okafor", Badge("SO", Color.BLUE))
    await place.copied(source, target)
    await act(target)
    before = await target.get(C1), await messages(target), await target.members()
    await source.reply(ConversationId("c-2"), ReplyDraft("new", "k-9", last_seen=await last_seen(source)))
    with pytest.raises(Rejected, match=f"work has gone on since it was copied: {named}") as caught:
        await place.copied(source, target)
    assert "Nothing was written" in caught.value.hint
    assert (await target.get(C1), await messages(target), await target.members()) == before
    assert len(await messages(target, ConversationId("c-2"))) == 1
    if work not in LEFT_TO_THE_SOURCE:
        with pytest.raises(Rejected, match=r"differs from .*a\.db, and here it is not known why"):
            await place.copied(source, target, machine="another")


async def test_stores_that_got_the_names_of_others_are_no_earlier_copy(place: Place, tmp_path: Path) -> None:
    """A file is deleted, and another made under its name."""
    chats = [incoming(f"c-{number}", said("a", number)) for number in range(8)]
    source, target = await place.file("a"), await place.file("b")
    await intake_of(source).ingest(chats)
    await place.copied(source, target)
    await target.aclose()
    (tmp_path / "b.db").unlink()
    again = await place.file("b")
    await intake_of(again).ingest(chats[::-1])
    await set_status(again, ConversationId("c-3"), Status.RESOLVED, Status.OPEN)
    for number in range(20):  # its number passes that of the copy
        await intake_of(again).receive(ConversationId("c-5"), said("more", number, key=f"k-{number}"))
    with pytest.raises(Rejected, match=r"here it is not known why: 2 conversations \(c-3, c-5\)"):
        await place.copied(source, again)
    await source.aclose()
    (tmp_path / "a.db").unlink()
    other = await place.file("a")
    await intake_of(other).ingest([incoming(f"x-{number}") for number in range(8)])
    with pytest.raises(Rejected, match=r"holds 8 conversations .* that .*a\.db does not"):
        await place.copied(other, again)
    assert (await again.counts()).all == 8


def as_earlier_versions_wrote(mark: Path) -> None:
    """Numbers alone."""
    kept = json.loads(mark.read_bytes())
    witness = {name: value.partition(".")[0] for name, value in kept["witness"].items()}
    number = int(kept["change"].partition(".")[0])
    mark.write_text(json.dumps({"seq": number, "team": kept["team"], "witness": witness}))


async def test_a_note_of_an_earlier_version_is_read(place: Place, tmp_path: Path) -> None:
    source, target = await place.file("a"), await place.file("b")
    await intake_of(source).ingest([incoming("c-1", "a"), incoming("c-2", "b")])
    await place.copied(source, target)
    [mark] = (tmp_path / "here").iterdir()
    as_earlier_versions_wrote(mark)
    await reply(source, id=ConversationId("c-2"))
    assert (await place.copied(source, target)).written == 1
    as_earlier_versions_wrote(mark)
    await reply(target)
    with pytest.raises(Rejected, match=r"work has gone on since it was copied: 1 conversation \(c-1\)"):
        await place.copied(source, target)


async def test_a_target_that_was_put_back_to_a_backup_is_looked_at_whole(place: Place, tmp_path: Path) -> None:
    """Its numbers have come back, and tell nothing."""
    source, target = await place.file("a"), await place.file("b")
    await intake_of(source).ingest([incoming("c-1", "a"), incoming("c-2", "b")])
    await place.copied(source, target)
    assert isinstance(target, Upkeep)
    await target.back_up(tmp_path / "backup.db")
    await reply(source)
    await place.copied(source, target)
    await target.aclose()
    for left in ("", "-wal", "-shm"):
        (tmp_path / f"b.db{left}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", tmp_path / "b.db")
    target = await place.file("b")
    for number in range(9):  # its number passes that of the copy
        await reply(target, f"More {number}", f"m-{number}", ConversationId("c-2"))
    with pytest.raises(Rejected, match=r"here it is not known why: 2 conversations \(c-1, c-2\)"):
        await place.copied(source, target)


async def test_a_copy_of_changed_members_that_breaks_off_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)
    await place.copied(source, target)
    for email in (DANA, SAM):
        own = as_member(source, await member_of(source, email))
        await team_of(own).save_profile(f"New name of {email}"[:20], Badge("NN", Color.RED))
    with monkeypatch.context() as broken:
        copy_profile = TeamCopy._copy_profile

        async def break_off_at_the_second(self: TeamCopy, member: Member, known: Member) -> bool:
            done = await copy_profile(self, member, known)
            if member.email == DANA:
                raise KeyboardInterrupt
            return done

        broken.setattr(TeamCopy, "_copy_profile", break_off_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            await place.copied(source, target)
    await place.copied(source, target)
    assert (await member_of(target, SAM)).name == (await member_of(source, SAM)).name


async def test_it_goes_on_from_another_machine_where_both_stand_still(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)
    with pytest.raises(KeyboardInterrupt):
        await place.copied(source, target, break_off)
    assert (await place.copied(source, target, machine="another")).written == 23


async def test_who_writes_in_the_target_meanwhile_is_noticed_and_not_overwritten(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)

    def on_progress(progress: CopyProgress) -> None:
        if progress.done == 123:
            elsewhere(target, lambda store: intake_of(store).receive(C1, said("Anybody there?", 50, key="web-1")))

    with pytest.raises(StoreBroken, match=r"Somebody else writes in .*b\.db: 1 conversation \(c-1\)"):
        await place.copied(source, target, on_progress)
    with pytest.raises(Rejected, match="work has gone on"):
        await place.copied(source, target)
    assert "web-1" in {m.key for m in await messages(target)}


async def test_what_is_written_in_the_source_meanwhile_is_told_and_comes_with_the_next_run(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)

    async def write(store: Store) -> None:
        await intake_of(store).receive(C1, said("Anybody there?", 50, key="web-1"))
        await intake_of(store).ingest([incoming("new", "Hello?")])

    def on_progress(progress: CopyProgress) -> None:
        if progress.done == 123:
            elsewhere(source, write)

    with pytest.raises(StoreBroken, match=r"Not the same in both stores: 2 conversations \(c-1, new\)") as caught:
        await place.copied(source, target, on_progress)
    assert "copy again" in caught.value.hint
    again = await place.copied(source, target)
    assert (again.written, again.conversations) == (2, 124)


def elsewhere(store: Store, work: Callable[[Store], Awaitable[object]]) -> None:
    """Done to its end by another program, as it seems, while this one waits."""

    async def run() -> None:
        other = await open_store(StoreUrl.parse(f"sqlite:///{store.name}"), Identity(DANA, is_given=True))
        await work(other)
        await other.aclose()

    thread = Thread(target=lambda: asyncio.run(run()))
    thread.start()
    thread.join()


async def test_messages_without_a_key_collide_with_none(place: Place) -> None:
    """An import gives those of a file keys by their places; the inbox gives its events none."""
    source, target = await place.file("a"), await place.file("b")
    longer = incoming("c-1", "a", "b", "c", "d")
    await intake_of(source).ingest([incoming("c-1", "a", "b")])
    await set_status(source, C1, Status.RESOLVED, Status.OPEN)
    await intake_of(source).ingest([longer])
    await place.copied(source, target)
    kinds = [m.kind for m in await messages(source)]
    assert kinds == [m.kind for m in await messages(target)] and kinds.count(Kind.EVENT) >= 1
    assert (await intake_of(target).ingest([longer])).messages == 0, "known there as here"
    assert (await intake_of(target).ingest([incoming("c-1", "a", "b", "c", "d", "e")])).messages == 1


async def test_access_that_was_taken_away_is_taken_away_in_the_copy(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)
    await place.copied(source, target)
    await team_of(source).set_access((await member_of(source, SAM)).id, Access.NONE)
    await place.copied(source, target)
    assert (await member_of(target, SAM)).access is Access.NONE


@pytest.mark.parametrize("what", ["access", "photo"])
async def test_members_who_were_changed_meanwhile_are_told(place: Place, what: str) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)

    async def change(store: Store) -> None:
        sam = await member_of(store, SAM)
        if what == "access":
            await team_of(store).set_access(sam.id, Access.ADMIN)
        else:
            await team_of(as_member(store, sam)).save_photo(PNG)

    def on_progress(progress: CopyProgress) -> None:
        if progress.done == 123:
            elsewhere(target, change)

    with pytest.raises(StoreBroken, match=rf"Not the same in both stores: 1 member \({SAM}\)"):
        await place.copied(source, target, on_progress)


async def test_where_nothing_can_be_noted_nothing_is_copied(place: Place, tmp_path: Path) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)
    (tmp_path / "full").write_text("no folder")
    with pytest.raises(ConfigError, match="full cannot be made"):
        await place.copied(source, target, machine="full")
    assert (await target.counts()).all == 0


async def test_a_small_copy_is_known_from_itself_by_another_address(place: Place) -> None:
    """Though all its numbers are the source's."""
    source, target = await place.file("a"), await place.file("b")
    await team_of(source).save_profile("Dana Ortiz", Badge("DO", Color.TEAL))
    await intake_of(source).ingest([incoming("c-1")])
    await place.copied(source, target)
    assert (await place.copied(source, target, machine="another")).written == 0


async def test_a_store_is_not_copied_into_itself_by_another_address(place: Place, tmp_path: Path) -> None:
    """It would be proven the same, and somebody would believe that there are two."""
    source = await place.file("a")
    await fill(source)
    (tmp_path / "link.db").symlink_to(tmp_path / "a.db")
    link, remote = await place.file("link"), await place.remote(source)
    for one, other in ((source, link), (source, remote), (remote, link)):
        with pytest.raises(Rejected, match=f"{other.name} is {one.name} itself by another address"):
            await place.copied(one, other)


async def test_only_an_admin_copies(place: Place) -> None:
    source = await place.file("a")
    await fill(source)
    with pytest.raises(NotAllowed, match=f"Only an admin can copy a workspace; {SAM} is not an admin"):
        await require_source(as_member(source, await member_of(source, SAM)))


async def test_a_member_without_rights_copies_nothing(place: Place) -> None:
    source, target = await place.file("a"), await place.file("b")
    await fill(source)
    await fill(target)
    guest = as_member(target, await member_of(target, SAM))
    with pytest.raises(InboxError):
        await place.copied(source, guest)


@pytest.mark.parametrize("over", ["file", "http"])
async def test_who_has_no_address_keeps_access_and_conversations(place: Place, over: str) -> None:
    """An import may name people by anything; such a member cannot be added beforehand."""
    source, target = await place.file("a"), await place.file("b")
    await intake_of(source).ingest([incoming("c-1", assignee_email="kim")])
    await team_of(source).set_access((await member_of(source, "kim")).id, Access.EDIT)
    await intake_of(source).ingest([incoming("c-2", assignee_email="kim"), incoming("c-3", assignee_email="lou")])
    assert (await member_of(source, "lou")).access is Access.NONE
    copied = await place.copied(source, await place.remote(target) if over == "http" else target)
    assert copied.conversations == 3
    holder = (await target.get(ConversationId("c-2"))).assignee
    assert holder is not None and (holder.email, holder.access) == ("kim", Access.EDIT)
    assert "lou" not in {member.email for member in await target.members()}, "whom no conversation names"


async def test_who_imported_comes_with_the_copy(place: Place) -> None:
    """And is part of what is compared: another importer is another message."""
    source, target = await place.file("a"), await place.file("b")
    sam = await team_of(source).add_member(SAM, "Sam Okafor", Access.ADMIN)
    await intake_of(source).ingest([incoming("c-1", "a")])
    await intake_of(as_member(source, sam)).ingest([incoming("c-1", "a", "b")])
    await reply(source)
    copied = await place.copied(source, target)
    importers = [
        (m.body, m.imported_by and m.imported_by.email) for m in await messages(target) if m.kind is Kind.MESSAGE
    ]
    assert importers == [("a", DANA), ("b", SAM), ("On it", None)]
    assert (await place.copied(target, await place.file("c"))).checksum == copied.checksum
    other = await place.file("d")
    await intake_of(other).ingest([incoming("c-1", "a", "b")])
    same = await place.file("e")
    await team_of(same).add_member(SAM, "", Access.ADMIN)
    await intake_of(as_member(same, await member_of(same, SAM))).ingest([incoming("c-1", "a", "b")])
    digests = [found.digest() for store in (other, same) if (found := await whole(store, C1))]
    assert len(set(digests)) == 2
