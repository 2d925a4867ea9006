"""Over a long line what counts is how often the program waits for an answer before it asks on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from benchmarks.proxy import HERE, Proxy

from inbox_tui.domain.errors import NotAllowed
from inbox_tui.domain.filters import Filter, Order, Query
from inbox_tui.domain.models import ConversationId, ReplyDraft
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.overview import FIRST_PAGE, Overview, first_list, read_counted_page, read_overview
from inbox_tui.store.protocol import Store
from inbox_tui.store.refreshing import Refresh, read_apart, read_refreshed
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract.base import C1, intake_of
from inbox_tui.testing.factories import DANA, EVE, incoming, said
from server.harness import Served

MADE = 1
"""Round trips of a connection without TLS."""
FIRST = PageRequest(limit=FIRST_PAGE)


@pytest.fixture
async def line(served: Served) -> AsyncIterator[Proxy]:
    proxy = Proxy(HERE, urlsplit(served.address).port or 0)
    server = await proxy.listen()
    yield proxy
    server.close()
    await proxy.aclose()


@pytest.fixture
async def far(served: Served, store: Store, line: Proxy) -> AsyncIterator[Store]:
    """The workspace with one conversation, over the line, as an inbox opens it."""
    await intake_of(store).ingest([incoming("c-1", said("Hello"), needs_human=True)])
    far = await opened(served, line, DANA)
    yield far
    await far.aclose()


async def opened(served: Served, line: Proxy, email: str) -> Store:
    secret, _ = await served.token(email)
    identity = Identity("", token=secret, first=first_list(Filter.ALL))
    return await open_store(StoreUrl.parse(f"http://{HERE}:{line.port}"), identity)


async def asked_apart(store: Store, query: Query) -> Overview:
    """The same, each part by its own verb."""
    page, counts = await store.list(query, FIRST), await store.counts(query.scope)
    return Overview(await store.me(), tuple(await store.agents()), tuple(await store.members()), counts, page)


async def test_the_first_list_takes_one_request(line: Proxy, far: Store) -> None:
    overview = await read_overview(far, *first_list(Filter.ALL))
    assert (line.tally.round_trips, line.tally.turns, line.tally.connections) == (MADE + 1, 1, 1)
    assert overview == await asked_apart(far, Query())


@pytest.mark.parametrize(
    "query", [Query(Filter.PENDING), Query(Filter.RESOLVED, order=Order.OLDEST), Query(search="hello")]
)
async def test_a_filter_takes_one_request(line: Proxy, far: Store, query: Query) -> None:
    before = line.tally
    page, counts = await read_counted_page(far, query, FIRST)
    assert line.tally.after(before).turns == line.tally.after(before).round_trips == 1
    assert (page, counts) == (await far.list(query, FIRST), await far.counts())


async def test_a_page_further_on_is_counted_too(far: Store) -> None:
    page, counts = await read_counted_page(far, Query(), PageRequest(limit=10, offset=-1))
    assert ([row.id for row in page.rows], counts.all) == (["one"], 5)


async def test_any_number_of_conversations_take_one_request(line: Proxy, far: Store) -> None:
    await read_overview(far, *first_list(Filter.ALL))
    before = line.tally
    found = await far.get_many([C1, *(ConversationId(f"gone-{number}") for number in range(500))])
    assert [one.id for one in found] == [C1]
    assert line.tally.after(before).turns == 1


async def test_what_a_write_changed_takes_one_request(line: Proxy, far: Store, store: Store) -> None:
    await read_overview(far, *first_list(Filter.ALL))
    before = line.tally
    wanted = Refresh([C1, ConversationId("gone")], thread=C1)
    seen = await read_refreshed(far, wanted)
    assert line.tally.after(before).turns == 1
    assert seen == await read_refreshed(store, wanted) == await read_apart(far, wanted)
    assert (await read_refreshed(far, Refresh(thread=ConversationId("gone")))).thread is None


async def test_a_reply_is_acknowledged_in_one(line: Proxy, far: Store) -> None:
    await read_overview(far, *first_list(Filter.ALL))
    before = line.tally
    await far.reply(C1, ReplyDraft("Hello to you", "k-1"))
    assert line.tally.after(before).turns == line.tally.after(before).round_trips == 1


async def test_what_was_read_while_opening_is_shown_once(far: Store, store: Store) -> None:
    """What is asked for later is read then."""
    assert (await read_overview(far, *first_list(Filter.ALL))).counts.all == 5
    await intake_of(store).ingest([incoming("c-2")])
    assert (await read_overview(far, *first_list(Filter.ALL))).counts.all == 6


async def test_who_may_not_chat_sees_no_more_in_one_answer(served: Served, far: Store, line: Proxy) -> None:
    eve = await opened(served, line, EVE)
    try:
        assert await read_overview(eve, *first_list(Filter.ALL)) == await asked_apart(eve, Query())
        with pytest.raises(NotAllowed):
            await read_counted_page(eve, Query(search="hello"), FIRST)
    finally:
        await eve.aclose()
