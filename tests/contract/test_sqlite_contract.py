"""A workspace in one SQLite file keeps the contract."""

from __future__ import annotations

import pytest

from contract.workspaces import SqliteFile
from inbox_tui.testing.contract import Backup, FullContract, OpenAs


class TestSqliteContract(FullContract):
    @pytest.fixture
    def open_as(self, open_sqlite: OpenAs) -> OpenAs:
        return open_sqlite

    @pytest.fixture
    def backup(self, sqlite_file: SqliteFile) -> Backup:
        return sqlite_file
