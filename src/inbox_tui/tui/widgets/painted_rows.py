"""``PaintedRows``: how the rows of conversations look, the highlighted one and the selected ones among them.

Knows neither keys nor mouse, and does not decide which row is highlighted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip

from inbox_tui.domain.models import Conversation, ConversationId, MemberId
from inbox_tui.tui.field_message import FieldMessage
from inbox_tui.tui.presenters.thread import wrap
from inbox_tui.tui.widgets.row_scroll import Thumb
from inbox_tui.tui.widgets.row_strips import RowState, RowStrips
from inbox_tui.tui.widgets.worded_rows import WordedRows


class PaintedRows(WordedRows, inherit_bindings=False):
    """Rows of two lines each; what an empty list says stands in its middle."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "conversation-list--left",
        "conversation-list--mark",
        "conversation-list--muted",
        "conversation-list--name",
        "conversation-list--name-highlighted",
        "conversation-list--resolved",
        "conversation-list--thumb",
        "conversation-list--waiting",
    }
    DEFAULT_CSS = """
    PaintedRows {
        .conversation-list--left { color: $inbox-muted; }
        .conversation-list--mark { color: $accent; text-style: bold; }
        .conversation-list--muted { color: $inbox-muted; }
        .conversation-list--name { color: $foreground; }
        .conversation-list--name-highlighted { color: $accent; text-style: bold; }
        .conversation-list--resolved { color: $success; }
        .conversation-list--thumb { color: $inbox-rule; }
        .conversation-list--waiting { color: $warning; }
    }
    """
    empty_text: reactive[str] = reactive("")
    """What an empty list shows, in one line or more."""

    class SelectionChanged(FieldMessage):
        """Conversations were selected or are no longer."""

        count: int

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._strips = RowStrips(self._style_of)
        self._number = 0
        self._highlighted: Conversation | None = None
        self._selected: frozenset[ConversationId] = frozenset()

    def set_now(self, now: datetime) -> None:
        """Let ages and waits grow; only rows whose text changes are repainted."""
        before = self._strips.now
        self._strips.now = now
        for number in self.rows_in_sight:
            row = self._row(number)
            if row is not None and self._strips.reads_differently(row, before):
                self.repaint_row(number)

    @property
    def selected(self) -> frozenset[ConversationId]:
        """The conversations that the next action is about; empty: the highlighted one."""
        return self._selected

    def select_all(self, ids: Iterable[ConversationId]) -> None:
        """Select these conversations and no others, loaded or not."""
        self._select(frozenset(ids))

    def clear_selection(self) -> None:
        """Select nothing."""
        self._select(frozenset())

    def action_select(self) -> None:
        """Select the highlighted conversation, or no longer."""
        if self._highlighted is not None:
            self._select(self._selected ^ {self._highlighted.id})

    def row_lines(self, number: int, width: int, thumb: Thumb) -> tuple[Strip, Strip]:
        """A conversation's two lines, or a faint sign that it is not loaded yet."""
        row = self._row(number)
        if row is None:
            is_here = self._highlighted is None and number == self._number
            return self._strips.placeholder(RowState(is_here, thumb=thumb), width)
        state = RowState(self._is_highlighted(row.id), row.id in self._selected, thumb, self.words_of(row.id))
        return self._strips.row(row, state, width)

    def line_of_empty(self, y: int) -> Strip | None:
        """What the empty list says, in its middle, once it is known that there are no rows."""
        lines = wrap(self.empty_text, max(2, self.size.width - 2))
        number = y - max(0, (self.size.height - len(lines) + 1) // 2)
        if self._window is None or not 0 <= number < len(lines):
            return None
        return self._strips.centred(lines[number], self.size.width)

    def notify_style_update(self) -> None:
        """Colours may be others now."""
        super().notify_style_update()
        self._strips.clear()

    def watch_me(self, me: MemberId | None) -> None:
        """Other rows may belong in the list now."""
        self._strips.me = me
        self._strips.clear()

    def _is_highlighted(self, id: ConversationId) -> bool:
        return self._highlighted is not None and self._highlighted.id == id

    def _style_of(self, name: str) -> Style:
        if "$" in name:
            return self.rich_style + self.app.stylesheet.parse_style(name).rich_style
        return self.get_component_rich_style(f"conversation-list--{name}")

    def _repaint_rows(self, numbers: set[int | None]) -> None:
        for number in numbers:
            if number is not None:
                self.repaint_row(number)

    def _select(self, ids: frozenset[ConversationId]) -> None:
        changed = self._selected ^ ids
        if not changed:
            return
        self._selected = ids
        for number in self.rows_in_sight:
            row = self._row(number)
            if row is not None and row.id in changed:
                self.repaint_row(number)
        self.post_message(self.SelectionChanged(len(ids)))
