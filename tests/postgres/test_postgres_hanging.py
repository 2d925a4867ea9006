"""A server that hangs: its connections stand, and nothing is answered."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from inbox_tui.backends.postgres import feed, session
from inbox_tui.backends.postgres.connections import ServerConnection
from inbox_tui.backends.postgres.lines import BoundedConnection
from inbox_tui.backends.sql import workers
from inbox_tui.domain.changes import LineBack, LineLost
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import ReplyDraft
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract import OpenAs
from inbox_tui.testing.contract.base import C1, intake_of, messages
from inbox_tui.testing.contract.racing import require_whole
from inbox_tui.testing.factories import DANA, incoming, said
from postgres.cluster import Cluster, needs_postgres
from postgres.conftest import SOON
from postgres.test_postgres_lines import following, next_of, next_written_of, patient_reply, pooled

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]

__all__ = ["pooled"]

END_TIMEOUT = 8.0
"""Seconds, on a busy machine, in which a program has ended that gives a write two and a thread one."""


@pytest.fixture
async def store(url: StoreUrl, impatient: None) -> AsyncIterator[Store]:
    """A workspace with one conversation, which has been read and written; it is soon out of patience."""
    store = await open_store(url, Identity(DANA, "Dana Ortiz", is_given=True))
    await intake_of(store).ingest([incoming("c-1", said("I need to change my flight"))])
    await store.get(C1)
    await store.list(Query(search="flight"), PageRequest())
    yield store
    await store.aclose()


async def test_who_hangs_is_given_up_and_asked_anew(store: Store, cluster: Cluster) -> None:
    with cluster.hung(lets_in=True):
        assert (await store.get(C1)).id == C1
        assert (await store.list(Query(search="flight"), PageRequest())).total == 1
        assert not (await store.reply(C1, ReplyDraft("Done", "k-1"))).was_known
    await require_whole(store)


async def test_one_vain_attempt_to_connect_answers_all_who_wait(
    store: Store, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or each would wait as long, in turn."""
    attempts = 0
    connect = ServerConnection._connected

    def counted(connection: ServerConnection) -> BoundedConnection:
        nonlocal attempts
        attempts += 1
        return connect(connection)

    monkeypatch.setattr(ServerConnection, "_connected", counted)
    with cluster.hung():
        answers = await asyncio.gather(*(store.get(C1) for _ in range(5)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [StoreUnavailable] * 5
    assert attempts == 1
    assert (await store.get(C1)).id == C1


async def test_a_write_that_gets_no_answer_is_repeated_with_its_key(
    store: Store, cluster: Cluster, database: str
) -> None:
    with psycopg.connect(cluster.url(database)) as other:
        other.execute("LOCK TABLE message IN EXCLUSIVE MODE")  # it stops in the middle of its transaction
        reply = asyncio.create_task(store.reply(C1, ReplyDraft("Done", "k-1")))
        while not cluster.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'relation'"):
            await asyncio.sleep(0.01)
        with pytest.raises(StoreUnavailable, match="does not answer"):
            await reply
    await patient_reply(store, ReplyDraft("Done", "k-1"))
    assert [message.body for message in await messages(store)].count("Done") == 1
    await require_whole(store)


async def test_the_line_counts_as_lost_until_the_server_answers_again(store: Store, cluster: Cluster) -> None:
    async with following(store) as reports:
        await anext(reports)
        with cluster.hung():
            reply = asyncio.create_task(store.reply(C1, ReplyDraft("Done", "k-1")))
            assert isinstance(await next_of(reports), LineLost)
            with pytest.raises(StoreUnavailable, match="does not answer"):
                await reply
        assert not await patient_reply(store, ReplyDraft("Done", "k-1"))
        assert isinstance(await next_of(reports), LineBack)
        while not (await next_written_of(reports)).conversations:
            pass


async def test_a_store_on_a_server_that_hangs_is_closed_soon(
    open_postgres: OpenAs, cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "FINISH_TIMEOUT", SOON)
    store = await open_postgres(DANA)
    await asyncio.gather(store.counts(), store.list(Query(search="flight"), PageRequest()))
    with psycopg.connect(cluster.url(database)) as other:
        other.execute("LOCK TABLE conversation IN ACCESS EXCLUSIVE MODE")
        work = [
            store.get(C1),
            store.list(Query(search="change"), PageRequest()),
            store.reply(C1, ReplyDraft("No", "k")),
        ]
        tasks = [asyncio.ensure_future(each) for each in work]
        while len(cluster.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'relation'")) < len(tasks):
            await asyncio.sleep(0.01)
        with cluster.hung():
            began = time.monotonic()
            await store.aclose()
            assert time.monotonic() - began < SOON + workers.RELEASE_TIMEOUT, "no thread is left behind"
            told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in told] == [StoreUnavailable] * 3


async def test_a_search_may_take_longer_than_what_a_screen_waits_for(
    store: Store, cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LONG_READ_TIMEOUT", 60.0)
    other = await open_store(StoreUrl.parse(cluster.url(database)), Identity(DANA, is_given=True))
    with psycopg.connect(cluster.url(database)) as another:
        another.execute("LOCK TABLE conversation IN ACCESS EXCLUSIVE MODE")
        search = asyncio.create_task(other.list(Query(search="flight"), PageRequest()))
        while not cluster.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'relation'"):
            await asyncio.sleep(0.01)
        with pytest.raises(StoreUnavailable, match="does not answer"):
            await other.get(C1)
        assert not search.done()
    assert (await search).total == 1
    await other.aclose()


async def test_a_listener_that_gets_no_answer_lets_itself_be_stopped(
    store: Store, cluster: Cluster, pooled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pooler takes the connection at once; who is behind it is silent."""
    monkeypatch.setattr(feed, "READ_TIMEOUT", 60.0)
    other = await open_store(StoreUrl.parse(pooled), Identity(DANA, is_given=True))
    with cluster.hung():
        async with following(other) as reports:
            first = asyncio.ensure_future(anext(reports))
            while not any(task.get_name() == "listen" for task in asyncio.all_tasks()):
                await asyncio.sleep(0.01)
            began = time.monotonic()
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            assert time.monotonic() - began < 2
    await other.aclose()


def test_silence_is_what_counts(url: StoreUrl) -> None:
    connection = ServerConnection(url.text, SOON)
    with connection.transaction():
        for _ in range(4):
            connection.row("SELECT pg_sleep(0.1)")
    with connection.transaction(), connection.unhurried():
        connection.row("SELECT pg_sleep(0.4)")
    with pytest.raises(psycopg.OperationalError, match="does not answer"), connection.snapshot():
        connection.row("SELECT pg_sleep(5)")
    with connection.snapshot():
        assert connection.row("SELECT 1") == (1,)
    connection.close()


def test_a_signal_ends_a_command_whose_server_hangs(cluster: Cluster, database: str, tmp_path: Path) -> None:
    words = ["--store", cluster.url(database), "--as", DANA, "export", "-o", "out.csv"]
    with psycopg.connect(cluster.url(database)) as other:
        other.execute("LOCK TABLE conversation IN ACCESS EXCLUSIVE MODE")
        process = subprocess.Popen(
            [sys.executable, "-m", "inbox_tui", *words],
            cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        while not cluster.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'relation'"):
            assert process.poll() is None
            time.sleep(0.02)
        with cluster.hung():
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=END_TIMEOUT)
    assert (process.returncode, said.strip()) == (130, b"inbox-tui: interrupted")
    assert not list(tmp_path.glob("out.csv*"))
