"""The workspace whose screens are kept as pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tui.workspace import Team4


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team4]:
    """Four members, two agents, eight conversations."""
    team = Team4(tmp_path)
    try:
        yield await team.build()
    finally:
        await team.close()
