"""Windows into lists: every order, forwards, backwards, by row number, and while others write."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from random import Random

import pytest

from inbox_tui.domain.filters import Filter, Order, Query
from inbox_tui.domain.models import ConversationId
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import Contract, ids, listed, require_all_orders
from inbox_tui.testing.factories import incoming, random_conversations
from inbox_tui.testing.lists import sort_key

SIZE = 7


def joined(rows: Sequence[str], more: Page | Sequence[str]) -> list[str]:
    """Rows and those that follow them; a row that comes twice would make the walk endless."""
    following = [row.id for row in more.rows] if isinstance(more, Page) else more
    assert not set(rows) & set(following), "a row comes twice"
    return [*rows, *following]


async def forwards(store: Store, query: Query, limit: int) -> list[str]:
    """The list as one who scrolls down meets it."""
    found: list[str] = []
    page = await store.list(query, PageRequest(limit))
    while page.rows:
        found = joined(found, page)
        page = await store.list(query, PageRequest(limit, cursor=page.last))
    return found


async def backwards(store: Store, query: Query, limit: int) -> list[str]:
    """The list as one who scrolls up from its end meets it, in its own order."""
    found: list[str] = []
    page = await store.list(query, PageRequest(limit, offset=-limit))
    while page.rows:
        found = joined([row.id for row in page.rows], found)
        page = await store.list(query, PageRequest(limit, cursor=page.first, direction="before"))
    return found


def shape(page: Page) -> tuple[list[str], int | None, bool, bool]:
    """What can be compared of a page."""
    return [row.id for row in page.rows], page.offset, page.first is None, page.last is None


class PagingContract(Contract):
    """``list``, without a search."""

    async def test_every_list_is_whole_and_in_order_however_it_is_read(self, dana: Store, sam: Store) -> None:
        """Each filter, order and agent: all at once, forwards, backwards, and row by row number."""
        await self.seed(dana, *random_conversations(Random(3), 40))
        agents = [None, *(agent.id for agent in await dana.agents())]
        for query in [
            Query(filter, agent, order=order)
            for filter, agent in product(Filter, agents)
            for order in dana.capabilities.orders_of(filter)
        ]:
            order = query.effective_order
            rows = await listed(dana, query)
            right = [row.id for row in rows]
            assert all(sort_key(a, order) <= sort_key(b, order) for a, b in pairwise(rows)), query
            assert await forwards(dana, query, SIZE) == right, query
            assert await backwards(dana, query, SIZE) == right, query
            for offset in (1, SIZE, len(right) - 1, -1, -SIZE):
                if 0 <= offset < len(right) or -len(right) <= offset < 0:
                    page = await dana.list(query, PageRequest(SIZE, offset))
                    start = offset % len(right)
                    given, at, *_ = shape(page)
                    assert at is not None and given == right[at : at + len(given)] != [], (query, offset)
                    if page.is_end is None:  # else the store gives fewer rows at once, from where it says
                        assert (given, at) == (right[start : start + SIZE], start), (query, offset)

    async def test_a_filter_has_an_order_of_its_own(self, dana: Store) -> None:
        """Newest first, but those who wait the longest waiting first."""
        require_all_orders(dana)
        await self.seed(
            dana, *(incoming(f"c-{number}", at=number, needs_human=True) for number in range(3)), incoming("c-3", at=3)
        )
        assert await ids(dana, Query()) == ["c-3", "c-2", "c-1", "c-0"]
        assert await ids(dana, Query(order=Order.OLDEST)) == ["c-0", "c-1", "c-2", "c-3"]
        assert await ids(dana, Query(Filter.PENDING)) == ["c-0", "c-1", "c-2"]
        assert await ids(dana, Query(Filter.PENDING, order=Order.NEWEST)) == ["c-2", "c-1", "c-0"]

    async def test_in_waiting_order_the_others_follow_by_newest_activity(self, dana: Store) -> None:
        """Nobody is left out of it."""
        require_all_orders(dana)
        await self.seed(
            dana,
            incoming("calm-old", at=1),
            incoming("waits-short", at=9, needs_human=True),
            incoming("calm-new", at=5),
            incoming("waits-long", at=2, needs_human=True),
        )
        assert await ids(dana, Query(order=Order.WAITING)) == ["waits-long", "waits-short", "calm-new", "calm-old"]

    @pytest.mark.parametrize("count", [0, 1, SIZE, SIZE + 1])
    async def test_page_edges(self, dana: Store, count: int) -> None:
        """No row, one, a full page, one more."""
        await self.seed(dana, *(incoming(f"c-{number}", at=number) for number in range(count)))
        right = [f"c-{number}" for number in reversed(range(count))]
        request = PageRequest(SIZE)
        page = await dana.list(Query(), request)
        given = len(page.rows)
        assert shape(page) == (right[:given], 0, count == 0, count == 0)
        assert given == min(count, SIZE) or page.is_end is False, "a short page says that there is more"
        assert given == count or not page.ends(request)
        if page.last is not None:
            ids, offset, *_ = shape(await dana.list(Query(), PageRequest(SIZE, cursor=page.last)))
            assert (ids, offset) == (right[given : given + len(ids)], None)
            assert ids or given == count
        last = await dana.list(Query(), PageRequest(SIZE, offset=-SIZE))
        ids, offset, *_ = shape(last)
        assert (ids, offset) == (right[count - len(ids) :], count - len(ids))
        assert len(ids) == min(count, SIZE) or last.is_end is not None

    async def test_requests_beyond_the_list_are_answered_all_the_same(self, dana: Store) -> None:
        """Beyond the end is nothing; further back than the beginning is the beginning."""
        await self.seed(dana, incoming("c-0", at=0), incoming("c-1", at=1))
        assert shape(await dana.list(Query(), PageRequest(SIZE, offset=99)))[0] == []
        assert shape(await dana.list(Query(), PageRequest(SIZE, offset=-99)))[:2] == (["c-1", "c-0"], 0)
        assert shape(await dana.list(Query(), PageRequest(0)))[0] == []

    async def test_pages_carry_their_query(self, dana: Store) -> None:
        """So that a late answer can be told from the one that is waited for."""
        query = Query(Filter.RESOLVED, search="flight")
        assert (await dana.list(query, PageRequest())).query == query

    async def test_scrolling_neither_repeats_nor_skips_while_others_write(self, dana: Store, sam: Store) -> None:
        """Rows that move up meanwhile are not met again; all that stayed are met once."""
        await self.seed(dana, *(incoming(f"c-{number}", at=number) for number in range(20)))
        seen: list[str] = []
        page = await dana.list(Query(), PageRequest(5))
        moved = ["c-19", "c-12", "c-3"]
        for id in (*moved, ""):
            seen += [row.id for row in page.rows]
            if id:
                await self.visitor_says(sam, ConversationId(id), "I am back", 100 + len(seen))
                await self.seed(dana, incoming(f"new-{id}", at=200 + len(seen)))
            page = await dana.list(Query(), PageRequest(5, cursor=page.last))
        seen += [row.id for row in page.rows]
        assert len(seen) == len(set(seen))
        assert {f"c-{number}" for number in range(20)} - set(seen) <= set(moved)

    async def test_a_cursor_outlives_its_row(self, dana: Store) -> None:
        """A row that moved away does not take the place with it."""
        await self.seed(dana, *(incoming(f"c-{number}", at=number) for number in range(6)))
        page = await dana.list(Query(), PageRequest(3))
        assert [row.id for row in page.rows] == ["c-5", "c-4", "c-3"]
        await self.visitor_says(dana, ConversationId("c-3"), "me again", 50)
        following = await dana.list(Query(), PageRequest(9, cursor=page.last))
        assert [row.id for row in following.rows] == ["c-2", "c-1", "c-0"]
        before = await dana.list(Query(), PageRequest(9, cursor=page.last, direction="before"))
        assert [row.id for row in before.rows] == ["c-3", "c-5", "c-4"]

    async def test_a_list_in_its_own_order_is_whole_read_either_way(self, dana: Store) -> None:
        """Each filter, forwards, and backwards from its end; nothing twice."""
        for number in range(20):
            needs_human = number % 3 == 0
            await self.seed(dana, incoming(f"c-{number}", at=number, needs_human=needs_human))
        for filter in Filter:
            query = Query(filter)
            right = await ids(dana, query)
            assert len(right) == len(set(right)), query
            assert await forwards(dana, query, SIZE) == right, query
            assert await backwards(dana, query, SIZE) == right, query
        assert len(await ids(dana, Query())) == 20
