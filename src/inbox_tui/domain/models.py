"""The records that every layer speaks in.

Plain frozen data in the words of the domain. Nothing here does input or output,
knows a store, or formats anything for a screen. All times are aware UTC.
"""

from __future__ import annotations

import operator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NewType

import msgspec

ConversationId = NewType("ConversationId", str)
"""Public id of a conversation: the one given on import, the same everywhere."""

MessageId = NewType("MessageId", str)
"""Id of a message within its store. Opaque; compare for equality only."""
FROM_START = MessageId("")
"""What stands before the first message of every thread."""

MemberId = NewType("MemberId", str)
"""Id of a member within its store. Opaque; people name a member by e-mail."""

AgentId = NewType("AgentId", str)
"""Id of an AI agent within its store. Opaque; people name an agent by name."""

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time that comes from outside: never without its offset."""

PREVIEW_LENGTH = 200
"""Characters of the last message that a row of the list carries."""


class Access(StrEnum):
    """What a member may do with conversations."""

    NONE = "none"
    EDIT = "edit"
    ADMIN = "admin"


class Status(StrEnum):
    """Whether a conversation still needs work."""

    OPEN = "open"
    RESOLVED = "resolved"


class Author(StrEnum):
    """Who wrote a message."""

    VISITOR = "visitor"
    AGENT = "agent"
    MEMBER = "member"
    SYSTEM = "system"


class Kind(StrEnum):
    """What a message is: said to the visitor, to the team, or a thing that happened."""

    MESSAGE = "message"
    NOTE = "note"
    EVENT = "event"


class Color(StrEnum):
    """The colours a badge may have; the theme decides what each looks like."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    TEAL = "teal"
    BLUE = "blue"
    VIOLET = "violet"
    PINK = "pink"


class Badge(msgspec.Struct, frozen=True):
    """The avatar that every row can show: one or two letters and a colour."""

    initials: str
    color: Color


class Agent(msgspec.Struct, frozen=True):
    """An AI agent that chats with visitors. Never a person."""

    id: AgentId
    name: str


class Member(msgspec.Struct, frozen=True):
    """A person of the team."""

    id: MemberId
    email: str
    name: str = ""
    """Display name; empty until the profile is filled in."""
    badge: Badge | None = None
    access: Access = Access.NONE
    is_namesake: bool = False
    """Another member has the same name, so that the address is said with it."""

    @property
    def may_chat(self) -> bool:
        """May open conversations, assign, be assigned, reply, resolve and export."""
        return self.access is not Access.NONE

    @property
    def may_manage(self) -> bool:
        """May change who is a member and what each may do."""
        return self.access is Access.ADMIN

    @property
    def label(self) -> str:
        """The display name, with the e-mail address where another has it too; the address while there is none."""
        return f"{self.name} ({self.email})" if self.is_namesake else self.name or self.email


class Lead(msgspec.Struct, frozen=True):
    """What was captured of the visitor. An empty string means not captured."""

    name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""

    @property
    def is_empty(self) -> bool:
        """Nothing at all was captured."""
        return not (self.name or self.email or self.phone or self.company)


class Conversation(msgspec.Struct, frozen=True):
    """One chat, without its messages: what a row of the list needs."""

    id: ConversationId
    agent: Agent
    created_at: datetime
    last_activity_at: datetime
    """When the last message or note (not event) was written."""
    lead: Lead = Lead()
    topic: str = ""
    status: Status = Status.OPEN
    assignee: Member | None = None
    waiting_since: datetime | None = None
    """Since when the visitor has been waiting for a human; None when nobody waits."""
    handoff_requested: bool = False
    """A human was asked for and none has replied since."""
    last_outgoing: Author | None = None
    """Who last wrote to the visitor: the agent or a member."""
    first_human_reply_at: datetime | None = None
    resolved_at: datetime | None = None
    messages: int | None = 0
    """How many messages the thread has, notes included, events not; None where the store does not tell."""
    last_message_author: Author | None = None
    last_message: str = ""
    """What was last said between visitor and workspace (no note, no event). In a list the
    first PREVIEW_LENGTH characters on one line; in a scan the whole text."""
    damage: str = ""
    """The fields that cannot be read in the store, and hold something in their place here; empty where all can."""

    @property
    def is_open(self) -> bool:
        """It is not resolved."""
        return self.status is Status.OPEN

    @property
    def has_lead(self) -> bool:
        """At least one thing is known of the visitor."""
        return not self.lead.is_empty

    @property
    def visitor(self) -> str:
        """What to call the visitor: the best that was captured, or the conversation's id."""
        lead = self.lead
        best = next((known for known in (lead.name, lead.email, lead.phone, lead.company) if known.strip()), "")
        return best or f"Visitor {self.id}"


