"""A thread's lines as they are painted, kept so that moving to and fro paints little."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from inbox_tui.tui.presenters.thread import ThreadLine

MAX_STRIPS = 2_000
"""Painted lines that are kept: some forty threads."""
_STYLES = {
    "text": "",
    "visitor": "bold $inbox-visitor",
    "agent": "bold $inbox-agent",
    "member": "bold $inbox-member",
    "note": "bold $inbox-note",
    "rule": "$inbox-muted",
    "muted": "$inbox-muted",
    "below": "bold $warning",
    "mark": "bold reverse",
}
"""What each role of a line looks like; a badge's role is its style already."""


class ThreadStrips:
    """Paints lines for one width and one theme; ``clear`` when either is another."""

    def __init__(self, parse_style: Callable[[str], Style]) -> None:
        self._parse_style = parse_style
        self._styles: dict[str, Style] = {}
        self._strips: dict[ThreadLine, Strip] = {}

    def clear(self) -> None:
        """What was painted is stale."""
        self._styles.clear()
        self._strips.clear()

    def blank(self, width: int) -> Strip:
        """A line without words."""
        return Strip.blank(width, self._style("text"))

    def words(self, text: str, role: str, width: int) -> Strip:
        """A line that is no part of the thread."""
        return Strip([Segment(text, self._style(role))]).adjust_cell_length(width, self._style("text"))

    def line(self, line: ThreadLine, width: int) -> Strip:
        """A line of the thread."""
        strip = self._strips.get(line)
        if strip is None:
            segments = [Segment(text, self._style(role)) for text, role in line.segments]
            strip = Strip(segments).adjust_cell_length(width, self._style("text"))
            if len(self._strips) >= MAX_STRIPS:
                self._strips.clear()
            self._strips[line] = strip
        return strip

    def _style(self, role: str) -> Style:
        style = self._styles.get(role)
        if style is None:
            style = self._styles[role] = self._parse_style(_STYLES.get(role, role))
        return style
