"""The workspace of a contract test, as each of our stores holds it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, open_store, utc_now
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract import OpenAs
from inbox_tui.testing.factories import DANA, member
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.workspace import ModelWorkspace


@pytest.fixture
async def open_model() -> AsyncIterator[OpenAs]:
    """One model workspace."""
    workspace = ModelWorkspace(utc_now, member("Dana Ortiz", email=DANA))
    opened: list[Store] = []

    async def open_as(email: str) -> Store:
        opened.append(ModelStore(workspace, email))
        return opened[-1]

    yield open_as
    for store in opened:
        await store.aclose()


@pytest.fixture
async def open_sqlite(tmp_path: Path) -> AsyncIterator[OpenAs]:
    """One SQLite file, opened the way the program opens it."""
    url = StoreUrl.parse(f"sqlite:///{tmp_path}/inbox.db")
    opened: list[Store] = []

    async def open_as(email: str) -> Store:
        opened.append(await open_store(url, Identity(email, "Dana Ortiz", is_given=True)))
        return opened[-1]

    opened.append(await open_as(DANA))
    yield open_as
    for store in opened:
        await store.aclose()
