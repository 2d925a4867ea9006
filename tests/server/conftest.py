"""A workspace in a real SQLite file, and a server over it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inbox_tui.store.protocol import Store
from server.harness import Served, serving
from server.team import team_in


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Dana's workspace: she may do everything, Sam may chat, Eve may do nothing."""
    store = await team_in(tmp_path)
    yield store
    await store.aclose()


@pytest.fixture
async def served(store: Store) -> AsyncIterator[Served]:
    """A server over it."""
    async with serving(store) as served:
        yield served
