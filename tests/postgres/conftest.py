"""A PostgreSQL server for a run of the tests, and a database for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract import OpenAs
from inbox_tui.testing.factories import DANA
from postgres.cluster import Cluster, running


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
async def open_postgres(url: StoreUrl) -> AsyncIterator[OpenAs]:
    """One database, opened the way the program opens it."""
    opened: list[Store] = []

    async def open_as(email: str) -> Store:
        opened.append(await open_store(url, Identity(email, "Dana Ortiz", is_given=True)))
        return opened[-1]

    yield open_as
    for store in opened:
        await store.aclose()
