"""The filters on one line: what they say at each width, and clicks."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from inbox_tui.domain.filters import Counts, Filter
from inbox_tui.tui.themes import DARK
from inbox_tui.tui.widgets.filter_bar import FilterBar

COUNTS = Counts(all=1_128, your_inbox=7, unresolved=42, resolved=86, pending=0, has_lead=61)


class BarApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.chosen: list[Filter] = []

    def compose(self) -> ComposeResult:
        yield FilterBar()

    @on(FilterBar.Chosen)
    def note(self, event: FilterBar.Chosen) -> None:
        assert event.control is self.query_one(FilterBar)
        self.chosen.append(event.filter)

    @property
    def bar(self) -> FilterBar:
        return self.query_one(FilterBar)


async def line(pilot: Pilot[None]) -> str:
    await pilot.pause()
    app = pilot.app
    assert isinstance(app, BarApp)
    return app.bar.render_line(0).text.rstrip()


async def test_a_click_chooses_the_filter_under_the_mouse() -> None:
    app = BarApp()
    async with app.run_test(size=(120, 3)) as pilot:
        app.bar.counts = COUNTS
        text = await line(pilot)
        for filter in Filter:
            await pilot.click(FilterBar, offset=(text.index(filter.label), 0))
        assert app.chosen == list(Filter)
        await pilot.click(FilterBar, offset=(119, 0))
        assert len(app.chosen) == 6


async def test_numbers_come_when_they_are_known() -> None:
    app = BarApp()
    async with app.run_test(size=(120, 3)) as pilot:
        assert (await line(pilot)).startswith("[1 All] 2 Your inbox  3 Unresolved ")
        app.bar.counts = COUNTS
        app.bar.active = Filter.PENDING
        assert await line(pilot) == (
            " 1 All 1,128  2 Your inbox 7  3 Unresolved 42  4 Resolved 86 [5 Pending human reply 0] 6 Has lead 61"
        )


async def test_a_filter_whose_number_is_not_known_has_none() -> None:
    app = BarApp()
    async with app.run_test(size=(120, 3)) as pilot:
        app.bar.counts = Counts(all=25, pending=0)
        app.bar.active = Filter.HAS_LEAD
        assert await line(pilot) == (
            " 1 All 25  2 Your inbox  3 Unresolved  4 Resolved  5 Pending human reply 0 [6 Has lead]"
        )


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (80, " 1 All 1,128  2 Mine 7 [3 Open 42] 4 Done 86  5 Waiting 0  6 Leads 61"),
        (72, " 1 All 1,128  2 Mine 7 [3 Open 42] 4 Done 86  5 Waiting 0  6 Leads 61"),
        (50, " 1:1,128  2:7 [3 Unresolved 42] 4:86  5:0  6:61"),
        (42, " 1:1,128  2:7 [3 Open 42] 4:86  5:0  6:61"),
        (37, " 1:1,128  2:7 [3:42] 4:86  5:0  6:61"),
        (28, " 1  2 [3 Open 42] 4  5  6"),
    ],
)
async def test_a_narrow_bar_says_less_but_never_hides_a_filter(width: int, expected: str) -> None:
    app = BarApp()
    async with app.run_test(size=(width, 3)) as pilot:
        app.bar.counts = COUNTS
        app.bar.active = Filter.UNRESOLVED
        text = await line(pilot)
        assert text == expected
        assert cell_len(text) <= width
        await pilot.click(FilterBar, offset=(text.rindex(" 6") + 1, 0))
        assert app.chosen == [Filter.HAS_LEAD]
