"""A workspace in a real SQLite file, and a server over it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inbox_tui.server.seldom import Seldom
from inbox_tui.store.protocol import Store
from inbox_tui.testing.factories import SAM
from server.harness import Served, serving
from server.team import team_in
from server.wire import Wire, wire_to


@pytest.fixture(autouse=True)
def told_anew() -> None:
    """What the last test had in its log is no reason to leave it out of this one's."""
    for name in list(logging.root.manager.loggerDict):
        for seldom in logging.getLogger(name).filters:
            if isinstance(seldom, Seldom):
                seldom._told.clear()


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


@pytest.fixture
async def wire(served: Served) -> AsyncIterator[Wire]:
    """The line to it, which can fail."""
    async with wire_to(served.address) as wire:
        yield wire


@pytest.fixture
async def remote(served: Served, wire: Wire) -> AsyncIterator[Store]:
    """The workspace as Sam sees it over the line."""
    remote = await served.open_as(SAM, over=wire.address)
    yield remote
    await remote.aclose()
