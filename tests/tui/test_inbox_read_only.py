"""An inbox that can only be read: all can be looked at, nothing offers to write, and it says so."""

from __future__ import annotations

import pytest

from inbox_tui.backends.sqlite.read_only import Way
from tui.workspace import Team4


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_it_is_read_and_offers_nothing_else(
    team: Team4, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    await team.store()  # writes elsewhere
    monkeypatch.setattr("inbox_tui.backends.sqlite.store.way_to", lambda path: Way.READ)
    async with team.inbox(size=size) as inbox:
        shown = inbox.text()
        assert "○ read-only" in shown and "can only be read here" in shown
        await inbox.press("enter", "r", "m", "a", "i", "e")
        assert not inbox.is_writing
        assert inbox.thread[-1] == "I need to change my flight to Friday"
        shown = inbox.text()
        assert "I need to change my flight to Friday" in shown
        assert not inbox.box.display
        assert "Assign" not in shown and "Mark resolved" not in shown
        assert inbox.open_one.assignee is None
        await inbox.press("escape", "slash")
        await inbox.write("parcel")
        await inbox.until(lambda: inbox.rows == ["hanna"])
