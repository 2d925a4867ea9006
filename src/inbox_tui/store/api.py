"""The records of the HTTP API, shared by the server and the store that talks to it.

Both ends import this module, so they cannot disagree. The records of the domain travel
as JSON unchanged; this module adds what only HTTP needs: requests, and errors as answers.
It opens no connection.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from inbox_tui.domain import errors
from inbox_tui.domain.agents import MESSAGES_AT_ONCE
from inbox_tui.domain.errors import Conflict, InboxError, StoreBroken, StoreUnavailable
from inbox_tui.domain.filters import Counts, Scope
from inbox_tui.domain.models import (
    Access,
    Agent,
    Badge,
    Conversation,
    ConversationId,
    IncomingConversation,
    Lead,
    Member,
    MemberId,
    Message,
    MessageId,
    Moment,
    StateChange,
    Status,
    Thread,
)
from inbox_tui.domain.outcomes import Outcome, refused
from inbox_tui.domain.paging import Cursor, Page
from inbox_tui.store.protocol import Capabilities

ROOT = "/v1"
PAGE_LIMIT = 1_000
"""The most rows, or messages, in one answer."""
LOOKUP_LIMIT = 1_000
"""The most conversations of one lookup."""
BULK_LIMIT = 1_000
"""The most state changes in one request."""
MATCHING_LIMIT = 10_000
"""The most conversations of "select all"."""
BODY_LIMIT = 2 * 1024 * 1024
"""The most bytes of a request's body."""
IMPORT_LIMIT = 16 * 1024 * 1024
"""The most bytes of the body of an import."""
IMPORT_AT_ONCE = 2 * 1024 * 1024
"""The most bytes of conversations that a client sends in one request; a single larger one goes alone."""

JSON_LINES = "application/x-ndjson"
EVENT_STREAM = "text/event-stream"
WRITTEN_EVENTS = ("message", "written")
"""Names of the events of ``/v1/events`` that tell what was written. The server sends them without a name, which means
``message``: clients of earlier versions, and scripts, know no other. Events with further names tell of other things."""


class Workspace(msgspec.Struct, frozen=True):
    """The answer to a client's first request."""

    version: str
    """The version of the server."""
    me: Member
    capabilities: Capabilities
    """The store's capabilities. ``me.access`` limits them: with ``none`` a member lists names, times and status, and
    neither searches nor writes; only admins import."""


class FirstScreen(msgspec.Struct, frozen=True):
    """Everything that a client needs for its first screen, or for another list, in one answer."""

    workspace: Workspace
    counts: Counts
    """For the agent of the list, or for all agents."""
    page: Page
    agents: tuple[Agent, ...] | None
    """Null unless the request asked for the team."""
    members: tuple[Member, ...] | None


TRAVELLING = frozenset(
    {
        "reply",
        "notes",
        "assign",
        "resolve",
        "search",
        "live",
        "team",
        "intake",
        "scan",
        "batch",
        "snapshot",
        "words",
        "orders",
    }
)
"""The capabilities that a client's store takes over from the server's store."""
OF_THE_LINE = {"host": False, "upkeep": False, "outbox": True}
"""Those that follow from the connection between the two, whatever the server's store can do."""


def over_http(can: Capabilities) -> Capabilities:
    """The capabilities of a client's store, given those of the server's."""
    return Capabilities(**{name: getattr(can, name) for name in TRAVELLING} | OF_THE_LINE)


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Give a conversation to a member, or to nobody (null)."""

    member: MemberId | None
    expected: MemberId | None
    """The assignee that its author saw."""


class StatusSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Resolve or reopen."""

    status: Status
    expected: Status
    """The status that its author saw."""


class Bulk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Many state changes; the store decides each on its own."""

    changes: Annotated[list[StateChange], msgspec.Meta(max_length=BULK_LIMIT)]


class Lookup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request for conversations by id."""

    ids: Annotated[list[ConversationId], msgspec.Meta(max_length=LOOKUP_LIMIT)]
    scope: Scope | None = None
    """The scope to count as well; null for none."""
    thread: ConversationId | None = None
    """With a scope: the conversation whose newest messages to include; null for none."""
    limit: Annotated[int, msgspec.Meta(ge=0, le=PAGE_LIMIT)] = 200
    """The most messages to include."""


class Found(msgspec.Struct, frozen=True):
    """The answer to a lookup."""

    conversations: list[Conversation]
    """The existing ones, each once, in the order of the request."""
    looked_up: int
    """How many of the ids the server looked up, from the first on. The answer had no room for the rest: ask again."""
    counts: Counts | None = None
    """The number in each filter; null unless the request had a scope."""
    thread: Thread | None = None
    """Null if the request named none, or if its conversation does not exist."""


class NewMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person to add as a member."""

    email: str
    name: str = ""
    access: Access = Access.EDIT


class AccessSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a member may do."""

    access: Access


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member's display name and avatar."""

    name: str
    badge: Badge


