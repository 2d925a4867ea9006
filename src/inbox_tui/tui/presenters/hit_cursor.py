"""From hit to hit of a search, through a thread of which one stretch is loaded.

Pure: it says where to go, or beyond which message a hit may stand that is not loaded.
"""

from __future__ import annotations

from typing import NamedTuple

from inbox_tui.domain.hits import Hits, hits_of
from inbox_tui.domain.models import MessageId
from inbox_tui.tui.presenters.stretch import Stretch, newest_hit


class Beyond(NamedTuple):
    """No loaded message is a hit; one may stand beyond this one."""

    edge: MessageId
    direction: int
    """1 is towards newer messages, -1 older."""


class HitCursor:
    """The search whose words are marked, and the hit that was gone to."""

    def __init__(self) -> None:
        self.hits: Hits | None = None
        self.at: MessageId | None = None
        """None before any was gone to, and once the reader has moved away."""

    def look_for(self, search: str) -> bool:
        """Mark the words of a search; "" marks none. Whether it is another search than before."""
        hits = hits_of(search) if search else None
        if hits is self.hits:
            return False
        self.hits, self.at = hits, None
        return True

    def newest(self, stretch: Stretch) -> MessageId | Beyond | None:
        """The newest hit, for a thread that is opened."""
        if not self.hits or not stretch.messages:
            return None
        if found := newest_hit(self.hits, stretch.messages):
            return found
        return Beyond(stretch.messages[0].id, -1) if stretch.has_earlier else None

    def next(self, stretch: Stretch, on_screen: MessageId | None, direction: int) -> MessageId | Beyond | None:
        """The hit after the one that was gone to, or else from what is on screen on: 1 is towards newer ones."""
        if not self.hits or not stretch.messages:
            return None
        start = self.at or on_screen or stretch.messages[-1].id
        if found := stretch.hit(self.hits, start, direction, beyond=self.at is not None):
            return found
        has_more = stretch.has_earlier if direction < 0 else stretch.has_later
        return Beyond(stretch.messages[0 if direction < 0 else -1].id, direction) if has_more else None
