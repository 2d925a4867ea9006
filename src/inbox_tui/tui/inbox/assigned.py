"""Announces what colleagues assign to the member until they see it, and lets it into the open list.

Knows which conversations were the member's when the inbox was opened, and follows each
change since. What the member takes is not announced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from inbox_tui.domain.models import Conversation, ConversationId
from inbox_tui.tui.inbox.context import InboxContext


class AssignmentNotices:
    """The member's conversations, and those that are new to them."""

    def __init__(self, context: InboxContext) -> None:
        self._context = context
        self._mine: set[ConversationId] | None = None
        """The member's conversations; None until they are read."""
        self._new: dict[ConversationId, Conversation] = {}

    def read(self) -> None:
        """Read the member's conversations; those that were added since the last read are new."""
        if self._context.me.may_chat:
            self._context.run(self._context.work.read_mine(self._learn), group="mine", exclusive=True)

    def read_first(self) -> None:
        """The member may just have got chat access: read their conversations if that is still to do."""
        if self._mine is None:
            self.read()

    def takes(self, ids: Iterable[ConversationId]) -> None:
        """The member takes conversations."""
        if self._mine is not None:
            self._mine.update(ids)

    def hear(self, conversations: Sequence[Conversation]) -> None:
        """Conversations changed: some may have become the member's."""
        mine, me = self._mine, self._context.me
        if mine is None:
            return
        maybe: list[Conversation] = []
        for conversation in conversations:
            if conversation.assignee is None or conversation.assignee.id != me.id:
                mine.discard(conversation.id)
                self.saw(conversation.id)
            elif conversation.id not in mine:
                mine.add(conversation.id)
                maybe.append(conversation)
        if maybe:
            self._context.run(self._context.work.look_at_assigned(maybe, me, self._show), group="assigned")

    def saw(self, id: ConversationId) -> None:
        """The member sees it, or it is no longer theirs."""
        if self._new.pop(id, None) is not None:
            self._context.list.show_newness(id, is_new=False)
            self._count()

    @property
    def first(self) -> Conversation | None:
        """The unseen conversation that was assigned first."""
        return next(iter(self._new.values()), None)

    def _learn(self, conversations: Collection[Conversation]) -> None:
        ids = {conversation.id for conversation in conversations}
        before, self._mine = self._mine, ids | (self._mine or set())
        if before is not None:
            self._show([conversation for conversation in conversations if conversation.id not in before])

    def _show(self, conversations: Sequence[Conversation]) -> None:
        context = self._context
        for conversation in conversations:
            if self._mine is None or conversation.id not in self._mine:
                continue  # a colleague took it back while it was looked at
            if context.is_shown(conversation.id):
                context.status.say("This was assigned to you")
                continue
            self._new[conversation.id] = conversation
            context.list.show_newness(conversation.id, is_new=True)
            context.painter.let_in(conversation)
        self._count()

    def _count(self) -> None:
        self._context.top.assigned = len(self._new)
