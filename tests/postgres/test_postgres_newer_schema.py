"""A newer program changed the tables of a database that is in use: nothing more is written by the older one."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import psycopg
import pytest

from inbox_tui.domain.errors import StoreBroken
from inbox_tui.domain.models import Kind, ReplyDraft, SetStatus, Status
from inbox_tui.store.protocol import Host
from inbox_tui.testing.contract import OpenAs
from inbox_tui.testing.contract.base import C1, intake_of, messages, reply
from inbox_tui.testing.factories import DANA, incoming
from postgres.cluster import Cluster, needs_postgres
from server.harness import SOON, serving

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]

NOTE = ReplyDraft("a note", "n-1", Kind.NOTE)
ANOTHER = "UPDATE inbox_tui_schema SET version = version + {step}"


@pytest.mark.parametrize("step", [1, -1])
async def test_a_program_with_the_database_open_reads_on_and_writes_nothing(
    open_postgres: OpenAs, cluster: Cluster, database: str, step: int
) -> None:
    store = await open_postgres(DANA)
    await intake_of(store).ingest([incoming("c-1")])
    cluster.execute(ANOTHER.format(step=step), database=database)
    for write in (
        lambda: reply(store),
        lambda: store.reply(C1, NOTE),
        lambda: store.decide([SetStatus(C1, Status.RESOLVED, Status.OPEN)]),
        lambda: intake_of(store).ingest([incoming("c-2")]),
    ):
        with pytest.raises(StoreBroken, match=r"schema \d+") as caught:
            await write()
        assert database in caught.value.message
    assert len(await messages(store)) == 1
    assert isinstance(store, Host)
    with pytest.raises(StoreBroken):
        await store.require_writable()
    cluster.execute(ANOTHER.format(step=-step), database=database)
    assert (await store.reply(C1, NOTE)).message.body == "a note"


async def test_a_write_that_waits_for_the_migration_sees_it(
    open_postgres: OpenAs, cluster: Cluster, database: str
) -> None:
    """The lock comes first, and the number is read behind it."""
    store = await open_postgres(DANA)
    await intake_of(store).ingest([incoming("c-1")])
    with psycopg.connect(cluster.url(database)) as migrating:
        migrating.execute("SELECT pg_advisory_xact_lock(1229865560)")
        composing = asyncio.create_task(store.reply(C1, NOTE))
        while not cluster.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory'"):
            await asyncio.sleep(0.01)
        migrating.execute(ANOTHER.format(step=1))
    with pytest.raises(StoreBroken, match="by a newer inbox-tui"):
        await composing
    assert len(await messages(store)) == 1


async def test_the_number_costs_no_round_trip(
    open_postgres: OpenAs, cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_postgres(DANA)
    await intake_of(store).ingest([incoming("c-1")])
    asked: list[str] = []
    execute = psycopg.Connection.execute

    def counted(self: psycopg.Connection, query: Any, *args: Any, **named: Any) -> psycopg.Cursor:
        asked.append(str(query))
        return execute(self, query, *args, **named)

    monkeypatch.setattr(psycopg.Connection, "execute", counted)
    await store.reply(C1, NOTE)
    assert [query for query in asked if "inbox_tui_schema" in query] == [query for query in asked if "BEGIN" in query]


async def test_a_server_is_not_ready(
    open_postgres: OpenAs, cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox_tui.server.readiness.HOLDS_FOR", 0.0)
    store = await open_postgres(DANA)
    async with serving(store) as served, httpx.AsyncClient(base_url=served.api) as client:
        async with asyncio.timeout(SOON):
            while (await client.get("ready")).status_code != 200:
                await asyncio.sleep(0.01)
        cluster.execute(ANOTHER.format(step=1), database=database)
        answer = await client.get("ready")
        assert answer.status_code == 503
        assert database not in answer.text
