"""``Arrivals``: what belongs in a list and is not in its window, counted at the list's two edges.

Pure, as the window is. What arrives has an id and a place in the list's order; what
stands beyond the window's end in a long list is counted with the rows not loaded yet,
unless the filter's number grew by it.
"""

from __future__ import annotations

from typing import NamedTuple

from inbox_tui.domain.models import Conversation, ConversationId
from inbox_tui.tui.presenters.window import ListWindow


class Edges(NamedTuple):
    """Conversations that belong in the list and that it does not hold, by where they would stand."""

    above: int = 0
    """Before the last row that is loaded."""
    below: int = 0
    """Behind it."""


class Arrivals:
    """What came into one list since it was read."""

    def __init__(self, window: ListWindow) -> None:
        self._window = window
        self._number: int | None = None
        """How many conversations belong in the list; None where they are not counted exactly."""
        self._heard_all = True
        self._end_is_known = True
        """What may have come in behind the last row was looked for."""
        self._new: dict[ConversationId, Conversation] = {}
        self._maybe: dict[ConversationId, Conversation] = {}
        """Stand where rows are not loaded: they may have stood there before."""
        self._edges: Edges | None = None
        """As counted last; None where that may be old."""
        self._unnamed = 0
        """More that the filter's number tells of: too many came at once to look at each."""

    @property
    def edges(self) -> Edges:
        """How many wait at each edge. Counted once: it is asked whenever a key scrolls."""
        if self._edges is None:
            below = sum(self._stands_behind(arrived) for arrived in self._new.values())
            self._edges = Edges(len(self._new) - below + self._unnamed, below)
        return self._edges

    def hear(self, conversation: Conversation, *, belongs: bool) -> None:
        """A conversation was written to; whether it ``belongs`` in the list is the caller's to know."""
        self._edges = None
        id, window = conversation.id, self._window
        was_new = self._new.pop(id, None) is not None
        self._maybe.pop(id, None)
        if not belongs or window.find(id) is not None:
            return
        if was_new or window.has_passed(conversation):
            self._new[id] = conversation
        else:
            self._maybe[id] = conversation

    def forget(self, id: ConversationId) -> None:
        """A conversation exists no more. Where a row shows it, that is one of those ``left``."""
        self._edges = None
        self._new.pop(id, None)
        self._maybe.pop(id, None)

    def let_in_at_end(self) -> int:
        """Append what stands behind the last row of a list whose end is loaded; returns how many came in."""
        if not self._window.has_end or not self.edges.below:
            return 0
        self._edges = None
        behind = [arrived for arrived in self._new.values() if self._stands_behind(arrived)]
        for arrived in sorted(behind, key=self._window.place):
            self._window.append(arrived)
            del self._new[arrived.id]
        return len(behind)

    def count(self, number: int | None, *, heard_all: bool = True) -> None:
        """So many conversations belong in the list; None where that is not known (any more).

        Unless ``heard_all``, those that nobody named are new.
        """
        self._number = number
        if not heard_all:
            self._heard_all = self._end_is_known = False

    def settle(self, left: int) -> int:
        """Let window, edges and the filter's number add up, of which ``left`` loaded rows are no part any more.

        Call it when rows were loaded, or conversations heard of and counted.
        Returns what every row number that was in use must be changed by.
        """
        self._edges = None
        window = self._window
        for waiting in (self._new, self._maybe):
            for id in [id for id in waiting if window.find(id) is not None]:
                del waiting[id]
        if self._number is None:
            return 0
        missing = self._number + left - window.total - len(self._new) - self._unnamed
        if missing > 0 and window.has_end and not self._end_is_known:
            self._end_is_known = True
            window.reopen_end()
        if window.is_whole or (missing > 0 and not self._heard_all):
            self._unnamed = max(0, self._unnamed + missing)
            return 0
        found = min(self._unnamed, max(0, -missing))
        self._unnamed -= found
        missing += found
        while missing > 0 and self._maybe:
            id, arrived = self._maybe.popitem()
            self._new[id] = arrived
            missing -= 1
        self._maybe.clear()
        return window.recount(window.total + missing)

    def _stands_behind(self, conversation: Conversation) -> bool:
        return self._window.stands_behind(conversation)
