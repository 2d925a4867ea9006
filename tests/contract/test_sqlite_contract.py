"""A workspace in one SQLite file keeps the contract."""

from __future__ import annotations

import pytest

from inbox_tui.testing.contract import OpenAs, StoreContract


class TestSqliteContract(StoreContract):
    @pytest.fixture
    def open_as(self, open_sqlite: OpenAs) -> OpenAs:
        return open_sqlite
