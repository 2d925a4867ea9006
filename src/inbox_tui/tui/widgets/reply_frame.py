"""The frame of the reply box: what is written to whom, as whom, since when, who else has it, and a button.

Holds no text and decides nothing about it.
"""

from __future__ import annotations

from textual import events
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive

from inbox_tui.domain.models import ConversationId, Kind
from inbox_tui.tui.field_message import FieldMessage
from inbox_tui.tui.presenters.reply_frame import ReplyFrame

MIN_LINES_SHOWN = 3
MAX_LINES = 8
"""Lines that the box takes, its border included."""
_FRAME = 2


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

    lines_at_most: reactive[int] = reactive(MAX_LINES, repaint=False)
    """Lines that the box may take here, between MIN_LINES_SHOWN and MAX_LINES."""

    class Entered(FieldMessage):
        """The cursor came into the box: somebody begins to write, having seen what is on screen."""

        conversation_id: ConversationId
        kind: Kind

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._conversation_id: ConversationId | None = None
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
    def conversation_id(self) -> ConversationId | None:
        """The conversation that the text belongs to."""
        return self._conversation_id

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

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Somebody begins to write."""
        if self._conversation_id is not None:
            self.post_message(self.Entered(self._conversation_id, self._kind))

    def _is_on_button(self, x: int, y: int) -> bool:
        """Whether a place on the screen is on the button in the bottom line."""
        button_from = self._frame.button_from if self._frame else self.region.width
        return y == self.region.bottom - 1 and button_from <= x - self.region.x < self.region.width - 1

    def _take_lines(self, lines: int) -> None:
        """Be as high as a text of so many lines needs, within bounds."""
        height = max(MIN_LINES_SHOWN, min(lines + _FRAME, MAX_LINES, self.lines_at_most))
        if height != self.outer_size.height:
            self.styles.height = height

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
