"""The question that is asked before much is done at once."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from inbox_tui.domain.text import clean_body
from inbox_tui.tui.dialogs.base import Choice, Dialog


class ConfirmDialog(Dialog[bool]):
    """Asks whether to do something. True: do it; False: leave everything as it is."""

    heading = "Please confirm"

    def __init__(self, question: str, yes: str, no: str) -> None:
        super().__init__()
        self._question = question
        self._yes = yes
        self._no = no

    def compose_body(self) -> ComposeResult:
        """The question."""
        yield Static(Content(clean_body(self._question)))

    def choices(self) -> Iterable[Choice]:
        """Do it, or do not."""
        return (Choice("Enter", self._yes, "accept"), Choice("Esc", self._no, "cancel"))

    def on_key(self, event: events.Key) -> None:
        """A space between two words that somebody types is no yes."""
        if event.key == "space" and isinstance(self.focused, Choice) and self.focused.action == "accept":
            event.stop()

    async def action_accept(self) -> None:
        """Do it."""
        self.close(True)

    async def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.close(False)
