"""A problem that needs more than the status line: what went wrong, and what to do.

For errors that a person must have read before going on; everything else belongs in the
status line, which does not take the keys away.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from inbox_tui.domain.text import clean_body
from inbox_tui.tui.dialogs.base import Choice, Dialog


class ProblemDialog(Dialog[None]):
    """Shows an error's message and hint until it is closed."""

    heading = "Something did not work"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__()
        self._message = message
        self._hint = hint

    def compose_body(self) -> ComposeResult:
        """What went wrong; below, what to do."""
        yield Static(Content(clean_body(self._message)), classes="what")
        if self._hint:
            yield Static(Content(clean_body(self._hint)), classes="muted")

    def choices(self) -> Iterable[Choice]:
        """Nothing but to close it."""
        return (Choice("Enter", "Close", "accept"),)
