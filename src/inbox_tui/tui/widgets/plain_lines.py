"""``PlainLines``: a scroll view whose lines are painted as they are.

Textual's own way leads by borders, padding and opacity, which our lists of lines do not
have, and makes new strips at each scroll; that is half of what a move costs.
"""

from __future__ import annotations

from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip


class PlainLines(ScrollView, inherit_bindings=False):
    """A scroll view without border and padding. Subclasses give ``render_line``, strips as wide as the widget."""

    ALLOW_SELECT = False

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a part of the widget."""
        background = self.background_colors[1]
        filters = self.get_line_filters()
        strips: list[Strip] = []
        for strip in self.strips_of(crop.line_range):
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)  # noqa: PLW2901 - each filter takes the last one's
            strips.append(strip if crop.width == strip.cell_length else strip.crop(crop.x, crop.right))
        return strips

    def strips_of(self, lines: range) -> list[Strip]:
        """The strips of these lines of what is on screen."""
        return [self.render_line(y) for y in lines]
