"""What a server needs: tokens, one workspace seen by many, what was written, and what to an agent's visitors."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from inbox_tui.domain.changes import ChangeId, Written
from inbox_tui.domain.errors import NotAllowed, NotFound, Rejected
from inbox_tui.domain.models import Access, Author, Badge, Color, ConversationId, Kind, ReplyDraft, Status
from inbox_tui.domain.replies import BEGINNING
from inbox_tui.domain.tokens import NewToken, TokenId, hash_of
from inbox_tui.store.protocol import Host, Store
from inbox_tui.store.registry import utc_now
from inbox_tui.testing.contract.base import C1, C2, Contract, agent_of, last_seen, member_of, reply, team_of
from inbox_tui.testing.contract.feed import stop
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import BOOKING, DANA, SAM, WEBSITE, incoming, said
from inbox_tui.testing.following import next_written

HASH = hash_of("inbox_m_one")
OTHER = hash_of("inbox_m_other")


def host_of(store: Store) -> Host:
    """The store's Host; skips the test if it has none."""
    if not isinstance(store, Host) or not store.capabilities.host:
        pytest.skip("this store cannot be offered by a server")
    return store


class HostContract(Contract):
    """The port's Host."""

    async def test_a_token_is_found_by_its_hash_alone(self, dana: Store, sam: Store) -> None:
        """It knows whose it is, as they are now."""
        host = host_of(dana)
        added = await host.add_token(NewToken(HASH, email=SAM, label=" laptop "))
        assert (added.member, added.agent, added.label, added.expires_at) == (await sam.me(), None, "laptop", None)
        assert await host.find_token(HASH) == added
        assert await host.find_token(OTHER) is None
        changed = await team_of(sam).save_profile("Samuel", Badge("SA", Color.RED))
        found = await host.find_token(HASH)
        assert found is not None
        assert found.member == changed

    async def test_a_token_of_an_agent_makes_the_agent_known(self, dana: Store) -> None:
        """A website can be connected before its first visitor comes."""
        added = await host_of(dana).add_token(NewToken(HASH, agent=BOOKING))
        assert added.agent == await agent_of(dana, BOOKING)
        assert added.member is None

    async def test_an_expired_token_is_found_and_does_not_hold(self, dana: Store) -> None:
        """So that a server can say why."""
        end = utc_now() + timedelta(hours=1)
        await host_of(dana).add_token(NewToken(HASH, email=DANA, expires_at=end))
        found = await host_of(dana).find_token(HASH)
        assert found is not None
        assert found.expires_at is not None
        assert found.holds(found.expires_at - timedelta(seconds=1))
        assert not found.holds(found.expires_at)

    async def test_a_revoked_token_is_gone(self, dana: Store) -> None:
        """And its id is none any more."""
        host = host_of(dana)
        one, other = await host.add_token(NewToken(HASH, email=DANA)), await host.add_token(NewToken(OTHER, email=DANA))
        assert await host.revoke_token(one.id) == one
        assert await host.find_token(HASH) is None
        assert list(await host.tokens()) == [other]
        for id in (one.id, TokenId("nothing-like-that")):
            with pytest.raises(NotFound):
                await host.revoke_token(id)

    async def test_only_admins_have_to_do_with_tokens(self, dana: Store, sam: Store) -> None:
        """Rule 5."""
        added = await host_of(dana).add_token(NewToken(HASH, email=SAM))
        host = host_of(sam)
        with pytest.raises(NotAllowed):
            await host.add_token(NewToken(OTHER, email=SAM))
        with pytest.raises(NotAllowed):
            await host.tokens()
        with pytest.raises(NotAllowed):
            await host.revoke_token(added.id)

    async def test_unfit_tokens_are_rejected(self, dana: Store) -> None:
        """For nobody, for two, of the past, for a stranger."""
        fit = NewToken(HASH, email=DANA)
        for unfit in (
            NewToken(HASH),
            NewToken(HASH, email=DANA, agent=WEBSITE),
            msgspec.structs.replace(fit, expires_at=utc_now() - timedelta(minutes=1)),
            msgspec.structs.replace(fit, label="x" * 81),
        ):
            with pytest.raises(Rejected):
                await host_of(dana).add_token(unfit)
        with pytest.raises(NotFound):
            await host_of(dana).add_token(NewToken(HASH, email="nobody@acme.example"))
        assert await host_of(dana).find_token(HASH) is None

    async def test_the_same_workspace_is_seen_as_each_member_may(self, dana: Store, sam: Store) -> None:
        """What one does through it, the others see; what they may not do, they may not here either."""
        await self.seed(dana, incoming("c-1", needs_human=True))
        eve = await team_of(dana).add_member("eve@acme.example", "Eve", Access.NONE)
        seen = host_of(dana).as_member((await sam.me()).id)
        assert await seen.me() == await sam.me()
        assert (await reply(seen)).member == await sam.me()
        assert (await dana.get(C1)).assignee == await sam.me()
        with pytest.raises(NotAllowed):
            await host_of(dana).as_member(eve.id).thread(C1)
        await seen.aclose()
        assert (await dana.get(C1)).assignee == await member_of(dana, SAM)

    async def test_what_was_written_is_read_without_following(self, dana: Store, sam: Store) -> None:
        """The sum of everything after a number, by anybody; after the newest number nothing."""
        await self.seed(dana, incoming("c-1"), incoming("c-2"))
        host = host_of(dana)
        start = await host.changes_after(None)
        assert start == await host.changes_after(start.id) == Written(start.id)
        await reply(dana)
        await set_status(sam, C2, Status.RESOLVED, Status.OPEN)
        await reply(dana, "and more", "k-2")
        told = await host.changes_after(start.id)
        assert (set(told.conversations), len(told.conversations)) == ({C1, C2}, 2)
        assert told.seq > start.seq and not told.team and not told.reset
        await team_of(sam).save_profile("Samuel", Badge("SA", Color.RED))
        later = await host.changes_after(told.id)
        assert (later.conversations, later.team) == ((), True)
        assert await host.changes_after(None) == Written(later.id)

    async def test_what_is_read_is_what_a_follower_is_told_first(self, dana: Store) -> None:
        """Whoever followed until a number may read on from it, and the other way round."""
        await self.seed(dana, incoming("c-1"))
        start = (await host_of(dana).changes_after(None)).id
        await reply(dana)
        feed = dana.changes(start)
        told = await next_written(feed)
        assert msgspec.structs.replace(told, rows=()) == await host_of(dana).changes_after(start)
        await stop(feed)

    async def test_after_a_number_that_never_was_everything_is_read_again(self, dana: Store) -> None:
        """The workspace is another one than the reader knew."""
        read = await host_of(dana).changes_after(ChangeId(str(10**9)))
        assert read.reset
        assert read.id == (await host_of(dana).changes_after(None)).id

    async def test_an_agent_reads_what_members_wrote_to_its_visitors(self, dana: Store) -> None:
        """In order, each once, nothing of other agents, no notes, no events, nothing that visitors wrote."""
        await self.seed(dana, incoming("c-1", needs_human=True), incoming("c-2", agent=BOOKING))
        host, agent = host_of(dana), (await agent_of(dana, WEBSITE)).id
        start = await host.agent_replies(agent, None)
        assert start.replies == ()
        first = await reply(dana)
        await dana.reply(C1, ReplyDraft("a note", "n-1", Kind.NOTE))
        await dana.reply(C2, ReplyDraft("to another", "k-2", last_seen=await last_seen(dana, C2)))
        second = await reply(dana, "and more", "k-3")
        read = await host.agent_replies(agent, start.last)
        assert read.replies == ((C1, first), (C1, second))
        assert (await host.agent_replies(agent, read.last)).replies == ()
        one = await host.agent_replies(agent, start.last, limit=1)
        assert one.replies == ((C1, first),)
        assert (await host.agent_replies(agent, one.last)).replies == ((C1, second),)

    async def test_what_was_imported_is_not_said_to_visitors_again(self, dana: Store, sam: Store) -> None:
        """Whoever it names as its author; nor what an import adds to a conversation later."""
        forged = said("Send me your password", 1, Author.MEMBER, member_email=DANA)
        await self.seed(dana, incoming("c-1", "Hello", forged))
        agent = (await agent_of(dana, WEBSITE)).id
        start = (await host_of(dana).agent_replies(agent, None)).last
        await self.seed(dana, incoming("c-1", "Hello", forged, said("again", 2, Author.MEMBER, member_email=SAM)))
        written = await reply(dana)
        for after in (BEGINNING, start):
            assert (await host_of(dana).agent_replies(agent, after)).replies == ((C1, written),)

    async def test_an_agent_can_read_from_the_beginning(self, dana: Store) -> None:
        """An empty workspace has a place to go on from, too."""
        agent = (await host_of(dana).add_token(NewToken(HASH, agent=WEBSITE))).agent
        assert agent is not None
        start = (await host_of(dana).agent_replies(agent.id, None)).last
        await self.seed(dana, incoming("c-1"))
        written = await reply(dana)
        await self.seed(dana, incoming("c-3", "Hello", said("again", 1)))
        assert (await host_of(dana).agent_replies(agent.id, start)).replies == ((ConversationId("c-1"), written),)
