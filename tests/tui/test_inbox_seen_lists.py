"""A filter that was seen before shows at once what is known of it, and mends itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.domain.changes import NOWHERE, Written
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.domain.filters import Counts, Filter, Query
from inbox_tui.domain.models import AgentId, Conversation, ConversationId, MemberId, Status
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.store.protocol import Intake
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import record
from inbox_tui.tui import messages as m
from inbox_tui.tui.inbox.seen_lists import CACHE_SIZE, SeenLists
from tui.terminal import Inbox
from tui.workspace import DANA, MAYA, VISITOR, Team4, chat, give, said

ME = MemberId("1")


@asynccontextmanager
async def held_back(inbox: Inbox) -> AsyncIterator[asyncio.Event]:
    """The store lists nothing until the event is set; at the end everything has settled."""
    store, goes_on = inbox.context.work.store, asyncio.Event()
    listed = store.list

    async def later(query: Query, page: PageRequest) -> Page:
        await goes_on.wait()
        return await listed(query, page)

    store.list = later  # type: ignore[method-assign]
    try:
        yield goes_on
    finally:
        goes_on.set()
        await inbox.settled()
        store.list = listed  # type: ignore[method-assign]


async def mended(inbox: Inbox, goes_on: asyncio.Event) -> None:
    read = len(inbox.heard(m.ListRead))
    goes_on.set()
    await inbox.until(lambda: len(inbox.heard(m.ListRead)) > read)
    await inbox.settled()


async def changed_elsewhere(inbox: Inbox, id: str, status: Status) -> None:
    """A colleague resolves or reopens; the inbox hears of it."""
    store = inbox.context.work.store
    heard = len(inbox.heard(m.ConversationsRead))
    conversation = await store.get(ConversationId(id))
    await set_status(store, conversation.id, status, conversation.status)
    await inbox.until(lambda: len(inbox.heard(m.ConversationsRead)) > heard)


async def test_it_is_there_before_the_store_has_answered(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("5", "1")
        async with held_back(inbox) as goes_on:
            await inbox.pilot.press("5")
            assert inbox.rows == ["wei", "hanna", "priya"]
            assert inbox.here == "wei"
            assert "[5 Pending human reply 3]" in inbox.text()
            await mended(inbox, goes_on)
            assert inbox.rows == ["wei", "hanna", "priya"]


async def test_what_left_it_meanwhile_is_not_shown(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("5", "1")
        await changed_elsewhere(inbox, "wei", Status.RESOLVED)
        async with held_back(inbox):
            await inbox.pilot.press("5")
            assert inbox.rows == ["hanna", "priya"]


async def test_what_the_member_decided_meanwhile_is_shown(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("3", "1")
        await inbox.go_to("priya")
        await inbox.press("e")
        async with held_back(inbox):
            await inbox.pilot.press("3")
            assert inbox.rows == ["luis", "hanna", "otto", "nobody", "wei"]
            assert "[3 Unresolved 5]" in inbox.text()


async def test_what_the_member_resolved_stands_at_the_top_of_what_is_resolved(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("4", "1")
        await inbox.go_to("priya")
        await inbox.press("e")
        async with held_back(inbox) as goes_on:
            await inbox.pilot.press("4")
            assert (inbox.rows[0], inbox.here) == ("priya", "priya")
            await mended(inbox, goes_on)
            assert (inbox.rows[0], inbox.here) == ("priya", "priya")


async def test_what_came_meanwhile_comes_with_the_answer(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("5", "1")
        async with held_back(inbox) as goes_on:
            await inbox.pilot.press("5", "j")
            assert inbox.here == "hanna"
            dana = await team.store()
            assert isinstance(dana, Intake)
            await dana.ingest((chat("early", said(VISITOR, "Hello?", 2000), needs_human=True),))
            assert inbox.rows == ["wei", "hanna", "priya"]
            await mended(inbox, goes_on)
            assert inbox.rows == ["early", "wei", "hanna", "priya"]
            assert inbox.here == "hanna", "the highlight stays on its conversation"


async def test_the_highlight_stays_in_its_row_where_its_conversation_has_left(team: Team4) -> None:
    """And not at the top, where nobody looks."""
    async with team.inbox() as inbox:
        await inbox.press("3", "1")
        async with held_back(inbox) as goes_on:
            await inbox.pilot.press("3", "j", "j")
            assert inbox.here == "hanna"
            store = await team.store(MAYA)
            await set_status(store, ConversationId("hanna"), Status.RESOLVED, Status.OPEN)
            await mended(inbox, goes_on)
            assert inbox.rows == ["priya", "luis", "otto", "nobody", "wei"]
            assert inbox.here == "otto"


async def test_keys_act_on_what_is_shown(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("5", "1")
        async with held_back(inbox):
            await inbox.pilot.press("5", "j", "i")
            store = await team.store()
            await inbox.until(lambda: bool(inbox.heard(m.TriageDone)))
            taken = [row for row in (await store.list(Query(), PageRequest())).rows if row.assignee is not None]
            assert {row.id for row in taken if row.assignee and row.assignee.email == DANA} >= {"hanna"}
            assert inbox.open_one.id == "hanna"


async def test_a_list_that_cannot_be_read_again_stays_under_its_own_name(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("5", "1")
        store = inbox.context.work.store
        listed = store.list

        async def fails(query: Query, page: PageRequest) -> Page:
            raise StoreUnavailable("The line is down.")

        store.list = fails  # type: ignore[method-assign]
        await inbox.press("5")
        assert inbox.rows == ["wei", "hanna", "priya"]
        assert inbox.listing.query == Query(Filter.PENDING)
        assert "[5 Pending human reply 3]" in inbox.text()
        store.list = listed  # type: ignore[method-assign]


async def test_nothing_is_kept_of_what_a_restore_undid(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("5", "1")
        inbox.screen.post_message(m.ChangesSeen(Written(NOWHERE, reset=True)))
        await inbox.until(lambda: inbox.heard(m.ListRead)[-1].query == Query() and len(inbox.heard(m.ListRead)) == 3)
        async with held_back(inbox):
            await inbox.pilot.press("5")
            assert inbox.rows[0] == "priya", "the list before stays until the other is read"


async def test_a_colleagues_assignment_is_known(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("2", "1")
        heard = len(inbox.heard(m.ConversationsRead))
        await give(await team.store(MAYA), "hanna", MAYA)
        await inbox.until(lambda: len(inbox.heard(m.ConversationsRead)) > heard)
        async with held_back(inbox):
            await inbox.until(lambda: inbox.listing.counts.your_inbox == 0)
            await inbox.pilot.press("2")
            assert inbox.rows == []
            assert "Your inbox is empty" in inbox.text()


IDS = st.sampled_from([ConversationId(f"c-{number}") for number in range(6)])
RECORDS = st.builds(lambda id, status: record(id=id, status=status), IDS, st.sampled_from(Status))
QUERIES = st.builds(Query, st.sampled_from([Filter.ALL, Filter.UNRESOLVED, Filter.RESOLVED]))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hear"), RECORDS),
        st.tuples(st.just("forget"), IDS),
        st.tuples(st.just("put"), st.tuples(QUERIES, st.lists(RECORDS, unique_by=lambda row: row.id))),
    ),
    max_size=25,
)


@given(STEPS, QUERIES)
def test_no_row_stands_where_it_does_not_belong_by_what_is_known(steps: list[tuple[str, Any]], wanted: Query) -> None:
    seen = SeenLists()
    known: dict[ConversationId, Conversation] = {}
    for what, it in steps:
        if what == "hear":
            known[it.id] = it
            seen.hear([it])
        elif what == "forget":
            known.pop(it, None)
            seen.forget([it])
        else:
            query, read = it
            rows = tuple(row for row in read if query.filter.matches(row, ME))
            known |= {row.id: row for row in rows}
            seen.put(Page(query, rows, None, None, 0), Counts())
    found = seen.get(wanted, ME)
    for row in found.page.rows if found else ():
        assert row == known.get(row.id)
        assert wanted.filter.matches(row, ME)


def test_few_lists_are_kept_and_no_search() -> None:
    seen = SeenLists()
    queries = [
        Query(Filter.ALL, search="words"),
        *(Query(agent=AgentId(str(number))) for number in range(CACHE_SIZE + 1)),
    ]
    for query in queries:
        seen.put(Page(query, (record(),), None, None, 0), Counts())
    assert [query for query in queries if seen.get(query, ME) is not None] == queries[2:]


@pytest.mark.parametrize("offset", [5, -3])
def test_only_the_beginning_of_a_list_is_kept(offset: int) -> None:
    seen = SeenLists()
    seen.put(Page(Query(), (record(),), None, None, offset), Counts())
    assert seen.get(Query(), ME) is None
