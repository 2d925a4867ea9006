"""Anything that people and agents may do, in any order: the PostgreSQL store and the model stay the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import ClassVar

import pytest
from hypothesis import settings

from contract.test_rules_machine import InboxMachine
from inbox_tui.backends.sql.store import SqlStore
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from postgres.cluster import Cluster, needs_postgres

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres"), pytest.mark.usefixtures("server")]


class PostgresMachine(InboxMachine):
    cluster: ClassVar[Cluster]

    def __init__(self) -> None:
        super().__init__()
        self.database = ExitStack()
        self.address = self.cluster.url(self.database.enter_context(self.cluster.database()))

    async def _open_real(self, email: str) -> SqlStore:
        identity = Identity(email, "Dana Ortiz", is_given=True)
        store = await open_store(StoreUrl.parse(self.address), identity, lambda: self.now)
        assert isinstance(store, SqlStore)
        return store

    def teardown(self) -> None:
        super().teardown()
        self.database.close()


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[None]:
    """For machines, which no fixture reaches."""
    PostgresMachine.cluster = cluster
    yield


TestPostgresMachine = PostgresMachine.TestCase
TestPostgresMachine.settings = settings(max_examples=5, stateful_step_count=20, deadline=None)


class LongPostgresMachine(PostgresMachine):
    pass


TestLongPostgresMachine = pytest.mark.slow(pytest.mark.timeout(1800)(LongPostgresMachine.TestCase))
TestLongPostgresMachine.settings = settings(max_examples=100, stateful_step_count=60, deadline=None)
