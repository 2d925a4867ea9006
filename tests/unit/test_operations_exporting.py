"""Export as a function: cells, cancellation, failures of the store."""

from __future__ import annotations

import asyncio
import csv
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timezone
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Agent, AgentId, Conversation, ConversationId, Lead
from inbox_tui.operations.exporting import csv_parts, export_to_file
from inbox_tui.operations.formulas import DELIMITERS, escape_formula
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


FORMULA_SIGNS = tuple("=+-@−＝＋－＠﹢﹣﹦﹫")
BLANKS = ' \t\n\r\v\f\x1c\x85\xa0\u1680\u2003\u2028\u2029\u202f\u3000\u200b\u200d\u2060\ufeff\xad\u180e\u2800\u3164\0"'
HOSTILE = st.text(st.one_of(st.sampled_from("=+-@;,|\t'a1" + BLANKS), st.characters()), max_size=12)


class Some(Endless):
    """A store that holds these conversations."""

    def __init__(self, rows: Sequence[Conversation]) -> None:
        self._rows = rows

    async def scan(self, query: Query, batch: int = 1000) -> AsyncIterator[Sequence[Conversation]]:
        yield self._rows


def written(rows: Sequence[Conversation], delimiter: str, *, raw: bool = False) -> str:
    async def work() -> bytes:
        return b"".join([part async for part, _ in csv_parts(Some(rows), Query(), raw=raw, delimiter=delimiter)])

    return asyncio.run(work()).decode()


def begins_formula(cell: str) -> bool:
    """As a spreadsheet sees it that passes over whatever cannot be seen."""
    return cell.lstrip(BLANKS.replace('"', "")).startswith(FORMULA_SIGNS)


@pytest.mark.parametrize("delimiter", DELIMITERS)
@settings(max_examples=300, deadline=None)
@given(texts=st.lists(st.tuples(HOSTILE, HOSTILE, HOSTILE, HOSTILE), min_size=1, max_size=3))
def test_no_spreadsheet_finds_a_formula_whichever_delimiter_it_assumes(
    delimiter: str, texts: list[tuple[str, str, str, str]]
) -> None:
    rows = [
        Conversation(
            ConversationId(id), Agent(AgentId("1"), name), AT, AT, lead=Lead(name=topic), topic=topic, last_message=last
        )
        for id, name, topic, last in texts
    ]
    text = written(rows, delimiter)
    for assumed in DELIMITERS:
        for found in csv.reader(StringIO(text, newline=""), delimiter=assumed):
            assert not [cell for cell in found if begins_formula(cell)]


@pytest.mark.parametrize("blank", ["", " ", "\t", "\xa0", "\u200b", "\u3000", '"', "\ufeff \t"])
@pytest.mark.parametrize("before", ["", "Eve;", "x\t", "a|", "two\n", "two\u2028"])
@pytest.mark.parametrize("formula", ["=1+1", "+46", "-3", "@x", "＝full", "﹦small"])
def test_a_formula_is_neutralised_where_it_begins(before: str, blank: str, formula: str) -> None:
    cell = escape_formula(before + blank + formula)
    assert cell.replace("'", "") == before + blank + formula
    for delimiter in (";", "|"):
        assert not [piece for piece in cell.split(delimiter) if begins_formula(piece)]


@given(HOSTILE)
def test_a_neutral_cell_loses_only_nul_and_stays_as_it_is_when_written_again(text: str) -> None:
    cell = escape_formula(text)
    assert cell.replace("'", "") == text.replace("\0", "").replace("'", "")
    assert cell[:1] not in ("\t", "\r", "\n", *FORMULA_SIGNS)
    assert escape_formula(cell) == cell


@pytest.mark.parametrize(
    "cell", ["", "plain", "a=b", "maya@mail.example", "Well, -5 degrees", "a - b; c", "2026-11-03"]
)
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert escape_formula(cell) == cell


@pytest.mark.parametrize("raw", [False, True])
@given(st.text(st.one_of(st.sampled_from("\n\v\f\r\x85\u2028\u2029 ab"), st.characters()), max_size=30))
def test_the_last_message_is_one_line(raw: bool, body: str) -> None:
    row = msgspec.structs.replace(ROW, last_message=body)
    assert len(written([row], ",", raw=raw).splitlines()) == 2


@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_times_have_one_form(at: datetime) -> None:
    written_at = iso_time(at)
    assert written_at is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", written_at)
    assert datetime.fromisoformat(written_at) == at.replace(microsecond=0)
