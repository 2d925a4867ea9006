"""Opens the inbox as the command does, and notes when each part of that was done.

Run by ``benchmarks.startup`` only: with the file for the notes, then the command's own arguments.
Its standard error is a file for the interpreter's import times, so the terminal's stands in.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inbox_tui.local.launch import Launch
    from inbox_tui.tui.inbox.opening import InitialData
    from inbox_tui.tui.inbox.screen import InboxScreen

_marks = [("Python started", time.monotonic_ns())]


def mark(name: str) -> None:
    """Note that a part is done."""
    _marks.append((name, time.monotonic_ns()))


def main(notes: Path, arguments: list[str]) -> None:
    """Run the command; write the notes when it ends."""
    sys.stderr = vars(sys)["__stderr__"] = os.fdopen(os.dup(1), "w")
    from inbox_tui.cli.main import main as command

    mark("command line imported")
    importlib.import_module("inbox_tui.cli.open")
    mark("settings, store port imported")
    importlib.import_module("inbox_tui.tui.run").prepare_process()
    app = importlib.import_module("inbox_tui.tui.app")
    mark("screens imported")
    first = importlib.import_module("inbox_tui.tui.inbox.opening")
    opening, mounting = first.open_inbox, app.InboxScreen.on_mount

    async def opened(launch: Launch) -> InitialData:
        mark("settings read, loop started")
        result: InitialData = await opening(launch)
        mark("store opened, first page read")
        return result

    def mounted(screen: InboxScreen) -> None:
        mark("app started, widgets and styles made")
        mounting(screen)
        mark("first page given to the widgets")

    vars(first)["open_inbox"] = opened
    app.InboxScreen.on_mount = mounted
    try:
        command(arguments)
    finally:
        notes.write_text("".join(f"{at} {name}\n" for name, at in _marks), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
