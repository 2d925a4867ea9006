"""What a store tells its clients about writes, theirs and everybody else's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NewType

import msgspec

from inbox_tui.domain.fingerprints import read_id
from inbox_tui.domain.models import ConversationId

ChangeId = NewType("ChangeId", str)
"""A place in a store's feed. Opaque; compare for equality only. Holds for one history: a store that was restored from
a backup does not know the places that came after the backup."""

NOWHERE = ChangeId("")
"""The place of a follower who has heard nothing yet."""
NO_CHANGE = ChangeId("0")
"""The place before the first change."""
CHANGES_LISTED = 5_000
"""Changes that one report lists."""
BYTES_LISTED = 256 * 1024
"""Bytes of conversation ids that one report lists."""


class Changes(msgspec.Struct, frozen=True):
    """Everything that was written up to ``id`` since the last report."""

    id: ChangeId = NOWHERE
    """Pass it to ``changes(since)`` to go on from here. Empty where the line was lost before anything was heard."""
    conversations: tuple[ConversationId, ...] = ()
    """Those that were added or changed, each once."""
    team: bool = False
    """Members or agents changed."""
    reset: bool = False
    """Too much was missed to list, or the store is not the one that gave ``since``, but an older state of it, restored
    from a backup, or another one: read everything again, and keep nothing."""
    lost_at: datetime | None = None
    """The line to the store has been down since then. The next report without it means that it is up again."""
    seq: int = 0
    """The number in ``id``, for clients of earlier versions: all that they know."""

    def __post_init__(self) -> None:
        """Derive what an earlier version does not give or know."""
        if not self.id and self.seq:
            msgspec.structs.force_setattr(self, "id", ChangeId(str(self.seq)))
        elif found := read_id(self.id):
            msgspec.structs.force_setattr(self, "seq", found.number)

    @property
    def is_news(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.reset or self.team or self.conversations)


def start_again(id: ChangeId) -> Changes:
    """The report for a follower to whom it cannot be told what they missed."""
    return Changes(id, team=True, reset=True)


def report(id: ChangeId, conversations: Iterable[ConversationId], *, team: bool) -> Changes:
    """The report of what was written, each conversation once; ``start_again`` if it would be too long to send."""
    each = tuple(dict.fromkeys(conversations))
    return start_again(id) if is_too_long(each) else Changes(id, each, team)


def is_too_long(conversations: Collection[ConversationId]) -> bool:
    """Whether a report would list more than CHANGES_LISTED conversations or BYTES_LISTED."""
    return len(conversations) > CHANGES_LISTED or sum(len(one.encode()) for one in conversations) > BYTES_LISTED
