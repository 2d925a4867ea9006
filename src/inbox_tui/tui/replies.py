"""Replies and notes between the first key typed and the store's word that it has them.

Knows what the author had seen when they began, what is under way, and keeps every
text in the journal until the store has it. Sends nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from inbox_tui.domain.models import ConversationId, Kind, MessageId, ReplyDraft
from inbox_tui.local.drafts import DraftJournal


@dataclass(frozen=True)
class Pending:
    """A reply or note that is on its way."""

    id: ConversationId
    draft: ReplyDraft
    and_resolve: bool = False
    """Mark the conversation resolved once this is sent."""


class Replies:
    """What this member is writing, by conversation."""

    def __init__(self, journal: DraftJournal, store_name: str, new_key: Callable[[], str]) -> None:
        self._journal = journal
        self._store_name = store_name
        self._new_key = new_key
        self._seen: dict[ConversationId, MessageId | None] = {}
        self._pending: dict[str, Pending] = {}

    def saw(self, id: ConversationId, newest: MessageId | None) -> None:
        """The author looks at the thread up to here and begins, or decides, to write."""
        self._seen[id] = newest

    def has_seen(self, id: ConversationId) -> bool:
        """Whether it is known what the author saw of this conversation."""
        return id in self._seen

    def text(self, id: ConversationId, kind: Kind) -> str:
        """What was typed and is not on its way: what belongs in the box."""
        text = self._journal.get(self._store_name, id, kind) or ""
        is_sent = any(pending.draft.kind is kind and pending.draft.body == text for pending in self.under_way(id))
        return "" if is_sent else text

    def kinds(self, id: ConversationId) -> list[Kind]:
        """Which drafts there are for a conversation."""
        return [kind for kind in (Kind.MESSAGE, Kind.NOTE) if self.text(id, kind)]

    def keep(self, id: ConversationId, kind: Kind, text: str) -> None:
        """Keep what is typed; an empty text means there is nothing to keep."""
        if text:
            self._journal.put(self._store_name, id, kind, text)
        else:
            self._journal.discard(self._store_name, id, kind)

    def submit(self, id: ConversationId, kind: Kind, text: str, *, auto_assign: bool, and_resolve: bool) -> Pending:
        """Make a draft that can be sent. Its text stays in the journal until ``sent``."""
        draft = ReplyDraft(
            body=text, key=self._new_key(), kind=kind, last_seen=self._seen.get(id), auto_assign=auto_assign
        )
        pending = Pending(id, draft, and_resolve)
        self._pending[draft.key] = pending
        self.keep(id, kind, text)
        return pending

    def is_busy(self, id: ConversationId) -> bool:
        """Something for this conversation is on its way."""
        return any(pending.id == id for pending in self._pending.values())

    def under_way(self, id: ConversationId) -> list[Pending]:
        """What is on its way for this conversation, in order of sending."""
        return [pending for pending in self._pending.values() if pending.id == id]

    def sent(self, key: str, newest: MessageId) -> Pending | None:
        """The store has it: nothing is left to keep."""
        pending = self._pending.pop(key, None)
        if pending is not None:
            self._seen[pending.id] = newest
            if self._journal.get(self._store_name, pending.id, pending.draft.kind) == pending.draft.body:
                self._journal.discard(self._store_name, pending.id, pending.draft.kind)
        return pending

    def failed(self, key: str) -> Pending | None:
        """The store has it not: its text is the draft again, before anything typed since."""
        pending = self._pending.pop(key, None)
        if pending is not None:
            since = self.text(pending.id, pending.draft.kind)
            body = pending.draft.body
            if since != body:  # otherwise it was kept for just this case
                self.keep(pending.id, pending.draft.kind, f"{body}\n{since}" if since else body)
        return pending
