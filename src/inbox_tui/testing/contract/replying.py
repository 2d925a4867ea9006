"""Replies and notes: rules 3, 6, 7 and 8."""

from __future__ import annotations

import pytest

from inbox_tui.domain.errors import Conflict, NotAllowed, NotFound, Rejected
from inbox_tui.domain.limits import BODY_LIMIT, ID_LIMIT
from inbox_tui.domain.models import (
    Assign,
    Author,
    ConversationId,
    Kind,
    ReplyDraft,
    SetStatus,
    Status,
)
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, C2, Contract, OpenAs, last_seen, messages, needs, reply
from inbox_tui.testing.deciding import assign, set_status
from inbox_tui.testing.factories import SAM, incoming


class ReplyingContract(Contract):
    """``reply``, for replies and for notes."""

    @needs("own_rules")
    async def test_a_reply_ends_the_wait_and_takes_what_nobody_has(self, dana: Store) -> None:
        """Rule 3, with an event for the thread."""
        await self.seed(dana, incoming("c-1", needs_human=True))
        draft = ReplyDraft("On it", "k-1", last_seen=await last_seen(dana))
        sent = await dana.reply(C1, draft)
        me, now = await dana.me(), await dana.get(C1)
        assert sent.conversation == now
        assert not sent.was_known
        assert (now.waiting_since, now.assignee, now.handoff_requested) == (None, me, False)
        assert (now.last_message, now.last_message_author, now.last_outgoing) == ("On it", Author.MEMBER, Author.MEMBER)
        assert now.first_human_reply_at == sent.message.created_at
        assert now.messages == 2
        assert sent.message in await messages(dana)
        assert (sent.message.member, sent.message.kind, sent.message.key) == (me, Kind.MESSAGE, "k-1")
        await self.expect_events(dana, "Dana Ortiz was assigned by replying")

    async def test_a_reply_takes_nothing_that_nobody_waits_for(self, dana: Store) -> None:
        """Nor anything when the member does not want that."""
        await self.seed(dana, incoming("c-1"), incoming("c-2", needs_human=True))
        await reply(dana)
        assert (await dana.get(C1)).assignee is None
        other = ConversationId("c-2")
        seen = await last_seen(dana, other)
        sent = await dana.reply(other, ReplyDraft("On it", "k-2", last_seen=seen, auto_assign=False))
        assert (sent.conversation.assignee, sent.conversation.waiting_since) == (None, None)
        await self.expect_events(dana, id=other)

    async def test_a_reply_leaves_with_a_colleague_what_they_have(self, dana: Store, sam: Store) -> None:
        """Only what nobody has is taken."""
        await self.seed(dana, incoming("c-1", needs_human=True, assignee_email=SAM))
        await reply(dana)
        assert (await dana.get(C1)).assignee == await sam.me()

    async def test_the_same_key_again_is_the_same_message(self, dana: Store) -> None:
        """Rule 7, whatever the second attempt says."""
        await self.seed(dana, incoming("c-1"))
        first = await reply(dana, key="k-1")
        again = await dana.reply(C1, ReplyDraft("something else", "k-1"))
        assert again.was_known
        assert again.message == first
        assert [m.body for m in await messages(dana) if m.author is Author.MEMBER] == ["On it"]
        assert (await dana.get(C1)).messages == 2

    async def test_the_same_key_is_known_to_the_next_session(self, dana: Store, open_as: OpenAs) -> None:
        """A reply that was sent before a crash is not sent twice after it."""
        await self.seed(dana, incoming("c-1"))
        first = await reply(dana, key="k-1")
        me = await dana.me()
        await dana.aclose()
        again = await (await open_as(me.email)).reply(C1, ReplyDraft("On it", "k-1"))
        assert (again.message.id, again.was_known) == (first.id, True)

    async def test_keys_are_the_conversations_own(self, dana: Store) -> None:
        """The same key in another conversation is another message."""
        await self.seed(dana, incoming("c-1"), incoming("c-2"))
        await reply(dana, key="k-1")
        assert (await reply(dana, key="k-1", id=ConversationId("c-2"))).body == "On it"

    async def test_a_reply_over_a_colleagues_unseen_one_is_a_conflict(self, dana: Store, sam: Store) -> None:
        """Rule 8: it carries what was not seen, and nothing was written."""
        await self.seed(dana, incoming("c-1"))
        seen = await last_seen(dana)
        theirs = await reply(sam, "I have it", key="s-1")
        before = await dana.get(C1)
        draft = ReplyDraft("On it", "k-1", last_seen=seen)
        with pytest.raises(Conflict, match="Sam Okafor") as caught:
            await dana.reply(C1, draft)
        assert caught.value.messages == (theirs,)
        assert caught.value.conversation == before == await dana.get(C1)
        assert (await dana.reply(C1, ReplyDraft("On it", "k-1", last_seen=theirs.id))).message.body == "On it"

    async def test_only_replies_of_colleagues_are_a_conflict(self, dana: Store, sam: Store) -> None:
        """Not visitors' messages, AI messages, notes, events or one's own replies."""
        await self.seed(dana, incoming("c-1"))
        seen = await last_seen(dana)
        await reply(dana, "mine", key="k-0")
        await sam.reply(C1, ReplyDraft("a note", "s-1", Kind.NOTE))
        await set_status(sam, C1, Status.RESOLVED, Status.OPEN)
        await self.visitor_says(dana, C1, "and?", 1)
        await self.agent_says(dana, C1, "I will ask", 2)
        assert (await dana.reply(C1, ReplyDraft("On it", "k-1", last_seen=seen))).message.body == "On it"

    async def test_who_saw_nothing_missed_everything(self, dana: Store, sam: Store) -> None:
        """``last_seen`` None: the thread was empty on their screen."""
        await self.seed(dana, incoming("c-1"))
        await reply(sam, key="s-1")
        with pytest.raises(Conflict):
            await dana.reply(C1, ReplyDraft("On it", "k-1"))

    @needs("own_rules")
    async def test_a_note_is_for_the_team_and_answers_nobody(self, dana: Store, sam: Store) -> None:
        """Activity and a message more; the wait, the holder and the last message stay."""
        await self.seed(dana, incoming("c-1", needs_human=True))
        before = await dana.get(C1)
        await reply(sam, "theirs", key="s-0", id=C1)
        await assign(dana, C1, None, (await sam.me()).id)
        sent = await dana.reply(C1, ReplyDraft("who knows Maya?", "k-1", Kind.NOTE))
        assert sent.message.kind is Kind.NOTE
        assert (sent.conversation.last_message, sent.conversation.assignee) == ("theirs", None)
        assert sent.conversation.messages == (before.messages or 0) + 2
        assert sent.conversation.last_activity_at >= before.last_activity_at

    async def test_a_note_keeps_the_wait(self, dana: Store) -> None:
        """Rule 3: a note does not end it."""
        await self.seed(dana, incoming("c-1", needs_human=True))
        before = await dana.get(C1)
        after = (await dana.reply(C1, ReplyDraft("a note", "k-1", Kind.NOTE))).conversation
        assert (after.waiting_since, after.assignee) == (before.waiting_since, None)

    @pytest.mark.parametrize(
        "body", ["", "   ", "\n\t ", "x" * (BODY_LIMIT + 1)], ids=["empty", "spaces", "white space", "endless"]
    )
    @pytest.mark.parametrize("kind", [Kind.MESSAGE, Kind.NOTE])
    async def test_empty_and_endless_bodies_are_rejected(self, dana: Store, body: str, kind: Kind) -> None:
        """And nothing is written."""
        await self.seed(dana, incoming("c-1"))
        with pytest.raises(Rejected):
            await dana.reply(C1, ReplyDraft(body, "k-1", kind, last_seen=await last_seen(dana)))
        assert len(await messages(dana)) == 1

    async def test_replies_without_a_key_and_handmade_events_are_rejected(self, dana: Store) -> None:
        """A key makes it safe to send again; events are the inbox's own."""
        await self.seed(dana, incoming("c-1"))
        with pytest.raises(Rejected):
            await dana.reply(C1, ReplyDraft("On it", ""))
        with pytest.raises(Rejected):
            await dana.reply(C1, ReplyDraft("On it", "x" * (ID_LIMIT + 1)))
        with pytest.raises(Rejected):
            await dana.reply(C1, ReplyDraft("Dana was assigned", "k-1", Kind.EVENT))

    async def test_without_chat_access_nothing_is_written(self, dana: Store, eve: Store) -> None:
        """Rule 5, at the store."""
        await self.seed(dana, incoming("c-1"))
        me = (await eve.me()).id
        seen = await last_seen(dana)
        for call in (
            eve.reply(C1, ReplyDraft("On it", "k-1", last_seen=seen)),
            eve.reply(C1, ReplyDraft("a note", "k-2", Kind.NOTE)),
            eve.decide([Assign(C1, me, None)]),
            eve.decide([SetStatus(C1, Status.RESOLVED, Status.OPEN)]),
        ):
            with pytest.raises(NotAllowed):
                await call
        assert len(await messages(dana)) == 1

    async def test_a_reply_to_nothing_is_not_found(self, dana: Store) -> None:
        """Whatever its key."""
        with pytest.raises(NotFound):
            await dana.reply(ConversationId("no-such"), ReplyDraft("On it", "k-1"))

    async def test_a_reply_to_a_resolved_conversation_leaves_it_resolved(self, dana: Store) -> None:
        """Only the visitor, a handoff or a member reopens."""
        await self.seed(dana, incoming("c-1", status=Status.RESOLVED))
        await reply(dana)
        assert (await dana.get(C1)).status is Status.RESOLVED

    async def test_a_message_of_another_conversation_proves_nothing(self, dana: Store, sam: Store) -> None:
        """It was not in the thread that its author read."""
        await self.seed(dana, incoming("c-1"), incoming("c-2"))
        theirs = await reply(sam, "I have it", "s-1")
        elsewhere = await reply(sam, "This one, too", "s-2", C2)
        with pytest.raises(Conflict) as caught:
            await dana.reply(C1, ReplyDraft("On it", "k-1", last_seen=elsewhere.id))
        assert caught.value.messages == (theirs,)
        with pytest.raises(NotFound):
            await dana.thread(C1, before=elsewhere.id)
