"""The text field of the reply box.

Apart from the box because the library's text area is slow to load: this module is
imported only once somebody may type. Enter never puts anything into the text here;
what it does is decided by the box's key bindings.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.widgets import TextArea

from inbox_tui.domain.characters import is_text
from inbox_tui.domain.text import TAB_STOP, clean_typed
from inbox_tui.tui.terminal.events import UnconfirmedEnter
from inbox_tui.tui.terminal.private import CursorStaysInText


class ReplyEditor(CursorStaysInText, TextArea):
    """A plain text area: wraps, never blinks, takes Tab as text and lets Enter pass by."""

    DEFAULT_CSS = """
    ReplyEditor, ReplyEditor:focus { border: none; padding: 0; height: 1fr; background: transparent; }
    ReplyEditor { scrollbar-size-vertical: 1; }
    """

    knows_unconfirmed_enter = True
    """An Enter that nobody may have pressed is for the text itself to judge."""

    def __init__(self, before_typing: Callable[[], None], undo: Callable[[], None]) -> None:
        """``before_typing`` is called before each letter goes into the text, ``undo`` instead of undoing."""
        super().__init__(soft_wrap=True, tab_behavior="focus", highlight_cursor_line=False)
        self.cursor_blink = False
        self.indent_width = TAB_STOP
        self._before_typing = before_typing
        self._undo_in_box = undo

    @property
    def wrapped_lines(self) -> int:
        """Lines that the text takes at the present width."""
        return self.wrapped_document.height

    def begin_line(self) -> None:
        """Put a line break where the cursor is."""
        self.replace("\n", *self.selection, maintain_selection_offset=False)

    @property
    def is_behind_backslash(self) -> bool:
        """The cursor stands right behind a backslash."""
        row, column = self.cursor_location
        return self.selection.is_empty and column > 0 and self.document.get_line(row)[column - 1] == "\\"

    @property
    def cursor(self) -> int:
        """How many characters stand before the cursor."""
        return len(self.get_text_range((0, 0), self.cursor_location))

    def put(self, text: str, cursor: int | None = None) -> None:
        """Show another text, as if newly opened: no Changed, no undo into what stood here before.

        The cursor stands behind as many characters as ``cursor`` says, or at the end.
        """
        with self.prevent(TextArea.Changed):
            self.load_text(text)
        *above, line = text[:cursor].split("\n")
        self.move_cursor((len(above), len(line)))

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Letters are text, never commands of the list."""
        return key == "tab" or (character is not None and is_text(character))

    def action_undo(self) -> None:
        """Where nothing is left to undo here, a reply may be."""
        self._undo_in_box()

    async def on_key(self, event: events.Key) -> None:
        """Text goes in; everything else is for bindings."""
        if isinstance(event, UnconfirmedEnter):
            event.stop()
            event.prevent_default()
            self.begin_line()
            return
        is_typed = event.is_printable or event.key == "tab"
        if is_typed:
            self._before_typing()
        if is_typed or event.key == "enter":
            event.prevent_default()  # keeps the text area from acting on it
        if is_typed:
            event.stop()  # a letter must not become a command of the screen
            self._type("\t" if event.key == "tab" else event.character or "")

    def _type(self, text: str) -> None:
        result = self.replace(clean_typed(text), *self.selection, maintain_selection_offset=False)
        self.move_cursor(result.end_location)

    async def on_paste(self, event: events.Paste) -> None:
        """All of it goes in, made harmless."""
        event.stop()
        event.prevent_default()
        self._type(event.text)
