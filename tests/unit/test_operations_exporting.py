"""Export as a function: cells, cancellation, failures of the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Agent, AgentId, Conversation, ConversationId
from inbox_tui.operations.exporting import export_to_file, neutral
from inbox_tui.operations.records import COLUMNS, iso_time, record

AT = datetime(2026, 11, 3, 10, 2, tzinfo=timezone.utc)
ROW = Conversation(ConversationId("c-1"), Agent(AgentId("1"), "Website assistant"), AT, AT)


class Endless:
    """A walk that ends only by what its listener does."""

    def __init__(self, fails_after: int = 0) -> None:
        self._fails_after = fails_after

    async def scan(self, query: Query, batch: int = 1000) -> AsyncIterator[Sequence[Conversation]]:
        number = 0
        while not self._fails_after or number < self._fails_after:
            number += 1
            yield [ROW] * 100
            await asyncio.sleep(0)
        raise StoreUnavailable("The store went away.")

    async def matching(self, query: Query, limit: int) -> Sequence[Conversation]:
        return [ROW] * limit


async def test_a_cancelled_export_leaves_nothing(tmp_path: Path) -> None:
    under_way = asyncio.Event()
    target = tmp_path / "out.csv"
    task = asyncio.create_task(export_to_file(Endless(), Query(), target, progress=lambda _: under_way.set()))
    await under_way.wait()
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv.part"]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(tmp_path.iterdir()) == []


async def test_a_store_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await export_to_file(Endless(fails_after=3), Query(), tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


async def test_a_link_in_the_way_of_the_part_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    (tmp_path / "out.csv.part").symlink_to(precious)
    from inbox_tui.domain.errors import ExportError

    with pytest.raises(ExportError):
        await export_to_file(Endless(fails_after=1), Query(), tmp_path / "out.csv")
    assert precious.read_text() == "kept"


def test_a_record_has_every_column_in_order() -> None:
    assert tuple(record(ROW)) == COLUMNS
    assert record(ROW)["created_at"] == "2026-11-03T10:02:00Z"
    assert iso_time(None) is None


@given(st.text())
def test_a_neutral_cell_begins_no_formula_and_loses_only_nul(text: str) -> None:
    cell = neutral(text)
    assert isinstance(cell, str)
    assert cell[:1] not in tuple("=+-@\t\r\n＝＋－＠")
    assert cell.removeprefix("'") == text.replace("\0", "").removeprefix("'")


@pytest.mark.parametrize("cell", ["", "plain", "a=b"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert neutral(cell) == cell
