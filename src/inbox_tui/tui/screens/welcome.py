"""The first start on an empty inbox: who you are, and what shall be in it.

Returns what was chosen; filling, importing and saving the name are the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, TypeAlias

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from inbox_tui.domain.text import NAME_LIMIT, clean_line, clean_name
from inbox_tui.tui.screens.dialog import Choice, FormDialog, TextField, field

_TEAM = "Start inbox-tui with --store URL: a team's inbox, wherever it is, is named by a URL."


class FillWithSample(msgspec.Struct, frozen=True):
    """Put the sample conversations in."""

    name: str


class ImportFile(msgspec.Struct, frozen=True):
    """Import conversations from a file."""

    name: str
    path: Path


class StayEmpty(msgspec.Struct, frozen=True):
    """Go on with the empty inbox."""

    name: str


WelcomeResult: TypeAlias = FillWithSample | ImportFile | StayEmpty
"""What was chosen; ``name`` is the display name as entered, possibly empty."""


class WelcomeScreen(FormDialog[WelcomeResult]):
    """Name and three ways to begin. The digits work outside the fields; Escape goes on empty."""

    heading = "Welcome to inbox-tui"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "fill", "Fill it with the sample", id="welcome.sample", show=False),
        Binding("2", "ask_file", "Import a file", id="welcome.import", show=False),
        Binding("3", "explain_team", "Connect to a team's inbox", id="welcome.team", show=False),
    ]

    def __init__(self, store_name: str, name: str = "") -> None:
        super().__init__()
        self._store_name = store_name
        self._display_name = name

    def compose_body(self) -> ComposeResult:
        """What this is, the name, and the three ways."""
        yield Static(Content("This inbox is empty."))
        yield Static(Content(clean_line(self._store_name)), classes="muted where")
        yield field(
            "Your name",
            TextField(self._display_name, id="name", placeholder="as visitors see it", max_length=NAME_LIMIT),
        )
        yield Choice("1", "Fill it with the sample", "fill", id="sample")
        yield Choice("2", "Import a file", "ask_file", id="import")
        file = field("File", TextField(id="path", placeholder="~/conversations.jsonl"))
        file.display = False
        yield file
        yield Choice("3", "Connect to a team's inbox", "explain_team", id="team")
        explanation = Static(Content(_TEAM), classes="muted", id="explanation")
        explanation.display = False
        yield explanation

    def choices(self) -> Iterable[Choice]:
        """Besides the three: go on as it is."""
        return (Choice("Esc", "Go on with the empty inbox", "cancel"),)

    @on(Input.Submitted, "#name")
    def leave_name(self, event: Input.Submitted) -> None:
        """The name is there; on to the choices."""
        event.stop()
        event.prevent_default()
        self.set_focus(self.query_one("#sample", Choice))

    @on(Input.Changed, "#path")
    def forget_complaint(self, event: Input.Changed) -> None:
        """Another path may be right."""
        event.stop()
        self.complain("")

    def action_fill(self) -> None:
        """Fill the inbox with the sample."""
        self.close(FillWithSample(self._entered_name()))

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
        text = self.query_one("#path", TextField).value.strip()
        path = _existing_file(text)
        if path is not None:
            self.close(ImportFile(self._entered_name(), path))
        else:
            self.complain(f"There is no file {text}." if text else "Enter the name of a file.")

    async def action_cancel(self) -> None:
        """Go on with the empty inbox; a name that was typed is not lost."""
        self.close(StayEmpty(self._entered_name()))

    def _entered_name(self) -> str:
        return clean_name(self.query_one("#name", TextField).value).strip()


def _existing_file(text: str) -> Path | None:
    try:
        path = Path(text).expanduser()
        return path if path.is_file() else None
    except (OSError, RuntimeError):
        return None
