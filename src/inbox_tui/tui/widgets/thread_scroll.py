"""``ThreadScroll``: lines of which only those on screen are painted, and of those only what changed.

The side of the thread that deals with Textual: scrolling, keys and wheel, repainting. It does
not know what a line says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.widget import Widget

from inbox_tui.tui.presenters.thread import ThreadLine
from inbox_tui.tui.widgets.plain_lines import PlainLines

WHEEL_LINES = 3
"""Lines that one notch of the wheel moves."""


class ThreadScroll(PlainLines):
    """Any number of lines, none of which is a widget."""

    DEFAULT_CSS = """
    ThreadScroll { height: 1fr; width: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.write", "Write into the box", id="thread.write", show=False),
        Binding("up,k", "move(-1)", "Line up", id="thread.up", show=False),
        Binding("down,j", "move(1)", "Line down", id="thread.down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="thread.page-up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", id="thread.page-down", show=False),
        Binding("home,g", "first", "First message", id="thread.first", show=False),
        Binding("end,G", "last", "Newest message", id="thread.last", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[ThreadLine] = []

    @property
    def _text_width(self) -> int:
        return self.scrollable_content_region.width

    def action_first(self) -> None:
        """Go to the first line."""
        self._scroll_by(-len(self._lines))

    def action_last(self) -> None:
        """Go to the last line."""
        self._scroll_by(len(self._lines))

    def page(self, direction: int) -> None:
        """Move by what is visible, one line kept for the eye: 1 is towards newer messages, -1 older."""
        self._scroll_by(direction * max(1, self.size.height - 1))

    def action_move(self, lines: int) -> None:
        """Move by lines."""
        self._scroll_by(lines)

    def action_page(self, direction: int) -> None:
        """Move by what is visible."""
        self.page(direction)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move towards newer messages."""
        event.stop()
        event.prevent_default()
        self._scroll_by(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move towards older messages."""
        event.stop()
        event.prevent_default()
        self._scroll_by(-WHEEL_LINES)

    def _scroll_by(self, lines: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False)

    def _set_height(self, height: int) -> None:
        # The plain assignment would lay out the whole screen again, which costs more than all of this.
        self.set_reactive(Widget.virtual_size, Size(self._text_width, height))
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = height
            self.vertical_scrollbar.window_size = self.size.height

    def _repaint_changed(self, before: Sequence[ThreadLine], top_before: int, top: int) -> None:
        height = self.size.height
        old = before[top_before : top_before + height]
        new = self._lines[top : top + height]
        changed = [y for y in range(height) if old[y : y + 1] != new[y : y + 1]]
        regions: list[Region] = []
        for y in changed:
            if regions and regions[-1].bottom == y:
                regions[-1] = regions[-1].grow((0, 0, 1, 0))
            else:
                regions.append(Region(0, y, self._text_width, 1))
        if regions:
            self.refresh(*regions)

    def _parse_style(self, style: str) -> Style:
        return (self.visual_style + self.app.stylesheet.parse_style(style)).rich_style
