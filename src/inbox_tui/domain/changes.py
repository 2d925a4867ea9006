"""What a store tells its clients about writes, theirs and everybody else's."""

from __future__ import annotations

from datetime import datetime

import msgspec

from inbox_tui.domain.models import ConversationId


class Changes(msgspec.Struct, frozen=True):
    """Everything that was written up to ``seq`` since the last report."""

    seq: int
    """The store's change number; pass it to ``changes(since)`` to go on from here."""
    conversations: tuple[ConversationId, ...] = ()
    """Those that were added or changed, each once."""
    team: bool = False
    """Members or agents changed."""
    reset: bool = False
    """Too much was missed to list; read everything again."""
    lost_at: datetime | None = None
    """The line to the store has been down since then. The next report without it means that it is up again."""
