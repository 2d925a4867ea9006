"""A workspace that is put back to an older backup: whoever knows what came after it is told, and misses nothing."""

from __future__ import annotations

from typing import Protocol

import pytest

from inbox_tui.domain.changes import ChangeId
from inbox_tui.domain.errors import Conflict, NotFound
from inbox_tui.domain.models import ConversationId, MessageId, ReplyDraft
from inbox_tui.domain.replies import HeardId
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, C2, Contract, OpenAs, agent_of, last_seen, messages, reply
from inbox_tui.testing.contract.feed import first_of
from inbox_tui.testing.contract.hosting import host_of
from inbox_tui.testing.factories import DANA, SAM, WEBSITE, incoming


class Backup(Protocol):
    """A backup of the workspace of a test."""

    async def take(self) -> None:
        """Keep the workspace as it is now."""

    async def restore(self) -> None:
        """Put the workspace back to what ``take`` kept. What was opened before is not used again."""


def bare(id: str) -> str:
    """An id as earlier versions gave it: its number alone."""
    return id.partition(".")[0]


class RestoringContract(Contract):
    """What ids say after a restore."""

    @pytest.fixture
    def backup(self) -> Backup:
        """Override this: how the workspace of this test is put back."""
        pytest.skip("this store's test restores no backup")

    @pytest.mark.parametrize("written_again", [0, 1, 3, 6])
    async def test_who_followed_beyond_the_backup_reads_everything_again(
        self, dana: Store, open_as: OpenAs, backup: Backup, written_again: int
    ) -> None:
        """Whether the numbers were given out again or not. From there on nothing is missed."""
        await self.seed(dana, incoming("c-1"), incoming("c-2"))
        await backup.take()
        for number in range(3):
            await reply(dana, f"Lost {number}", f"k-{number}")
        heard = (await first_of(dana)).id
        await backup.restore()
        dana = await open_as(DANA)
        for number in range(written_again):
            await reply(dana, f"New {number}", f"n-{number}")
        told = await first_of(dana, heard)
        assert (told.reset, told.team) == (True, True)
        await reply(dana, "Later", "later", C2)
        assert (await first_of(dana, told.id)).conversations == (C2,)

    async def test_who_followed_up_to_the_backup_hears_what_came_after_it(
        self, dana: Store, open_as: OpenAs, backup: Backup
    ) -> None:
        """Of the history that was undone they know nothing, and need not read again."""
        await self.seed(dana, incoming("c-1"), incoming("c-2"))
        heard = (await first_of(dana)).id
        await backup.take()
        await reply(dana, "Lost", "k-1")
        await backup.restore()
        dana = await open_as(DANA)
        await reply(dana, "New", "n-1", C2)
        told = await first_of(dana, heard)
        assert (told.reset, told.conversations) == (False, (C2,))

    async def test_no_message_has_the_id_of_one_that_was_undone(
        self, dana: Store, open_as: OpenAs, backup: Backup
    ) -> None:
        """Although it may have its number."""
        await self.seed(dana, incoming("c-1"))
        await backup.take()
        for number in range(3):
            await reply(dana, f"Lost {number}", f"k-{number}")
        before = {message.id: message for message in await messages(dana)}
        await backup.restore()
        dana = await open_as(DANA)
        for number in range(3):
            await reply(dana, f"New {number}", f"n-{number}")
        for message in await messages(dana):
            assert before.get(message.id, message) == message

    async def test_a_page_before_a_message_that_was_undone_is_not_found(
        self, dana: Store, open_as: OpenAs, backup: Backup
    ) -> None:
        """Messages of two histories are never put together."""
        await self.seed(dana, incoming("c-1", "One", "Two", "Three"))
        kept = await messages(dana)
        await backup.take()
        await reply(dana, "Lost", "k-1")
        lost = await last_seen(dana)
        await backup.restore()
        dana = await open_as(DANA)
        await reply(dana, "New", "n-1")
        await reply(dana, "New, too", "n-2")
        with pytest.raises(NotFound) as caught:
            await dana.thread(C1, before=lost)
        assert "again" in caught.value.hint
        assert (await dana.thread(C1, before=kept[2].id)).messages == tuple(kept[:2])

    async def test_who_saw_what_was_undone_may_not_have_seen_any_reply(
        self, dana: Store, sam: Store, open_as: OpenAs, backup: Backup
    ) -> None:
        """Rule 8: a number that is higher than a colleague's new reply proves nothing."""
        await self.seed(dana, incoming("c-1"))
        early = await reply(sam, "Early", "s-1")
        await backup.take()
        for number in range(4):
            await reply(dana, f"Lost {number}", f"k-{number}")
        lost = await last_seen(dana)
        await backup.restore()
        dana, sam = await open_as(DANA), await open_as(SAM)
        late = await reply(sam, "Late", "s-2")
        for number in range(4):
            await reply(dana, f"New {number}", f"n-{number}")
        with pytest.raises(Conflict) as caught:
            await dana.reply(C1, ReplyDraft("Over their heads", "o-1", last_seen=lost))
        assert caught.value.messages == (early, late)
        assert (await dana.reply(C1, ReplyDraft("Read", "o-2", last_seen=late.id))).message.body == "Read"
        with pytest.raises(Conflict) as caught:
            await dana.reply(C1, ReplyDraft("Not read", "o-3", last_seen=early.id))
        assert caught.value.messages == (late,), "what was seen before the backup was seen"

    async def test_where_no_colleague_replied_a_reply_goes_out(
        self, dana: Store, open_as: OpenAs, backup: Backup
    ) -> None:
        """Whatever its author had seen."""
        await self.seed(dana, incoming("c-1"))
        await backup.take()
        await reply(dana, "Lost", "k-1")
        lost = await last_seen(dana)
        await backup.restore()
        dana = await open_as(DANA)
        assert (await dana.reply(C1, ReplyDraft("On it", "k-2", last_seen=lost))).message.body == "On it"

    async def test_bare_numbers_are_believed(self, dana: Store, sam: Store) -> None:
        """Drafts and outboxes of earlier versions, and their clients, know no more."""
        await self.seed(dana, incoming("c-1"))
        seen = MessageId(bare(await last_seen(dana)))
        heard = ChangeId(bare((await first_of(dana)).id))
        theirs = await reply(sam, "I have it", "s-1")
        assert (await first_of(dana, heard)).conversations == (C1,)
        with pytest.raises(Conflict) as caught:
            await dana.reply(C1, ReplyDraft("On it", "k-1", last_seen=seen))
        assert caught.value.messages == (theirs,)
        newest = MessageId(bare(theirs.id))
        assert (await dana.reply(C1, ReplyDraft("On it", "k-1", last_seen=newest))).message.body == "On it"
        assert [message.id for message in (await dana.thread(C1, before=newest)).messages][:1] != [theirs.id]


