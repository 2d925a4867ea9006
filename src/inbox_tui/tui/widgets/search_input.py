"""The field for search words.

Apart from the line that it stands in because the library's input is slow to load: this
module is imported only once somebody searches.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from inbox_tui.tui.field_message import FieldMessage
from inbox_tui.tui.widgets.line_field import LineField


class SearchInput(LineField):
    """The search words while they are typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "leave", "To the list", id="search.list", show=False),
        Binding("tab", "blank", "A blank", show=False),
        Binding("escape", "drop", "Drop the search", id="search.drop", show=False),
    ]

    DEFAULT_CSS = """
    SearchInput, SearchInput:focus { width: 1fr; height: 1; border: none; padding: 0 1; margin: 0 15 0 2; }
    """

    class Left(FieldMessage):
        """Done typing; the words stay."""

    class Dropped(FieldMessage):
        """The search is over."""

    def __init__(self, words: str, placeholder: str) -> None:
        super().__init__(words, placeholder=placeholder, select_on_focus=False)
        self.cursor_blink = False

    def action_blank(self) -> None:
        """Go on with the next word: Tab would leave the field, and what is typed behind it would be commands."""
        self.insert_text_at_cursor(" ")

    def action_leave(self) -> None:
        """Go to the list with the words in force."""
        self.post_message(self.Left())

    def action_drop(self) -> None:
        """Give the search up."""
        self.post_message(self.Dropped())
