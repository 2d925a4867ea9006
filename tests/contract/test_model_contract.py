"""The model keeps the contract that it is the oracle of."""

from __future__ import annotations

import pytest

from inbox_tui.testing.contract import OpenAs, StoreContract


class TestModelContract(StoreContract):
    @pytest.fixture
    def open_as(self, open_model: OpenAs) -> OpenAs:
        return open_model
