"""The model's Intake: how conversations and messages enter a model workspace."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime

import msgspec

from inbox_tui.domain import intake
from inbox_tui.domain.models import (
    Access,
    Conversation,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Lead,
    Member,
    MemberId,
    Taken,
)
from inbox_tui.domain.rules import Ruling
from inbox_tui.testing.workspace import ModelWorkspace


class ModelIntake:
    """The port's Intake."""

    @property
    @abstractmethod
    def _workspace(self) -> ModelWorkspace: ...

    async def take_in(self, conversations: Sequence[IncomingConversation]) -> Taken:
        """Add conversations, or the messages that known ones lack. Raises Rejected before anything is written."""
        accepted = [intake.accepted(incoming, self._workspace.clock()) for incoming in conversations]
        added = extended = messages = 0
        for incoming in accepted:
            known = self._workspace.find(incoming.id)
            if known is None:
                messages += self._add(incoming)
                added += 1
            else:
                number = self._extend(known, incoming)
                extended += number > 0 or self._workspace.conversation(incoming.id) != known
                messages += number
        return Taken(added, extended, len(conversations) - added - extended, messages)

    async def receive(self, id: ConversationId, message: IncomingMessage) -> Conversation:
        """A visitor's or AI agent's message, by the rules. Raises NotFound, Rejected."""
        written = intake.received(message, self._workspace.clock())
        before = self._workspace.conversation(id)
        if written.key and self._workspace.message_by_key(before.id, written.key):
            return before
        return self._append(before, written)

    async def request_handoff(self, id: ConversationId, at: datetime) -> Conversation:
        """The visitor or the AI agent asks for a human. Raises NotFound, Rejected."""
        ruling = intake.handoff_requested(self._workspace.conversation(id), at, self._workspace.clock())
        return self._workspace.save(ruling, None)

    async def set_lead(self, id: ConversationId, lead: Lead) -> Conversation:
        """What is now known of the visitor. Raises NotFound."""
        after = msgspec.structs.replace(self._workspace.conversation(id), lead=intake.kept_lead(lead))
        return self._workspace.save(Ruling(after), None)

    def _add(self, incoming: IncomingConversation) -> int:
        messages = intake.keyed(incoming)
        conversation = intake.begun(incoming, self._workspace.agent(incoming.agent))
        self._workspace.threads[conversation.id] = []
        for message in messages:
            author = self._member(message.member_email, Access.NONE)
            conversation = intake.message_added(conversation, message, author).conversation
            self._workspace.add_message(conversation.id, message, author)
        assignee = self._member(incoming.assignee_email, Access.EDIT)
        self._workspace.save(Ruling(intake.settled(conversation, incoming, assignee)), None)
        return len(messages)

    def _extend(self, known: Conversation, incoming: IncomingConversation) -> int:
        keys = [message.key for message in self._workspace.threads[known.id]]
        lacking = intake.lacking(intake.keyed(incoming), keys)
        for message in lacking:
            known = self._append(known, message, is_copy=incoming.standing is not None)
        assignee = self._member(incoming.assignee_email, Access.EDIT) if incoming.standing else None
        self._workspace.save(Ruling(intake.caught_up(known, incoming, assignee)), None)
        return len(lacking)

    def _append(self, before: Conversation, message: IncomingMessage, *, is_copy: bool = False) -> Conversation:
        author = self._member(message.member_email, Access.NONE)
        self._workspace.add_message(before.id, message, author)
        ruling = intake.message_added(before, message, author)
        return self._workspace.save(Ruling(ruling.conversation) if is_copy else ruling, None)

    def _member(self, email: str, at_least: Access) -> Member | None:
        """The person of this address, added if need be, with at least this access."""
        if not email.strip():
            return None
        found = self._workspace.member_by_email(email)
        if found is None:
            return self._workspace.add_member(Member(MemberId(""), email.strip(), access=at_least))
        if at_least is Access.EDIT and not found.may_chat:
            return self._workspace.change_member(msgspec.structs.replace(found, access=Access.EDIT))
        return found
