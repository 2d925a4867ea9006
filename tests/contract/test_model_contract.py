"""The model keeps the contract that it is the oracle of."""

from __future__ import annotations

import msgspec
import pytest

from contract.workspaces import ModelBackup
from inbox_tui.domain.changes import ROWS_CARRIED
from inbox_tui.store.protocol import Capabilities, Store
from inbox_tui.testing.contract import (
    Backup,
    HostContract,
    HostRestoringContract,
    IntakeContract,
    OpenAs,
    ScanContract,
    StoreContract,
    TeamContract,
)
from inbox_tui.testing.contract.base import Contract
from inbox_tui.testing.contract.deciding import DecidingContract
from inbox_tui.testing.contract.feed import stop
from inbox_tui.testing.factories import incoming
from inbox_tui.testing.following import next_written
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.workspace import ModelWorkspace


class TestModelContract(StoreContract, ScanContract, TeamContract, IntakeContract, HostContract, HostRestoringContract):
    @pytest.fixture
    def open_as(self, open_model: OpenAs) -> OpenAs:
        return open_model

    @pytest.fixture
    def backup(self, model_workspace: ModelWorkspace) -> Backup:
        return ModelBackup(model_workspace)

    async def test_a_report_carries_every_row_unless_it_is_long(self, dana: Store) -> None:
        """Which is more than a store has to do."""
        feed = dana.changes()
        await next_written(feed)
        for ids in [["c-1", "c-2"], [f"d-{number}" for number in range(ROWS_CARRIED + 1)]]:
            await self.seed(dana, *map(incoming, ids))
            report = await next_written(feed)
            assert set(report.conversations) == set(ids)
            assert {row.id for row in report.rows} == (set(ids) if len(ids) <= ROWS_CARRIED else set())
        await stop(feed)


class OnlyResolves(ModelStore):
    """A store that knows no assignments."""

    @property
    def capabilities(self) -> Capabilities:
        """Everything else."""
        return msgspec.structs.replace(super().capabilities, assign=False)


class TestAStoreThatOnlyResolves(Contract):
    @pytest.fixture
    def open_as(self, model_workspace: ModelWorkspace) -> OpenAs:
        async def open_as(email: str) -> Store:
            return OnlyResolves(model_workspace, email)

        return open_as

    test_a_kind = DecidingContract.test_a_kind_of_change_that_the_store_cannot_make_is_unsupported
