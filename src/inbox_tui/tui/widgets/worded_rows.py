"""Rows that say in words what else there is to a conversation: a draft, or that it is new to the member."""

from __future__ import annotations

from collections.abc import Iterable

from inbox_tui.domain.models import ConversationId
from inbox_tui.tui.widgets.arriving_rows import ArrivingRows

DRAFT = "draft"
"""A text was begun and not sent."""
NEW = "new"
"""A colleague assigned it to the member, who has not looked at it yet."""


class WordedRows(ArrivingRows, inherit_bindings=False):
    """Holds the words by conversation, loaded or not, and repaints the rows whose words change."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._worded: dict[str, set[ConversationId]] = {}

    def show_drafts(self, ids: Iterable[ConversationId]) -> None:
        """Say of these conversations, and of no others, that there is a draft."""
        self._worded[DRAFT] = set(ids)
        self.refresh()

    def show_draft(self, id: ConversationId, is_there: bool) -> None:
        """Say that a conversation has a draft, or no longer."""
        self._say(DRAFT, id, is_there)

    def show_newness(self, id: ConversationId, *, is_new: bool) -> None:
        """Say that a conversation is new to the member, or no longer."""
        self._say(NEW, id, is_new)

    def words_of(self, id: ConversationId) -> tuple[str, ...]:
        """What a row says besides its conversation."""
        return tuple(word for word, ids in self._worded.items() if id in ids)

    def _say(self, word: str, id: ConversationId, is_there: bool) -> None:
        ids = self._worded.setdefault(word, set())
        (ids.add if is_there else ids.discard)(id)
        if self._window and (number := self._window.find(id)) is not None:
            self.repaint_row(number)
