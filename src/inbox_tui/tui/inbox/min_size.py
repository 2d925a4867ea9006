"""The minimum size: below it the screen says that it is too small, and takes no keys.

Hides the screen without changing it, so a text in progress stays as it is.
"""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

MIN_COLUMNS, MIN_LINES = 40, 10


class MinSize:
    """Guards one screen."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._had_keys: Widget | None = None

    @property
    def is_missed(self) -> bool:
        """The terminal is too small now."""
        return self._screen.has_class("-too-small")

    async def hold(self, size: Size) -> None:
        """The terminal was resized."""
        screen = self._screen
        too_small = size.width < MIN_COLUMNS or size.height < MIN_LINES
        if too_small and not screen.query("#too-small"):
            words = f"Window too small: {MIN_COLUMNS}×{MIN_LINES} at least. Nothing is lost."
            await screen.mount(Static(Content(words), id="too-small", markup=False))
        was_too_small = self.is_missed
        if too_small and not was_too_small:
            self._had_keys = screen.focused  # what is hidden loses them
        screen.set_class(too_small, "-too-small")
        if was_too_small and not too_small:
            screen.set_focus(self._had_keys)
