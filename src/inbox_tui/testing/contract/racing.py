"""Two members at the same moment: each act happens whole, and one after the other."""

from __future__ import annotations

import asyncio

from inbox_tui.domain.errors import Conflict
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Author, Conversation, ConversationId, MessageId, ReplyDraft, Sent, Status
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, Contract, OpenAs, events, intake_of, last_seen, listed, messages
from inbox_tui.testing.factories import DANA, incoming, said


async def attempt(store: Store, key: str, seen: MessageId) -> Sent | Conflict:
    """A reply, or the conflict that it met."""
    try:
        return await store.reply(C1, ReplyDraft(f"by {key}", key, last_seen=seen))
    except Conflict as conflict:
        return conflict


class RacingContract(Contract):
    """Writes of several sessions at once."""

    async def test_of_two_who_reply_at_once_one_is_told(self, dana: Store, sam: Store) -> None:
        """Rule 8 has no gap; whoever came second gets the first one's reply."""
        await self.seed(dana, incoming("c-1", needs_human=True))
        seen = await last_seen(dana)
        results = await asyncio.gather(attempt(dana, "k-1", seen), attempt(sam, "s-1", seen))
        [sent] = [result for result in results if isinstance(result, Sent)]
        [conflict] = [result for result in results if isinstance(result, Conflict)]
        assert conflict.messages == (sent.message,)
        assert (await dana.get(C1)).assignee == sent.message.member

    async def test_of_two_who_take_it_at_once_one_is_told(self, dana: Store, sam: Store) -> None:
        """It has one holder, and one event."""
        await self.seed(dana, incoming("c-1"))
        people = [(await store.me()).id for store in (dana, sam)]

        async def take(store: Store, me: int) -> Conversation | Conflict:
            try:
                return await store.assign(C1, people[me], None)
            except Conflict as conflict:
                return conflict

        results = await asyncio.gather(take(dana, 0), take(sam, 1))
        [holder] = [result.assignee for result in results if isinstance(result, Conversation)]
        [conflict] = [result for result in results if isinstance(result, Conflict)]
        assert conflict.conversation == await dana.get(C1)
        assert (await dana.get(C1)).assignee == holder
        assert len(await events(dana)) == 1

    async def test_the_same_reply_sent_by_two_sessions_is_one(self, dana: Store, open_as: OpenAs) -> None:
        """Rule 7 has no gap: a retry that overtakes its original."""
        await self.seed(dana, incoming("c-1"))
        again, seen = await open_as(DANA), await last_seen(dana)
        results = await asyncio.gather(*(attempt(store, "k-1", seen) for store in (dana, again, dana, again)))
        sent = [result for result in results if isinstance(result, Sent)]
        assert len({result.message.id for result in sent}) == 1
        assert sorted(result.was_known for result in sent) == [False, True, True, True]
        assert [m.author for m in await messages(dana)] == [Author.VISITOR, Author.MEMBER]

    async def test_nothing_is_lost_and_the_counts_stay_exact(self, dana: Store, sam: Store) -> None:
        """Many writes of two sessions, interleaved."""
        await self.seed(dana, *(incoming(f"c-{number}") for number in range(10)))
        writes = []
        for number in range(10):
            id = ConversationId(f"c-{number}")
            for store, name in ((dana, "dana"), (sam, "sam")):
                for turn in range(3):
                    message = said(f"{name} {turn}", turn, key=f"{name}-{turn}")
                    writes.append(intake_of(store).receive(id, message))
            writes.append((dana if number % 2 else sam).set_status(id, Status.RESOLVED, Status.OPEN))
        await asyncio.gather(*writes)
        rows = await listed(dana, Query())
        assert {row.messages for row in rows} == {7}
        counts = await sam.counts(None)
        resolved = sum(row.status is Status.RESOLVED for row in rows)
        assert (counts.all, counts.resolved, counts.unresolved) == (10, resolved, 10 - resolved)
