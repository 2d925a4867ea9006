"""What a member does to a store, as one record each: it can wait on disk, and be done by another program."""

from __future__ import annotations

import msgspec

from inbox_tui.domain.models import ConversationId, ReplyDraft, StateChange


class ReplyWrite(msgspec.Struct, frozen=True, tag="reply"):
    """A reply or note that was sent."""

    id: ConversationId
    draft: ReplyDraft
    and_resolve: bool = False
    """Mark the conversation resolved once this is sent."""
    cursor: int = 0
    """Where in the text Enter was pressed."""
    though_waiting: bool = False
    """The author was asked and agreed that it resolves a visitor who waits."""


class ChangesWrite(msgspec.Struct, frozen=True, tag="changes"):
    """Assignments and changes of status that were decided."""

    changes: tuple[StateChange, ...]
    is_single: bool = False
    """Of earlier versions only, which delivered such a change in another way."""


Write = ReplyWrite | ChangesWrite
"""What waits in an outbox."""
