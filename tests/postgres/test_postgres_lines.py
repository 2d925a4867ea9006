"""Connections that end at any time, writers that wait, announcements that do not come, and a pooler in between."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import psycopg
import pytest

from inbox_tui.backends.postgres import connections, feed
from inbox_tui.backends.postgres.connections import WRITERS
from inbox_tui.backends.postgres.errors import postgres_errors
from inbox_tui.backends.postgres.store import PostgresStore
from inbox_tui.domain.changes import FeedReport, LineBack, LineLost, Written
from inbox_tui.domain.errors import Conflict, CredentialError, StoreUnavailable
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import ReplyDraft, Sent, Status
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract import OpenAs
from inbox_tui.testing.contract.base import C1, intake_of, listed, messages
from inbox_tui.testing.contract.racing import require_whole
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import DANA, incoming, said
from inbox_tui.testing.following import next_written
from postgres.cluster import Cluster, needs_postgres, running

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]

OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()"


@pytest.fixture
async def store(open_postgres: OpenAs) -> Store:
    """A workspace with one conversation, which has been read and written."""
    store = await open_postgres(DANA)
    await intake_of(store).ingest([incoming("c-1", said("I need to change my flight"), needs_human=True)])
    await store.list(Query(), PageRequest())
    await store.list(Query(search="flight"), PageRequest())
    return store


def end_connections(cluster: Cluster, database: str) -> None:
    """As an administrator, a pooler or a failing network does."""
    cluster.execute(OTHERS.format(database))


async def patient_reply(store: Store, draft: ReplyDraft) -> bool:
    """A reply, repeated until the store takes it; whether it was known by then."""
    while True:
        try:
            return (await store.reply(C1, draft)).was_known
        except StoreUnavailable:
            await asyncio.sleep(0.02)


async def test_connections_that_ended_are_made_anew(store: Store, cluster: Cluster, database: str) -> None:
    end_connections(cluster, database)
    assert [row.id for row in await listed(store, Query())] == ["c-1"]
    assert [row.id for row in await listed(store, Query(search="flight"))] == ["c-1"]
    assert (await store.reply(C1, ReplyDraft("Done", "k-1"))).message.body == "Done"


async def test_a_write_whose_connection_ends_happens_not_at_all_and_then_once(
    store: Store, cluster: Cluster, database: str
) -> None:
    with psycopg.connect(cluster.url(database)) as other:
        other.execute("LOCK TABLE message IN EXCLUSIVE MODE")  # it stops in the middle of its transaction
        reply = asyncio.create_task(store.reply(C1, ReplyDraft("Done", "k-1")))
        while not cluster.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'relation'"):
            await asyncio.sleep(0.01)
        cluster.execute(f"{OTHERS.format(database)} AND wait_event = 'relation'")
        with pytest.raises(StoreUnavailable) as caught:
            await reply
    assert "test_" in caught.value.message
    assert len(await messages(store)) == 1
    assert not await patient_reply(store, ReplyDraft("Done", "k-1"))
    assert await patient_reply(store, ReplyDraft("Done", "k-1"))
    await require_whole(store)


async def test_a_connection_that_is_stuck_among_many_statements_is_made_anew(url: StoreUrl) -> None:
    """A server that was killed there leaves one that says it lasts, and takes nothing any more."""
    connection = connections.ServerConnection(url.text)
    stuck = connection._raw
    with suppress(psycopg.OperationalError), connection.transaction():
        stuck.pgconn.enter_pipeline_mode()
        stuck.pgconn.send_query_params(b"SELECT 1", None)
        raise psycopg.OperationalError
    with connection.transaction():
        assert connection.row("SELECT 1") == (1,)
    connection.close()


async def test_a_reply_survives_a_restart_of_the_server() -> None:
    with running() as cluster:
        cluster.execute("CREATE DATABASE inbox")
        store = await open_store(StoreUrl.parse(cluster.url("inbox")), Identity(DANA, "Dana Ortiz", is_given=True))
        await intake_of(store).ingest([incoming("c-1")])
        async with following(store) as reports:
            await anext(reports)
            cluster.stop()
            with pytest.raises(StoreUnavailable, match="cannot be reached"):
                await store.reply(C1, ReplyDraft("Done", "k-1"))
            assert isinstance(await next_of(reports), LineLost)
            reply = asyncio.create_task(patient_reply(store, ReplyDraft("Done", "k-1")))
            await asyncio.to_thread(cluster.start)
            assert not await reply
            assert isinstance(await next_of(reports), LineBack)
            while not (await next_written_of(reports)).conversations:
                pass
        assert [message.body for message in await messages(store)] == ["Hello", "Done"]
        await require_whole(store)
        await store.aclose()


@asynccontextmanager
async def following(store: Store) -> AsyncIterator[AsyncIterator[FeedReport]]:
    """The store's reports."""
    reports = store.changes()
    assert isinstance(reports, AsyncGenerator)
    try:
        yield reports
    finally:
        await reports.aclose()


