"""``RowScroll``: the lines of a long list, of which only those on screen are drawn.

The side of the conversation list that deals with Textual: scrolling, repainting,
which row is where. It does not know what a row is.
"""

from __future__ import annotations

from typing import NamedTuple

from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip

from inbox_tui.tui.widgets.plain_lines import PlainLines

ROW_LINES = 2
"""Lines that every row takes."""


class Thumb(NamedTuple):
    """Which of a row's lines the scroll bar's thumb stands beside."""

    first: bool = False
    second: bool = False


class RowScroll(PlainLines, inherit_bindings=False):
    """Rows of two lines, any number of them, none of which is a widget.

    The rows draw the scroll bar themselves, as their last column: one that is a widget
    would draw itself anew, all of it, whenever a row is scrolled.
    """

    DEFAULT_CSS = """
    RowScroll {
        width: 1fr;
        height: 1fr;
        overflow: hidden hidden;
    }
    """

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def row_lines(self, number: int, width: int, thumb: Thumb) -> tuple[Strip, Strip]:
        """The lines of a row below ``row_count``, each ``width`` columns wide with the thumb in the last."""
        raise NotImplementedError

    def line_of_empty(self, y: int) -> Strip | None:
        """A line of the widget while there are no rows; None if nothing stands in it."""
        raise NotImplementedError

    @property
    def allow_vertical_scroll(self) -> bool:
        """Always, although there is no scroll bar of Textual's."""
        return True

    @property
    def rows_in_sight(self) -> range:
        """The numbers of the rows that are on screen at least in part."""
        top = self.scroll_offset.y
        return range(top // ROW_LINES, min(-(-(top + self.size.height) // ROW_LINES), self.row_count()))

    @property
    def rows_per_page(self) -> int:
        """How far a page down goes: what fits on the screen, less one row that stays."""
        return max(1, self.size.height // ROW_LINES - 1)

    @property
    def thumb(self) -> range:
        """The lines of the widget beside which the scroll bar's thumb stands; none if everything fits."""
        height, lines = self.size.height, self.row_count() * ROW_LINES
        if lines <= height:
            return range(0)
        length = max(1, height * height // lines)
        start = self.scroll_offset.y * (height - length) // (lines - height)
        return range(start, start + length)

    def fit_rows(self) -> None:
        """The number of rows may be another now."""
        size = Size(0, self.row_count() * ROW_LINES)
        if size != self.virtual_size:  # a layout of the whole screen follows
            self.virtual_size = size

    def repaint_row(self, number: int) -> None:
        """Draw one row again, if it is on screen."""
        if number in self.rows_in_sight:
            self.refresh(Region(0, number * ROW_LINES - self.scroll_offset.y, self.size.width, ROW_LINES))

    def scroll_by_rows(self, rows: int) -> None:
        """Scroll so that what was in a row is in sight in the row that many further down."""
        self.scroll_to(y=self.scroll_offset.y + rows * ROW_LINES, animate=False)

    def scroll_to_row(self, number: int) -> None:
        """Scroll as little as needed to have the whole row in sight."""
        height = self.size.height
        line, top = number * ROW_LINES, self.scroll_offset.y
        if line < top:
            self.scroll_to(y=line, animate=False)
        elif height and line + ROW_LINES > top + height:
            last_top = line + ROW_LINES - height
            self.scroll_to(y=last_top + last_top % ROW_LINES, animate=False)

    def scroll_to_part(self, y: int) -> None:
        """Scroll to where a line of the scroll bar points."""
        lines, last = self.row_count() * ROW_LINES, max(1, self.size.height - 1)
        self.scroll_to(y=(lines - self.size.height) * y // last // ROW_LINES * ROW_LINES, animate=False)

    def row_under(self, event: events.MouseEvent) -> tuple[int, int] | None:
        """The number of the row under the mouse and the column in it; None where there is no row."""
        place = event.get_content_offset(self)
        if place is None:
            return None
        number = (place.y + self.scroll_offset.y) // ROW_LINES
        return (number, place.x) if number < self.row_count() else None

    def render_line(self, y: int) -> Strip:
        """One line of what is on screen."""
        return self.strips_of(range(y, y + 1))[0]

    def strips_of(self, lines: range) -> list[Strip]:
        """The strips of these lines of what is on screen."""
        width, top, count = self.size.width, self.scroll_offset.y, self.row_count()
        blank = Strip.blank(width, self.rich_style)
        if not count:
            return [self.line_of_empty(y) or blank for y in lines]
        thumb = self.thumb
        strips: list[Strip] = []
        for number in range((lines.start + top) // ROW_LINES, -(-(lines.stop + top) // ROW_LINES)):
            y = number * ROW_LINES - top
            if number < count:
                pair = self.row_lines(number, width, Thumb(y in thumb, y + 1 in thumb))
            else:
                pair = blank, blank
            strips += pair
        skipped = (lines.start + top) % ROW_LINES
        return strips[skipped : skipped + len(lines)]
