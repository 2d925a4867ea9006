"""inbox-tui with the toolkit's own way to paint: what ``benchmarks.line`` compares bytes with."""

from __future__ import annotations

from textual.app import App

from inbox_tui.cli.main import run
from inbox_tui.tui.terminal.private import PrivateApp

if __name__ == "__main__":
    PrivateApp._display = App._display  # type: ignore[method-assign]
    run()
