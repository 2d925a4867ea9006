"""The rows of one list that others write to: what arrives comes in at its end, or is counted at its edges.

Holds the list's window and what is new since it was read. Knows neither highlight nor
selection; the list that has them is told when row numbers change.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.reactive import reactive

from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation, ConversationId, MemberId
from inbox_tui.tui.field_message import FieldMessage
from inbox_tui.tui.presenters.arrivals import Arrivals, Edges
from inbox_tui.tui.presenters.window import ListWindow
from inbox_tui.tui.widgets.row_scroll import RowScroll


class ArrivingRows(RowScroll, inherit_bindings=False):
    """Rows of which more come while they are looked at, and none moves by that."""

    me: reactive[MemberId | None] = reactive(None)
    """Who looks; decides whether a changed row still belongs in the list."""

    class EdgesChanged(FieldMessage):
        """More or fewer conversations belong in the list and are not in it, or not in sight yet."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._window: ListWindow | None = None
        self._arrivals: Arrivals | None = None
        self._unseen: set[ConversationId] = set()
        """Came in behind the last row, and have not been in sight."""
        self._told = (Edges(), 0)

    def replace(self, conversation: Conversation) -> None:
        """Show a conversation as it is now, in the row where it stands."""
        raise NotImplementedError

    def ask(self) -> None:
        """Ask for the rows that are wanted now."""
        raise NotImplementedError

    def row_shifted(self, rows: int) -> None:
        """Every row's number grew by so many."""
        raise NotImplementedError

    def row_removed(self, number: int) -> None:
        """The row with this number went, and those after it moved up."""
        raise NotImplementedError

    def stands_below_highlight(self, conversation: Conversation) -> bool:
        """Its place in the list is below the highlighted row."""
        raise NotImplementedError

    def rows_came_in(self) -> None:
        """Rows were appended."""
        raise NotImplementedError

    def row_count(self) -> int:
        """How many conversations the list has, loaded or not."""
        return self._window.total if self._window else 0

    @property
    def query_shown(self) -> Query | None:
        """What the list shows; None before the first ``show``."""
        return self._window.query if self._window else None

    def hear(self, conversations: Iterable[Conversation], *, are_found: bool = False) -> None:
        """Conversations were written to: show those in the list as they are now, and count what belongs in it.

        Args:
            conversations: As they are now.
            are_found: A search's own list holds them; what it holds is the store's to know.
        """
        for conversation in conversations:
            self.replace(conversation)
            if self._arrivals is not None and are_found is self._is_search:
                belongs = self._belongs_here(conversation, are_found)
                self._arrivals.hear(conversation, belongs=belongs)
                if not belongs:
                    self._unseen.discard(conversation.id)
        self._let_in_at_end()
        self._tell_edges()

    @property
    def loaded(self) -> tuple[ConversationId, ...]:
        """The conversations whose rows are loaded."""
        return tuple(row.id for row in self._window.rows) if self._window is not None else ()

    def let_in(self, conversation: Conversation) -> None:
        """Show a conversation that belongs in the list at once if it stands below the highlight; count it if not."""
        window, arrivals = self._window, self._arrivals
        if window is None or arrivals is None or self._is_search or not self._belongs_here(conversation, False):
            return
        if self.row_count() and not self.stands_below_highlight(conversation):
            return
        if window.insert(conversation) is not None:
            arrivals.forget(conversation.id)
            self.fit_rows()
            self.refresh()
            self.rows_came_in()
            self._tell_edges()

    def forget(self, ids: Iterable[ConversationId]) -> None:
        """Conversations do not exist any more: their rows go, and nothing else in sight moves for one above it.

        Give the new number to ``count`` next.
        """
        for id in ids:
            self._unseen.discard(id)
            if self._arrivals is not None:
                self._arrivals.forget(id)
            number = self._window.remove(id) if self._window is not None else None
            if number is not None:
                self.row_removed(number)
                if number < self.rows_in_sight.start:
                    self.scroll_by_rows(-1)
        self.fit_rows()
        self.refresh()
        self._tell_edges()

    def count(self, number: int | None, *, heard_all: bool = True) -> None:
        """So many conversations belong in the list; see ``Arrivals.count``."""
        if self._arrivals is not None:
            self._arrivals.count(number, heard_all=heard_all)
            self._settle()
            self.ask()

    @property
    def last(self) -> int:
        """The number of the last row that can be gone to; -1 if there is none."""
        return self._window.last if self._window is not None else -1

    def reads_on_to(self, number: int) -> bool:
        """A row comes only page by page; see ``ListWindow.reads_on_to``."""
        return self._window is not None and self._window.reads_on_to(number)

    @property
    def length(self) -> str:
        """How long the list is, if nobody has counted it; see ``ListWindow.length``."""
        return self._window.length if self._window is not None else ""

    @property
    def edges(self) -> Edges:
        """What belongs in the list and is not in it."""
        return self._arrivals.edges if self._arrivals is not None else Edges()

    @property
    def unseen(self) -> int:
        """What came in behind the last row and has not been in sight."""
        return len(self._unseen)

    def _begin(self, window: ListWindow) -> ListWindow:
        """Show another list, to which nothing came yet."""
        self._window, self._arrivals = window, Arrivals(window)
        self._unseen.clear()
        return window

    def _row(self, number: int) -> Conversation | None:
        return self._window.row(number) if self._window else None

    def _matches(self, row: Conversation) -> bool:
        query = self.query_shown
        return query is not None and (self.me is None or query.filter.matches(row, self.me))

    def _belongs_here(self, conversation: Conversation, is_found: bool) -> bool:
        query = self.query_shown
        if query is None or query.agent not in (None, conversation.agent.id):
            return False
        return is_found if query.search else self._matches(conversation)

    @property
    def _is_search(self) -> bool:
        return self.query_shown is not None and bool(self.query_shown.search)

    def shift_rows(self, rows: int) -> None:
        """Rows were found or missed before the first loaded one: what is in sight stays."""
        if rows:
            self.row_shifted(rows)
            self.scroll_by_rows(rows)
            self.refresh()

    def _settle(self) -> None:
        """Rows were loaded, or conversations counted: what waits at the edges may be more or less."""
        if self._window is not None and self._arrivals is not None:
            left = sum(not self._matches(row) for row in self._window.rows)
            self.shift_rows(self._arrivals.settle(left))
            self.fit_rows()
            self._let_in_at_end()
            self._tell_edges()

    def _let_in_at_end(self) -> None:
        """Where the list's end is in sight, what stands behind its last row comes in: nothing else moves."""
        before = self.row_count()
        if self._arrivals is None or self.rows_in_sight.stop < before:
            return
        if self._arrivals.let_in_at_end():
            self.fit_rows()
            self.refresh()
            self._unseen |= {row.id for number in range(before, self.row_count()) if (row := self._row(number))}
            self.rows_came_in()

    def _tell_edges(self) -> None:
        """Say what waits at the edges, if it is not what was said last."""
        if self._unseen:
            self._unseen -= {row.id for number in self.rows_in_sight if (row := self._row(number))}
        state = self.edges, len(self._unseen)
        if state != self._told:
            self._told = state
            self.post_message(self.EdgesChanged())
