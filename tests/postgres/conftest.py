"""A PostgreSQL server for a run of the tests, and a database for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from inbox_tui.backends.postgres import connections, feed, session
from inbox_tui.backends.sql import workers
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract import OpenAs
from inbox_tui.testing.factories import DANA
from postgres.cluster import Cluster, running

SOON = 0.3
"""Seconds."""


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def founded(cluster: Cluster) -> str:
    """The name of a database in which Dana has founded a workspace: copied for each test."""

    async def found() -> None:
        store = await open_store(StoreUrl.parse(cluster.url("founded")), Identity(DANA, "Dana Ortiz", is_given=True))
        await store.aclose()

    cluster.execute("CREATE DATABASE founded")
    asyncio.run(found())
    return "founded"


@pytest.fixture
def database(cluster: Cluster, founded: str) -> Iterator[str]:
    """The name of a database with a workspace of this test's own."""
    with cluster.database(founded) as name:
        yield name


@pytest.fixture
def url(cluster: Cluster, database: str) -> StoreUrl:
    """Its address."""
    return StoreUrl.parse(cluster.url(database))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a store from here on gives up a server that is silent, and a write at the end, soon."""
    for module in (session, feed):
        monkeypatch.setattr(module, "READ_TIMEOUT", SOON)
    monkeypatch.setattr(session, "LONG_READ_TIMEOUT", SOON)
    monkeypatch.setattr(workers, "FINISH_TIMEOUT", SOON)
    monkeypatch.setattr(feed, "POLL", SOON)
    monkeypatch.setitem(connections._USUAL, "connect_timeout", 2)  # the shortest that libpq knows


@pytest.fixture
async def open_postgres(url: StoreUrl) -> AsyncIterator[OpenAs]:
    """One database, opened the way the program opens it."""
    opened: list[Store] = []

    async def open_as(email: str) -> Store:
        opened.append(await open_store(url, Identity(email, "Dana Ortiz", is_given=True)))
        return opened[-1]

    yield open_as
    for store in opened:
        await store.aclose()
