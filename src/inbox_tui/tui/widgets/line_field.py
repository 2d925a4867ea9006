"""A field for one line of text: the one way by which words that are typed or pasted get into the program's fields."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from inbox_tui.domain.text import typed_line


class LineField(Input):
    """An input that takes every character, keeps all of a paste on its line, and holds nothing a terminal acts on."""

    def validate_value(self, value: str) -> str:
        """Whatever was typed, pasted or put there, made one harmless line."""
        return typed_line(value)

    def on_paste(self, event: events.Paste) -> None:
        """All of it goes in, made one line."""
        event.stop()
        event.prevent_default()  # the library's own way keeps only the first line
        start, end = sorted(self.selection)
        text = typed_line(event.text.rstrip("\r\n"))
        if self.max_length:
            text = text[: max(0, self.max_length - len(self.value) + end - start)]
        if text:
            self.replace(text, start, end)
