"""A member's writes as records, which can wait on disk until this or another program delivers them."""

from __future__ import annotations

import msgspec

from inbox_tui.domain.models import ConversationId, ReplyDraft, StateChange


class ReplyWrite(msgspec.Struct, frozen=True, tag="reply"):
    """A reply or note to deliver."""

    id: ConversationId
    draft: ReplyDraft
    and_resolve: bool = False
    """Mark the conversation resolved once this is sent."""
    cursor: int = 0
    """The position of the cursor when the author pressed Enter."""
    though_waiting: bool = False
    """The author confirmed that it resolves a conversation whose visitor waits."""


class ChangesWrite(msgspec.Struct, frozen=True, tag="changes"):
    """Assignments and changes of status to deliver."""

    changes: tuple[StateChange, ...]
    is_single: bool = False
    """Only earlier versions write it; they delivered such a change in another way."""


Write = ReplyWrite | ChangesWrite
"""An entry of the outbox."""
