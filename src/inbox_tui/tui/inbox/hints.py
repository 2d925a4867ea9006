"""The hints in the last line: the mode, and the keys that matter here.

Shows only keys whose action the member's access and the store allow.
"""

from __future__ import annotations

from inbox_tui.domain.models import Kind
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.keys import ACTIONS
from inbox_tui.tui.presenters.keys import (
    LIST_HINTS,
    NOTE_HINTS,
    SEARCH_HINTS,
    SELECTION_HINTS,
    WRITING_HINTS,
    Hint,
)


class KeyHints:
    """The mode word and the keys of this place."""

    def __init__(self, context: InboxContext) -> None:
        self._context = context

    def show(self) -> None:
        """Update them for the focus, the selection and the member's rights."""
        context = self._context
        status, selected = context.status, len(context.list.selected)
        status.mode = self._mode()
        if context.is_writing:
            status.hints = self._while_writing()
        elif context.header.is_searching:
            status.hints = SEARCH_HINTS
        elif selected:
            status.clear()
            status.hints = ((f"{selected:,}", "selected"), *self._allowed(SELECTION_HINTS))
        else:
            status.hints = self._allowed(LIST_HINTS)

    def _mode(self) -> str:
        context = self._context
        if context.is_writing:
            return "NOTE" if context.box.kind is Kind.NOTE else "REPLY"
        if context.header.is_searching:
            return "SEARCH"
        return "THREAD" if context.screen.focused is context.thread else "LIST"

    def _while_writing(self) -> tuple[Hint, ...]:
        context = self._context
        has_notes = context.work.store.capabilities.notes
        wanted = NOTE_HINTS if context.box.kind is Kind.NOTE else WRITING_HINTS
        return context.keys.hints(tuple(hint for hint in wanted if has_notes or hint[0] != "reply.change-kind"))

    def _allowed(self, wanted: tuple[tuple[str, str], ...]) -> tuple[Hint, ...]:
        """The pairs of binding id and word whose action is allowed."""
        return self._context.keys.hints(tuple(hint for hint in wanted if self._offers(ACTIONS.get(hint[0], ""))))

    def _offers(self, action: str) -> bool:
        """Whether the hints name an action. Without chat access they leave out the search."""
        return self._context.allows(action) and (self._context.me.may_chat or action != "search")
