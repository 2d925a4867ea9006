"""The HTTP API in words: what travels between the server and the store that talks to it.

Both ends import this, so that they cannot disagree. The records of the domain travel as
they are, as JSON; here stands what only the line needs: requests, and errors as answers.
Nothing here opens a connection.
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
"""Rows, or messages, that one answer holds at the most."""
LOOKUP_LIMIT = 1_000
"""Conversations of one lookup."""
BULK_LIMIT = 1_000
"""State changes that one request may carry."""
MATCHING_LIMIT = 10_000
"""Conversations that "select all" may ask for."""
BODY_LIMIT = 2 * 1024 * 1024
"""Bytes of a request's body."""
IMPORT_LIMIT = 16 * 1024 * 1024
"""Bytes of the body of an import."""
IMPORT_AT_ONCE = 2 * 1024 * 1024
"""Bytes of conversations that a client sends in one request, if there are several."""

JSON_LINES = "application/x-ndjson"
EVENT_STREAM = "text/event-stream"


class Workspace(msgspec.Struct, frozen=True):
    """What a client asks first."""

    version: str
    """Of the server's program."""
    me: Member
    capabilities: Capabilities
    """What the store can do. What of it this member may do follows from ``me.access``: with ``none`` they list names,
    times and status, and neither search nor write; imports are for admins."""


class FirstScreen(msgspec.Struct, frozen=True):
    """What a client shows first, or when it lists something else, in one answer."""

    workspace: Workspace
    counts: Counts
    """Of the agent whose conversations are listed, or of all agents."""
    page: Page
    agents: tuple[Agent, ...] | None
    """Null where the team was not asked for."""
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
"""The capabilities that a client's store has because the server's store has them."""
OF_THE_LINE = {"host": False, "upkeep": False, "outbox": True}
"""Those that follow from the line between the two, whatever the server's store can do."""


def over_http(can: Capabilities) -> Capabilities:
    """What a client's store can do if the server's can do this."""
    return Capabilities(**{name: getattr(can, name) for name in TRAVELLING} | OF_THE_LINE)


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Give a conversation to a member, or to nobody (null)."""

    member: MemberId | None
    expected: MemberId | None
    """Who had it on the screen where this was decided."""


class StatusSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Resolve or reopen."""

    status: Status
    expected: Status
    """The status on the screen where this was decided."""


class Bulk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Many state changes, each decided on its own."""

    changes: Annotated[list[StateChange], msgspec.Meta(max_length=BULK_LIMIT)]


class Lookup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conversations that are wanted by id."""

    ids: Annotated[list[ConversationId], msgspec.Meta(max_length=LOOKUP_LIMIT)]
    scope: Scope | None = None
    """What is counted as well; null for nothing."""
    thread: ConversationId | None = None
    """With a scope: the conversation whose newest messages are wanted as well; null for none."""
    limit: Annotated[int, msgspec.Meta(ge=0, le=PAGE_LIMIT)] = 200
    """Messages wanted of it."""


class Found(msgspec.Struct, frozen=True):
    """What a lookup found."""

    conversations: list[Conversation]
    """Those that exist, each once, in the order asked for."""
    looked_up: int
    """How many of the ids were looked up, from the first on. There was no room for the rest: ask for them again."""
    counts: Counts | None = None
    """The number in each filter, if they were to be counted."""
    thread: Thread | None = None
    """Null if none was wanted, or if its conversation does not exist."""


class NewMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person to admit."""

    email: str
    name: str = ""
    access: Access = Access.EDIT


class AccessSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a member may do."""

    access: Access


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a member looks to others."""

    name: str
    badge: Badge


class Import(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conversations to bring in."""

    conversations: list[IncomingConversation]


class Handoff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A human is asked for."""

    at: Moment | None = None
    """Since when; absent for now."""


class AgentMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a visitor or the AI agent said."""

    author: Literal["visitor", "agent"]
    body: str
    key: str = ""
    """Unique within its conversation; the same key again is not stored twice."""
    created_at: Moment | None = None
    """When; absent for now."""


