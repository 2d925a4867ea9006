"""The inbox on a store that knows less than ours: what it does not know is not shown, and nothing is out of reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from inbox_tui.domain.filters import Filter, Order
from inbox_tui.domain.models import Access
from inbox_tui.store.protocol import Store
from inbox_tui.testing.factories import incoming, member
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.workspace import ModelWorkspace
from inbox_tui.tui.widgets.filter_bar import FilterBar
from inbox_tui.tui.widgets.list_header import ListHeader
from inbox_tui.tui.widgets.search_input import SearchInput
from tui.partial_store import PartialStore
from tui.terminal import Inbox
from tui.workspace import DANA, Team4

LENGTH = 100
NEWEST_FIRST = [f"c-{number}" for number in reversed(range(LENGTH))]

Opens = Callable[[PartialStore], Callable[[str], Awaitable[Store]]]


@pytest.fixture
async def workspace(team: Team4) -> ModelWorkspace:
    """A hundred conversations, the last that came being the newest."""
    made = ModelWorkspace(team.clock, member("Dana Ortiz", Access.ADMIN, email=DANA))
    await ModelStore(made, DANA).ingest([incoming(f"c-{number}", at=number) for number in range(LENGTH)])
    return made


@pytest.fixture
def team(tmp_path: Path) -> Team4:
    return Team4(tmp_path)


def opening(store: PartialStore) -> Callable[[str], Awaitable[Store]]:
    async def opens(email: str) -> Store:
        return store

    return opens


def header(inbox: Inbox) -> str:
    return inbox.screen.query_one(ListHeader).render_line(0).text


def bar(inbox: Inbox) -> str:
    return inbox.screen.query_one(FilterBar).render_line(0).text.rstrip()


async def test_a_list_that_nobody_has_counted_scrolls_to_its_end(team: Team4, workspace: ModelWorkspace) -> None:
    team.opens = opening(PartialStore(workspace, DANA))
    async with team.inbox() as inbox:
        assert " 50+ " in header(inbox)  # the second page is read ahead of the cursor
        seen = [inbox.here]
        while inbox.here != "c-0":
            await inbox.press("j")
            seen.append(inbox.here)
        assert seen == inbox.rows == NEWEST_FIRST
        assert " 100 " in header(inbox)
        await inbox.press("j")
        assert inbox.here == "c-0"


async def test_the_end_key_goes_to_the_last_loaded_row_and_reads_on(team: Team4, workspace: ModelWorkspace) -> None:
    team.opens = opening(PartialStore(workspace, DANA))
    async with team.inbox() as inbox:
        places = []
        for _ in range(8):
            await inbox.press("G")
            places.append(inbox.here)
        assert places[0] != "c-0" and places[-1] == "c-0"
        numbers = [NEWEST_FIRST.index(id) for id in places]
        assert numbers == sorted(numbers)
        await inbox.press("g")
        assert (inbox.here, inbox.rows[0]) == ("c-99", "c-99")


async def test_filters_without_numbers_show_none(team: Team4, workspace: ModelWorkspace) -> None:
    team.opens = opening(PartialStore(workspace, DANA, counted=frozenset({Filter.RESOLVED})))
    async with team.inbox() as inbox:
        assert bar(inbox) == "[1 All] 2 Your inbox  3 Unresolved  4 Resolved 0  5 Pending human reply  6 Has lead"
        await inbox.press("e", "4")
        assert bar(inbox).count("4 Resolved 1") == 1
        assert inbox.rows == ["c-99"]
        assert "+" not in header(inbox)


async def test_short_pages_do_not_end_a_list_that_was_counted(team: Team4, workspace: ModelWorkspace) -> None:
    team.opens = opening(PartialStore(workspace, DANA, counted=frozenset(Filter)))
    async with team.inbox() as inbox:
        assert "[1 All 100]" in bar(inbox)
        assert "+" not in header(inbox)
        await inbox.press("G")
        assert inbox.here == "c-0"
        assert len(inbox.rows) == LENGTH


async def test_orders_cycle_through_what_the_store_has(team: Team4, workspace: ModelWorkspace) -> None:
    team.opens = opening(PartialStore(workspace, DANA))
    async with team.inbox() as inbox:
        await inbox.press("5")
        assert inbox.listing.query.effective_order is Order.NEWEST
        await inbox.press("1", "o")
        assert (inbox.listing.query.effective_order, inbox.here) == (Order.OLDEST, "c-0")
        await inbox.press("o")
        assert (inbox.listing.query.effective_order, inbox.here) == (Order.NEWEST, "c-99")


async def test_a_single_order_is_said(team: Team4, workspace: ModelWorkspace) -> None:
    store = PartialStore(workspace, DANA, orders=(Order.NEWEST,))
    team.opens = opening(store)
    async with team.inbox(filter=Filter.PENDING) as inbox:
        assert inbox.listing.query.effective_order is Order.NEWEST
        asked = len(store.asked)
        await inbox.press("o")
        assert inbox.context.status.message == "Here Pending human reply can only be sorted newest first"
        assert len(store.asked) == asked


async def test_the_next_who_waits_is_found_beyond_a_short_page(team: Team4, workspace: ModelWorkspace) -> None:
    store = ModelStore(workspace, DANA)
    oldest = incoming("late", at=-1, needs_human=True)
    await store.ingest([oldest, *(incoming(f"w-{number}", at=200 + number, needs_human=True) for number in range(30))])
    partial = PartialStore(workspace, DANA)
    team.opens = opening(partial)
    async with team.inbox() as inbox:
        found = [inbox.here]
        for _ in range(31):
            await inbox.press("n")
            found.append(inbox.here)
        assert "late" in found, found


async def test_a_search_that_finds_no_words_says_so_before_anything_is_typed(
    team: Team4, workspace: ModelWorkspace
) -> None:
    team.opens = opening(PartialStore(workspace, DANA, finds_words=False))
    async with team.inbox() as inbox:
        await inbox.press("slash")
        assert inbox.screen.query_one(SearchInput).placeholder == "a piece of text"


async def test_a_workspace_may_have_a_name_of_its_own(team: Team4, workspace: ModelWorkspace) -> None:
    team.opens = opening(PartialStore(workspace, DANA))
    async with team.inbox() as inbox:
        assert inbox.context.top.store_name == "Acme Support"
