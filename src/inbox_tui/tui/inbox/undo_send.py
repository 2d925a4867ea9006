"""The undo time: the seconds between Enter and the store in which a reply can be cancelled.

Knows which replies are held and for how long; sends nothing itself. A reply that is held
when the terminal hangs up is never sent: its text is a draft.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer

from inbox_tui.domain.models import ConversationId
from inbox_tui.domain.writes import ReplyWrite

SetTimer = Callable[[float, Callable[[], None]], Timer]


class UndoSendQueue:
    """The held replies, in the order in which Enter was pressed."""

    def __init__(self, set_timer: SetTimer, send: Callable[[ReplyWrite], None]) -> None:
        self._set_timer = set_timer
        self._send = send
        self._held: dict[str, tuple[ReplyWrite, Timer]] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def hold(self, pending: ReplyWrite, seconds: float) -> None:
        """Send it after so many seconds; 0 means now."""
        if seconds <= 0:
            self._send(pending)
            return
        key = pending.draft.key
        self._held[key] = pending, self._set_timer(seconds, lambda: self._release(key))

    def newest(self, id: ConversationId | None = None) -> ReplyWrite | None:
        """The last held reply, of one conversation or (None) of any."""
        return next((held for held, _ in reversed(self._held.values()) if id in (None, held.id)), None)

    def take(self, key: str) -> ReplyWrite | None:
        """Cancel a held reply and return it; None if it has been sent."""
        held = self._held.pop(key, None)
        if held is None:
            return None
        held[1].stop()
        return held[0]

    def send_all(self) -> list[ReplyWrite]:
        """Send everything now; returns the sent replies."""
        released = [pending for pending, _ in self._held.values()]
        for pending in released:
            self._release(pending.draft.key)
        return released

    def _release(self, key: str) -> None:
        pending = self.take(key)
        if pending is not None:
            self._send(pending)
