"""The model keeps the contract that it is the oracle of."""

from __future__ import annotations

import pytest

from contract.workspaces import ModelBackup
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
from inbox_tui.testing.workspace import ModelWorkspace


class TestModelContract(StoreContract, ScanContract, TeamContract, IntakeContract, HostContract, HostRestoringContract):
    @pytest.fixture
    def open_as(self, open_model: OpenAs) -> OpenAs:
        return open_model

    @pytest.fixture
    def backup(self, model_workspace: ModelWorkspace) -> Backup:
        return ModelBackup(model_workspace)
