"""The model's Intake: how conversations and messages enter a model workspace."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime

import msgspec

from inbox_tui.domain import identity, intake, rules
from inbox_tui.domain.models import (
    Access,
    Conversation,
    ConversationId,
    ImportResult,
    IncomingConversation,
    IncomingMessage,
    Lead,
    Member,
    MemberId,
)
from inbox_tui.domain.names import is_blank
from inbox_tui.domain.rules import Transition
from inbox_tui.domain.text import replace_unstorable
from inbox_tui.testing.workspace import ModelWorkspace


class ModelIntake:
    """The port's Intake."""

    @property
    @abstractmethod
    def _workspace(self) -> ModelWorkspace: ...

    @property
    @abstractmethod
    def _actor(self) -> Member: ...

    async def ingest(self, conversations: Sequence[IncomingConversation]) -> ImportResult:
        """Add conversations, or the messages that known ones lack. Raises before anything is written."""
        rules.require_admin(self._actor)
        accepted = [intake.accepted(incoming, self._workspace.clock()) for incoming in conversations]
        taken = ImportResult()
        for incoming in accepted:
            known = self._workspace.find(incoming.id)
            taken += self._add(incoming) if known is None else self._extend(known, incoming)
        return taken

    async def receive(self, id: ConversationId, message: IncomingMessage) -> Conversation:
        """A visitor's or AI agent's message that a member brings in. Raises NotAllowed, NotFound, Rejected."""
        rules.require_chat(self._actor)
        written = intake.received(message, self._workspace.clock())
        return self._receive_once(self._workspace.conversation(id), written, imported_by=self._actor)

    async def request_handoff(self, id: ConversationId, at: datetime) -> Conversation:
        """A human is asked for. Raises NotAllowed, NotFound, Rejected."""
        rules.require_chat(self._actor)
        ruling = intake.handoff_requested(self._workspace.conversation(id), at, self._workspace.clock())
        return self._workspace.save(ruling, None)

    async def set_lead(self, id: ConversationId, lead: Lead) -> Conversation:
        """What is now known of the visitor. Raises NotAllowed, NotFound."""
        rules.require_chat(self._actor)
        after = msgspec.structs.replace(self._workspace.conversation(id), lead=intake.kept_lead(lead))
        return self._workspace.save(Transition(after), None)

    def _receive_once(
        self, before: Conversation, written: IncomingMessage, *, imported_by: Member | None
    ) -> Conversation:
        """A message by the rules, as it is kept, unless its key says that it is there already."""
        if written.key and self._workspace.message_by_key(before.id, written.key):
            return before
        added = self._workspace.add_message(before.id, written, None, imported_by)
        late = self._workspace.late(before, added, written)
        return self._workspace.save(intake.message_received(before, written, late), None)

    def _add(self, incoming: IncomingConversation) -> ImportResult:
        messages = incoming.messages
        conversation = intake.initial_state(incoming, self._workspace.agent(incoming.agent))
        self._workspace.threads[conversation.id] = []
        for message in messages:
            author = self._member(message.member_email)
            conversation = intake.message_added(conversation, message, author).conversation
            self._workspace.add_message(conversation.id, message, author, self._importer(incoming, message))
        named = self._member(incoming.assignee_email)
        assignee = intake.assignable(named)
        self._workspace.save(Transition(intake.final_state(conversation, incoming, assignee)), None)
        return ImportResult(added=1, messages=len(messages), unassigned=int(named is not assignee))

    def _extend(self, known: Conversation, incoming: IncomingConversation) -> ImportResult:
        messages = incoming.messages
        there = [identity.Known.of(message) for message in self._workspace.threads[known.id]]
        lacking = [messages[place] for place in identity.lacking(messages, 0, len(messages), there)]
        now = known
        for message in lacking:
            now = self._append(now, incoming, message)
        named = self._member(incoming.assignee_email) if incoming.standing else None
        assignee = intake.assignable(named)
        now = self._workspace.save(Transition(intake.merge_state(now, incoming, assignee)), None)
        changed = int(bool(lacking) or now != known)
        left = int(changed and named is not assignee and now.assignee is None)
        return ImportResult(extended=changed, unchanged=1 - changed, messages=len(lacking), unassigned=left)

    def _append(self, before: Conversation, incoming: IncomingConversation, message: IncomingMessage) -> Conversation:
        author = self._member(message.member_email)
        added = self._workspace.add_message(before.id, message, author, self._importer(incoming, message))
        ruling = intake.message_added(before, message, author, self._workspace.late(before, added, message))
        return self._workspace.save(Transition(ruling.conversation) if incoming.standing else ruling, None)

    def _importer(self, incoming: IncomingConversation, message: IncomingMessage) -> Member | None:
        """Who brings the message in; for a copy, who brought it into the workspace it comes from."""
        return self._actor if incoming.standing is None else self._member(message.imported_by_email)

    def _member(self, email: str) -> Member | None:
        """The person of this address; one who is not known becomes known, and may do nothing."""
        if is_blank(email):
            return None
        found = self._workspace.member_by_email(email)
        return found or self._workspace.add_member(
            Member(MemberId(""), replace_unstorable(email.strip()), access=Access.NONE)
        )
