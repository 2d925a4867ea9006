"""The frame of the reply box: what is written, as whom, since when, who has the conversation, and a button.

Holds no text and decides nothing about it.
"""

from __future__ import annotations

from textual.containers import Vertical
from textual.content import Content

from inbox_tui.domain.models import Kind
from inbox_tui.tui.presenters.reply_frame import ReplyFrame


class FramedBox(Vertical):
    """A box whose border says what Enter does, painted again only where its words change."""

    DEFAULT_CSS = """
    FramedBox {
        height: 3; width: 1fr; border: round $inbox-rule; padding: 0 1; background: transparent;
        border-title-color: $foreground; border-title-style: bold;
        border-subtitle-color: $inbox-muted; border-subtitle-align: left;
    }
    FramedBox:focus-within { border: round $accent; }
    FramedBox.-note { border: round $inbox-note; border-title-color: $inbox-note; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._kind = Kind.MESSAGE
        self._author = ""
        self._keys = ("enter", "ctrl+j")
        self._complaint = ""
        self._draft_since = ""
        """Since when there has been a draft, in words; "" while one is typed that is new."""
        self._holder = ""
        self._frame: ReplyFrame | None = None
        """What the frame shows; painting it again is not free."""

    @property
    def kind(self) -> Kind:
        """Whether it is a reply or a note."""
        return self._kind

    def show_keys(self, send: str, newline: str) -> None:
        """Say which keys send and begin a new line."""
        self._keys = (send, newline)
        self._show_frame()

    def show_holder(self, name: str) -> None:
        """Say which colleague has the conversation; "" where none does."""
        self._holder = name
        self._show_frame()

    def _is_on_button(self, x: int, y: int) -> bool:
        """Whether a place on the screen is on the button in the bottom line."""
        button_from = self._frame.button_from if self._frame else self.region.width
        return y == self.region.bottom - 1 and button_from <= x - self.region.x < self.region.width - 1

    def _complain(self, words: str) -> None:
        """Say why nothing happens; "" says nothing."""
        if words != self._complaint:
            self._complaint = words
            self._show_frame()

    def _show_frame(self) -> None:
        texts = self._author, self._draft_since, self._holder, self._complaint
        frame = ReplyFrame(self._kind, *texts, self._keys, self.outer_size.width)
        before, self._frame = self._frame, frame
        if before is None or frame.title != before.title:
            self.border_title = Content(frame.title)
        if before is None or frame.bottom != before.bottom:
            self.border_subtitle = Content.assemble(*frame.bottom)