class NewConversation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A chat that a website begins."""

    id: Annotated[ConversationId, msgspec.Meta(min_length=1)] | None = None
    """The website's own id for it; absent, the server makes one. The same again begins nothing anew."""
    lead: Lead = Lead()
    topic: str = ""
    messages: Annotated[list[AgentMessage], msgspec.Meta(max_length=MESSAGES_AT_ONCE)] = []


class AgentView(msgspec.Struct, frozen=True):
    """What a website may know of a conversation: nothing of notes, nor of who has what to do."""

    id: ConversationId
    agent: str
    status: Status
    waiting_since: datetime | None
    messages: int

    @classmethod
    def of(cls, conversation: Conversation) -> AgentView:
        """The view of a conversation."""
        return cls(
            conversation.id,
            conversation.agent.name,
            conversation.status,
            conversation.waiting_since,
            conversation.messages or 0,
        )


class MemberReply(msgspec.Struct, frozen=True):
    """What a member wrote to a visitor, for the website to show."""

    conversation: ConversationId
    id: MessageId
    body: str
    member: str
    """The member's display name."""
    created_at: datetime
    key: str = ""
    """The same whenever this reply is sent: a website that has shown it does not show it again."""

    @classmethod
    def of(cls, conversation: ConversationId, message: Message) -> MemberReply:
        """A reply in a conversation, as a website may know it."""
        author = message.member.label if message.member else ""
        return cls(conversation, message.id, message.body, author, message.created_at, message.key)


class RepliesReset(msgspec.Struct, frozen=True):
    """The store was restored from a backup that is older than what the website heard last."""

    since: datetime | None
    """The replies that were written after this time follow. Null if the time is not known: of those that came while the
    website was not connected, none follows."""


class Photo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member's photo, in base64; null for none."""

    photo: Annotated[bytes, msgspec.Meta(extra_json_schema={"format": "byte"})] | None


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was not done: every answer of 400 and above holds one."""

    error: str
    """One word for programs; ``kind_of`` an error of the domain."""
    message: str
    """What went wrong, for people."""
    hint: str = ""
    """What to do about it."""
    conversation: Conversation | None = None
    """409: the conversation as it is now."""
    messages: tuple[Message, ...] = ()
    """409: what colleagues replied in the meantime."""
    maybe_done: bool = False
    """500, 503: the write may have been done all the same."""


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
"""The errors that travel, each with its HTTP status. Whatever else a store raises is the server's own trouble."""

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
    """The status and the body that tell an error."""
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
    """The error that a body tells; one of a newer server's words is StoreBroken."""
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
    """What became of one state change of a Bulk."""

    change: StateChange
    before: Conversation | None
    """As it was when the change was decided; null if it does not exist."""
    after: Conversation | None
    """As it is now; null if the change was refused."""
    error: str = ""
    """Why it was refused, for people; empty if it was not."""
    refusal: Problem | None = None
    """Why it was refused, for programs. For a conflict, ``before`` is the conversation as it is now."""


def result_of(outcome: Outcome) -> ChangeResult:
    """An outcome as it travels."""
    if outcome.refusal is None:
        return ChangeResult(outcome.change, outcome.before, outcome.after)
    _, problem = problem_of(outcome.refusal)
    told = msgspec.structs.replace(problem, conversation=None)
    return ChangeResult(outcome.change, outcome.before, None, problem.message, told)


def outcome_of(result: ChangeResult) -> Outcome:
    """The outcome that a result tells. A server of an earlier version tells only in words why a change was refused."""
    change, before, problem = result.change, result.before, result.refusal
    if problem is None and result.error:
        problem = Problem(_WORDS[errors.NotFound if before is None else Conflict], result.error)
    if problem is None:
        return Outcome(change, before, result.after)
    return refused(change, before, error_of(msgspec.structs.replace(problem, conversation=before)))


def cursor_text(cursor: Cursor) -> str:
    """A place in a list, as a query parameter."""
    return f"{cursor.key}.{cursor.tie}"


def cursor_of(text: str) -> Cursor:
    """The place that a query parameter names. Raises Rejected."""
    key, _, tie = text.partition(".")
    try:
        cursor = Cursor(int(key), int(tie))
    except ValueError as error:
        raise errors.Rejected("Invalid cursor.") from error
    if max(abs(cursor.key), abs(cursor.tie)) >= 2**63:
        raise errors.Rejected("Invalid cursor.")
    return cursor