async def next_of(reports: AsyncIterator[FeedReport]) -> FeedReport:
    """The next report, which must come."""
    return await asyncio.wait_for(anext(reports), 20)


async def next_written_of(reports: AsyncIterator[FeedReport]) -> Written:
    """The next report, which must come and tell what was written."""
    return await asyncio.wait_for(next_written(reports), 20)


async def test_whoever_waits_too_long_for_a_writer_is_told(store: Store, cluster: Cluster, database: str) -> None:
    with psycopg.connect(cluster.url(database)) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (WRITERS,))
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="beside what others do") as caught:
            await store.reply(C1, ReplyDraft("Done", "k-1"))
        assert time.monotonic() - began < 10
        assert "Nothing was changed" in caught.value.hint
        assert len(await listed(store, Query())) == 1, "reading goes on"
    assert not (await store.reply(C1, ReplyDraft("Done", "k-1"))).was_known


async def test_whoever_waits_too_long_for_a_table_is_told(store: Store, cluster: Cluster, database: str) -> None:
    """Reading, too: whoever changes the table's definition keeps everybody waiting."""
    with psycopg.connect(cluster.url(database)) as other:
        other.execute("LOCK TABLE conversation IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable, match="beside what others do"):
            await store.get(C1)
    assert (await store.get(C1)).id == C1


async def test_a_search_that_nobody_waits_for_is_stopped_and_harms_no_other(
    store: Store, cluster: Cluster, database: str
) -> None:
    with psycopg.connect(cluster.url(database)) as other:
        other.execute("LOCK TABLE message_words IN ACCESS EXCLUSIVE MODE")
        for _ in range(5):
            search = asyncio.create_task(store.list(Query(search="table"), PageRequest()))
            while not cluster.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'relation'"):
                await asyncio.sleep(0.01)
            search.cancel()
            with pytest.raises(asyncio.CancelledError):
                await search
            while cluster.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'relation'"):
                await asyncio.sleep(0.01)
    assert [row.id for row in await listed(store, Query(search="flight"))] == ["c-1"]


def test_no_request_to_stop_comes_after_the_next_act_has_begun(url: StoreUrl) -> None:
    """The act that waits for a request on its way is itself stopped by another."""
    connection = connections.ServerConnection(url.text)
    first, has_begun = threading.Event(), threading.Event()
    order: list[str] = []

    def stop_first() -> None:
        first.wait()
        order.append("stopped the first")

    def stop_second() -> None:
        has_begun.wait(0.3)
        order.append("stopped the second")

    def act() -> None:
        with connection.snapshot():
            has_begun.set()
            order.append("began")

    connection._stop = stop_first  # type: ignore[method-assign]  # the server is faster than any order can be told
    connection.interrupt()
    acting = threading.Thread(target=act)
    acting.start()
    while not is_joining(acting):
        time.sleep(0.001)
    connection._stop = stop_second  # type: ignore[method-assign]
    connection.interrupt()
    first.set()
    acting.join()
    connection.close()
    assert order == ["stopped the first", "stopped the second", "began"]


def is_joining(thread: threading.Thread) -> bool:
    """It waits for another to end."""
    assert thread.ident is not None
    frames = traceback.extract_stack(sys._current_frames()[thread.ident])
    return any(frame.name == "join" and frame.filename == threading.__file__ for frame in frames)


async def test_what_nobody_announced_is_found_all_the_same(store: Store, cluster: Cluster, database: str) -> None:
    async with following(store) as reports:
        await anext(reports)
        statement = "INSERT INTO change (at, kind, conversation_id) SELECT 0, 'conversation', id FROM conversation"
        cluster.execute(statement, database=database)
        assert (await next_written_of(reports)).conversations == ("c-1",)


async def test_an_announcement_wakes_whoever_follows(
    store: Store, open_postgres: OpenAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads the log before: the poll would come after this test has failed."""
    monkeypatch.setattr(feed, "POLL", 600.0)
    other = await open_postgres(DANA)
    async with following(store) as reports:
        await anext(reports)
        for status in (Status.RESOLVED, Status.OPEN, Status.RESOLVED):
            expected = Status.OPEN if status is Status.RESOLVED else Status.RESOLVED
            await set_status(other, C1, status, expected)
            assert (await next_written_of(reports)).conversations == ("c-1",)


async def test_a_listener_that_ended_listens_again(
    store: Store, cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "POLL", 600.0)
    async with following(store) as reports:
        await anext(reports)
        end_connections(cluster, database)
        await set_status(store, C1, Status.RESOLVED, Status.OPEN)
        seen = [await next_of(reports)]
        while not (isinstance(seen[-1], Written) and seen[-1].conversations):
            seen.append(await next_of(reports))
        assert [type(report) for report in seen] in ([Written], [LineLost, LineBack, Written])
        await set_status(store, C1, Status.OPEN, Status.RESOLVED)
        assert (await next_written_of(reports)).conversations == ("c-1",)
        listening = f"SELECT 1 FROM pg_stat_activity WHERE datname = '{database}' AND query LIKE 'LISTEN%'"
        assert len(cluster.execute(listening)) == 1


async def test_a_replica_is_read_and_followed_and_takes_writes_once_it_is_the_primary() -> None:
    with running() as primary:
        primary.execute("CREATE DATABASE inbox")
        dana = Identity(DANA, "Dana Ortiz", is_given=True)
        written = await open_store(StoreUrl.parse(primary.url("inbox")), dana)
        await intake_of(written).ingest([incoming("c-1")])
        with running(primary) as replica:
            read = await open_store(StoreUrl.parse(replica.url("inbox")), dana)
            async with following(read) as reports:
                await next_written_of(reports)
                await written.reply(C1, ReplyDraft("Done", "k-1"))
                assert (await next_written_of(reports)).conversations == ("c-1",)
                with pytest.raises(StoreUnavailable, match="takes no writes now"):
                    await read.reply(C1, ReplyDraft("Again", "k-2"))
                await written.aclose()
                primary.stop(signal.SIGQUIT)
                replica.execute("SELECT pg_promote()")
                seen = (await messages(read))[-1].id
                assert not await patient_reply(read, ReplyDraft("Again", "k-2", last_seen=seen))
                assert (await next_written_of(reports)).conversations == ("c-1",)
            assert [message.body for message in await messages(read)] == ["Hello", "Done", "Again"]
            await read.aclose()


async def test_whoever_is_let_in_no_more_is_told(cluster: Cluster, database: str) -> None:
    cluster.execute("CREATE ROLE leaving LOGIN SUPERUSER")
    store = await open_store(StoreUrl.parse(cluster.url(database, user="leaving")), Identity(DANA, is_given=True))
    async with following(store) as reports:
        await anext(reports)
        cluster.execute("ALTER ROLE leaving NOLOGIN")
        end_connections(cluster, database)
        with pytest.raises(CredentialError, match="does not accept the login"):
            while True:
                await next_of(reports)
    await store.aclose()
    cluster.execute("DROP ROLE leaving")


async def test_whoever_stops_in_the_middle_of_a_write_is_undone(
    store: Store, cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that hangs, a laptop that sleeps, a line that died: nobody else could write."""
    monkeypatch.setattr(connections, "_WRITE", connections._WRITE.replace("'20s'", "'1s'"))
    stopped = connections.ServerConnection(cluster.url(database))
    with pytest.raises(StoreUnavailable, match="stopped the request"), postgres_errors("it"), stopped.transaction():
        stopped.run("UPDATE conversation SET topic = 'lost'")
        assert not await patient_reply(store, ReplyDraft("Done", "k-1"))
        stopped.row("SELECT 1")
    with stopped.transaction():
        assert stopped.row("SELECT topic FROM conversation") == ("",)
    stopped.close()
    await require_whole(store)


async def test_several_programs_that_start_together_make_one_workspace(cluster: Cluster) -> None:
    with cluster.database() as name:
        url, identity = StoreUrl.parse(cluster.url(name)), Identity(DANA, "Dana Ortiz", is_given=True)
        stores = await asyncio.gather(*(open_store(url, identity) for _ in range(6)))
        for store in stores:
            assert [member.email for member in await store.members()] == [DANA]
            await store.aclose()


# A pooler in transaction mode: each transaction may run on another connection of the server's.


@pytest.fixture
def pooled(cluster: Cluster, database: str) -> Iterator[str]:
    """The address of a database behind PgBouncer, with fewer connections than the inbox opens."""
    program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if program is None:
        pytest.skip("PgBouncer is not installed here")
    folder = cluster.folder / f"pooler-{database}"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "users.txt").write_text('"inbox" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={cluster.folder} port=5432\n[pgbouncer]\nlisten_port = 6432\nlisten_addr =\n"
        f"unix_socket_dir = {folder}\nauth_type = trust\nauth_file = {folder / 'users.txt'}\n"
        "pool_mode = transaction\ndefault_pool_size = 2\nlogfile =\npidfile =\n"
    )
    process = subprocess.Popen(
        [program, "-q", str(folder / "pgbouncer.ini")], user=cluster.user, stderr=subprocess.DEVNULL
    )
    socket = folder / ".s.PGSQL.6432"
    until = time.monotonic() + 10
    while not socket.exists():
        assert process.poll() is None and time.monotonic() < until, "the pooler does not start"
        time.sleep(0.02)
    yield f"postgresql://inbox@:6432/{database}?host={folder}"
    process.send_signal(signal.SIGTERM)
    process.wait()


async def test_a_pooler_in_transaction_mode_costs_a_poll(pooled: str) -> None:
    url = StoreUrl.parse(pooled)
    stores = [await open_store(url, Identity(DANA, "Dana Ortiz", is_given=True)) for _ in range(3)]
    dana, again, third = stores
    async with following(third) as reports:
        await anext(reports)
        await intake_of(dana).ingest([incoming(f"c-{number}", said("flight", key="v")) for number in range(1, 41)])
        news = set((await next_written_of(reports)).conversations)
        while len(news) < 40:
            news.update((await next_written_of(reports)).conversations)
    writes = [store.reply(C1, ReplyDraft(f"by {n}", f"k-{n}")) for n, store in enumerate((dana, again, dana))]
    results = await asyncio.gather(
        *writes, *(listed(store, Query(search="fli")) for store in stores), return_exceptions=True
    )
    assert all(isinstance(result, list | Sent | Conflict) for result in results), results
    assert [len(result) for result in results if isinstance(result, list)] == [40] * 3
    await require_whole(again)
    for store in stores:
        await store.aclose()


def test_it_says_that_writes_can_wait_on_disk(url: StoreUrl) -> None:
    async def capabilities() -> bool:
        store = await open_store(url, Identity(DANA, is_given=True))
        assert isinstance(store, PostgresStore)
        await store.aclose()
        return store.capabilities.outbox

    assert asyncio.run(capabilities())
