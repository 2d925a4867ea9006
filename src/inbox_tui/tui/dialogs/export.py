"""Where to write an export, and how far it is.

Asks for the path, asks again before an existing file is replaced, then runs the export and
shows its progress. It owns that work: closing the dialog stops it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from enum import Enum, auto
from pathlib import Path
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.widgets import Input, Static

from inbox_tui.domain.counts import counted
from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.text import clean
from inbox_tui.tui.dialogs.base import Choice, Dialog, TextField, field


class Stage(Enum):
    """How far the dialog is."""

    CHOOSING = auto()
    REPLACING = auto()
    """The file exists; may it be replaced?"""
    WRITING = auto()
    DONE = auto()


_CHOICES = {
    Stage.CHOOSING: (("Enter", "Export", "accept"), ("Esc", "Cancel", "cancel")),
    Stage.REPLACING: (("Enter", "Another name", "cancel"), ("r", "Replace it", "replace")),
    Stage.WRITING: (("Esc", "Stop", "cancel"),),
    Stage.DONE: (("Enter", "Close", "accept"),),
}


def chosen_path(text: str) -> Path:
    """The path that a person means, ``~`` expanded.

    Raises:
        ValueError: in words, why no file can be written there.
    """
    try:
        path = Path(text.strip()).expanduser()
    except RuntimeError:
        raise ValueError(f"Nobody here is called {text.strip().split('/')[0]}.") from None
    try:
        if not text.strip():
            raise ValueError("Enter the name of a file.")
        if path.is_dir():
            raise ValueError(f"{path} is a folder. Add the name of a file.")
        if not path.parent.is_dir():
            raise ValueError(f"There is no folder {path.parent}.")
    except OSError as error:
        raise ValueError(f"{error.strerror}: {path}") from error
    return path


class Exported(msgspec.Struct, frozen=True):
    """A file that is complete."""

    path: Path
    rows: int


Export = Callable[[Path, Callable[[int], None]], Awaitable[int]]
"""Writes the file, reports the rows written so far, returns their number. Raises InboxError."""
Count = Callable[[], Awaitable[int]]
"""Counts what would be written. Raises InboxError."""
_COUNTING = "count"


class ExportDialog(Dialog[Exported]):
    """Gives what was exported, or None: nothing was written, or not to the end.

    Args:
        count: How many conversations there are; a ``Count`` where that takes a while to find out.
        suggested: The path that the field holds at first.
        export: Runs in a worker of the dialog, which is cancelled when the dialog closes.
    """

    heading = "Export CSV"
    is_form = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "replace", "Replace the file", id="dialog.replace", show=False),
    ]

    def __init__(self, count: int | Count, suggested: Path, export: Export) -> None:
        super().__init__()
        self._count = count if isinstance(count, int) else None
        self._count_rows = None if isinstance(count, int) else count
        self._suggested = suggested
        self._export = export
        self._offered = ""
        self._path: Path | None = None
        self._exported: Exported | None = None
        self.stage = Stage.CHOOSING

    def compose_body(self) -> ComposeResult:
        """How many, and where to."""
        yield Static(Content(self._what()), id="what")
        path = TextField(str(self._suggested), id="path")
        self._offered = path.value
        yield field("File", path)

    def choices(self) -> Iterable[Choice]:
        """Those of the stage."""
        return (Choice(*choice) for choice in _CHOICES[self.stage])

    def on_mount(self) -> None:
        """Find out how many there are."""
        super().on_mount()
        if self._count_rows is not None:
            self.run_worker(self._show_count(self._count_rows), group=_COUNTING)

    def report(self, rows: int) -> None:
        """Show how many rows are written."""
        if self.stage is Stage.WRITING:
            whole = f" of {self._count:,}" if self._count is not None else ""
            share = f" ({min(100, rows * 100 // self._count)} %)" if self._count else ""
            self._say(f"Writing … {rows:,}{whole}{share}")

    @on(Input.Changed)
    def forget_complaint(self, event: Input.Changed) -> None:
        """Another path may be right."""
        event.stop()
        self.complain("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Replacing is offered only when it was asked."""
        return self.stage is Stage.REPLACING if action == "replace" else True

    async def action_accept(self) -> None:
        """Write, or ask first; once it is written, close."""
        if self.stage is Stage.DONE:
            self.close(self._exported)
        elif self.stage is Stage.CHOOSING:
            try:
                self._path = chosen_path(self._entered())
            except ValueError as problem:
                self.complain(str(problem))
                return
            if self._path.exists():
                await self._enter(Stage.REPLACING)
                self.complain(f"{self._path} exists.")
            else:
                await self._write()

    async def action_replace(self) -> None:
        """Write over the file that exists."""
        await self._write()

    async def action_cancel(self) -> None:
        """Another name, if that was the question; otherwise nothing (more) is written."""
        if self.stage is Stage.REPLACING:
            await self._enter(Stage.CHOOSING)
        else:
            self.workers.cancel_node(self)
            self.close(self._exported)

    def _what(self) -> str:
        if self._count is None:
            return "What the search finds, to a CSV file. Counting …"
        return f"{counted(self._count, 'conversation')} to a CSV file."

    def _entered(self) -> str:
        value = self.query_one("#path", TextField).value
        # A field shows only harmless characters; a suggestion left as it is keeps its own.
        return str(self._suggested) if value == self._offered else value

    async def _write(self) -> None:
        assert self._path is not None
        self.workers.cancel_group(self, _COUNTING)
        await self._enter(Stage.WRITING)
        self.report(0)
        self.run_worker(self._export_to(self._path), group="export")

    async def _export_to(self, path: Path) -> None:
        try:
            rows = await self._export(path, self.report)
        except InboxError as error:  # nothing was written; the path stays, to be changed
            self._say(self._what())
            await self._enter(Stage.CHOOSING)
            self.complain(f"{error.message} {error.hint}".strip())
            return
        self._exported = Exported(path, rows)
        self._say(f"{counted(rows, 'conversation')} in {path}")
        await self._enter(Stage.DONE)

    async def _show_count(self, count_rows: Count) -> None:
        try:
            self._count = await count_rows()
        except InboxError as error:
            self.complain(f"{error.message} {error.hint}".strip())
            return
        self._say(self._what())

    async def _enter(self, stage: Stage) -> None:
        self.stage = stage
        self.complain("")
        path = self.query_one("#path", TextField)
        path.disabled = stage is not Stage.CHOOSING
        row = self.query_one(".choices", Container)
        async with self.batch():
            await row.remove_children()
            await row.mount_all(self.choices())
        if stage is Stage.WRITING:
            self.set_focus(None)  # one Enter too many must not stop it
        else:
            (path if stage is Stage.CHOOSING else row.query(Choice).first()).focus()

    def _say(self, words: str) -> None:
        self.query_one("#what", Static).update(Content(clean(words)))
