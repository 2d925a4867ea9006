"""A workspace in a PostgreSQL database keeps the contract."""

from __future__ import annotations

import pytest

from inbox_tui.testing.contract import Backup, FullContract, OpenAs
from postgres.cluster import Cluster, needs_postgres
from postgres.kept import KeptTables

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]  # one server for all of them


class TestPostgresContract(FullContract):
    @pytest.fixture
    def open_as(self, open_postgres: OpenAs) -> OpenAs:
        return open_postgres

    @pytest.fixture
    def backup(self, cluster: Cluster, database: str) -> Backup:
        return KeptTables(cluster, database)