class Message(msgspec.Struct, frozen=True):
    """One entry of a thread."""

    id: MessageId
    author: Author
    kind: Kind
    body: str
    """What was written; for an event the whole sentence, e.g. "Dana Ortiz was assigned"."""
    created_at: datetime
    member: Member | None = None
    """Who wrote it (author ``member``) or who did it (an event)."""
    key: str = ""
    """The key its writer made for it; empty for messages that had none."""
    imported_by: Member | None = None
    """Who brought it in from elsewhere; None for what came from its author."""
    damage: str = ""
    """The fields that cannot be read in the store; empty where all can."""


class Thread(msgspec.Struct, frozen=True):
    """A stretch of a conversation's messages, oldest first."""

    conversation: Conversation
    messages: tuple[Message, ...]
    has_earlier: bool
    """There are messages before the first of these: fewer were asked for, or these are as many as one answer holds."""
    has_later: bool = False
    """There are messages after the last of these."""


class ReplyDraft(msgspec.Struct, frozen=True):
    """A reply or note on its way to the store."""

    body: str
    key: str
    """Made once by the client; the same key again returns the same message."""
    kind: Kind = Kind.MESSAGE
    last_seen: MessageId | None = None
    """The newest message its author had on screen; None when the thread was empty."""
    auto_assign: bool = True
    """Take the conversation if it is waiting and nobody has it."""
    tried_at: Moment | None = None
    """When the last attempt began that may have reached the store; None if none did. A store that knows keys ignores
    it; another looks for the reply before it sends it again, and not too early (``rules.may_still_arrive``)."""


class Sent(msgspec.Struct, frozen=True):
    """What became of a ReplyDraft."""

    message: Message
    conversation: Conversation
    was_known: bool = False
    """The key had been sent before; nothing was written this time."""


class Assign(msgspec.Struct, frozen=True, tag="assign"):
    """Give a conversation to a member, or to nobody."""

    id: ConversationId
    member: MemberId | None
    expected: MemberId | None
    """Who had it on the screen where this was decided."""


class SetStatus(msgspec.Struct, frozen=True, tag="status"):
    """Resolve or reopen a conversation."""

    id: ConversationId
    status: Status
    expected: Status
    """The status on the screen where this was decided."""
    waiting_since: Moment | None = None
    """Only to undo a resolve: the wait that it ended."""


StateChange = Assign | SetStatus
"""What ``Store.decide`` can be asked for. The type checker finds every place that has to know each kind."""


class IncomingMessage(msgspec.Struct, frozen=True):
    """A message as it enters the workspace from a website, an AI agent or an import."""

    author: Author
    body: str
    created_at: Moment
    key: str = ""
    """Unique within its conversation; the same key again is not stored twice."""
    kind: Kind = Kind.MESSAGE
    member_email: str = ""
    imported_by_email: str = ""
    """Only of a copy from another workspace: who brought the message in there."""


class ConversationState(msgspec.Struct, frozen=True):
    """How a conversation stood in the workspace it comes from: what its messages alone do not tell."""

    last_activity_at: Moment
    waiting_since: Moment | None = None
    handoff_requested: bool = False
    first_human_reply_at: Moment | None = None
    resolved_at: Moment | None = None
    last_outgoing: Author | None = None

    @classmethod
    def of(cls, conversation: Conversation) -> ConversationState:
        """How a conversation stands."""
        return cls(
            conversation.last_activity_at,
            conversation.waiting_since,
            conversation.handoff_requested,
            conversation.first_human_reply_at,
            conversation.resolved_at,
            conversation.last_outgoing,
        )


class IncomingConversation(msgspec.Struct, frozen=True):
    """A whole conversation as it enters the workspace."""

    id: ConversationId
    messages: tuple[IncomingMessage, ...]
    agent: str
    created_at: Moment
    lead: Lead = Lead()
    status: Status = Status.OPEN
    needs_human: bool = False
    assignee_email: str = ""
    topic: str = ""
    standing: ConversationState | None = None
    """Only of a copy from another workspace, which is then kept as it stood there."""


class ImportResult(msgspec.Struct, frozen=True):
    """What a store took in of a batch of conversations."""

    added: int = 0
    extended: int = 0
    """Known conversations that got messages they did not have."""
    unchanged: int = 0
    messages: int = 0
    unassigned: int = 0
    """Conversations that nobody has because their assignee has no chat access (rule 5)."""

    def __add__(self, more: ImportResult) -> ImportResult:
        return ImportResult(*map(operator.add, msgspec.structs.astuple(self), msgspec.structs.astuple(more)))
