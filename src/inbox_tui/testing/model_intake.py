"""The model's Intake: how conversations and messages enter a model workspace."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime

import msgspec

from inbox_tui.domain import rules
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.models import (
    Access,
    Author,
    Conversation,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Kind,
    Lead,
    Member,
    MemberId,
    Status,
    Taken,
)
from inbox_tui.domain.rules import Ruling
from inbox_tui.domain.text import storable
from inbox_tui.testing.workspace import ModelWorkspace

_SOMEBODY = Member(MemberId(""), "")


class ModelIntake:
    """The port's Intake."""

    @property
    @abstractmethod
    def _workspace(self) -> ModelWorkspace: ...

    async def take_in(self, conversations: Sequence[IncomingConversation]) -> Taken:
        """Add conversations, or the messages that known ones lack. Raises Rejected before anything is written."""
        for incoming in conversations:
            _require_sense(incoming)
        added = extended = messages = 0
        for incoming in conversations:
            known = self._workspace.find(incoming.id)
            number = self._add(incoming) if known is None else self._extend(known, incoming)
            added += known is None
            extended += known is not None and number > 0
            messages += number
        return Taken(added, extended, len(conversations) - added - extended, messages)

    async def receive(self, id: ConversationId, message: IncomingMessage) -> Conversation:
        """A visitor's or AI agent's message, by the rules. Raises NotFound, Rejected."""
        if message.author not in (Author.VISITOR, Author.AGENT) or message.kind is not Kind.MESSAGE:
            raise Rejected("Only messages of visitors and AI agents are received.")
        rules.require_body(message.body)
        before = self._workspace.conversation(id)
        if message.key and self._workspace.message_by_key(before.id, message.key):
            return before
        return self._append(before, _cleaned(message, message.key))

    async def request_handoff(self, id: ConversationId, at: datetime) -> Conversation:
        """The visitor or the AI agent asks for a human. Raises NotFound."""
        return self._workspace.save(rules.handoff_requested(self._workspace.conversation(id), at), None)

    async def set_lead(self, id: ConversationId, lead: Lead) -> Conversation:
        """What is now known of the visitor. Raises NotFound."""
        after = msgspec.structs.replace(self._workspace.conversation(id), lead=_cleaned_lead(lead))
        return self._workspace.save(Ruling(after), None)

    def _add(self, incoming: IncomingConversation) -> int:
        messages = _keyed(incoming)
        conversation = Conversation(
            id=ConversationId(storable(incoming.id)),
            agent=self._workspace.agent(incoming.agent),
            created_at=incoming.created_at,
            last_activity_at=incoming.created_at,
            lead=_cleaned_lead(incoming.lead),
            topic=storable(incoming.topic),
        )
        self._workspace.threads[conversation.id] = []
        for message in messages:
            author = self._member(message.member_email, Access.NONE)
            conversation = _ruling(conversation, message, author).conversation
            self._workspace.add_message(conversation.id, message, author)
        asked = [message.created_at for message in messages if message.author is Author.VISITOR]
        self._workspace.save(
            Ruling(
                msgspec.structs.replace(
                    conversation,
                    assignee=self._member(incoming.assignee_email, Access.EDIT),
                    handoff_requested=incoming.needs_human,
                    waiting_since=[incoming.created_at, *asked][-1] if incoming.needs_human else None,
                    status=incoming.status,
                    resolved_at=conversation.last_activity_at if incoming.status is Status.RESOLVED else None,
                )
            ),
            None,
        )
        return len(messages)

    def _extend(self, known: Conversation, incoming: IncomingConversation) -> int:
        lacking = [message for message in _keyed(incoming) if not self._workspace.message_by_key(known.id, message.key)]
        for message in lacking:
            known = self._append(known, message)
        return len(lacking)

    def _append(self, before: Conversation, message: IncomingMessage) -> Conversation:
        author = self._member(message.member_email, Access.NONE)
        self._workspace.add_message(before.id, message, author)
        return self._workspace.save(_ruling(before, message, author), None)

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


def _ruling(conversation: Conversation, message: IncomingMessage, author: Member | None) -> Ruling:
    at = message.created_at
    if message.kind is Kind.EVENT:
        return Ruling(conversation)
    if message.kind is Kind.NOTE:
        return rules.note_written(conversation, at)
    if message.author is Author.VISITOR:
        return rules.visitor_wrote(conversation, message.body, at)
    if message.author is Author.AGENT:
        return rules.agent_wrote(conversation, message.body, at)
    return rules.member_replied(conversation, author or _SOMEBODY, message.body, at, auto_assign=False)


def _keyed(incoming: IncomingConversation) -> Sequence[IncomingMessage]:
    """The messages with a key each, so that the same import finds them again."""
    return [_cleaned(message, message.key or f"#{index}") for index, message in enumerate(incoming.messages)]


def _cleaned(message: IncomingMessage, key: str) -> IncomingMessage:
    kind = Kind.EVENT if message.author is Author.SYSTEM else message.kind
    return msgspec.structs.replace(message, body=storable(message.body), key=storable(key), kind=kind)


def _cleaned_lead(lead: Lead) -> Lead:
    return Lead(storable(lead.name), storable(lead.email), storable(lead.phone), storable(lead.company))


def _require_sense(incoming: IncomingConversation) -> None:
    keys = [message.key for message in incoming.messages if message.key]
    if not incoming.id.strip():
        raise Rejected("A conversation has no id.")
    if incoming.needs_human and incoming.status is Status.RESOLVED:
        raise Rejected(f"Conversation {incoming.id} is resolved and needs a human.")
    if len(keys) != len(set(keys)):
        raise Rejected(f"Conversation {incoming.id} has two messages with the same id.")
    for message in incoming.messages:
        if len(message.body) > rules.BODY_LIMIT:
            raise Rejected(f"A message of conversation {incoming.id} is too long.")
        if message.kind is not Kind.MESSAGE and message.author in (Author.VISITOR, Author.AGENT):
            raise Rejected(f"Conversation {incoming.id} has a {message.kind} by its {message.author}.")
