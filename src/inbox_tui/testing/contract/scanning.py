"""Walking whole lists: exports and "select all"."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from inbox_tui.domain.errors import NotAllowed
from inbox_tui.domain.filters import Filter, Order, Query
from inbox_tui.domain.limits import BODY_LIMIT
from inbox_tui.domain.models import ConversationId, Kind, ReplyDraft
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, Contract, ids, scan_of
from inbox_tui.testing.contract.hostile import hostile
from inbox_tui.testing.factories import incoming, random_conversations, said


async def scanned(store: Store, query: Query, batch: int = 7) -> list[str]:
    """The ids of a scan, in its order."""
    return [row.id async for rows in scan_of(store).scan(query, batch) for row in rows]


class ScanContract(Contract):
    """The port's Scan."""

    async def test_a_scan_is_the_list(self, dana: Store) -> None:
        """Each filter, order and agent, and a search."""
        await self.seed(dana, *random_conversations(Random(5), 40))
        agents = [None, *(agent.id for agent in await dana.agents())]
        for filter, order, agent, search in product(Filter, Order, agents, ("", "flight")):
            query = Query(filter, agent, search, order)
            assert await scanned(dana, query) == await ids(dana, query), query

    async def test_batches_are_no_larger_than_asked(self, dana: Store) -> None:
        """And none is empty."""
        await self.seed(dana, *(incoming(f"c-{number}") for number in range(7)))
        sizes = [len(rows) async for rows in scan_of(dana).scan(Query(), 3)]
        assert sum(sizes) == 7
        assert all(0 < size <= 3 for size in sizes)
        assert [rows async for rows in scan_of(dana).scan(Query(Filter.RESOLVED))] == []

    async def test_a_scan_has_the_whole_last_message(self, dana: Store) -> None:
        """Where a list has the beginning, on one line; no note, no event."""
        body = "first line\n\n" + "words " * 500
        await self.seed(dana, incoming("c-1", "hello", body))
        await dana.reply(C1, ReplyDraft("a note", "n-1", Kind.NOTE))
        [rows] = [rows async for rows in scan_of(dana).scan(Query())]
        assert rows[0].last_message == body
        assert (await dana.get(C1)).last_message.startswith("first line words words")

    async def test_a_scan_sees_one_moment(self, dana: Store, sam: Store) -> None:
        """What others write meanwhile is not in it, in whole or in part."""
        await self.seed(dana, *(incoming(f"c-{number}", at=number) for number in range(10)))
        found: list[str] = []
        async for rows in scan_of(dana).scan(Query(), 2):
            if not found:
                await self.visitor_says(sam, ConversationId("c-0"), "moved up", 100)
                await self.seed(dana, incoming("c-99", at=200))
            found += [row.id for row in rows]
        assert found == [f"c-{number}" for number in reversed(range(10))]
        assert (await scanned(dana, Query()))[:2] == ["c-99", "c-0"]

    async def test_a_scan_can_be_left(self, dana: Store) -> None:
        """Nothing stays behind that hinders a write."""
        await self.seed(dana, *(incoming(f"c-{number}") for number in range(10)))
        walk = scan_of(dana).scan(Query(), 2)
        await anext(walk)
        close = getattr(walk, "aclose", None)
        if close is not None:
            await close()
        await self.seed(dana, incoming("c-10"))
        assert len(await scanned(dana, Query())) == 11

    async def test_matching_is_the_beginning_of_the_list(self, dana: Store) -> None:
        """With a search too."""
        await self.seed(dana, *(incoming(f"c-{number}", "flight", at=number) for number in range(9)))
        for query in (Query(), Query(search="fligh"), Query(order=Order.OLDEST)):
            for limit in (0, 1, 4, 9, 100):
                found = [row.id for row in await scan_of(dana).matching(query, limit)]
                assert found == (await ids(dana, query))[:limit]

    async def test_exports_need_chat_access(self, dana: Store, eve: Store) -> None:
        """Rule 5."""
        await self.seed(dana, incoming("c-1"))
        with pytest.raises(NotAllowed):
            await scanned(eve, Query())
        with pytest.raises(NotAllowed):
            await scan_of(eve).matching(Query(), 5)

    @hostile
    async def test_a_scan_gives_them_to_the_letter(self, dana: Store, text: str) -> None:
        """Raw, as exports need them."""
        await self.seed(dana, incoming("c-1", said(text)))
        assert [row.last_message async for rows in scan_of(dana).scan(Query()) for row in rows] == [text]

    async def test_a_scan_hands_over_large_messages_little_by_little(self, dana: Store) -> None:
        """A batch has as many rows as were asked for only where they are small."""
        body = "x" * (BODY_LIMIT - 10)
        for number in range(60):
            await self.seed(dana, incoming(f"c-{number}", body))
        rows = [row async for batch in scan_of(dana).scan(Query(), 1_000) for row in batch]
        assert {row.id for row in rows} == {ConversationId(f"c-{n}") for n in range(60)}
        assert all(len(row.last_message) == len(body) for row in rows)
