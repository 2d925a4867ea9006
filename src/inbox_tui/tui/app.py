"""The application: themes, keys and the one loop that the store and the screen share.

Holds no state of the inbox; that is the screen's and the store's.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

# Reports of size in the input stream are a way in for others' bytes, and nothing here scrolls by pixels.
os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
# A move paints the list, then the pane; at 60 frames a second the second paint would wait 16 ms for its turn.
os.environ.setdefault("TEXTUAL_FPS", "240")

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.types import CSSPathType

from inbox_tui.local.launch import Launch
from inbox_tui.operations.triage import new_key
from inbox_tui.store.registry import utc_now
from inbox_tui.tui.lost_line import end_when_lost
from inbox_tui.tui.opening import Opened, open_inbox
from inbox_tui.tui.presenters.keys import key_shown
from inbox_tui.tui.screens.inbox import InboxScreen
from inbox_tui.tui.stylesheets import stylesheet
from inbox_tui.tui.themes import THEMES
from inbox_tui.tui.type_ahead import acts_now


def run_inbox(launch: Launch) -> int:
    """Open the inbox and work in it until the member quits; returns the exit code.

    Raises:
        InboxError: the inbox could not be opened; no screen was drawn.
    """
    return asyncio.run(_run(launch))


async def _run(launch: Launch) -> int:
    opened = await open_inbox(launch)
    try:
        app = InboxApp(launch, opened)
        end_when_lost(app)
        await app.run_async(mouse=launch.settings.mouse)
        return app.return_code or 0
    finally:
        launch.journal.close()
        await opened.store.aclose()


def _commands() -> type[Provider]:
    from inbox_tui.tui.commands import InboxCommands  # the palette is not on the first screen

    return InboxCommands


class InboxApp(App[None]):
    """inbox-tui on a terminal."""

    TITLE = "inbox-tui"
    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheet("app.tcss"), stylesheet("inbox.tcss")]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", id="app.quit", show=False),
        Binding("ctrl+p", "command_palette", "All commands", id="app.commands", priority=True),
    ]

    def __init__(
        self,
        launch: Launch,
        opened: Opened,
        clock: Callable[[], datetime] = utc_now,
        make_key: Callable[[], str] = new_key,
    ) -> None:
        super().__init__()
        self.launch = launch
        self.opened = opened
        self._clock = clock
        self._new_key = make_key
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = THEMES[launch.settings.theme].name
        self.set_keymap(launch.keymap)

    def get_default_screen(self) -> InboxScreen:
        """The inbox."""
        return InboxScreen(self.launch, self.opened, self._clock, self._new_key)

    async def on_event(self, event: events.Event) -> None:
        """Let each key act before the next, then go on as usual."""
        if isinstance(event, events.Key) and not event.is_forwarded and await acts_now(self, event):
            return
        await super().on_event(event)

    def get_key_display(self, binding: Binding) -> str:
        """Keys look the same in the help, the palette and the hints."""
        return key_shown(binding.key)

    def on_ready(self) -> None:
        """What lives now lives to the end: spare the collector from looking at it at each key."""
        gc.freeze()
        gc.enable()

    def set_theme(self, name: str) -> None:
        """Change to the dark or the light theme."""
        self.theme = THEMES[name].name
