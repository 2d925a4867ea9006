"""A scroll bar that is drawn line by line, without the layers that Textual leads every widget's lines through.

With Textual's own bar, a fifth of the cost of showing a conversation was the bar of its thread.
"""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip


class LineScrollBar(ScrollBar):
    """A vertical scroll bar without border and padding."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a part of the bar; the same strips for lines that look the same."""
        bar = self.render()
        assert isinstance(bar, ScrollBarRender)
        style = bar.style
        assert isinstance(style, Style) and style.bgcolor is not None and style.color is not None
        drawn = bar.render_bar(
            size=self.size.height,
            virtual_size=bar.virtual_size,
            window_size=bar.window_size,
            position=bar.position,
            thickness=self.size.width,
            vertical=True,
            back_color=style.bgcolor,
            bar_color=style.color,
        )
        base, filters, background = self.rich_style, self.get_line_filters(), self.background_colors[1]
        strips: list[Strip] = []
        for text, look, _ in drawn.segments[crop.y : crop.bottom]:
            strip = _strip(text, base + look)
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)
            strips.append(strip if crop.width == strip.cell_length else strip.crop(crop.x, crop.right))
        return strips


@lru_cache(maxsize=64)
def _strip(text: str, style: Style) -> Strip:
    return Strip([Segment(text, style)])
