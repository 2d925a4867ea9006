"""The workspace of a contract test, as each of our stores holds it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contract.workspaces import SqliteFile
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import utc_now
from inbox_tui.testing.contract import OpenAs
from inbox_tui.testing.factories import DANA, member
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.workspace import ModelWorkspace


@pytest.fixture
def model_workspace() -> ModelWorkspace:
    return ModelWorkspace(utc_now, member("Dana Ortiz", email=DANA))


@pytest.fixture
async def open_model(model_workspace: ModelWorkspace) -> AsyncIterator[OpenAs]:
    """One model workspace."""
    workspace = model_workspace
    opened: list[Store] = []

    async def open_as(email: str) -> Store:
        opened.append(ModelStore(workspace, email))
        return opened[-1]

    yield open_as
    for store in opened:
        await store.aclose()


@pytest.fixture
async def sqlite_file(tmp_path: Path) -> AsyncIterator[SqliteFile]:
    file = SqliteFile(tmp_path)
    await file.open_as(DANA)
    yield file
    await file.close()


@pytest.fixture
def open_sqlite(sqlite_file: SqliteFile) -> OpenAs:
    """One SQLite file, opened the way the program opens it."""
    return sqlite_file.open_as
