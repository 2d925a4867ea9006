"""Replies and notes from the first typed key until the store has accepted them.

Knows what the author had seen when they began, and which messages are under way. Every text is
in the outbox or a draft until the store has it. Sends nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from inbox_tui.domain.models import Author, ConversationId, Kind, Member, Message, MessageId, ReplyDraft
from inbox_tui.domain.writes import ReplyWrite
from inbox_tui.local.journal import Draft
from inbox_tui.local.outbox import Outbox


class Replies:
    """The member's drafts and outgoing messages, by conversation."""

    def __init__(self, outbox: Outbox, new_key: Callable[[], str]) -> None:
        self._outbox = outbox
        self._new_key = new_key
        self._seen: dict[ConversationId, MessageId | None] = {}
        self._under_way: dict[str, ReplyWrite] = {}
        self._drafted = {(draft.conversation, draft.kind) for draft in self.drafts()}
        self.drafted: Callable[[ConversationId, bool], None] = lambda id, is_there: None
        """Called when a conversation gets its first draft or loses its last."""

    def saw(self, id: ConversationId, newest: MessageId | None) -> None:
        """The author has seen the thread up to here and begins, or decides, to write."""
        self._seen[id] = newest

    def has_seen(self, id: ConversationId) -> bool:
        """Whether the last message that the author saw is known."""
        return id in self._seen

    def text(self, id: ConversationId, kind: Kind) -> str:
        """The draft: text that is not under way and belongs in the box."""
        return self._outbox.journal.get(self._outbox.sender, id, kind) or ""

    def kinds(self, id: ConversationId) -> list[Kind]:
        """Which drafts there are for a conversation."""
        return [kind for kind in (Kind.MESSAGE, Kind.NOTE) if self.text(id, kind)]

    def begun(self, id: ConversationId, kind: Kind) -> datetime | None:
        """When the draft was begun; None if there is none or the time is unknown."""
        return self._outbox.journal.begun(self._outbox.sender, id, kind)

    @property
    def with_drafts(self) -> frozenset[ConversationId]:
        """The conversations that have a draft."""
        return frozenset(id for id, _ in self._drafted)

    @property
    def problem(self) -> str:
        """Why drafts may not survive this run; "" if they will."""
        return self._outbox.problem

    @property
    def set_aside(self) -> str:
        """A message about unreadable writes of earlier programs, the first time only; "" if there are none."""
        return self._outbox.set_aside

    def drafts(self) -> list[Draft]:
        """All drafts for this store."""
        return self._outbox.journal.drafts(self._outbox.sender)

    def keep(self, id: ConversationId, kind: Kind, text: str) -> None:
        """Save the typed text as a draft."""
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
        """Move a text from its draft into the outbox; ``rest`` stays in the box."""
        draft = ReplyDraft(
            body=text, key=self._new_key(), kind=kind, last_seen=self._seen.get(id), auto_assign=auto_assign
        )
        write = ReplyWrite(id, draft, and_resolve, cursor, though_waiting)
        self._under_way[draft.key] = write
        self._outbox.hold(write, rest)
        self._note_draft(id, kind)
        return write

    def resume(self, write: ReplyWrite) -> None:
        """The message was sent before a restart and is still under way."""
        self._under_way[write.draft.key] = write

    def __contains__(self, key: object) -> bool:
        """Whether a message with this key is under way."""
        return key in self._under_way

    def all_under_way(self) -> list[ReplyWrite]:
        """All messages under way, in order of sending."""
        return list(self._under_way.values())

    def under_way(self, id: ConversationId) -> list[ReplyWrite]:
        """The conversation's messages under way, in order of sending."""
        return [write for write in self._under_way.values() if write.id == id]

    def forget(self, key: str) -> None:
        """The message is no longer under way: its author went on typing, and its text is in the box."""
        if self._under_way.pop(key, None) is not None:
            self._outbox.remove(key)

    def sent(self, key: str, newest: MessageId) -> ReplyWrite | None:
        """The store has it: drop it from the outbox."""
        write = self._under_way.get(key)
        self.forget(key)
        if write is not None:
            self._seen[write.id] = newest
        return write

    def typed_since(self, key: str) -> str:
        """Text typed into the box since a message from it has been under way."""
        write = self._under_way.get(key)
        return self.text(write.id, write.draft.kind) if write is not None else ""

    def failed(self, key: str) -> ReplyWrite | None:
        """The store does not have it: its text becomes the draft again, above anything typed since."""
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
    """A message under way, as the thread will show it once the store has it."""
    draft = write.draft
    return Message(MessageId(f"pending-{draft.key}"), Author.MEMBER, draft.kind, draft.body, now, me, draft.key)
