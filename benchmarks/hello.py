"""The least that a Textual program can do: what inbox-tui's times are divided by."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

TEXT = "Hello, world"


class Hello(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        yield Static(TEXT)


if __name__ == "__main__":
    Hello().run()
