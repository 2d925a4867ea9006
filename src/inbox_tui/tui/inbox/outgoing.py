"""Replies and notes between the first key typed and the store's word that it has them.

Knows what the author had seen when they began, and what is under way. Every text is in the
outbox or a draft until the store has it. Sends nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from inbox_tui.domain.models import Author, ConversationId, Kind, Member, Message, MessageId, ReplyDraft
from inbox_tui.domain.writes import ReplyWrite
from inbox_tui.local.journal import Draft
from inbox_tui.local.outbox import Outbox


class Replies:
    """What this member is writing, by conversation."""

    def __init__(self, outbox: Outbox, new_key: Callable[[], str]) -> None:
        self._outbox = outbox
        self._new_key = new_key
        self._seen: dict[ConversationId, MessageId | None] = {}
        self._under_way: dict[str, ReplyWrite] = {}
        self._drafted = {(draft.conversation, draft.kind) for draft in self.drafts()}
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
        return self._outbox.journal.get(self._outbox.sender, id, kind) or ""

    def kinds(self, id: ConversationId) -> list[Kind]:
        """Which drafts there are for a conversation."""
        return [kind for kind in (Kind.MESSAGE, Kind.NOTE) if self.text(id, kind)]

    def begun(self, id: ConversationId, kind: Kind) -> datetime | None:
        """When what belongs in the box was begun; None if nothing does, or it is not known."""
        return self._outbox.journal.begun(self._outbox.sender, id, kind)

    @property
    def with_drafts(self) -> frozenset[ConversationId]:
        """The conversations that have a draft."""
        return frozenset(id for id, _ in self._drafted)

    @property
    def problem(self) -> str:
        """Why texts may not survive this run; "" if all is well."""
        return self._outbox.problem

    @property
    def set_aside(self) -> str:
        """What earlier programs left that cannot be read, if nobody was told of it yet; "" if nothing."""
        return self._outbox.set_aside

    def drafts(self) -> list[Draft]:
        """Everything that was typed in this store and is not on its way."""
        return self._outbox.journal.drafts(self._outbox.sender)

    def keep(self, id: ConversationId, kind: Kind, text: str) -> None:
        """Keep what is typed."""
        self._outbox.journal.put(self._outbox.sender, id, kind, text)
        self._note_draft(id, kind)

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
        rest: str = "",
    ) -> ReplyWrite:
        """Move a text from its draft into the outbox, where it can be sent; ``rest`` stays in its box."""
        draft = ReplyDraft(
            body=text, key=self._new_key(), kind=kind, last_seen=self._seen.get(id), auto_assign=auto_assign
        )
        write = ReplyWrite(id, draft, and_resolve, cursor, though_waiting)
        self._under_way[draft.key] = write
        self._outbox.hold(write, rest)
        self._note_draft(id, kind)
        return write

    def resume(self, write: ReplyWrite) -> None:
        """It was sent before a restart and is on its way still."""
        self._under_way[write.draft.key] = write

    def __contains__(self, key: object) -> bool:
        """Whether something is on its way under this key."""
        return key in self._under_way

    def all_under_way(self) -> list[ReplyWrite]:
        """Everything that is on its way, in order of sending."""
        return list(self._under_way.values())

    def under_way(self, id: ConversationId) -> list[ReplyWrite]:
        """What is on its way for this conversation, in order of sending."""
        return [write for write in self._under_way.values() if write.id == id]

    def forget(self, key: str) -> None:
        """It is not on its way any more; its text is being written on, and stands in the box."""
        if self._under_way.pop(key, None) is not None:
            self._outbox.remove(key)

    def sent(self, key: str, newest: MessageId) -> ReplyWrite | None:
        """The store has it: nothing is left to keep."""
        write = self._under_way.get(key)
        self.forget(key)
        if write is not None:
            self._seen[write.id] = newest
        return write

    def typed_since(self, key: str) -> str:
        """What was typed into the box since something from it has been on its way."""
        write = self._under_way.get(key)
        return self.text(write.id, write.draft.kind) if write is not None else ""

    def failed(self, key: str) -> ReplyWrite | None:
        """The store does not have it: its text is the draft again, above anything typed since."""
        write = self._under_way.pop(key, None)
        if write is not None:
            self._outbox.give_back(key)
            self._note_draft(write.id, write.draft.kind)
        return write

    def _note_draft(self, id: ConversationId, kind: Kind) -> None:
        had_any = self._has_draft(id)
        (self._drafted.add if self.text(id, kind).strip() else self._drafted.discard)((id, kind))
        has_any = self._has_draft(id)
        if has_any is not had_any:
            self.drafted(id, has_any)

    def _has_draft(self, id: ConversationId) -> bool:
        return (id, Kind.MESSAGE) in self._drafted or (id, Kind.NOTE) in self._drafted


def as_message(write: ReplyWrite, me: Member, now: datetime) -> Message:
    """What is on its way, as the thread will show it once the store has it."""
    draft = write.draft
    return Message(MessageId(f"pending-{draft.key}"), Author.MEMBER, draft.kind, draft.body, now, me, draft.key)
