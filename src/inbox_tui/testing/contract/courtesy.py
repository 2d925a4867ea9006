"""What holds between colleagues also where a server compares nothing, and knows no keys.

The weaker twins of ``RacingContract``: what a colleague did before we looked is a conflict,
and of what two do at once nothing is torn or lost without a word.
"""

from __future__ import annotations

import asyncio

import pytest

from inbox_tui.domain.errors import Conflict
from inbox_tui.domain.models import Kind, MemberId, Message, ReplyDraft, Sent, Status
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, Contract, OpenAs, last_seen, messages, reply
from inbox_tui.testing.contract.racing import attempt
from inbox_tui.testing.deciding import assign, set_status
from inbox_tui.testing.factories import DANA, incoming


async def written(store: Store) -> list[Message]:
    """What was said and noted in the thread."""
    return [message for message in await messages(store) if message.kind is not Kind.EVENT]


class CourtesyContract(Contract):
    """Nothing over somebody's head, as far as every store can hold it."""

    async def test_what_a_colleague_took_before_is_not_taken_from_them(self, dana: Store, sam: Store) -> None:
        """And they still have it."""
        await self.seed(dana, incoming("c-1"))
        me, colleague = await dana.me(), await sam.me()
        await assign(sam, C1, colleague.id, None)
        with pytest.raises(Conflict) as caught:
            await assign(dana, C1, me.id, None)
        assert caught.value.conversation is not None
        assert caught.value.conversation.assignee == colleague
        assert (await dana.get(C1)).assignee == colleague

    async def test_what_a_colleague_resolved_before_is_known(self, dana: Store, sam: Store) -> None:
        """The same wish is no conflict, and changes nothing."""
        await self.seed(dana, incoming("c-1"))
        await set_status(sam, C1, Status.RESOLVED, Status.OPEN)
        assert (await set_status(dana, C1, Status.RESOLVED, Status.OPEN)).status is Status.RESOLVED
        with pytest.raises(Conflict):
            await set_status(dana, C1, Status.OPEN, Status.OPEN)
        assert (await dana.get(C1)).status is Status.RESOLVED

    async def test_what_a_colleague_replied_before_is_shown_first(self, dana: Store, sam: Store) -> None:
        """And nothing was sent."""
        await self.seed(dana, incoming("c-1"))
        seen = await last_seen(dana)
        theirs = await reply(sam, "I have it", key="s-1")
        with pytest.raises(Conflict) as caught:
            await dana.reply(C1, ReplyDraft("On it", "k-1", last_seen=seen))
        assert [message.id for message in caught.value.messages] == [theirs.id]
        assert [message.body for message in await written(dana)] == ["Hello", "I have it"]

    async def test_of_two_who_take_it_at_once_one_has_it(self, dana: Store, sam: Store) -> None:
        """One of those who were told so; who was refused was told of the other."""
        await self.seed(dana, incoming("c-1"))
        people = {store: (await store.me()).id for store in (dana, sam)}

        async def take(store: Store) -> MemberId | Conflict:
            try:
                await assign(store, C1, people[store], None)
            except Conflict as conflict:
                return conflict
            return people[store]

        results = await asyncio.gather(take(dana), take(sam))
        holder = (await dana.get(C1)).assignee
        assert holder is not None
        assert holder.id in [result for result in results if not isinstance(result, Conflict)]
        for conflict in (result for result in results if isinstance(result, Conflict)):
            assert conflict.conversation is not None
            assert conflict.conversation.assignee == holder

    async def test_of_two_who_reply_at_once_none_is_lost(self, dana: Store, sam: Store) -> None:
        """Who was told that it is sent finds it in the thread, once; who was refused finds nothing of theirs."""
        await self.seed(dana, incoming("c-1"))
        seen = await last_seen(dana)
        results = await asyncio.gather(attempt(dana, "k-1", seen), attempt(sam, "s-1", seen))
        sent = sorted(result.message.body for result in results if isinstance(result, Sent))
        assert sent
        assert sorted(message.body for message in (await written(dana))[1:]) == sent

    async def test_what_two_sessions_sent_at_once_is_known_afterwards(self, dana: Store, open_as: OpenAs) -> None:
        """The same key again adds nothing, whichever of them it was."""
        await self.seed(dana, incoming("c-1"))
        again, seen = await open_as(DANA), await last_seen(dana)
        await asyncio.gather(attempt(dana, "k-1", seen), attempt(again, "k-1", seen))
        before = await written(dana)
        assert {message.body for message in before[1:]} == {"by k-1"}
        for store in (dana, again):
            assert (await store.reply(C1, ReplyDraft("by k-1", "k-1", last_seen=seen))).was_known
        assert await written(dana) == before