class Import(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conversations to import."""

    conversations: list[IncomingConversation]


class Handoff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request for a human."""

    at: Moment | None = None
    """When the visitor began to wait; the time of arrival if absent."""


class AgentMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message by a visitor or the AI agent."""

    author: Literal["visitor", "agent"]
    body: str
    key: str = ""
    """Unique within its conversation; the server stores each key once."""
    created_at: Moment | None = None
    """When the message was written; the time of arrival if absent."""


class NewConversation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A chat that a website starts."""

    id: Annotated[ConversationId, msgspec.Meta(min_length=1)] | None = None
    """The website's own id for it; without one, the server makes one. A known id continues its conversation."""
    lead: Lead = Lead()
    topic: str = ""
    messages: Annotated[list[AgentMessage], msgspec.Meta(max_length=MESSAGES_AT_ONCE)] = []


class AgentView(msgspec.Struct, frozen=True):
    """The part of a conversation that a website may see: no notes and no assignee."""

    id: ConversationId
    agent: str
    status: Status
    waiting_since: datetime | None
    messages: int

    @classmethod
    def of(cls, conversation: Conversation) -> AgentView:
        """Make the view of a conversation."""
        return cls(
            conversation.id,
            conversation.agent.name,
            conversation.status,
            conversation.waiting_since,
            conversation.messages or 0,
        )


class MemberReply(msgspec.Struct, frozen=True):
    """A member's reply to a visitor, for the website to show."""

    conversation: ConversationId
    id: MessageId
    body: str
    member: str
    """The member's display name."""
    created_at: datetime
    key: str = ""
    """The same every time the server sends this reply, so that a website can skip one that it has shown."""

    @classmethod
    def of(cls, conversation: ConversationId, message: Message) -> MemberReply:
        """Make the view of a reply."""
        author = message.member.label if message.member else ""
        return cls(conversation, message.id, message.body, author, message.created_at, message.key)


class RepliesReset(msgspec.Struct, frozen=True):
    """The store was restored from a backup older than the last event that the website received."""

    since: datetime | None
    """The replies written after this time follow. Null if the time is unknown: then the stream leaves out those that
    members wrote while the website was not connected."""


class Photo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member's photo, in base64; null for none."""

    photo: Annotated[bytes, msgspec.Meta(extra_json_schema={"format": "byte"})] | None


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request failed: every answer of 400 and above holds one."""

    error: str
    """One word for programs: the ``kind_of`` an error of the domain."""
    message: str
    """What went wrong, for people."""
    hint: str = ""
    """What to do about it."""
    conversation: Conversation | None = None
    """409: the conversation as it is now."""
    messages: tuple[Message, ...] = ()
    """409: the replies that colleagues wrote in the meantime."""
    maybe_done: bool = False
    """500, 503: the server may have done the write."""


STATUSES: dict[type[InboxError], int] = {
    errors.CredentialError: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Rejected: 422,
    errors.ProfileIncomplete: 422,
    errors.Unsupported: 422,
    errors.StoreUnavailable: 503,
    errors.StoreBroken: 500,
}
"""The errors that clients receive, each with its HTTP status. Any other error of a store is the server's own."""

_KINDS: dict[str, type[InboxError]] = {
    "credentials": errors.CredentialError,
    "not_allowed": errors.NotAllowed,
    "not_found": errors.NotFound,
    "conflict": errors.Conflict,
    "rejected": errors.Rejected,
    "profile_incomplete": errors.ProfileIncomplete,
    "unsupported": errors.Unsupported,
    "unavailable": errors.StoreUnavailable,
    "broken": errors.StoreBroken,
}
_WORDS = {kind: word for word, kind in _KINDS.items()}


def problem_of(error: InboxError) -> tuple[int, Problem]:
    """The status and the body for an error."""
    kind = type(error)
    if kind not in STATUSES:
        kind = StoreBroken
    conflict = error if isinstance(error, Conflict) else None
    return STATUSES[kind], Problem(
        _WORDS[kind],
        error.message,
        error.hint,
        conflict.conversation if conflict else None,
        conflict.messages if conflict else (),
        isinstance(error, (StoreUnavailable, StoreBroken)) and error.maybe_done,
    )


def error_of(problem: Problem) -> InboxError:
    """The error for a body; a kind that only newer servers know becomes StoreBroken."""
    kind = _KINDS.get(problem.error, StoreBroken)
    if kind is Conflict:
        return Conflict(
            problem.message, hint=problem.hint, conversation=problem.conversation, messages=problem.messages
        )
    error = kind(problem.message, hint=problem.hint)
    if isinstance(error, (StoreUnavailable, StoreBroken)):
        error.maybe_done = problem.maybe_done
    return error


class ChangeResult(msgspec.Struct, frozen=True):
    """The result of one state change of a Bulk."""

    change: StateChange
    before: Conversation | None
    """The conversation before the change; null if it does not exist."""
    after: Conversation | None
    """The conversation after the change; null if the store refused it."""
    error: str = ""
    """The reason for a refusal, for people; otherwise empty."""
    refusal: Problem | None = None
    """The reason for a refusal, for programs. In a conflict, ``before`` is the conversation as it is now."""


def result_of(outcome: Outcome) -> ChangeResult:
    """Make the record of an outcome."""
    if outcome.refusal is None:
        return ChangeResult(outcome.change, outcome.before, outcome.after)
    _, problem = problem_of(outcome.refusal)
    told = msgspec.structs.replace(problem, conversation=None)
    return ChangeResult(outcome.change, outcome.before, None, problem.message, told)


def outcome_of(result: ChangeResult) -> Outcome:
    """The outcome for a result. A server of an earlier version gives the reason of a refusal only in words."""
    change, before, problem = result.change, result.before, result.refusal
    if problem is None and result.error:
        problem = Problem(_WORDS[errors.NotFound if before is None else Conflict], result.error)
    if problem is None:
        return Outcome(change, before, result.after)
    return refused(change, before, error_of(msgspec.structs.replace(problem, conversation=before)))


def cursor_text(cursor: Cursor) -> str:
    """Write a cursor as a query parameter."""
    return f"{cursor.key}.{cursor.tie}"


def cursor_of(text: str) -> Cursor:
    """Read a cursor from a query parameter. Raises Rejected."""
    key, _, tie = text.partition(".")
    try:
        cursor = Cursor(int(key), int(tie))
    except ValueError as error:
        raise errors.Rejected("Invalid cursor.") from error
    if max(abs(cursor.key), abs(cursor.tie)) >= 2**63:
        raise errors.Rejected("Invalid cursor.")
    return cursor