class HostRestoringContract(RestoringContract):
    """What a restore means to the websites that a ``Host`` serves."""

    async def test_a_website_hears_all_that_was_replied_after_the_restore(
        self, dana: Store, open_as: OpenAs, backup: Backup
    ) -> None:
        """Each once, and it is told since when."""
        await self.seed(dana, incoming("c-1"), incoming("c-2"))
        agent = (await agent_of(dana, WEBSITE)).id
        start = (await host_of(dana).agent_replies(agent, None)).last
        await reply(dana, "Before the backup", "k-0")
        await backup.take()
        for number in range(5):
            await reply(dana, f"Undone {number}", f"k-{number + 1}")
        heard = await host_of(dana).agent_replies(agent, start, limit=6)
        assert len(heard.replies) == 6
        await backup.restore()
        dana = await open_as(DANA)
        nothing = await host_of(dana).agent_replies(agent, heard.last)
        assert (nothing.replies, nothing.reset, nothing.since) == ((), True, heard.replies[-1][1].created_at)
        written = [(C1, await reply(dana, f"New {number}", f"n-{number}")) for number in range(6)]
        told = await host_of(dana).agent_replies(agent, heard.last)
        assert (told.replies, told.reset, told.since) == (tuple(written), True, heard.replies[-1][1].created_at)
        first = await host_of(dana).agent_replies(agent, heard.last, limit=2)
        assert (first.replies, first.reset) == (tuple(written[:2]), True)
        rest = await host_of(dana).agent_replies(agent, first.last)
        assert (rest.replies, rest.reset) == (tuple(written[2:]), False)

    async def test_a_website_that_heard_nothing_beyond_the_backup_goes_on(
        self, dana: Store, open_as: OpenAs, backup: Backup
    ) -> None:
        """Without a word of the restore."""
        await self.seed(dana, incoming("c-1"))
        agent = (await agent_of(dana, WEBSITE)).id
        start = (await host_of(dana).agent_replies(agent, None)).last
        heard_last = await reply(dana, "Heard", "k-0")
        heard = (await host_of(dana).agent_replies(agent, start, limit=1)).last
        missed = await reply(dana, "Missed", "k-1")
        await backup.take()
        await reply(dana, "Undone", "k-2")
        await backup.restore()
        dana = await open_as(DANA)
        written = await reply(dana, "New", "n-1")
        told = await host_of(dana).agent_replies(agent, heard)
        assert (told.replies, told.reset) == (((C1, missed), (C1, written)), False)
        assert heard_last not in [message for _, message in told.replies]

    async def test_a_website_that_was_silent_is_told_as_well(
        self, dana: Store, open_as: OpenAs, backup: Backup
    ) -> None:
        """Its place may be a message that was nobody's reply, and is older than its arrival."""
        await self.seed(dana, incoming("c-1"))
        agent = (await agent_of(dana, WEBSITE)).id
        await backup.take()
        await reply(dana, "Heard before", "k-0")
        await self.seed(dana, incoming("c-2", "Written long ago"))
        place = (await host_of(dana).agent_replies(agent, None)).last
        await backup.restore()
        dana = await open_as(DANA)
        written = await reply(dana, "New", "n-1")
        told = await host_of(dana).agent_replies(agent, place)
        assert (told.replies, told.reset) == (((C1, written),), True)

    async def test_a_bare_number_of_a_website_is_believed_as_far_as_it_can_be(self, dana: Store) -> None:
        """From one that is not given out yet nobody knows since when replies were missed."""
        await self.seed(dana, incoming("c-1"))
        host, agent = host_of(dana), (await agent_of(dana, WEBSITE)).id
        first = await reply(dana)
        second = await reply(dana, "and more", "k-2")
        told = await host.agent_replies(agent, HeardId(bare(first.id)))
        assert (told.replies, told.reset) == (((C1, second),), False)
        beyond = await host.agent_replies(agent, HeardId("900000"))
        assert (beyond.replies, beyond.reset, beyond.since) == ((), True, None)
        third = await reply(dana, "and again", "k-3")
        assert (await host.agent_replies(agent, beyond.last)).replies == ((ConversationId("c-1"), third),)
        for nonsense in ("", "x", "1.5", "-1", "1.0123456g", "1.01234567.", "1.2.3", "9" * 30, "²"):
            with pytest.raises(NotFound):
                await host.agent_replies(agent, HeardId(nonsense))
