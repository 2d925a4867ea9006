"""The content of a model workspace: plain dicts and lists, and the few ways to change them.

It exists to be read and believed at a glance, so that real stores can be held to it.
No indexes, no caches, no cleverness; what an act means is decided by ``domain.rules``.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from collections.abc import Iterable

import msgspec

from inbox_tui.domain.changes import CHANGES_LISTED, NO_CHANGE, ChangeId, Written, report, start_again
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.fingerprints import numbered_id, read_id
from inbox_tui.domain.intake import Late, may_be_late
from inbox_tui.domain.models import (
    Agent,
    AgentId,
    Author,
    Conversation,
    ConversationId,
    IncomingMessage,
    Kind,
    Member,
    MemberId,
    Message,
    MessageId,
)
from inbox_tui.domain.names import name_key
from inbox_tui.domain.rules import Transition
from inbox_tui.domain.team import told_apart
from inbox_tui.domain.text import replace_unstorable
from inbox_tui.domain.tokens import Token
from inbox_tui.store.protocol import Clock


class ModelWorkspace:
    """What all members' handles share.

    Args:
        clock: Says when writes happen.
        first: The first member, as a new workspace has one; ids are given here.
    """

    def __init__(self, clock: Clock, first: Member) -> None:
        self.clock = clock
        self.conversations: dict[ConversationId, Conversation] = {}
        """In the order in which they came."""
        self.threads: dict[ConversationId, list[Message]] = {}
        self.members: dict[MemberId, Member] = {}
        self.agents: dict[AgentId, Agent] = {}
        self.photos: dict[MemberId, bytes] = {}
        self.tokens: dict[bytes, Token] = {}
        self.written = asyncio.Event()
        """Set, and replaced by a new one, with every write."""
        self._log: list[Written] = []
        self._messages = 0
        self.add_member(first)

    def conversation(self, id: ConversationId) -> Conversation:
        """A conversation as it is now. Raises NotFound."""
        found = self.find(id)
        if found is None:
            raise NotFound(f"Conversation {id} does not exist.")
        return found

    def find(self, id: ConversationId) -> Conversation | None:
        """A conversation as it is now, if there is one."""
        return self.conversations.get(ConversationId(replace_unstorable(id)))

    def member(self, id: MemberId) -> Member:
        """A member as they are now. Raises NotFound."""
        if id not in self.members:
            raise NotFound("This member does not exist.")
        return self.members[id]

    def member_by_email(self, email: str) -> Member | None:
        """The member with this address, however it is spelled."""
        wanted = name_key(email)
        return next((member for member in self.members.values() if name_key(member.email) == wanted), None)

    def add_member(self, member: Member) -> Member:
        """A new member, with an id of their own."""
        added = msgspec.structs.replace(member, id=MemberId(f"member-{len(self.members) + 1}"))
        self.members[added.id] = added
        self._tell_apart()
        return self.members[added.id]

    def change_member(self, changed: Member) -> Member:
        """Somebody is different now, wherever they appear."""
        self.members[changed.id] = changed
        self._tell_apart()
        return self.members[changed.id]

    def _tell_apart(self) -> None:
        """All members as they are now: a name may have become another's too, or be one's own again."""
        for member in told_apart(self.members.values()):
            self.members[member.id] = member
            self._show(member)
        self.report(team=True)

    def _show(self, changed: Member) -> None:
        for id, conversation in self.conversations.items():
            if conversation.assignee is not None and conversation.assignee.id == changed.id:
                self.conversations[id] = msgspec.structs.replace(conversation, assignee=changed)
        for id, thread in self.threads.items():
            self.threads[id] = [
                msgspec.structs.replace(
                    message,
                    member=_as_now(message.member, changed),
                    imported_by=_as_now(message.imported_by, changed),
                )
                for message in thread
            ]
        for hash, token in self.tokens.items():
            if token.member is not None and token.member.id == changed.id:
                self.tokens[hash] = msgspec.structs.replace(token, member=changed)

    def agent(self, name: str) -> Agent:
        """The agent of this name, added if need be."""
        for known in self.agents.values():
            if name_key(known.name) == name_key(name):
                return known
        added = Agent(AgentId(f"agent-{len(self.agents) + 1}"), replace_unstorable(name))
        self.agents[added.id] = added
        self.report(team=True)
        return added

    def save(self, ruling: Transition, actor: Member | None) -> Conversation:
        """What a rule made of a conversation, with the events for its thread."""
        after = ruling.conversation
        if self.conversations.get(after.id) != after or ruling.events:
            self.conversations[after.id] = after
            self.threads.setdefault(after.id, [])
            self.report([after.id])
        for sentence in ruling.events:
            self.add_message(after.id, IncomingMessage(Author.SYSTEM, sentence, self.clock(), kind=Kind.EVENT), actor)
        return after

    def add_message(
        self,
        id: ConversationId,
        message: IncomingMessage,
        member: Member | None,
        imported_by: Member | None = None,
    ) -> Message:
        """One more entry of a thread, by its time and then by its arrival."""
        self._messages += 1
        body, key = replace_unstorable(message.body), replace_unstorable(message.key)
        content = (message.created_at.isoformat(), message.author, message.kind, key)
        id_ = MessageId(numbered_id(self._messages, *content))
        added = Message(id_, message.author, message.kind, body, message.created_at, member, key, imported_by)
        insort(self.threads[id], added, key=lambda entry: entry.created_at)
        self.report([id])
        return added

    def late(self, before: Conversation, added: Message, message: IncomingMessage) -> Late | None:
        """Where the thread ends, if the message that was just added may belong further up."""
        if not may_be_late(before, message):
            return None
        said = [entry for entry in self.threads[before.id] if entry.kind is Kind.MESSAGE]
        outgoing = [entry.author for entry in said if entry.author in (Author.AGENT, Author.MEMBER)]
        return Late(said[-1], outgoing[-1] if outgoing else None, said[-1].id == added.id)

    def message_by_key(self, id: ConversationId, key: str) -> Message | None:
        """The entry of a thread that was written with this key."""
        return next((message for message in self.threads[id] if message.key == replace_unstorable(key)), None)

    def report(self, conversations: Iterable[ConversationId] = (), *, team: bool = False) -> None:
        """Note a write, and wake those who follow."""
        names = tuple(conversations)
        at = self.clock().isoformat()
        self._log.append(Written(ChangeId(numbered_id(len(self._log) + 1, at, team, *names)), names, team))
        self.wake()

    def wake(self) -> None:
        """Let those who follow look again."""
        waiting, self.written = self.written, asyncio.Event()
        waiting.set()

    def changes_after(self, since: ChangeId | None) -> Written:
        """Everything that was written after a change; nothing for None."""
        newest = self._log[-1].id if self._log else NO_CHANGE
        if since is None:
            return Written(newest)
        place = read_id(since)
        if place is None or place.number > len(self._log):
            return start_again(newest)
        if place.fingerprint and (place.number == 0 or self._log[place.number - 1].id != since):
            return start_again(newest)
        missed = self._log[place.number :]
        if len(missed) > CHANGES_LISTED:
            return start_again(newest)
        ids = (id for change in missed for id in change.conversations)
        return report(newest, ids, team=any(change.team for change in missed))


def _as_now(known: Member | None, changed: Member) -> Member | None:
    return changed if known is not None and known.id == changed.id else known
