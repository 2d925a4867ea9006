"""One server over a database: its connections are as few as the page says, and its streams are honest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from httpx_sse import EventSource

from inbox_tui.domain.changes import LineBack, LineLost, Written
from inbox_tui.domain.filters import Query
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract.base import C1, intake_of, reply
from inbox_tui.testing.factories import DANA, WEBSITE, incoming, said
from postgres.cluster import Cluster, needs_postgres
from postgres.kept import KeptTables
from server.harness import SOON, Ear, Served, serving

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]

CONNECTIONS = 4
"""What the page says of a server: one that reads, one that searches, one that writes, one that listens."""


@pytest.fixture
def role(cluster: Cluster, database: str) -> Iterator[str]:
    """Whom the server logs in as; limits hold for it, for it is no superuser."""
    cluster.execute("CREATE ROLE serving LOGIN")
    cluster.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO serving", database=database)
    yield "serving"
    cluster.execute("DROP OWNED BY serving", database=database)
    cluster.execute("DROP ROLE serving")


@pytest.fixture
async def store(cluster: Cluster, database: str, role: str) -> AsyncIterator[Store]:
    """A workspace with one conversation, which has been read, searched and written."""
    store = await open_store(StoreUrl.parse(cluster.url(database, user=role)), Identity(DANA, is_given=True))
    await intake_of(store).ingest([incoming("c-1", said("flight"), needs_human=True)])
    await store.list(Query(), PageRequest())
    await store.list(Query(search="flight"), PageRequest())
    yield store
    await store.aclose()


@pytest.fixture
async def served(store: Store) -> AsyncIterator[Served]:
    async with serving(store) as served:
        yield served


def sessions(cluster: Cluster, role: str) -> set[object]:
    """The server's connections at this moment."""
    return {pid for (pid,) in cluster.execute(f"SELECT pid FROM pg_stat_activity WHERE usename = '{role}'")}


async def test_streams_over_a_database_that_is_restored_under_the_server(
    served: Served, store: Store, cluster: Cluster, database: str
) -> None:
    """Whoever listens hears what is written after it, and is told."""
    kept = KeptTables(cluster, database)
    secret, _ = await served.token(agent=WEBSITE)
    remote = await served.open_as(DANA)
    ear = Ear(remote)
    await ear.next()
    await kept.take()
    headers = {"Authorization": f"Bearer {secret}"}
    async with (
        httpx.AsyncClient(headers=headers) as client,
        client.stream("GET", f"{served.api}/agent/replies") as answer,
    ):
        events = EventSource(answer).aiter_sse()
        for number in range(3):
            await reply(store, f"Undone {number}", f"k-{number}")
        async with asyncio.timeout(SOON):
            undone = [(await anext(events)).json()["body"] for _ in range(3)]
            assert undone == ["Undone 0", "Undone 1", "Undone 2"]
            await ear.until(C1)
            await kept.restore()
            written = [await reply(store, f"New {number}", f"n-{number}") for number in range(3)]
            told = [await anext(events) for _ in range(4)]
            assert [event.event for event in told] == ["reset", "message", "message", "message"]
            assert [event.json()["id"] for event in told[1:]] == [message.id for message in written]
            while not (await ear.until_written()).reset:
                pass
    await ear.close()
    await remote.aclose()


def ever_opened(cluster: Cluster, database: str) -> object:
    """How many connections to a database there were since it was made."""
    return cluster.execute(f"SELECT sessions FROM pg_stat_database WHERE datname = '{database}'")[0][0]


async def test_writes_and_listeners_take_no_connection(
    served: Served, cluster: Cluster, database: str, role: str
) -> None:
    dana = await served.open_as(DANA)
    ears = [Ear(dana) for _ in range(100)]
    await ears[0].next()
    before = sessions(cluster, role)
    assert len(before) == CONNECTIONS
    opened = ever_opened(cluster, database)

    async def write() -> None:
        for turn in range(20):
            await reply(dana, f"Number {turn}", f"k-{turn}")

    await asyncio.gather(write(), *(ear.next() for ear in ears[1:]))
    await reply(dana, "The last", "last")
    last = await served.host.changes_after(None)
    for ear in ears:
        while not ear.written or ear.written[-1].seq < last.seq:
            await ear.next()
    assert sessions(cluster, role) == before
    assert ever_opened(cluster, database) == opened
    await dana.aclose()


async def test_at_the_limit_of_its_role_a_write_is_heard_once(served: Served, cluster: Cluster, role: str) -> None:
    dana = await served.open_as(DANA)
    ears = [Ear(dana) for _ in range(3)]
    await asyncio.gather(*(ear.next() for ear in ears))
    assert len(sessions(cluster, role)) == CONNECTIONS
    cluster.execute(f"ALTER ROLE {role} CONNECTION LIMIT {CONNECTIONS}")
    for turn in range(3):
        await reply(dana, f"Number {turn}", f"k-{turn}")
        await asyncio.gather(*(ear.until(C1) for ear in ears))
    cluster.execute(f"ALTER ROLE {role} CONNECTION LIMIT -1")
    await reply(dana, "The last", "last")
    await asyncio.gather(*(ear.until(C1) for ear in ears))
    for ear in ears:
        assert [report.conversations for report in ear.written] == [(), *[(C1,)] * 4]
        assert ear.line == []
    await dana.aclose()


async def test_who_listens_is_told_that_the_server_hears_nothing(
    served: Served, cluster: Cluster, role: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each client says so itself, comes again, and goes on from its last number; the log has a line each time."""
    dana = await served.open_as(DANA)
    ear = Ear(dana)
    await ear.next()
    cluster.execute(f"ALTER ROLE {role} CONNECTION LIMIT {CONNECTIONS - 1}")
    cluster.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}' AND query LIKE 'LISTEN%'"
    )
    await ear.until_lost()
    for path, token in (
        ("ready", ""),
        ("events", (await served.token(DANA))[0]),
        ("agent/replies", (await served.token(agent=WEBSITE))[0]),
    ):
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"} if token else {}) as client:
            answer = await client.get(f"{served.api}/{path}")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2"), path
    assert [record for record in caplog.records if record.exc_info] == []
    await reply(dana)
    cluster.execute(f"ALTER ROLE {role} CONNECTION LIMIT -1")
    report = await ear.until(C1)
    assert not report.reset
    assert [type(heard) for heard in ear.heard] == [Written, LineLost, LineBack, Written], "nothing else was told"
    await dana.aclose()
