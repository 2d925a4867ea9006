"""Rule 14: a thread is ordered by time, then by arrival; a message without an id is recognized by its content."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from random import Random

import pytest

from inbox_tui.domain.errors import Conflict
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import (
    FROM_START,
    Author,
    ConversationId,
    ConversationState,
    ImportResult,
    IncomingMessage,
    Kind,
    Lead,
    Message,
    MessageId,
    ReplyDraft,
    Status,
)
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import (
    C1,
    C2,
    Contract,
    events,
    ids,
    intake_of,
    last_seen,
    messages,
    needs,
    reply,
    scan_of,
)
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import DANA, SAM, incoming, minute, said

TRIMMED = {
    " ": "",
    "\u00a0": "",
    "\u200b": "",
    "\t\n": "",
    "\u3164\u2800 \ufeff": "",
    "\ufe0f": "",
    " Name@Mail.Example\n": "Name@Mail.Example",
    "\u200b\u3000Eve  Stone\u00ad\u2060": "Eve  Stone",
    "Eve ❤\ufe0f ": "Eve ❤\ufe0f",
    "a\u200bb": "a\u200bb",
}
"""What comes in for a field of a visitor, and what is kept."""


async def bodies(store: Store, id: ConversationId = C1) -> list[str]:
    """What was said and noted, in the order of the thread."""
    return [message.body for message in await messages(store, id) if message.kind is not Kind.EVENT]


async def in_stretches(store: Store, limit: int) -> list[Message]:
    """The thread as one who scrolls up meets it."""
    read: list[Message] = []
    before: MessageId | None = None
    while True:
        stretch = await store.thread(C1, before=before, limit=limit)
        read[:0] = stretch.messages
        if not stretch.has_earlier:
            return read
        before = stretch.messages[0].id


async def onwards(store: Store, after: MessageId, limit: int) -> list[Message]:
    """The thread as one who scrolls down meets it."""
    read: list[Message] = []
    while True:
        stretch = await store.thread(C1, after=after, limit=limit)
        assert stretch.has_earlier is (after != FROM_START)
        read += stretch.messages
        if not stretch.has_later:
            return read
        after = stretch.messages[-1].id


class ThreadsContract(Contract):
    """The order of threads, and what follows from it."""

    @needs("given_times")
    @pytest.mark.parametrize("seed", range(3))
    async def test_a_thread_reads_the_same_in_stretches_of_any_size(self, dana: Store, seed: int) -> None:
        """Messages of few times, in no order, by several imports and with replies between."""
        random = Random(seed)
        given = [said(f"m-{number}", random.randrange(6), key=f"k-{number}") for number in range(24)]
        for start in range(0, 24, 8):
            await self.seed(dana, incoming("c-1", *given[start : start + 8]))
            await dana.reply(C1, ReplyDraft(f"note {start}", f"n-{start}", Kind.NOTE))
        whole = await messages(dana)
        assert all(one.created_at <= other.created_at for one, other in pairwise(whole))
        arrived = sorted(range(24), key=lambda number: given[number].created_at)
        assert [message.body for message in whole if message.key.startswith("k-")] == [f"m-{n}" for n in arrived]
        for limit in (1, 2, 7, 30):
            assert await in_stretches(dana, limit) == whole
            assert await onwards(dana, FROM_START, limit) == whole
            assert await onwards(dana, whole[9].id, limit) == whole[10:]

    @needs("given_times", "own_rules")
    async def test_a_visitor_who_writes_with_a_slow_clock_waits_all_the_same(self, dana: Store) -> None:
        """Their message stands where its time says; that it came is what counts."""
        await self.seed(dana, incoming("c-1"))
        await reply(dana)
        await self.visitor_says(dana, C1, "still broken", 2)
        now = await dana.get(C1)
        assert (now.waiting_since, now.messages) == (minute(2), 3)
        assert (now.last_message, now.last_message_author, now.last_outgoing) == (
            "On it",
            Author.MEMBER,
            Author.MEMBER,
        )
        assert await bodies(dana) == ["Hello", "still broken", "On it"]


class IntakeThreadsContract(Contract):
    """Threads that come in by an ``Intake``: in any order, in parts, with ids or without."""

    async def _present(self, store: Store) -> datetime:
        """The store's clock, by something that is written now."""
        id = ConversationId("c-now")
        await self.seed(store, incoming(id))
        return (await store.reply(id, ReplyDraft("x", "k-now", Kind.NOTE))).message.created_at

    async def test_an_import_may_be_newest_first(self, dana: Store) -> None:
        """The thread is not, nor is anything that tells of its first or last message."""
        thread = (
            said("thanks", 9),
            said("done", 7, Author.MEMBER, member_email=DANA),
            said("hello?", 3),
            said("Hi", 1, Author.AGENT),
            said("hi", 0),
        )
        await self.seed(dana, incoming("c-1", *thread, at=9, needs_human=True))
        now = await dana.get(C1)
        assert await bodies(dana) == ["hi", "Hi", "hello?", "done", "thanks"]
        assert (now.created_at, now.last_activity_at, now.waiting_since) == (minute(0), minute(9), minute(9))
        assert (now.last_message, now.last_message_author, now.last_outgoing) == (
            "thanks",
            Author.VISITOR,
            Author.MEMBER,
        )
        assert (now.first_human_reply_at, now.messages) == (minute(7), 5)
        assert [row.last_message async for rows in scan_of(dana).scan(Query()) for row in rows] == ["thanks"]

    async def test_what_was_written_at_one_time_stands_as_it_arrived(self, dana: Store) -> None:
        """In one import, and over several."""
        await self.seed(dana, incoming("c-1", said("a"), said("b"), said("c")))
        await self.seed(dana, incoming("c-1", said("d"), said("later", 1)))
        await self.seed(dana, incoming("c-1", said("e")))
        assert await bodies(dana) == ["a", "b", "c", "d", "e", "later"]

    async def test_an_earlier_message_of_a_later_import_takes_its_place(self, dana: Store) -> None:
        """It begins the conversation, and decides nothing of what was said since."""
        await self.seed(dana, incoming("c-1", said("b", 5), said("B", 6, Author.MEMBER, member_email=SAM), at=5))
        await set_status(dana, C1, Status.RESOLVED, Status.OPEN)
        before = await dana.get(C1)
        earlier = (said("a", 1), said("A", 2, Author.MEMBER, member_email=DANA), said("AI", 3, Author.AGENT))
        assert await intake_of(dana).ingest([incoming("c-1", *earlier)]) == ImportResult(extended=1, messages=3)
        now = await dana.get(C1)
        assert await bodies(dana) == ["a", "A", "AI", "b", "B"]
        assert (now.created_at, now.first_human_reply_at, now.messages) == (minute(1), minute(2), 5)
        for field in ("status", "waiting_since", "resolved_at", "last_activity_at", "last_message", "last_outgoing"):
            assert getattr(now, field) == getattr(before, field), field
        assert await events(dana) == ["Dana Ortiz marked this resolved"]

    async def test_an_earlier_reply_ends_no_wait_that_began_after_it(self, dana: Store) -> None:
        """And a later one does."""
        await self.seed(
            dana, incoming("c-1", said("help", 5), said("note", 9, Author.MEMBER, kind=Kind.NOTE), needs_human=True)
        )
        await self.seed(dana, incoming("c-1", said("welcome", 1, Author.MEMBER, member_email=SAM)))
        now = await dana.get(C1)
        assert (now.waiting_since, now.handoff_requested, now.last_outgoing) == (minute(5), True, Author.MEMBER)
        assert await ids(dana, Query(Filter.PENDING)) == ["c-1"]
        await self.seed(dana, incoming("c-1", said("helped", 7, Author.MEMBER, member_email=SAM)))
        now = await dana.get(C1)
        assert (now.waiting_since, now.last_message, now.first_human_reply_at) == (None, "helped", minute(1))

    async def test_what_is_imported_above_what_was_seen_holds_no_reply_up(self, dana: Store, sam: Store) -> None:
        """What a colleague writes does (rule 8), and what is imported below."""
        await self.seed(dana, incoming("c-1", said("hi", 5)))
        seen = await last_seen(dana)
        await self.seed(dana, incoming("c-1", said("long ago", 1, Author.MEMBER, member_email=SAM)))
        await dana.reply(C1, ReplyDraft("Hello", "k-1", last_seen=seen))
        await self.seed(dana, incoming("c-1", said("by Sam", 6, Author.MEMBER, member_email=SAM)))
        with pytest.raises(Conflict) as caught:
            await dana.reply(C1, ReplyDraft("And", "k-2", last_seen=seen))
        assert [message.body for message in caught.value.messages] == ["by Sam"]

    async def test_a_file_that_grows_at_both_ends_is_not_doubled(self, dana: Store) -> None:
        """Without ids: a message is known by author, time and text."""
        zero, one, two, three = (said(body, at) for at, body in enumerate(("zero", "one", "two", "three")))
        await self.seed(dana, incoming("c-1", one, two))
        assert await intake_of(dana).ingest([incoming("c-1", zero, one, two, three)]) == ImportResult(
            extended=1, messages=2
        )
        assert await bodies(dana) == ["zero", "one", "two", "three"]
        assert await intake_of(dana).ingest([incoming("c-1", two, one)]) == ImportResult(unchanged=1)
        assert await bodies(dana) == ["zero", "one", "two", "three"]

    async def test_each_of_author_time_and_text_tells_messages_apart(self, dana: Store) -> None:
        """And the same said twice is there twice."""
        thread: list[IncomingMessage] = [
            said("ok"),
            said("ok"),
            said("ok", 1),
            said("OK"),
            said("ok", 0, Author.AGENT),
            said("ok", 0, Author.MEMBER, member_email=DANA),
            said("ok", 0, Author.MEMBER, member_email=SAM),
        ]
        for length in range(1, len(thread) + 1):
            taken = await intake_of(dana).ingest([incoming("c-1", *thread[:length])])
            assert taken.messages == 1, length
        assert await intake_of(dana).ingest([incoming("c-1", *thread)]) == ImportResult(unchanged=1)
        assert len(await bodies(dana)) == len(thread)

    async def test_what_is_there_with_an_id_is_known_without_one(self, dana: Store) -> None:
        """It came from the website first, or the source gives ids no longer."""
        await self.seed(dana, incoming("c-1", said("a", key="web-1"), said("b", 1, key="web-2")))
        assert await intake_of(dana).ingest([incoming("c-1", "a", "b", "c")]) == ImportResult(extended=1, messages=1)
        assert await bodies(dana) == ["a", "b", "c"]

    async def test_messages_ahead_of_the_clock_are_not_doubled(self, dana: Store) -> None:
        """They count as arrival, which is another time with each import."""
        clock = (await self._present(dana)).timestamp()
        ahead = (clock - minute(0).timestamp()) / 60 + 45
        given = incoming("c-9", said("soon", ahead), said("sooner", ahead - 1), at=ahead, needs_human=True)
        await self.seed(dana, given)
        once = await messages(dana, ConversationId("c-9"))
        assert await intake_of(dana).ingest([given]) == ImportResult(unchanged=1)
        assert await messages(dana, ConversationId("c-9")) == once
        now = await dana.get(ConversationId("c-9"))
        assert [message.body for message in once] == ["sooner", "soon"]
        assert {now.created_at, now.last_activity_at, now.waiting_since, *(m.created_at for m in once)} == {
            now.created_at
        }
        assert now.created_at.timestamp() < clock + 60

    async def test_a_copy_keeps_a_thread_as_it_is(self, dana: Store) -> None:
        """With several that have no key and say the same; made again when one more came between."""
        took = [said("Sam took this", 2, Author.SYSTEM, kind=Kind.EVENT)] * 2
        first = incoming("c-1", said("a"), *took, said("c", 4), standing=ConversationState(minute(4)), at=1)
        await self.seed(dana, first)
        assert (await dana.get(C1)).created_at == minute(1)
        gave = said("Sam gave this back", 3, Author.SYSTEM, kind=Kind.EVENT)
        again = incoming(
            "c-1", said("a"), *took, took[0], gave, said("c", 4), standing=ConversationState(minute(4)), at=1
        )
        assert await intake_of(dana).ingest([again]) == ImportResult(extended=1, messages=2)
        assert [message.body for message in await messages(dana)] == [m.body for m in again.messages]
        assert await intake_of(dana).ingest([again]) == ImportResult(unchanged=1)

    @pytest.mark.parametrize(("given", "kept"), TRIMMED.items(), ids=map(ascii, TRIMMED))
    async def test_what_is_known_of_a_visitor_has_no_blanks_around_it(self, dana: Store, given: str, kept: str) -> None:
        """However it comes in; blanks alone are no lead."""
        lead = Lead(given, given, given, given)
        await self.seed(
            dana, incoming("c-1", lead=lead), incoming("c-2", lead=lead, standing=ConversationState(minute(0)))
        )
        await self.seed(dana, incoming("c-3"))
        await intake_of(dana).set_lead(ConversationId("c-3"), lead)
        expected = Lead(kept, kept, kept, kept)
        for id in (C1, C2, ConversationId("c-3")):
            assert (await dana.get(id)).lead == expected
        assert (await dana.counts()).has_lead == len(await ids(dana, Query(Filter.HAS_LEAD)))
        assert (await dana.counts()).has_lead == (3 if kept else 0)
