"""The line above the list: search, order, what is new above, and the export icon.

Only says what was asked for; searching, ordering and exporting are the screen's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from inbox_tui.domain.filters import Order
from inbox_tui.domain.text import clean_line
from inbox_tui.tui.field_message import FieldMessage

if TYPE_CHECKING:
    from textual.widgets import Input

    from inbox_tui.tui.widgets.search_input import SearchInput

EXPORT = "⤓ Export CSV"
WORDS = "words in messages, names, topics"
PHRASE = "a piece of text"
"""What a search field that is empty says, by what the store finds."""


class ListHeader(Widget):
    """One line; becomes an input while searching."""

    DEFAULT_CSS = """
    ListHeader { height: 1; width: 1fr; layout: horizontal; }
    """

    search: reactive[str] = reactive("")
    """The words in force."""
    order: reactive[Order] = reactive(Order.NEWEST)
    """The order in force."""
    new_above: reactive[int] = reactive(0)
    """Conversations that belong above the list's last row and are not in it."""
    new_below: reactive[int] = reactive(0)
    """Conversations that belong behind its last row, and are not in it or not in sight yet."""
    moved_up: reactive[int] = reactive(0)
    """Conversations in it that would stand higher, for their visitors wrote."""
    found: reactive[str] = reactive("")
    """How many the search found, in words."""
    length: reactive[str] = reactive("")
    """How long a list is that nobody has counted: ``25+``; empty for others."""
    newest_key: reactive[str] = reactive("g", repaint=False)
    """The key that lets what is new come in, and goes to the top."""
    last_key: reactive[str] = reactive("G", repaint=False)
    """The key that lets it come in, and goes to the end."""
    can_export: reactive[bool] = reactive(True)
    """The store and the member's access allow an export."""

    can_search: reactive[bool] = reactive(True)
    """The member's access allows a search."""

    finds_words: reactive[bool] = reactive(True, repaint=False)
    """A search finds words; else the text as it is typed."""

    class SearchTyped(FieldMessage):
        """The search words changed."""

        words: str

    class SearchLeft(FieldMessage):
        """Typing is over; the list should have the keys."""

    class SearchRequested(FieldMessage):
        """The search was clicked."""

    class NewRequested(FieldMessage):
        """The note of what is new above was clicked."""

    class ExportRequested(FieldMessage):
        """The export icon was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self._field: SearchInput | None = None

    def render(self) -> Content:
        """Search and order at the left, the export icon at the right."""
        if self._field is not None:  # which stands between the sign and the number
            return Content.assemble(
                (" ⌕", "bold $accent"), (f"{self.found} ".rjust(self.size.width - 2), "$inbox-muted")
            )
        left, right = self._left(), self._right()
        gap = self.size.width - sum(cell_len(text) for text, _ in left) - cell_len(right) - 1
        if gap < 1:
            return Content.assemble(*left)
        return Content.assemble(*left, " " * gap, (right, "$inbox-muted"), " ")

    @property
    def is_searching(self) -> bool:
        """The cursor is in the search field."""
        return self._field is not None and self._field.has_focus

    async def open_search(self) -> None:
        """Let search words be typed, beginning with those in force."""
        if self._field is None:
            from inbox_tui.tui.widgets.search_input import SearchInput  # a search pays for it, not each start

            self._field = SearchInput(self.search, WORDS if self.finds_words else PHRASE)
            await self.mount(self._field)
        self.screen.set_focus(self._field)

    async def close_search(self) -> None:
        """Show the line again."""
        if self._field is not None:
            field, self._field = self._field, None
            await field.remove()
        self.refresh()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say the words that stand there now."""
        event.stop()
        self.post_message(self.SearchTyped(event.value))

    def on_search_input_left(self, event: SearchInput.Left) -> None:
        """Typing is over."""
        event.stop()
        self.post_message(self.SearchLeft())

    def on_search_input_dropped(self, event: SearchInput.Dropped) -> None:
        """No words are in force any more."""
        event.stop()
        self.post_message(self.SearchTyped(""))
        self.post_message(self.SearchLeft())

    def on_click(self, event: events.Click) -> None:
        """Search, show what is new, or export, by where the click was."""
        event.stop()
        if event.x >= self.size.width - cell_len(self._right()) - 1 and self.can_export:
            self.post_message(self.ExportRequested())
        elif (news := self._news()) and event.x >= sum(
            cell_len(text) for text, _ in self._left()[: len(self._left()) - len(news)]
        ):
            self.post_message(self.NewRequested())
        elif self.can_search:
            self.post_message(self.SearchRequested())

    def _left(self) -> list[tuple[str, str]]:
        if self.can_search:
            words = clean_line(self.search)
            parts = [(f" ⌕ {words or 'search'} ", "" if words else "$inbox-muted")]
            order = (f"· {self.found or self._sorted()} ", "$inbox-muted")
        else:
            parts, order = [], (f" {self._sorted()} ", "$inbox-muted")
        news = self._news()
        if not parts or not news or sum(cell_len(text) for text, _ in (*parts, order, *news)) <= self.size.width:
            parts.append(order)
        return [*parts, *news]

    def _sorted(self) -> str:
        return f"{self.length} · {self.order.label}" if self.length else self.order.label

    def _news(self) -> list[tuple[str, str]]:
        """What waits at the list's edges, and the key that goes there."""
        above = [f"{self.new_above:,} new"] if self.new_above else []
        above += [f"{self.moved_up:,} moved up"] if self.moved_up else []
        news = [f"· ↑ {', '.join(above)} · {self.newest_key} "] if above else []
        news += [f"· ↓ {self.new_below:,} new below · {self.last_key} "] if self.new_below else []
        return [(words, "bold $warning") for words in news]

    def _right(self) -> str:
        return EXPORT if self.can_export else ""
