"""Every key, as it is now.

Shows what the caller collected from the bindings in force; no key is written down here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from inbox_tui.domain.text import clean_line
from inbox_tui.tui.screens.dialog import Choice, Dialog

_WIDEST_KEYS = 16


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


class HelpScreen(Dialog[None]):
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
        """A heading for each section, a line for each action."""
        for number, section in enumerate(self._sections):
            yield Static(Content(clean_line(section.title)), classes="section" if number else "section first")
            for key in section.keys:
                yield Static(_line(key), classes="key")
        yield Static(
            Content("The words at the right are the names by which the config file changes a key."), classes="muted"
        )

    def choices(self) -> Iterable[Choice]:
        """Nothing but to close it."""
        return (Choice("Esc", "Close", "cancel"),)


def _line(key: KeyHelp) -> Content:
    keys = clean_line(key.keys)
    gap = " " * max(1, _WIDEST_KEYS - cell_len(keys))
    return Content.assemble(
        (keys, "bold $accent"), gap, clean_line(key.description), "  ", (clean_line(key.id), "$inbox-muted")
    )
