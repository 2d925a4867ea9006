"""Paints rows from the model: the only path for a row into the list, the pane and the cached lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from textual.screen import Screen
from textual.timer import Timer

from inbox_tui.domain.models import Conversation, ConversationId, StateChange
from inbox_tui.tui.inbox.seen_lists import SeenLists
from inbox_tui.tui.inbox.state import InboxState
from inbox_tui.tui.widgets.conversation_list import ConversationList
from inbox_tui.tui.widgets.detail_pane import DetailPane

DOUBT_DELAY = 0.1
"""The fewest seconds before doubted rows are read again."""


class Painter:
    """Paints conversations as the model has them, and rereads rows that the model doubts."""

    def __init__(
        self,
        screen: Screen[None],
        state: InboxState,
        clock: Callable[[], datetime],
        read: Callable[[Sequence[ConversationId]], None],
    ) -> None:
        """``read`` rereads conversations."""
        self._screen = screen
        self.state = state
        self.seen = SeenLists()
        self._clock = clock
        self._read = read
        self._list = screen.query_one(ConversationList)
        self._pane = screen.query_one(DetailPane)
        self._timer: Timer | None = None

    def show(self, ids: Iterable[ConversationId]) -> None:
        """Show conversations as the model has them now, wherever they are on screen."""
        rows = [row for id in ids if (row := self.state.painted(id)) is not None]
        open_one = self._pane.conversation
        for row in rows:
            self._list.replace(row)
            if open_one is not None and open_one.id == row.id:
                self._pane.conversation = row
        self.seen.hear(rows)
        self._forget_unshown()
        self._wait()

    def show_all(self) -> None:
        """Repaint everything on screen from the model."""
        open_one = self._pane.conversation
        self.show([*self._list.loaded, *([open_one.id] if open_one is not None else ())])

    def decide(self, changes: Iterable[StateChange], seen: Sequence[Conversation]) -> None:
        """Show the member's decision at once, before the store answers."""
        self.state.decide(changes, seen)
        self.show(conversation.id for conversation in seen)

    def let_in(self, conversation: Conversation) -> None:
        """Show a conversation that belongs in the list and is not in it, as the model has it by now."""
        for row in self.state.paint((conversation,)):
            self._list.let_in(row)

    def remove(self, gone: Sequence[ConversationId]) -> None:
        """Remove deleted conversations from the screen."""
        self._list.forget(gone)
        self.seen.forget(gone)

    def _forget_unshown(self) -> None:
        """Let the model drop rows that are not on screen, if it holds many."""
        if self.state.is_large:
            open_one = self._pane.conversation
            shown = (open_one.id,) if open_one is not None else ()
            self.state.forget_unshown({*self._list.loaded, *self._list.selected, *shown})

    def read_doubted(self) -> None:
        """Reread doubted rows when they are due."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if due := self.state.due():
            self._read(due)
        self._wait()

    def _wait(self) -> None:
        due = self.state.next_due
        if due is not None and self._timer is None:
            wait = (due - self._clock()).total_seconds()
            self._timer = self._screen.set_timer(max(wait, DOUBT_DELAY), self.read_doubted)
