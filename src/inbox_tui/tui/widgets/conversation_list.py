"""The list of conversations: two lines a row, any number of rows, one widget.

Repaints only rows that change, and asks for rows that it does not hold. It shows what
it is told and says what is wanted; it reads no store, and a conversation that changes
stays in its row until the list is read again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation, ConversationId
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.tui.field_message import FieldMessage
from inbox_tui.tui.presenters.window import ListWindow
from inbox_tui.tui.widgets.painted_rows import PaintedRows
from inbox_tui.tui.widgets.row_strips import INDENT


class ConversationList(PaintedRows, can_focus=True):
    """Conversations under a highlight that keys and the mouse move."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Next conversation", id="inbox.down"),
        Binding("k,up", "move(-1)", "Previous conversation", id="inbox.up"),
        Binding("g,home", "first", "First conversation, load new", id="inbox.first"),
        Binding("G,end", "last", "Last conversation", id="inbox.last"),
        Binding("pagedown", "page(1)", "Page down", id="inbox.page-down"),
        Binding("pageup", "page(-1)", "Page up", id="inbox.page-up"),
        Binding("x", "select", "Select", id="inbox.select"),
        Binding("enter", "open", "Open", id="inbox.open"),
    ]

    class Highlighted(FieldMessage):
        """Another conversation is highlighted, or the same with newer values.

        None where its row is not loaded yet, or there is none.
        """

        conversation: Conversation | None

    class PageWanted(FieldMessage):
        """Rows are wanted. Answer with ``supply``; if that fails, call ``ask_again``."""

        request: PageRequest

    class Opened(FieldMessage):
        """A conversation is to be opened."""

        conversation: Conversation

    class EmptyOpened(FieldMessage):
        """The list was to be opened, and nothing is in it."""

    class TopReached(FieldMessage):
        """The first row was asked for; a list that is shown in answer begins at its top."""

    class EndReached(FieldMessage):
        """The last row was asked for; a list that is shown in answer is shown at its end."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._wants_top = False
        self._wants_end = False

    # What is shown

    def show(self, query: Query, total: int | None, page: Page, now: datetime, *, stays: bool = False) -> None:
        """Show a list from its beginning.

        The same query again keeps the selection, and the highlight on its conversation
        if that is among the first rows. Another query begins at the top.

        Args:
            query: What the list shows.
            total: How many conversations that are; None where that is not known.
            page: The first of them.
            now: The present, for ages.
            stays: The highlight keeps the number of its row if its conversation has left the same query's list.
        """
        is_same = query == self.query_shown
        held = self._highlighted if is_same and not (self._wants_top or self._wants_end) else None
        goes_to_end = self._wants_end and is_same
        self._wants_top = self._wants_end = False
        window = self._begin(ListWindow(query, total, page))
        self._strips.query, self._strips.now = query, now
        self._strips.clear()
        self.fit_rows()
        self.refresh()
        if not is_same:
            self.clear_selection()
        place = window.find(held.id) if held is not None else None
        if place is None and held is not None and stays:
            place = min(self._number, max(0, self.row_count() - 1))
        if place is None:
            self.scroll_to(y=0, animate=False)
        self._put_highlight(window.last if goes_to_end else place or 0)
        self.ask()
        self._tell_edges()

    def supply(self, request: PageRequest, page: Page) -> None:
        """Take rows in that ``PageWanted`` asked for; those that nobody waits for any more are ignored."""
        window = self._window
        if window is None:
            return
        is_at_end = self._number >= window.last
        arrived = window.apply(request, page)
        if arrived is None:
            return
        self.fit_rows()
        self.shift_rows(arrived.shift)
        in_sight = self.rows_in_sight
        if arrived.shift or (arrived.rows.start < in_sight.stop and in_sight.start < arrived.rows.stop):
            self.refresh()
        self._settle_highlight(window, to_end=is_at_end and request.offset < 0)
        self.ask()
        self._settle()

    def ask_again(self) -> None:
        """Rows that were asked for will not come; ask for what is wanted now."""
        if self._window is not None:
            self._window.give_up()
            self.ask()

    def replace(self, conversation: Conversation) -> None:
        """Show a conversation as it is now, in the row where it stands."""
        if self._highlighted is not None and self._highlighted.id == conversation.id:
            self._highlighted = conversation
        number = self._window.replace(conversation) if self._window else None
        if number is not None:
            self.repaint_row(number)

    def conversation(self, id: ConversationId) -> Conversation | None:
        """A conversation as the list holds it; None where it is neither loaded nor highlighted."""
        number = self._window.find(id) if self._window else None
        held = self._highlighted if self._is_highlighted(id) else None
        return held if number is None else self._row(number)

    # The highlight

    @property
    def number(self) -> int:
        """The highlighted row."""
        return self._number

    @property
    def highlighted(self) -> Conversation | None:
        """The conversation under the highlight; None where its row is not loaded yet, or there is none."""
        return self._highlighted

    def highlight(self, target: ConversationId | int) -> bool:
        """Move the highlight to a conversation or a row number; False if that conversation is not loaded."""
        if self._window is None:
            return False
        number = target if isinstance(target, int) else self._window.find(target)
        if number is None:
            return False
        self._wants_top = self._wants_end = False
        self._put_highlight(number)
        return True

    def move_to_next_after_action(self) -> None:
        """Go on to the next conversation that still belongs in the list, or the next at all."""
        if self._window is not None:
            following = range(self._number + 1, self._window.end)
            self.highlight(next((number for number in following if self._belongs(number)), self._number + 1))

    def neighbours(self, count: int) -> tuple[ConversationId, ...]:
        """The ids of up to ``count`` loaded rows on either side of the highlight, nearest first."""
        steps = (step for distance in range(1, count + 1) for step in (distance, -distance))
        rows = (self._row(self._number + step) for step in steps)
        return tuple(row.id for row in rows if row is not None)

    def action_move(self, rows: int) -> None:
        """Move the highlight down, or up if negative."""
        self.highlight(self._number + rows)

    def action_first(self) -> None:
        """Move the highlight to the first row, and let what is new above come in."""
        self.highlight(0)
        self._wants_top = True
        self.post_message(self.TopReached())

    def action_last(self) -> None:
        """Move the highlight to the last row, or the last that is loaded, and let what is new come in."""
        self.highlight(self.last)
        self._wants_end = True
        self.post_message(self.EndReached())

    def action_page(self, pages: int) -> None:
        """Move the highlight by what fits on the screen."""
        self.highlight(self._number + pages * self.rows_per_page)

    def action_open(self) -> None:
        """Open the highlighted conversation."""
        if self._highlighted is not None:
            self.post_message(self.Opened(self._highlighted))
        elif self._window is not None and not self.row_count():
            self.post_message(self.EmptyOpened())

    # What Textual asks

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows are in sight: ask for those that are not loaded."""
        super().watch_scroll_y(old_value, new_value)
        self.ask()
        self._let_in_at_end()
        self._tell_edges()

    def on_resize(self) -> None:
        """Keep the highlight in sight, and ask for what came into sight."""
        self.scroll_to_row(self._number)
        self.ask()

    def on_click(self, event: events.Click) -> None:
        """Highlight a row; select it by its margin, open it by a double click."""
        event.stop()
        place = self.row_under(event)
        if place is None:
            if not self.row_count():
                self.action_open()
            return
        number, column = place
        if column == self.size.width - 1:
            self.scroll_to_part(event.y)
            return
        row = self._row(number)
        if column < INDENT - 1 and row is not None:
            self._select(self._selected ^ {row.id})
            return
        self.highlight(number)
        if event.chain == 2:
            self.action_open()

    def _belongs(self, number: int) -> bool:
        row = self._row(number)
        return row is not None and self._matches(row)

    def row_shifted(self, rows: int) -> None:
        """The highlight stays on its conversation."""
        self._number += rows

    def row_removed(self, number: int) -> None:
        """The highlight stays on its conversation; if it was that row's, the next one gets it."""
        if number < self._number:
            self._number -= 1

    def forget(self, ids: Iterable[ConversationId]) -> None:
        """Conversations do not exist any more: their rows go, the highlight and the selection leave them."""
        gone = frozenset(ids)
        if gone:
            super().forget(gone)
            self._select(self._selected - gone)
            if self._highlighted is not None and self._highlighted.id in gone:
                self._put_highlight(self._number)

    def stands_below_highlight(self, conversation: Conversation) -> bool:
        """What comes in there moves nothing that the member looks at."""
        window, held = self._window, self._highlighted
        return window is not None and held is not None and window.place(conversation) > window.place(held)

    def rows_came_in(self) -> None:
        """A list that was empty gets a highlight."""
        if self._highlighted is None:
            self._put_highlight(self._number)

    def _put_highlight(self, number: int) -> None:
        held = self._highlighted
        left = self._window.find(held.id) if self._window and held else self._number
        self._number = max(0, min(number, self.row_count() - 1))
        self._hold(self._row(self._number))
        self.scroll_to_row(self._number)
        # After the screen has heard of it: what the pane then shows is painted with the rows, in one go.
        self.call_later(self._repaint_rows, {left, self._number})

    def _hold(self, conversation: Conversation | None) -> None:
        if conversation != self._highlighted:
            self._highlighted = conversation
            # Straight to the screen, which so hears of it before the rows are painted.
            self.screen.post_message(self.Highlighted(conversation))

    def _settle_highlight(self, window: ListWindow, *, to_end: bool) -> None:
        """Rows arrived: the highlight stays on its conversation, or gets one where its row was not loaded."""
        if self._highlighted is None:
            self._put_highlight(window.last if to_end else self._number)
            return
        place = window.find(self._highlighted.id)
        if place is not None:
            self._number = place
            self._hold(window.row(place))

    def ask(self) -> None:
        """Ask for the rows that are wanted now."""
        if self._window is None or not self.size.height:
            return
        in_sight = self.rows_in_sight
        for request in self._window.wanted(in_sight.start, in_sight.stop):
            self.post_message(self.PageWanted(request))
