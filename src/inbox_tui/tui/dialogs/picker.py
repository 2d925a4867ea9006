"""Picks one of many: the first letters of words narrow the rows, Enter picks.

Every list to choose from is one of these, so that all are worked alike. It hangs from a
button, or stands in the middle of the screen. Decides nothing: it closes with a value, or
with None when it was left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from inbox_tui.tui.presenters.narrowing import narrowed
from inbox_tui.tui.widgets.line_field import LineField

MAX_ROWS = 12
"""Rows that are visible at once; the others are scrolled to or typed for."""
MIN_WIDTH = 30
MAX_WIDTH = 64
_FRAME = 3
"""Lines that the border and the field take."""
T = TypeVar("T")


class Row(msgspec.Struct, Generic[T], frozen=True):
    """Something that can be picked."""

    value: T
    prompt: Content
    name: str
    """The words that find it first."""
    more: str = ""
    """Further words that find it."""


class NarrowInput(LineField):
    """What narrows the rows. Up, down and Enter are the picker's."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, select_on_focus=False, compact=True)
        self.cursor_blink = False


class Picker(ModalScreen[T | None]):
    """A list over the inbox. Subclasses give the rows."""

    DEFAULT_CSS = """
    Picker { background: transparent; align: left top; }
    Picker.-centred { align: center middle; }
    Picker #menu { border: round $inbox-rule; background: $panel; height: auto; border-title-color: $foreground; }
    Picker NarrowInput { width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }
    Picker OptionList {
        height: auto; border: none; padding: 0; background: $panel; scrollbar-size-vertical: 1;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    Picker OptionList:focus { border: none; }
    Picker OptionList > .option-list--option { padding: 0 1; }
    Picker OptionList > .option-list--option-highlighted {
        color: $foreground; background: $inbox-cursor; text-style: bold underline;
    }
    Picker #nothing { color: $inbox-muted; padding: 0 1; height: 1; display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", id="picker.up", show=False),
        Binding("down", "move(1)", "Down", id="picker.down", show=False),
        Binding("pageup", f"move({-MAX_ROWS + 1})", "Page up", id="picker.page-up", show=False),
        Binding("pagedown", f"move({MAX_ROWS - 1})", "Page down", id="picker.page-down", show=False),
        Binding("escape", "leave", "Leave it as it is", id="picker.leave", show=False),
    ]

    def __init__(
        self, title: str, rows: Sequence[Row[T]], *, placeholder: str, begin_at: int = 0, anchor: Region | None = None
    ) -> None:
        """``begin_at`` is the row that is highlighted at first; ``anchor`` the place of the button it hangs from."""
        super().__init__(classes="" if anchor else "-centred")
        self._title = title
        self._rows = tuple(rows)
        self._placeholder = placeholder
        self._begin_at = begin_at
        self._anchor = anchor
        self._shown = self._rows

    def compose(self) -> ComposeResult:
        """The field, and below it the rows."""
        with Vertical(id="menu") as menu:
            menu.border_title = Content(self._title)
            yield NarrowInput(self._placeholder)
            options = OptionList(*(Option(row.prompt) for row in self._rows), markup=False, compact=True)
            options.can_focus = False  # letters stay with the field; up, down and Enter work from there
            yield options
            yield Static("nobody is called that" if self._anchor else "nothing is called that", id="nothing")

    def on_mount(self) -> None:
        """Be ready for letters."""
        self._place()
        self.query_one(OptionList).highlighted = min(self._begin_at, len(self._rows) - 1) if self._rows else None
        self.set_focus(self.query_one(NarrowInput))

    def on_resize(self, event: events.Resize) -> None:
        """Stay on the screen."""
        self._place()

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Show what the typed words may mean."""
        event.stop()
        if event.value.strip():
            self._shown = narrowed(self._rows, event.value, lambda row: row.name, lambda row: row.more)
        elif self._shown != self._rows:
            self._shown = self._rows
        else:
            return
        options = self.query_one(OptionList)
        options.set_options([Option(row.prompt) for row in self._shown])
        options.highlighted = 0 if self._shown else None
        self.query_one("#nothing").display = not self._shown

    @on(Input.Submitted)
    def pick_highlighted(self, event: Input.Submitted) -> None:
        """Enter picks what is highlighted."""
        event.stop()
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self._close(self._shown[highlighted].value)

    @on(OptionList.OptionSelected)
    def pick_clicked(self, event: OptionList.OptionSelected) -> None:
        """A click picks as well."""
        event.stop()
        self._close(self._shown[event.option_index].value)

    def on_click(self, event: events.Click) -> None:
        """A click beside the picker leaves it."""
        if event.widget is self:
            self._close(None)

    def action_move(self, step: int) -> None:
        """Highlight another, so many rows away; the ends are the ends."""
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            options.highlighted = max(0, min(options.highlighted + step, len(self._shown) - 1))

    def action_leave(self) -> None:
        """Pick nothing."""
        self._close(None)

    def _close(self, value: T | None) -> None:
        if self.is_current:  # a second key in the same breath must not close what is below
            self.dismiss(value)

    def _place(self) -> None:
        """Below the button, their right edges in line; above it where there is no room below."""
        screen = self.app.size
        menu, options = self.query_one("#menu", Vertical), self.query_one(OptionList)
        widest = max((row.prompt.cell_length for row in self._rows), default=0)
        width = min(max(MIN_WIDTH, widest + 5), MAX_WIDTH, screen.width)
        wanted = min(len(self._rows), MAX_ROWS)
        menu.styles.width = width
        if self._anchor is None:
            options.styles.max_height = max(1, min(wanted, screen.height - _FRAME))
            return
        anchor = self._anchor.clip(screen.width, screen.height)
        below, above = screen.height - anchor.bottom - _FRAME, anchor.y - _FRAME
        is_below = below >= min(wanted, 4) or below >= above
        rows = max(1, min(wanted, below if is_below else above))
        menu.styles.offset = (
            max(0, min(anchor.right - width, screen.width - width)),
            anchor.bottom if is_below else anchor.y - rows - _FRAME,
        )
        options.styles.max_height = rows
