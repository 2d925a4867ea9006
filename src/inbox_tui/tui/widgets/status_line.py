"""The last line of the screen: where the keys go, which of them work there, and what just happened.

Repaints only when its text changes. It never counts time by itself.
"""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from inbox_tui.domain.text import clean_line
from inbox_tui.tui.presenters.last_line import MARK_WIDTH, LastLine, Part, last_line


class StatusLine(Widget):
    """Mode word and key hints; a message beside them, or on lines of its own above."""

    DEFAULT_CSS = """
    StatusLine { height: 1; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    mode: reactive[str] = reactive("")
    """Where the next key goes: LIST, THREAD, REPLY, NOTE or SEARCH."""
    hints: reactive[tuple[tuple[str, str], ...]] = reactive(())
    """(key, what it does) in order of use; those that do not fit are left out."""
    message: reactive[str] = reactive("")
    """What just happened, in words; remote text in it is cleaned here."""
    is_problem: reactive[bool] = reactive(False)
    """The message says that something did not work."""
    is_done: reactive[bool] = reactive(True)
    """The message says that something was done, which a mark says too."""

    def render(self) -> Content:
        """The keys, and the message with its mark."""
        above, keys = self._laid_out()
        if not above:
            return Content.assemble(*keys)
        words = f"\n{' ' * MARK_WIDTH}".join(above)
        return Content.assemble(" ", self._mark(), words, "\n", *keys)

    def watch_mode(self) -> None:
        """Another place leaves other room for a message."""
        self._fit()

    def watch_hints(self) -> None:
        """Other keys leave other room for a message."""
        self._fit()

    def watch_message(self) -> None:
        """A message that needs more lines than one gets them: what to do stands at its end."""
        self._fit()

    def on_resize(self) -> None:
        """Another width takes other lines."""
        self._fit()

    def say(self, message: str, *, is_problem: bool = False, is_done: bool = True) -> None:
        """Show a message until the next one or until ``clear``."""
        self.is_problem, self.is_done = is_problem, is_done
        self.message = message

    def clear(self) -> None:
        """Show only the keys again."""
        self.is_problem = False
        self.message = ""

    def _fit(self) -> None:
        """As high as the message needs. A new height costs a layout, so only when it changes."""
        height = 1 + len(self._laid_out().above)
        if self.size.width and height != self.size.height:
            self.styles.height = height

    def _laid_out(self) -> LastLine:
        return last_line(self.size.width, self.mode, self.hints, self._mark(), clean_line(self.message))

    def _mark(self) -> Part:
        if self.is_problem:
            return "! ", "bold $error"
        return ("✓ ", "bold $success") if self.is_done else ("· ", "$inbox-muted")
