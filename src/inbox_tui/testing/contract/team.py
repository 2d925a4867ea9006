"""Members, what they may do, and how they look."""

from __future__ import annotations

import pytest

from inbox_tui.domain.errors import NotAllowed, NotFound, ProfileIncomplete, Rejected
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Access, Author, Badge, Color, Kind, Lead, MemberId, ReplyDraft, Status
from inbox_tui.domain.paging import PageRequest
from inbox_tui.domain.team import PHOTO_LIMIT
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import (
    C1,
    Contract,
    OpenAs,
    events,
    ids,
    last_seen,
    listed,
    member_of,
    messages,
    reply,
    team_of,
)
from inbox_tui.testing.contract.feed import stop, until
from inbox_tui.testing.factories import DANA, EVE, SAM, incoming, said

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256))


class TeamContract(Contract):
    """The port's Team."""

    async def test_a_new_member_is_there_without_an_avatar(self, dana: Store) -> None:
        """Theirs to choose."""
        added = await team_of(dana).add_member(SAM, "Sam Okafor", Access.EDIT)
        assert added == await member_of(dana, SAM)
        assert (added.email, added.name, added.access, added.badge) == (SAM, "Sam Okafor", Access.EDIT, None)

    @pytest.mark.parametrize(
        "email", ["", "nobody", "@acme.example", "a@", "a b@acme.example", "a@b@c", "\x1b@x.example"]
    )
    async def test_malformed_addresses_are_rejected(self, dana: Store, email: str) -> None:
        """A person is named by an e-mail address."""
        with pytest.raises(Rejected):
            await team_of(dana).add_member(email, "", Access.EDIT)

    async def test_nobody_is_added_twice(self, dana: Store, sam: Store) -> None:
        """Whatever the case of the address."""
        with pytest.raises(Rejected):
            await team_of(dana).add_member(SAM.upper(), "Other Sam", Access.EDIT)

    async def test_only_admins_manage_the_team(self, dana: Store, sam: Store, eve: Store) -> None:
        """Rule 5."""
        me = (await dana.me()).id
        for store in (sam, eve):
            with pytest.raises(NotAllowed):
                await team_of(store).add_member("x@acme.example", "", Access.EDIT)
            with pytest.raises(NotAllowed):
                await team_of(store).set_access(me, Access.NONE)

    async def test_the_last_admin_stays_one(self, dana: Store, sam: Store) -> None:
        """Until there is another."""
        me, colleague = await dana.me(), await sam.me()
        for access in (Access.NONE, Access.EDIT):
            with pytest.raises(Rejected, match="last admin"):
                await team_of(dana).set_access(me.id, access)
        await team_of(dana).set_access(colleague.id, Access.ADMIN)
        assert (await team_of(dana).set_access(me.id, Access.EDIT)).access is Access.EDIT
        with pytest.raises(NotAllowed):
            await team_of(dana).set_access(colleague.id, Access.NONE)

    async def test_who_loses_access_has_nothing_any_more(self, dana: Store, sam: Store) -> None:
        """Everything is unassigned, resolved ones too, with an event; at once for the open session."""
        await self.seed(
            dana,
            incoming("c-1", assignee_email=SAM),
            incoming("c-2", assignee_email=SAM, status=Status.RESOLVED),
        )
        await team_of(dana).set_access((await sam.me()).id, Access.NONE)
        assert {conversation.assignee for conversation in [await dana.get(C1)]} == {None}
        assert await ids(sam, Query(Filter.YOUR_INBOX)) == []
        assert (await sam.counts()).your_inbox == 0
        assert await events(dana) == ["Unassigned: Sam Okafor no longer has chat access"]
        with pytest.raises(NotAllowed):
            await sam.thread(C1)

    async def test_from_admin_to_edit_nothing_is_unassigned(self, dana: Store, sam: Store) -> None:
        """They may still chat."""
        colleague = await sam.me()
        await self.seed(dana, incoming("c-1", assignee_email=SAM))
        await team_of(dana).set_access(colleague.id, Access.ADMIN)
        await team_of(dana).set_access(colleague.id, Access.EDIT)
        assert (await dana.get(C1)).assignee == colleague
        assert await events(dana) == []

    async def test_access_of_nobody_is_not_found(self, dana: Store) -> None:
        """Neither can it be changed, nor have a photo."""
        with pytest.raises(NotFound):
            await team_of(dana).set_access(MemberId("nobody-like-that"), Access.EDIT)
        with pytest.raises(NotFound):
            await team_of(dana).photo(MemberId("nobody-like-that"))

    async def test_a_profile_shows_everywhere(self, dana: Store, sam: Store) -> None:
        """In rows and in threads, those written before included."""
        await self.seed(dana, incoming("c-1", assignee_email=SAM))
        await reply(sam)
        changed = await team_of(sam).save_profile("  Samuel O.  ", Badge("so", Color.PINK))
        assert (changed.name, changed.badge) == ("Samuel O.", Badge("SO", Color.PINK))
        assert changed == await sam.me()
        assert (await dana.get(C1)).assignee == changed
        assert (await messages(dana))[-1].member == changed

    @pytest.mark.parametrize(
        ("name", "initials"),
        [("", "D"), ("  ", "D"), ("\u200b", "D"), ("x" * 81, "D"), ("Dana", ""), ("Dana", "DOO"), ("Dana", "!")],
    )
    async def test_unfit_profiles_are_rejected(self, dana: Store, name: str, initials: str) -> None:
        """And the old one stays."""
        before = await dana.me()
        with pytest.raises(Rejected):
            await team_of(dana).save_profile(name, Badge(initials, Color.RED))
        assert await dana.me() == before

    async def test_photos_are_kept_byte_for_byte(self, dana: Store, sam: Store) -> None:
        """And can be replaced and removed."""
        me, other = (await dana.me()).id, team_of(sam)
        assert await other.photo(me) is None
        for photo in (PNG, JPEG, PNG.ljust(PHOTO_LIMIT, b"\0")):
            await team_of(dana).save_photo(photo)
            assert await other.photo(me) == photo
        await team_of(dana).save_photo(None)
        assert await other.photo(me) is None

    @pytest.mark.parametrize(
        "photo",
        [b"", b"GIF89a", b"<svg/>", PNG.ljust(PHOTO_LIMIT + 1, b"\0")],
        ids=["nothing", "a GIF", "an SVG", "too large"],
    )
    async def test_what_is_no_photo_is_rejected(self, dana: Store, photo: bytes) -> None:
        """Too large, or neither PNG nor JPEG."""
        with pytest.raises(Rejected):
            await team_of(dana).save_photo(photo)

    async def test_members_of_one_name_are_told_apart_by_their_addresses(self, dana: Store, sam: Store) -> None:
        """Wherever they are shown, as long as there are two; however the name is spelled."""
        await self.seed(dana, incoming("c-1", said("a", 0, Author.MEMBER, member_email=DANA), assignee_email=DANA))
        badge = Badge("DO", Color.RED)
        await team_of(sam).save_profile("DANA  ortiz", badge)
        labels = {member.email: member.label for member in await dana.members()}
        assert labels == {DANA: f"Dana Ortiz ({DANA})", SAM: f"{(await sam.me()).name} ({SAM})"}
        row = await dana.get(C1)
        [message] = (await dana.thread(C1)).messages
        assert row.assignee == message.member == await dana.me()
        await team_of(sam).save_profile("Sam Okafor", badge)
        row = await dana.get(C1)
        assert row.assignee == await dana.me()
        assert row.assignee.label == "Dana Ortiz"

    async def test_team_changes_are_reported_as_such(self, dana: Store) -> None:
        """Who is there, what they may do, how they look."""
        feed = dana.changes()
        await until(feed, lambda report: True)
        member = await team_of(dana).add_member(SAM, "Sam Okafor", Access.EDIT)
        await until(feed, lambda report: report.team)
        await team_of(dana).set_access(member.id, Access.ADMIN)
        await until(feed, lambda report: report.team)
        await stop(feed)

    @pytest.mark.parametrize("name", ["Žofie 日本", "O'Hara %_", "[bold]x", "\x1b[31mred", "\u202eanaD"])
    async def test_names_of_members_are_kept_to_the_letter(self, dana: Store, name: str) -> None:
        """What a name shows as is the screen's business."""
        assert (await team_of(dana).save_profile(name, Badge("ŽÖ", Color.BLUE))).name == name
        assert await dana.me() == (await dana.members())[0]

    async def test_a_reply_needs_a_complete_profile_and_a_note_does_not(self, dana: Store, open_as: OpenAs) -> None:
        """Rule 6: a name and an avatar."""
        await self.seed(dana, incoming("c-1"))
        await team_of(dana).add_member("new@acme.example", "", Access.EDIT)
        new = await open_as("new@acme.example")
        with pytest.raises(ProfileIncomplete):
            await new.reply(C1, ReplyDraft("On it", "k-1", last_seen=await last_seen(new)))
        assert (await new.reply(C1, ReplyDraft("a note", "n-1", Kind.NOTE))).message.kind is Kind.NOTE
        await team_of(new).save_profile("New Person", Badge("NP", Color.RED))
        assert (await reply(new)).member == await new.me()

    async def test_access_given_and_taken_is_seen_at_once(self, dana: Store, eve: Store) -> None:
        """A search that was made before tells nothing after."""
        await self.seed(dana, incoming("c-1", "my flight", lead=Lead(phone="+46")))
        me = (await member_of(dana, EVE)).id
        search = Query(search="flight")
        await team_of(dana).set_access(me, Access.EDIT)
        assert [row.last_message for row in await listed(eve, search)] == ["my flight"]
        assert [row.lead.phone for row in await listed(eve, Query())] == ["+46"]
        await team_of(dana).set_access(me, Access.NONE)
        with pytest.raises(NotAllowed):
            await eve.list(search, PageRequest())
        assert [(row.lead, row.last_message) for row in await listed(eve, Query())] == [(Lead(), "")]
