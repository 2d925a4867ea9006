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
"""Public id of a conversation: its source chose it, and it is the same in every store."""

MessageId = NewType("MessageId", str)
"""Id of a message within its store. Opaque; compare for equality only."""
FROM_START = MessageId("")
"""A place before the first message of every thread."""

MemberId = NewType("MemberId", str)
"""Id of a member within its store. Opaque; people name a member by e-mail."""

AgentId = NewType("AgentId", str)
"""Id of an AI agent within its store. Opaque; people name an agent by name."""

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time from outside, always with its offset."""

PREVIEW_LENGTH = 200
"""The most characters of the last message in a row of the list."""


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
    """The kind of an entry: a message to the visitor, a note to the team, or an event."""

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
    """Another member has the same name, so ``label`` adds the address."""

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
        """The display name, with the address if another member shares the name; the address if there is no name."""
        return f"{self.name} ({self.email})" if self.is_namesake else self.name or self.email


class Lead(msgspec.Struct, frozen=True):
    """The visitor's captured contact data. An empty string means not captured."""

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
    """When the visitor began to wait for a human; None while nobody waits."""
    handoff_requested: bool = False
    """A human was asked for and none has replied since."""
    last_outgoing: Author | None = None
    """Who last wrote to the visitor: the agent or a member."""
    first_human_reply_at: datetime | None = None
    resolved_at: datetime | None = None
    messages: int | None = 0
    """Messages in the thread, notes included, events excluded; None if the store does not know."""
    last_message_author: Author | None = None
    last_message: str = ""
    """The last message between visitor and workspace, never a note or an event. In a list the
    first PREVIEW_LENGTH characters on one line; in a scan the whole text."""
    damage: str = ""
    """The names of fields that are unreadable in the store; here they hold a placeholder. Usually empty."""

    @property
    def is_open(self) -> bool:
        """It is not resolved."""
        return self.status is Status.OPEN

    @property
    def has_lead(self) -> bool:
        """At least one field of the lead was captured."""
        return not self.lead.is_empty

    @property
    def visitor(self) -> str:
        """The visitor's name on screen: the best captured field, or the conversation's id."""
        lead = self.lead
        best = next((known for known in (lead.name, lead.email, lead.phone, lead.company) if known.strip()), "")
        return best or f"Visitor {self.id}"


class Message(msgspec.Struct, frozen=True):
    """One entry of a thread."""

    id: MessageId
    author: Author
    kind: Kind
    body: str
    """The text; for an event a whole sentence, e.g. "Dana Ortiz was assigned"."""
    created_at: datetime
    member: Member | None = None
    """Who wrote it (author ``member``) or who did it (an event)."""
    key: str = ""
    """The key that its writer chose; empty if it had none."""
    imported_by: Member | None = None
    """The member who imported it; None if its author sent it here."""
    damage: str = ""
    """The names of fields that are unreadable in the store. Usually empty."""


class Thread(msgspec.Struct, frozen=True):
    """A stretch of a conversation's messages, oldest first."""

    conversation: Conversation
    messages: tuple[Message, ...]
    has_earlier: bool
    """The thread has messages before the first of these."""
    has_later: bool = False
    """The thread has messages after the last of these."""


class ReplyDraft(msgspec.Struct, frozen=True):
    """A reply or note on its way to the store."""

    body: str
    key: str
    """Made once by the client; the same key again returns the same message."""
    kind: Kind = Kind.MESSAGE
    last_seen: MessageId | None = None
    """The newest message on the author's screen; None if the thread was empty."""
    auto_assign: bool = True
    """Take the conversation if it is waiting and nobody has it."""
    tried_at: Moment | None = None
    """When the last attempt that may have reached the store began; None if there was none. A store that knows keys
    ignores it; any other looks for the reply before it sends again, and waits while ``rules.may_still_arrive``."""


class Sent(msgspec.Struct, frozen=True):
    """The answer to a ReplyDraft."""

    message: Message
    conversation: Conversation
    was_known: bool = False
    """The store already had this key, so it wrote nothing."""


class Assign(msgspec.Struct, frozen=True, tag="assign"):
    """Give a conversation to a member, or to nobody."""

    id: ConversationId
    member: MemberId | None
    expected: MemberId | None
    """The assignee that its author saw."""


class SetStatus(msgspec.Struct, frozen=True, tag="status"):
    """Resolve or reopen a conversation."""

    id: ConversationId
    status: Status
    expected: Status
    """The status that its author saw."""
    waiting_since: Moment | None = None
    """Only to undo a resolve: the wait to restore."""


StateChange = Assign | SetStatus
"""The changes that ``Store.decide`` takes. The type checker finds every place that has to know each kind."""


class IncomingMessage(msgspec.Struct, frozen=True):
    """A message as it enters the workspace from a website, an AI agent or an import."""

    author: Author
    body: str
    created_at: Moment
    key: str = ""
    """Unique within its conversation; a store writes each key once."""
    kind: Kind = Kind.MESSAGE
    member_email: str = ""
    imported_by_email: str = ""
    """Only in a copy from another workspace: who imported the message there."""


class ConversationState(msgspec.Struct, frozen=True):
    """The state of a conversation in its source workspace, which its messages alone do not give."""

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
    """Only in a copy from another workspace; the store then keeps this state."""


class ImportResult(msgspec.Struct, frozen=True):
    """The result of importing a batch of conversations."""

    added: int = 0
    extended: int = 0
    """Known conversations that got further messages."""
    unchanged: int = 0
    messages: int = 0
    unassigned: int = 0
    """Conversations left unassigned because their assignee has no chat access (rule 5)."""

    def __add__(self, more: ImportResult) -> ImportResult:
        return ImportResult(*map(operator.add, msgspec.structs.astuple(self), msgspec.structs.astuple(more)))
