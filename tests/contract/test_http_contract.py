"""A workspace behind a real server, over a real socket, keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from inbox_tui.testing.contract import OpenAs, StoreContract
from inbox_tui.testing.factories import DANA
from server.harness import opened_over_http


class TestHttpContract(StoreContract):
    @pytest.fixture
    async def open_as(self, open_sqlite: OpenAs) -> AsyncIterator[OpenAs]:
        dana = await open_sqlite(DANA)

        async def known(email: str) -> bool:
            return any(member.email == email for member in await dana.members())

        async with opened_over_http(dana, known) as open_as:
            yield open_as
