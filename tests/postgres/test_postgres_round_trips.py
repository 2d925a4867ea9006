"""Over a long line what counts is how often the program waits for an answer before it asks on."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from benchmarks.proxy import HERE, Proxy

from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Access
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.overview import Overview, read_counted_page, read_overview
from inbox_tui.store.protocol import Store, Team
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract.base import C1, intake_of
from inbox_tui.testing.factories import DANA, incoming, said
from inbox_tui.testing.following import next_written
from postgres.cluster import Cluster, needs_postgres, running

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]

MADE = 3
"""Round trips of a connection: the network's, the question for TLS, the login without a password."""
APART = 0.2
"""Seconds of a round trip, so that what travels at the same time is seen to."""
FIRST = PageRequest(limit=80)


@pytest.fixture(scope="module")
def far() -> Iterator[Cluster]:
    """A server that is reached over the network."""
    with running() as cluster:
        cluster.stop()
        with socket.socket() as free:
            free.bind((HERE, 0))
            port = free.getsockname()[1]
        cluster.start(port=port)
        yield cluster


@pytest.fixture
async def line(far: Cluster) -> AsyncIterator[Proxy]:
    proxy = Proxy(HERE, far.port)
    server = await proxy.listen()
    yield proxy
    server.close()
    await proxy.aclose()


@pytest.fixture
async def address(far: Cluster, line: Proxy) -> AsyncIterator[StoreUrl]:
    """A workspace with one conversation, over the line."""
    with far.database() as name:
        store = await open_store(StoreUrl.parse(far.url(name)), Identity(DANA, "Dana Ortiz", is_given=True))
        await intake_of(store).ingest([incoming("c-1", said("Hello"))])
        await store.aclose()
        yield StoreUrl.parse(f"postgresql://inbox@{HERE}:{line.port}/{name}")


async def opened(address: StoreUrl) -> Store:
    return await open_store(address, Identity(DANA, is_given=True))


async def test_the_first_list_comes_after_six_round_trips(line: Proxy, address: StoreUrl) -> None:
    store = await opened(address)
    try:
        overview = await read_overview(store, Query(), FIRST)
        assert [row.id for row in overview.page.rows] == ["c-1"]
        assert line.tally.round_trips == MADE + 2
        assert line.tally.connections == 1
    finally:
        await store.aclose()


async def test_everything_stands_after_eight(line: Proxy, address: StoreUrl) -> None:
    """The list, the first thread, and the three connections: to read, to write and to hear of others' writes."""
    line.round_trip = APART
    store = await open_store(address, Identity(DANA, is_given=True, first=(Query(), FIRST)))
    try:
        assert (await read_overview(store, Query(), FIRST)).counts.all == 1
        assert line.tally.round_trips <= 6
        assert [message.body for message in (await store.thread(C1)).messages] == ["Hello"]
        await next_written(store.changes())
        assert line.tally.round_trips <= 8
        assert line.tally.connections == 3
    finally:
        await store.aclose()


async def test_what_a_screen_asks_takes_one(line: Proxy, address: StoreUrl) -> None:
    store = await opened(address)
    try:
        await read_overview(store, Query(), FIRST)
        for ask in (
            lambda: read_counted_page(store, Query(Filter.PENDING), FIRST),
            lambda: store.list(Query(Filter.RESOLVED), FIRST),
            store.counts,
            lambda: store.get(C1),
            lambda: store.thread(C1),
            store.me,
            store.members,
        ):
            before = line.tally
            await ask()
            assert line.tally.after(before).turns == 1
    finally:
        await store.aclose()


@pytest.mark.parametrize("query", [Query(), Query(Filter.PENDING), Query(search="hello")])
async def test_what_is_asked_together_is_what_each_verb_answers(address: StoreUrl, query: Query) -> None:
    store = await opened(address)
    try:
        page, counts = await store.list(query, FIRST), await store.counts()
        me, agents, members = await store.me(), await store.agents(), await store.members()
        assert await read_counted_page(store, query, FIRST) == (page, counts)
        assert await read_overview(store, query, FIRST) == Overview(me, tuple(agents), tuple(members), counts, page)
    finally:
        await store.aclose()


async def test_who_joins_meanwhile_is_known(address: StoreUrl) -> None:
    """What is asked for beforehand leaves out the team where it is known; here it is not any more."""
    store, other = await opened(address), await opened(address)
    try:
        await read_overview(store, Query(), FIRST)
        assert isinstance(other, Team)
        await other.add_member("kim@acme.example", "Kim", Access.EDIT)
        assert len((await read_overview(store, Query(), FIRST)).members) == 2
    finally:
        await store.aclose()
        await other.aclose()
