"""A workspace behind a real server, over a real socket, keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from contract.workspaces import ServedFile, ServedOverWire, SqliteFile
from inbox_tui.testing.contract import (
    Backup,
    BreakingLine,
    IntakeContract,
    OpenAs,
    RestoringContract,
    ScanContract,
    StoreContract,
    TeamContract,
    TwiceContract,
)


class TestHttpContract(StoreContract, ScanContract, TeamContract, IntakeContract, TwiceContract, RestoringContract):
    @pytest.fixture
    async def served_file(self, sqlite_file: SqliteFile) -> AsyncIterator[ServedFile]:
        served = ServedFile(sqlite_file)
        await served.start()
        yield served
        await served.stop()

    @pytest.fixture
    def open_as(self, served_file: ServedFile) -> OpenAs:
        return served_file.open_as

    @pytest.fixture
    def backup(self, served_file: ServedFile) -> Backup:
        return served_file

    @pytest.fixture
    async def line(self, served_file: ServedFile) -> BreakingLine:
        wire = ServedOverWire()
        await served_file.stop()
        await served_file.start(wire.line)
        return wire
