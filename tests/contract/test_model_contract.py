"""The model keeps the contract that it is the oracle of."""

from __future__ import annotations

import msgspec
import pytest

from contract.workspaces import ModelBackup
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
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.workspace import ModelWorkspace


class TestModelContract(StoreContract, ScanContract, TeamContract, IntakeContract, HostContract, HostRestoringContract):
    @pytest.fixture
    def open_as(self, open_model: OpenAs) -> OpenAs:
        return open_model

    @pytest.fixture
    def backup(self, model_workspace: ModelWorkspace) -> Backup:
        return ModelBackup(model_workspace)


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
