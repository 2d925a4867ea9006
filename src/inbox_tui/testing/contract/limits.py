"""Rule 13: what is stored can be read. Times and lengths pass one gate on every way in, and answers stay small."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from itertools import product

import msgspec
import pytest

from inbox_tui.domain import limits
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.filters import Filter, Order, Query
from inbox_tui.domain.models import (
    FROM_START,
    Author,
    Conversation,
    ConversationState,
    IncomingConversation,
    IncomingMessage,
    Lead,
    MessageId,
    SetStatus,
    Status,
)
from inbox_tui.domain.paging import ROOM, PageRequest, sent_size
from inbox_tui.operations.exporting import csv_parts
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import utc_now
from inbox_tui.testing.contract.base import C1, Contract, intake_of, listed, needs, scan_of
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import incoming, minute, said

_A_MINUTE = timedelta(minutes=1)

UNSTORABLE: dict[str, Callable[[], datetime]] = {
    "before the calendar in UTC": lambda: datetime.fromisoformat("0001-01-01T00:00:00+23:59"),
    "after the calendar in UTC": lambda: datetime.fromisoformat("9999-12-31T23:59:59-23:59"),
    "the first second": lambda: datetime.fromisoformat("0001-01-01T00:00:00+00:00"),
    "the last second": lambda: datetime.fromisoformat("9999-12-31T23:59:59+00:00"),
    "before 1970": lambda: limits.EARLIEST - timedelta(microseconds=1),
    "two days ahead": lambda: utc_now() + 2 * limits.AHEAD,
    "a minute too far ahead": lambda: utc_now() + limits.AHEAD + _A_MINUTE,
}
"""Times that no store takes, by what is wrong with them."""

Write = Callable[[Store, datetime], Awaitable[object]]
"""A way in for a time."""


async def _import_conversation(store: Store, at: datetime) -> None:
    await intake_of(store).ingest([_with(said("a"), at)])


async def _import_message(store: Store, at: datetime) -> None:
    await intake_of(store).ingest([_with(IncomingMessage(Author.VISITOR, "a", at), minute(0))])


async def _import_event(store: Store, at: datetime) -> None:
    await intake_of(store).ingest([_with(said("a"), minute(0), IncomingMessage(Author.SYSTEM, "b", at))])


async def _extend(store: Store, at: datetime) -> None:
    await intake_of(store).ingest([incoming("c-1", said("Hello", key="m"), IncomingMessage(Author.AGENT, "b", at))])


def _copy(field: str) -> Write:
    async def write(store: Store, at: datetime) -> None:
        standing = msgspec.structs.replace(ConversationState(minute(0)), **{field: at})
        await intake_of(store).ingest([incoming("c-9", standing=standing)])

    return write


async def _receive(store: Store, at: datetime) -> None:
    await intake_of(store).receive(C1, IncomingMessage(Author.VISITOR, "a", at))


async def _hand_off(store: Store, at: datetime) -> None:
    await intake_of(store).request_handoff(C1, at)


async def _undo_a_resolve(store: Store, at: datetime) -> None:
    await set_status(store, C1, Status.RESOLVED, Status.OPEN)
    [outcome] = await store.decide([SetStatus(C1, Status.OPEN, Status.RESOLVED, waiting_since=at)])
    await set_status(store, C1, Status.OPEN, Status.RESOLVED)
    outcome.result()


def _with(message: IncomingMessage, at: datetime, *more: IncomingMessage) -> IncomingConversation:
    return incoming("c-9", message, *more, created_at=at)


WAYS_IN: dict[str, Write] = {
    "import of a conversation": _import_conversation,
    "import of a message": _import_message,
    "import of an event": _import_event,
    "import into a known conversation": _extend,
    "copy of the last activity": _copy("last_activity_at"),
    "copy of a wait": _copy("waiting_since"),
    "copy of a first reply": _copy("first_human_reply_at"),
    "copy of a resolve": _copy("resolved_at"),
    "receive": _receive,
    "handoff": _hand_off,
    "undo of a resolve": _undo_a_resolve,
}
"""Every verb that takes a time from outside."""


async def read_everything(store: Store) -> list[Conversation]:
    """All conversations, read in each way there is."""
    for filter, order in product(Filter, Order):
        await listed(store, Query(filter, order=order))
    everything = await listed(store, Query())
    for conversation in everything:
        assert await store.get(conversation.id) == conversation
        assert (await store.thread(conversation.id)).conversation == conversation
    await listed(store, Query(search="a"))
    exported = b"".join([part async for part, _ in csv_parts(scan_of(store), Query())])
    assert exported.decode("utf-8")
    assert len(await scan_of(store).matching(Query(), 100)) == len(everything)
    return everything


class LimitsContract(Contract):
    """How much a store gives at once."""

    @needs("large")
    async def test_a_page_ends_early_rather_than_grow_too_large(self, dana: Store) -> None:
        """It says so, and going on finds every row once, in both directions."""
        wide = "日" * (limits.FIELD_LIMIT // 3)
        lead, topic = Lead(wide, wide, wide, wide), "t" * limits.TOPIC_LIMIT
        count = 2 * ROOM // (limits.TOPIC_LIMIT + 4 * limits.FIELD_LIMIT) + 10
        await self.seed(dana, *(incoming(f"c-{n}", lead=lead, topic=topic, at=n) for n in range(count)))
        expected = [f"c-{n}" for n in reversed(range(count))]
        page = await dana.list(Query(), PageRequest(count))
        pages = [page]
        while page.is_cut:
            page = await dana.list(Query(), PageRequest(count, cursor=page.last))
            pages.append(page)
        assert len(pages) > 2
        assert all(sum(map(sent_size, page.rows)) <= ROOM for page in pages)
        assert [row.id for page in pages for row in page.rows] == expected
        page = await dana.list(Query(), PageRequest(1, offset=-1))
        back = [row.id for row in page.rows]
        while page.rows:
            page = await dana.list(Query(), PageRequest(count, cursor=page.first, direction="before"))
            back[:0] = [row.id for row in page.rows]
        assert back == expected
        assert not (await dana.list(Query(), PageRequest(5))).is_cut

    @needs("large")
    async def test_a_thread_ends_early_rather_than_grow_too_large(self, dana: Store) -> None:
        """It says so, and going on finds every message once; one message always fits."""
        bodies = [f"{n} {'x' * (n % 3) * (limits.BODY_LIMIT // 2 - 10)}" for n in range(9)]
        await self.seed(dana, incoming("c-1", *bodies))
        found: list[str] = []
        before: MessageId | None = None
        has_earlier = True
        while has_earlier:
            thread = await dana.thread(C1, before)
            assert thread.messages
            bytes_held = sum(len(message.body) for message in thread.messages)
            assert bytes_held <= ROOM or len(thread.messages) == 1
            found[:0] = [message.body for message in thread.messages]
            before, has_earlier = thread.messages[0].id, thread.has_earlier
        assert found == bodies
        onwards: list[str] = []
        after, has_later = FROM_START, True
        while has_later:
            thread = await dana.thread(C1, after=after)
            bytes_held = sum(len(message.body) for message in thread.messages)
            assert 0 < bytes_held <= ROOM or len(thread.messages) == 1
            onwards += [message.body for message in thread.messages]
            after, has_later = thread.messages[-1].id, thread.has_later
        assert onwards == bodies

    @needs("given_times")
    async def test_times_come_back_in_utc(self, dana: Store) -> None:
        """However they were written."""
        at = datetime(2026, 11, 3, 23, 30, tzinfo=timezone(timedelta(hours=14)))
        await self.seed(dana, incoming("c-1", IncomingMessage(Author.VISITOR, "a", at), created_at=at))
        assert (await dana.get(C1)).created_at == at
        assert (await dana.get(C1)).created_at.utcoffset() == timedelta(0)


class IntakeLimitsContract(Contract):
    """What an ``Intake`` takes: times and lengths pass one gate on every way in."""

    @pytest.mark.parametrize("write", WAYS_IN.values(), ids=WAYS_IN.keys())
    @pytest.mark.parametrize("at", UNSTORABLE.values(), ids=UNSTORABLE.keys())
    async def test_a_time_that_could_not_be_read_is_refused(
        self, dana: Store, write: Write, at: Callable[[], datetime]
    ) -> None:
        """With the limits named; what is there stays readable, and nothing was added."""
        await self.seed(dana, incoming("c-1", said("Hello", key="m"), needs_human=True))
        with pytest.raises(Rejected, match="is not between 1970-01-01 and"):
            await write(dana, at())
        assert [row.id for row in await read_everything(dana)] == ["c-1"]
        assert len((await dana.thread(C1)).messages) in (1, 3)  # with the events of resolving and reopening

    @pytest.mark.parametrize("write", WAYS_IN.values(), ids=WAYS_IN.keys())
    @pytest.mark.parametrize("at", [limits.EARLIEST, minute(0)], ids=["1970", "this year"])
    async def test_every_other_time_is_taken(self, dana: Store, write: Write, at: datetime) -> None:
        """And can be read in every way."""
        await self.seed(dana, incoming("c-1", said("Hello", key="m"), needs_human=True))
        await write(dana, at)
        assert await read_everything(dana)

    async def test_up_to_a_day_ahead_counts_as_arrival(self, dana: Store) -> None:
        """Clocks differ; what is ahead must neither stay first for ever nor wait last."""
        ahead = utc_now() + limits.AHEAD - _A_MINUTE
        hello = incoming("c-1", IncomingMessage(Author.VISITOR, "Hello", ahead), created_at=ahead, needs_human=True)
        await self.seed(dana, hello)
        await intake_of(dana).receive(C1, IncomingMessage(Author.VISITOR, "More", ahead))
        now = await dana.get(C1)
        assert now.waiting_since is not None
        latest = utc_now()
        assert max(now.created_at, now.last_activity_at, now.waiting_since) <= latest
        assert all(message.created_at <= latest for message in (await dana.thread(C1)).messages)

    async def test_a_copy_keeps_what_is_a_little_ahead(self, dana: Store) -> None:
        """The clock of the store that it comes from may be ahead, and it must equal its source."""
        ahead = utc_now() + _A_MINUTE
        copied = incoming(
            "c-1", IncomingMessage(Author.VISITOR, "Hello", ahead), created_at=ahead, standing=ConversationState(ahead)
        )
        await self.seed(dana, copied)
        assert (await dana.get(C1)).last_activity_at == ahead

    @pytest.mark.parametrize(
        ("field", "limit"),
        [
            ("name", limits.FIELD_LIMIT),
            ("email", limits.FIELD_LIMIT),
            ("phone", limits.FIELD_LIMIT),
            ("company", limits.FIELD_LIMIT),
            ("topic", limits.TOPIC_LIMIT),
            ("agent", limits.AGENT_NAME_LIMIT),
            ("id", limits.ID_LIMIT),
            ("key", limits.ID_LIMIT),
            ("body", limits.BODY_LIMIT),
        ],
    )
    @pytest.mark.parametrize("letter", ["x", "日", "\U0001f600"])
    async def test_lengths_are_limited_in_bytes(self, dana: Store, field: str, limit: int, letter: str) -> None:
        """As much as the limit is taken, one more letter is refused, and the reason names both."""
        most = letter * (limit // len(letter.encode()))
        values = {"id": "c-9", "key": "m", "body": "Hello", "topic": "", "agent": "Website assistant"}
        for text, is_taken in ((most, True), (most + letter, False)):
            given = {**values, field: text}
            lead = Lead(**{field: text}) if field in ("name", "email", "phone", "company") else Lead()
            message = said(given["body"], key=given["key"])
            whole = incoming(given["id"], message, lead=lead, topic=given["topic"], agent=given["agent"])
            if is_taken:
                await self.seed(dana, whole)
            else:
                with pytest.raises(Rejected, match=f"{limit:,} is the most"):
                    await self.seed(dana, whole)
        assert len(await read_everything(dana)) == 1

    async def test_no_verb_takes_more(self, dana: Store) -> None:
        """Whatever a client may send besides imports."""
        await self.seed(dana, incoming("c-1"))
        endless = "x" * (limits.BODY_LIMIT + 1)
        with pytest.raises(Rejected):
            await intake_of(dana).set_lead(C1, Lead(name=endless))
        with pytest.raises(Rejected):
            await intake_of(dana).receive(C1, said(endless))
