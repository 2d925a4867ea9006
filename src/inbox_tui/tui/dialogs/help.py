"""Every key, as it is now.

Shows what the caller collected from the bindings in force; no key is written down here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import msgspec
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from inbox_tui.domain.text import clean_line
from inbox_tui.tui.dialogs.base import Choice, Dialog
from inbox_tui.tui.presenters.thread import wrap

_KEYS_WIDTH = 12
"""Columns for the keys; where they need more, they have a line of their own."""


class KeyHelp(msgspec.Struct, frozen=True):
    """One action and its keys."""

    id: str
    """The binding's id, by which the config file remaps it."""
    keys: str
    """The keys in force, as people read them."""
    description: str


class HelpSection(msgspec.Struct, frozen=True):
    """The keys that work in one place."""

    title: str
    keys: tuple[KeyHelp, ...]


class HelpDialog(Dialog[None]):
    """All keys by the place where they work, with the ids that remap them."""

    heading = "Keys"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,q,escape", "cancel", "Close", id="help.close", show=False),
        Binding("j", "scroll(1)", "Scroll down", id="help.down", show=False),
        Binding("k", "scroll(-1)", "Scroll up", id="help.up", show=False),
    ]

    def __init__(self, sections: Sequence[HelpSection]) -> None:
        super().__init__()
        self._sections = tuple(sections)

    def compose_body(self) -> ComposeResult:
        """A heading and a table for each section."""
        every = [key for section in self._sections for key in section.keys]
        widths = (
            max((cell_len(clean_line(key.description)) for key in every), default=0),
            max((cell_len(clean_line(key.id)) for key in every), default=0),
        )
        for number, section in enumerate(self._sections):
            yield Static(Content(clean_line(section.title)), classes="section" if number else "section first")
            yield KeyTable(section.keys, widths)
        yield Static(Content("The config file changes a key by the name at the right of it."), classes="section muted")

    def choices(self) -> Iterable[Choice]:
        """Nothing but to close it."""
        return (Choice("Esc", "Close", "cancel"),)


class KeyTable(Widget):
    """Keys, what they do and their ids, in columns; where it is narrow without the ids."""

    DEFAULT_CSS = """
    KeyTable { width: 1fr; height: auto; }
    """

    def __init__(self, keys: Sequence[KeyHelp], widths: tuple[int, int]) -> None:
        """``widths`` are the columns that descriptions and ids need."""
        super().__init__()
        self._keys = tuple(keys)
        self._widths = widths

    def render(self) -> Content:
        """A line for each action, or two."""
        return Content("\n").join(self._lines(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are at this width."""
        return len(list(self._lines(width)))

    def _lines(self, width: int) -> Iterator[Content]:
        description_width, id_width = self._widths
        shows_ids = _KEYS_WIDTH + description_width + id_width + 2 <= width
        for key in self._keys:
            keys, description = clean_line(key.keys), clean_line(key.description)
            if cell_len(keys) > _KEYS_WIDTH:
                yield Content.styled(keys, "bold $accent")
                keys = ""
            if shows_ids:
                does = Content.assemble(
                    _padded(description, description_width), " ", (clean_line(key.id), "$inbox-muted")
                )
                yield Content.assemble((_padded(keys, _KEYS_WIDTH), "bold $accent"), " ", does)
                continue
            for line in wrap(description, max(1, width - _KEYS_WIDTH - 1)):
                yield Content.assemble((_padded(keys, _KEYS_WIDTH), "bold $accent"), " ", line)
                keys = ""


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
