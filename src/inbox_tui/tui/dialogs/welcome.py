"""An empty inbox: what to put into it.

Returns what was chosen; filling and importing are the caller's. Your name is asked for
when a visitor is to see it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import ClassVar, TypeAlias

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from inbox_tui.domain.text import clean_line
from inbox_tui.tui.dialogs.base import Choice, FormDialog, TextField, field
from inbox_tui.tui.inbox.keys import OFFERS

_TEAM = "Start inbox-tui with --store URL: a team's inbox, wherever it is, is named by a URL."


class Offer(Enum):
    """The ways to begin."""

    SAMPLE = "sample"
    FILE = "import"
    TEAM = "team"


class FillWithSample(msgspec.Struct, frozen=True):
    """Put the sample conversations in."""


class ImportFile(msgspec.Struct, frozen=True):
    """Import conversations from a file."""

    path: Path


WelcomeResult: TypeAlias = FillWithSample | ImportFile
"""What was chosen."""


class WelcomeDialog(FormDialog[WelcomeResult]):
    """Three ways to begin, chosen by digits. None: go on with the empty inbox.

    Args:
        store_name: Which inbox it is.
        offer: What was chosen already, elsewhere.
    """

    AUTO_FOCUS = ""  # the digits choose, and an Enter too many puts nothing in
    heading = "Welcome to inbox-tui"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "fill", "Load sample conversations", id="welcome.sample", show=False),
        Binding("2", "ask_file", "Import a file", id="welcome.import", show=False),
        Binding("3", "explain_team", "Connect to a team's inbox", id="welcome.team", show=False),
    ]

    def __init__(self, store_name: str, offer: Offer | None = None) -> None:
        super().__init__()
        self._store_name = store_name
        self._offer = offer

    def compose_body(self) -> ComposeResult:
        """What this is, and the three ways."""
        sample, file, team = (words for words, _ in OFFERS)
        yield Static(Content("This inbox is empty."))
        yield Static(Content(clean_line(self._store_name)), classes="muted where")
        yield Choice("1", sample, "fill", id="sample")
        yield Choice("2", file, "ask_file", id="import")
        path = field("File", TextField(id="path", placeholder="~/conversations.jsonl"))
        path.display = False
        yield path
        yield Choice("3", team, "explain_team", id="team")
        explanation = Static(Content(_TEAM), classes="muted", id="explanation")
        explanation.display = False
        yield explanation

    def choices(self) -> Iterable[Choice]:
        """Besides the three: go on as it is."""
        return (Choice("Esc", "Start empty", "cancel"),)

    def on_mount(self) -> None:
        """Go on with what was chosen elsewhere."""
        super().on_mount()
        if self._offer is Offer.FILE:
            self.action_ask_file()
        elif self._offer is Offer.TEAM:
            self.action_explain_team()

    @on(Input.Changed, "#path")
    def forget_complaint(self, event: Input.Changed) -> None:
        """Another path may be right."""
        event.stop()
        self.complain("")

    def action_fill(self) -> None:
        """Fill the inbox with the sample."""
        self.close(FillWithSample())

    def action_ask_file(self) -> None:
        """Ask which file to import."""
        path = self.query_one("#path", TextField)
        if path.parent is not None:
            path.parent.display = True
        self.set_focus(path)

    def action_explain_team(self) -> None:
        """Say how to connect to a team's inbox."""
        self.query_one("#explanation").display = True
        self.query_one("#explanation").scroll_visible(animate=False)

    async def action_accept(self) -> None:
        """Import the file that was named, if it is one."""
        field = self.query_one("#path", TextField)
        if field.parent is None or not field.parent.display:
            self.complain("Choose with 1, 2 or 3.")
            return
        text = field.value.strip()
        path = _existing_file(text)
        if path is not None:
            self.close(ImportFile(path))
        else:
            self.complain(f"There is no file {text}." if text else "Enter the name of a file.")


def _existing_file(text: str) -> Path | None:
    try:
        path = Path(text).expanduser()
        return path if path.is_file() else None
    except (OSError, RuntimeError):
        return None
