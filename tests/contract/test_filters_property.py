"""Whatever a workspace holds: what SQL lists and counts is what ``Filter.matches`` says."""

from __future__ import annotations

import asyncio
import tempfile
from itertools import pairwise, product
from pathlib import Path

from hypothesis import given, settings

from inbox_tui.backends.sqlite.store import open_file
from inbox_tui.domain.filters import Filter, Order, Query, Scope
from inbox_tui.domain.models import Access, IncomingConversation
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.registry import Identity, utc_now
from inbox_tui.testing.factories import DANA, SAM
from inbox_tui.testing.lists import sort_key
from inbox_tui.testing.strategies import workspaces

ALL_ROWS = PageRequest(limit=1000)


async def check(path: Path, given_conversations: list[IncomingConversation]) -> None:
    dana = await open_file(path, Identity(DANA, "Dana Ortiz"), utc_now)
    await dana.add_member(SAM, "Sam Okafor", Access.EDIT)
    sam = await open_file(path, Identity(SAM), utc_now)
    try:
        await dana.ingest(given_conversations)
        everything = [row for rows in [row async for row in dana.scan(Query())] for row in rows]
        assert {row.id for row in everything} == {conversation.id for conversation in given_conversations}
        agents = [None, *(agent.id for agent in await dana.agents())]
        for store, agent, filter in product((dana, sam), agents, Filter):
            me = (await store.me()).id
            right = {row.id for row in everything if filter.matches(row, me) and agent in (None, row.agent.id)}
            assert (await store.counts(Scope(agent))).of(filter) == len(right)
            for order in Order:
                rows = (await store.list(Query(filter, agent, order=order), ALL_ROWS)).rows
                assert len(rows) == len(right)
                assert {row.id for row in rows} == right
                assert all(sort_key(a, order) <= sort_key(b, order) for a, b in pairwise(rows))
    finally:
        await sam.aclose()
        await dana.aclose()


@settings(max_examples=25)
@given(workspaces())
def test_lists_and_counts_are_what_the_filters_say(given_conversations: list[IncomingConversation]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder) / "inbox.db", given_conversations))
