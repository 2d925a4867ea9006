"""The visitors of the demo, on a real store and a clock of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import cast

import pytest

import inbox_tui.operations.living_sample as living
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Author, ConversationId, Kind, ReplyDraft, Status
from inbox_tui.domain.paging import PageRequest
from inbox_tui.operations.living_sample import Visitors, Workspace, script
from inbox_tui.operations.sample import ME, load_sample
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.deciding import set_status

NOW = datetime(2026, 11, 6, 15, tzinfo=timezone.utc)
NADEGE = ConversationId("c-1057")
AT_ONCE, LONG = timedelta(seconds=0.1), timedelta(minutes=2)


class Clock:
    """Says what time it is in the demo."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def demo(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    """The demo's store as the member who looks at it has it open."""
    url = StoreUrl.parse(f"sqlite:///{tmp_path}/demo.db")

    async def open_as(email: str, name: str) -> Store:
        return await open_store(url, Identity(email, name, is_given=True), clock)

    await load_sample(open_as, NOW)
    store = await open_as(ME, "")
    yield store
    await store.aclose()


async def visitors_of(demo: Store, seed: int = 1) -> Visitors:
    visitors = Visitors(cast(Workspace, demo), script(), NOW, Random(seed))
    await visitors.turn(NOW)
    return visitors


async def said_in(demo: Store, id: ConversationId) -> list[tuple[Author, str]]:
    messages = (await demo.thread(id)).messages
    return [(message.author, message.body) for message in messages if message.kind is Kind.MESSAGE]


async def waiting(demo: Store) -> set[ConversationId]:
    page = await demo.list(Query(Filter.PENDING), PageRequest(limit=100))
    return {row.id for row in page.rows}


async def turn(visitors: Visitors, clock: Clock, after: timedelta) -> None:
    clock.now += after
    await visitors.turn(clock.now)


@pytest.mark.parametrize("seed", range(5))
async def test_after_some_seconds_a_visitor_writes_and_waits(demo: Store, clock: Clock, seed: int) -> None:
    visitors = await visitors_of(demo, seed)
    before = await waiting(demo)
    await turn(visitors, clock, timedelta(seconds=living.FIRST_WITHIN[0]) - AT_ONCE)
    assert await waiting(demo) == before
    await turn(visitors, clock, timedelta(seconds=living.FIRST_WITHIN[1]))
    first = script().speaks_up[0]
    assert await waiting(demo) - before == {first.id}
    assert (await said_in(demo, first.id))[-1] == (Author.VISITOR, first.body)


async def test_each_speaks_up_once_and_then_there_is_silence(demo: Store, clock: Clock) -> None:
    visitors = await visitors_of(demo)
    for _ in range(20):
        await turn(visitors, clock, LONG)
    for line in script().speaks_up:
        assert (await said_in(demo, line.id)).count((Author.VISITOR, line.body)) == 1
    assert {line.id for line in script().speaks_up} <= await waiting(demo)


async def test_who_was_answered_or_is_done_does_not_speak_up(demo: Store, clock: Clock) -> None:
    visitors = await visitors_of(demo)
    first, second, third = script().speaks_up[:3]
    clock.now += AT_ONCE
    await demo.reply(first.id, ReplyDraft("How does it look?", "k-1"))
    await set_status(demo, second.id, Status.RESOLVED, expected=Status.OPEN)
    await turn(visitors, clock, timedelta(seconds=living.FIRST_WITHIN[1]))
    assert (Author.VISITOR, first.body) not in await said_in(demo, first.id)
    assert (await demo.get(second.id)).status is Status.RESOLVED
    assert (await said_in(demo, third.id))[-1] == (Author.VISITOR, third.body), "the next one does, at the same time"


@pytest.mark.parametrize("id", [NADEGE, ConversationId("c-1018")])
async def test_replies_are_answered_each_in_its_time(demo: Store, clock: Clock, id: ConversationId) -> None:
    visitors = await visitors_of(demo)
    answers = script().answers.get(id, script().otherwise)
    for number, expected in enumerate([*answers, None, None]):
        await demo.reply(id, ReplyDraft(f"Reply {number}", f"k-{number}"))
        await turn(visitors, clock, AT_ONCE)
        assert (await said_in(demo, id))[-1] == (Author.MEMBER, f"Reply {number}")
        assert id not in await waiting(demo)
        await turn(visitors, clock, timedelta(seconds=living.ANSWER_WITHIN[1]))
        author, body = (await said_in(demo, id))[-1]
        assert author is Author.VISITOR
        assert body == expected if expected else body in script().at_last
        assert id in await waiting(demo)
        before = await said_in(demo, id)
        await turn(visitors, clock, LONG)
        assert await said_in(demo, id) == before, "an answer needs a reply"


async def test_two_replies_in_a_row_have_one_answer(demo: Store, clock: Clock) -> None:
    visitors = await visitors_of(demo)
    for number in range(2):
        await demo.reply(NADEGE, ReplyDraft(f"Reply {number}", f"k-{number}"))
        await turn(visitors, clock, AT_ONCE)
    for _ in range(3):
        await turn(visitors, clock, LONG)
    assert [author for author, _ in await said_in(demo, NADEGE)][-3:] == [Author.MEMBER, Author.MEMBER, Author.VISITOR]


async def test_notes_and_what_is_done_are_not_answered(demo: Store, clock: Clock) -> None:
    visitors = await visitors_of(demo)
    before = await said_in(demo, NADEGE)
    await demo.reply(NADEGE, ReplyDraft("Only for us", "k-1", kind=Kind.NOTE))
    for _ in range(3):
        await turn(visitors, clock, LONG)
    assert await said_in(demo, NADEGE) == before
    await demo.reply(NADEGE, ReplyDraft("Changed.", "k-2"))
    await set_status(demo, NADEGE, Status.RESOLVED, expected=Status.OPEN)
    for _ in range(3):
        await turn(visitors, clock, LONG)
    assert (await said_in(demo, NADEGE))[-1] == (Author.MEMBER, "Changed.")
    assert (await demo.get(NADEGE)).status is Status.RESOLVED


async def test_what_visitors_write_comes_from_them_and_nobody_brought_it_in(demo: Store, clock: Clock) -> None:
    visitors = await visitors_of(demo)
    await turn(visitors, clock, LONG)
    last = (await demo.thread(script().speaks_up[0].id)).messages[-1]
    assert (last.author, last.imported_by, last.created_at) == (Author.VISITOR, None, clock.now)


async def test_everybody_who_says_something_is_in_the_sample(demo: Store) -> None:
    page = await demo.list(Query(), PageRequest(limit=200))
    ids = {row.id for row in page.rows}
    said = script()
    assert {line.id for line in said.speaks_up} | said.answers.keys() <= ids
    assert all(said.answers.values())
    assert said.otherwise and said.at_last
