"""An application that shows one dialog, for the tests of dialogs."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.screen import ModalScreen

from inbox_tui.tui.themes import DARK


class Host(App[None]):
    """Shows one dialog over an empty screen and keeps what it returns."""

    def __init__(self, dialog: ModalScreen[Any]) -> None:  # each has a result of its own
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.dialog = dialog
        self.results: list[object] = []

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self.results.append)

    def shown(self) -> str:
        return "\n".join(
            "".join(segment.text for segment in strip) for strip in self.screen._compositor.render_strips()
        )
