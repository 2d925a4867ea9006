"""The records of the feed: how a store reports writes to its clients, their own writes included.

``FeedReport`` is a union of small records. Consumers match on all of them and end with ``assert_never``, so that the
type checker finds every place that has to learn a new one. Presence (who looks at which conversation) will be another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NewType, TypeAlias

import msgspec

from inbox_tui.domain.fingerprints import read_id
from inbox_tui.domain.models import Conversation, ConversationId

ChangeId = NewType("ChangeId", str)
"""A place in a store's feed. Opaque; compare for equality only. Holds for one history: a store that was restored from
a backup does not know the places that came after the backup."""

NOWHERE = ChangeId("")
"""The place of a follower that has received nothing yet."""
NO_CHANGE = ChangeId("0")
"""The place before the first change."""
CHANGES_LISTED = 5_000
"""The most changes in one report."""
BYTES_LISTED = 256 * 1024
"""The most bytes of conversation ids in one report."""
ROWS_CARRIED = 200
"""The most rows in one report."""


class Written(msgspec.Struct, frozen=True):
    """Everything that was written up to ``id`` since the last report of this kind."""

    id: ChangeId = NOWHERE
    """Pass it to ``changes(since)`` to go on from here."""
    conversations: tuple[ConversationId, ...] = ()
    """The conversations that were added or changed, each once."""
    team: bool = False
    """Members or agents changed."""
    reset: bool = False
    """The follower must read everything again and discard what it holds: it missed too much to list, or ``since`` is
    unknown to the store, for example after a restore from a backup."""
    seq: int = 0
    """The number in ``id``, for clients of earlier versions, which know no other."""
    rows: tuple[Conversation, ...] = ()
    """Some or all of ``conversations`` as this member may see them now, if the store has them at hand; the follower
    reads the others. A row is never older than the writes in the report. At most ROWS_CARRIED."""

    def __post_init__(self) -> None:
        """Fill in the field that an earlier version leaves out."""
        if not self.id and self.seq:
            msgspec.structs.force_setattr(self, "id", ChangeId(str(self.seq)))
        elif found := read_id(self.id):
            msgspec.structs.force_setattr(self, "seq", found.number)

    @property
    def is_news(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.reset or self.team or self.conversations)


class LineLost(msgspec.Struct, frozen=True):
    """The connection to the store failed. Reported once, however long it stays down."""

    at: datetime
    """When it failed."""


class LineBack(msgspec.Struct, frozen=True):
    """The connection to the store is back. A ``Written`` with everything that was missed follows."""


FeedReport: TypeAlias = Written | LineLost | LineBack


def start_again(id: ChangeId) -> Written:
    """The report that makes a follower read everything again, because the store cannot say what it missed."""
    return Written(id, team=True, reset=True)


def report(id: ChangeId, conversations: Iterable[ConversationId], *, team: bool) -> Written:
    """Report the written conversations, each once; ``start_again`` if the report would be too long to send."""
    each = tuple(dict.fromkeys(conversations))
    return start_again(id) if is_too_long(each) else Written(id, each, team)


def is_too_long(conversations: Collection[ConversationId]) -> bool:
    """Whether a report would list more than CHANGES_LISTED conversations or BYTES_LISTED."""
    return len(conversations) > CHANGES_LISTED or sum(len(one.encode()) for one in conversations) > BYTES_LISTED
