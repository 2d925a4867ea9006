"""The last line of the screen: what just happened, or which keys work here.

Repaints only when its text changes. It never counts time by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from inbox_tui.domain.text import clean_line
from inbox_tui.tui.presenters.thread import wrap

LINES_AT_MOST = 4
_MARK_WIDTH = 5
"""The mark before a message, and a margin."""


class StatusLine(Widget):
    """Key hints; while there is a message, the message instead."""

    DEFAULT_CSS = """
    StatusLine { height: 1; width: 1fr; text-wrap: wrap; text-overflow: ellipsis; }
    """

    hints: reactive[tuple[tuple[str, str], ...]] = reactive(())
    """(key, what it does) in order of use; those that do not fit are left out."""
    message: reactive[str] = reactive("")
    """What just happened, in words; remote text in it is cleaned here."""
    is_problem: reactive[bool] = reactive(False)
    """The message says that something did not work."""

    def render(self) -> Content:
        """The message with its mark, or as many hints as fit."""
        if self.message:
            mark, style = ("! ", "bold $error") if self.is_problem else ("✓ ", "bold $success")
            return Content.assemble(" ", (mark, style), clean_line(self.message))
        return Content.assemble(*self._fitting_hints())

    def watch_message(self) -> None:
        """A message that needs more lines than one gets them: what to do stands at its end."""
        needed = len(wrap(clean_line(self.message), max(2, self.size.width - _MARK_WIDTH))) if self.message else 1
        height = min(needed, LINES_AT_MOST)
        if self.size.width and height != self.size.height:
            self.styles.height = height

    def on_resize(self) -> None:
        """Another width takes other lines."""
        self.watch_message()

    def say(self, message: str, *, is_problem: bool = False) -> None:
        """Show a message until the next one or until ``clear``."""
        self.is_problem = is_problem
        self.message = message

    def clear(self) -> None:
        """Show the hints again."""
        self.is_problem = False
        self.message = ""

    def _fitting_hints(self) -> Sequence[str | tuple[str, str]]:
        parts: list[str | tuple[str, str]] = [" "]
        room = self.size.width - 1
        must_show = self.hints[-1:]  # the way to help is never the one left out
        room -= sum(cell_len(key) + cell_len(words) + 3 for key, words in must_show)
        for key, words in self.hints[:-1]:
            needed = cell_len(key) + cell_len(words) + 3
            if needed > room:
                break
            room -= needed
            parts += [(key, "bold $accent"), (f" {words}  ", "$inbox-muted")]
        for key, words in must_show:
            parts += [(key, "bold $accent"), (f" {words}", "$inbox-muted")]
        return parts
