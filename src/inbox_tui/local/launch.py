"""What the command line hands to the screens: the one thing that both know of each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from inbox_tui.domain.filters import Filter
from inbox_tui.local.journal import Journal
from inbox_tui.local.settings import Settings
from inbox_tui.store.protocol import Store

SaveSettings = Callable[[Mapping[str, str | bool]], None]
"""Keeps settings (by their name in the file) for the next start. Raises ConfigError."""


class Launch(msgspec.Struct, frozen=True):
    """How to open the inbox."""

    open_store: Callable[[], Awaitable[Store]]
    settings: Settings
    keymap: Mapping[str, str]
    """Keys that differ from the defaults, by binding id."""
    journal: Journal
    """Drafts, and what waits for a store. Closed by whoever runs the inbox."""
    filter: Filter
    agent_name: str
    """Only this agent's conversations; "" means all agents."""
    is_demo: bool
    """A sample that is thrown away afterwards."""
    is_new: bool
    """The store did not exist before."""
    config_file: Path
    save_settings: SaveSettings
    version: str
    say: Callable[[str], None]
    """Says a word once the terminal is as it was."""
    beside: Callable[[], Awaitable[None]] | None = None
    """What goes on beside the screens, and is cancelled when they are left."""
