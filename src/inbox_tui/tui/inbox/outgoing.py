"""Replies and notes between the first key typed and the store's word that it has them.

Knows what the author had seen when they began, what is under way, and keeps every
text in the journal until the store has it. Sends nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from inbox_tui.domain.models import ConversationId, Kind, MessageId, ReplyDraft
from inbox_tui.local.drafts import Draft, DraftJournal


class Pending(msgspec.Struct, frozen=True):
    """A reply or note that is on its way."""

    id: ConversationId
    draft: ReplyDraft
    and_resolve: bool = False
    """Mark the conversation resolved once this is sent."""
    cursor: int = 0
    """Where in the text Enter was pressed."""
    though_waiting: bool = False
    """The author was asked and agreed that it resolves a visitor who waits."""


class Replies:
    """What this member is writing, by conversation."""

    def __init__(self, journal: DraftJournal, store_name: str, new_key: Callable[[], str]) -> None:
        self._journal = journal
        self._store_name = store_name
        self._new_key = new_key
        self._seen: dict[ConversationId, MessageId | None] = {}
        self._pending: dict[str, Pending] = {}
        self._kept: set[str] = set()
        """What is on its way and in the outbox: needs no draft."""
        self._since: dict[tuple[ConversationId, Kind], str] = {}
        """What stands in the box while something from it is on its way."""
        self._drafted = journal.drafted(store_name)
        self.drafted: Callable[[ConversationId, bool], None] = lambda id, is_there: None
        """Is told when a conversation has a draft that had none, or the other way round."""

    def saw(self, id: ConversationId, newest: MessageId | None) -> None:
        """The author looks at the thread up to here and begins, or decides, to write."""
        self._seen[id] = newest

    def has_seen(self, id: ConversationId) -> bool:
        """Whether it is known what the author saw of this conversation."""
        return id in self._seen

    def text(self, id: ConversationId, kind: Kind) -> str:
        """What was typed and is not on its way: what belongs in the box."""
        if self._bodies(id, kind):
            return self._since.get((id, kind), "")
        return self._journal.get(self._store_name, id, kind) or ""

    def kinds(self, id: ConversationId) -> list[Kind]:
        """Which drafts there are for a conversation."""
        return [kind for kind in (Kind.MESSAGE, Kind.NOTE) if self.text(id, kind)]

    def begun(self, id: ConversationId, kind: Kind) -> datetime | None:
        """When what belongs in the box was begun; None if nothing does, or it is not known."""
        return None if self._bodies(id, kind) else self._journal.begun(self._store_name, id, kind)

    @property
    def with_drafts(self) -> frozenset[ConversationId]:
        """The conversations that have a draft."""
        return frozenset(id for id, _ in self._drafted)

    @property
    def problem(self) -> str:
        """Why drafts may not survive this run; "" if all is well."""
        return self._journal.problem

    def drafts(self) -> list[Draft]:
        """Everything that was typed in this store and is not on its way."""
        return [
            draft
            for draft in self._journal.all()
            if draft.store == self._store_name and draft.body and not self.is_busy(draft.conversation)
        ]

    def keep(self, id: ConversationId, kind: Kind, text: str) -> None:
        """Keep what is typed, behind what is on its way: if the program dies now, both are the draft."""
        bodies = self._bodies(id, kind)
        if bodies:
            self._since[id, kind] = text
        else:
            self._since.pop((id, kind), None)
        self._note_draft(id, kind, is_there=bool(text.strip()))
        drafted = [pending.draft.body for pending in self._of(id, kind) if pending.draft.key not in self._kept]
        whole = "\n".join(part for part in (*drafted, text) if part)
        if whole:
            self._journal.put(self._store_name, id, kind, whole)
        else:
            self._journal.discard(self._store_name, id, kind)

    def submit(
        self,
        id: ConversationId,
        kind: Kind,
        text: str,
        *,
        auto_assign: bool,
        and_resolve: bool,
        cursor: int,
        though_waiting: bool = False,
    ) -> Pending:
        """Make a draft that can be sent. Its text stays in the journal until ``sent``."""
        draft = ReplyDraft(
            body=text, key=self._new_key(), kind=kind, last_seen=self._seen.get(id), auto_assign=auto_assign
        )
        pending = Pending(id, draft, and_resolve, cursor, though_waiting)
        self._pending[draft.key] = pending
        self.keep(id, kind, "")
        return pending

    def kept(self, key: str) -> None:
        """It is in the outbox now, and will be delivered whatever happens here: it is no draft any more."""
        pending = self._pending.get(key)
        if pending is not None:
            self._kept.add(key)
            self.keep(pending.id, pending.draft.kind, self.text(pending.id, pending.draft.kind))

    def given_back(self, key: str) -> None:
        """It was refused and is about to leave the outbox: what becomes of it is for a person to decide."""
        pending = self._pending.get(key)
        if pending is not None:
            self._kept.discard(key)
            self.keep(pending.id, pending.draft.kind, self.text(pending.id, pending.draft.kind))

    def resume(self, pending: Pending) -> None:
        """It was sent before a restart and is on its way still."""
        id, kind, body = pending.id, pending.draft.kind, pending.draft.body
        drafted = self.text(id, kind)
        self._pending[pending.draft.key] = pending
        self._kept.add(pending.draft.key)
        # The last program may have ended between keeping it in the outbox and forgetting the draft.
        self.keep(id, kind, drafted.removeprefix(body).removeprefix("\n") if drafted.startswith(body) else drafted)

    @property
    def waiting(self) -> list[Pending]:
        """What is on its way and would be delivered by a later start."""
        return [pending for key, pending in self._pending.items() if key in self._kept]

    def __contains__(self, key: object) -> bool:
        """Whether something is on its way under this key."""
        return key in self._pending

    def all_under_way(self) -> list[Pending]:
        """Everything that is on its way, in order of sending."""
        return list(self._pending.values())

    def forget(self, key: str) -> None:
        """It is not on its way any more; its text is being written on, and stands in the box."""
        self._drop(key)

    def is_busy(self, id: ConversationId) -> bool:
        """Something for this conversation is on its way."""
        return any(pending.id == id for pending in self._pending.values())

    def under_way(self, id: ConversationId) -> list[Pending]:
        """What is on its way for this conversation, in order of sending."""
        return [pending for pending in self._pending.values() if pending.id == id]

    def sent(self, key: str, newest: MessageId) -> Pending | None:
        """The store has it: nothing is left to keep."""
        pending = self._drop(key)
        if pending is not None:
            self._seen[pending.id] = newest
        return pending

    def failed(self, key: str) -> Pending | None:
        """The store has it not: its text is the draft again, before anything typed since."""
        pending = self._drop(key)
        if pending is not None:
            id, kind = pending.id, pending.draft.kind
            since = self.text(id, kind)
            self.keep(id, kind, f"{pending.draft.body}\n{since}" if since else pending.draft.body)
        return pending

    def _note_draft(self, id: ConversationId, kind: Kind, *, is_there: bool) -> None:
        had_any = self._has_draft(id)
        (self._drafted.add if is_there else self._drafted.discard)((id, kind))
        has_any = self._has_draft(id)
        if has_any is not had_any:
            self.drafted(id, has_any)

    def _has_draft(self, id: ConversationId) -> bool:
        return (id, Kind.MESSAGE) in self._drafted or (id, Kind.NOTE) in self._drafted

    def _bodies(self, id: ConversationId, kind: Kind) -> list[str]:
        """What is on its way, in order of sending."""
        return [pending.draft.body for pending in self._of(id, kind)]

    def _of(self, id: ConversationId, kind: Kind) -> list[Pending]:
        return [pending for pending in self.under_way(id) if pending.draft.kind is kind]

    def _drop(self, key: str) -> Pending | None:
        """It is not on its way any more; what was typed since stays the draft."""
        pending = self._pending.get(key)
        if pending is not None:
            since = self.text(pending.id, pending.draft.kind)
            del self._pending[key]
            self._kept.discard(key)
            self.keep(pending.id, pending.draft.kind, since)
        return pending
