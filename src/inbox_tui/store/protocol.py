"""The port: the verbs that every store implements.

``Store`` is enough for the screen. ``Team``, ``Intake``, ``Scan``, ``Host`` and ``Upkeep``
are optional facets; ``capabilities`` says which a store offers. Verbs are
those of the domain; a backend must not leak its own words or exceptions, and
raises only from ``domain.errors``. Every call that the acting member's access
forbids raises NotAllowed at the store, whatever a screen showed.

A store returns text unchanged, control characters included; code that shows text sanitizes it
with ``domain.text.clean``. The exceptions are U+0000 and half a surrogate pair, which databases
cannot hold: in every field they become U+FFFD (``domain.text.replace_unstorable``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Protocol, runtime_checkable

import msgspec

from inbox_tui.domain.agents import NewChat
from inbox_tui.domain.changes import ChangeId, FeedReport, Written
from inbox_tui.domain.filters import WHOLE_WORKSPACE, Counts, Filter, Order, Query, Scope
from inbox_tui.domain.models import (
    Access,
    Agent,
    AgentId,
    Badge,
    Conversation,
    ConversationId,
    ImportResult,
    IncomingConversation,
    IncomingMessage,
    Lead,
    Member,
    MemberId,
    MessageId,
    ReplyDraft,
    Sent,
    StateChange,
    Thread,
)
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.domain.replies import HeardId
from inbox_tui.domain.tokens import AgentReplies, NewToken, Token, TokenId

Clock = Callable[[], datetime]
"""Returns the current time as aware UTC."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """A store's abilities beyond listing and reading, and its promises. The screen hides what a store cannot do."""

    reply: bool = True
    notes: bool = True
    assign: bool = True
    resolve: bool = True
    search: bool = True
    live: bool = True
    """``changes`` reports the writes of others as they happen."""
    team: bool = False
    """The store is a ``Team``."""
    intake: bool = False
    """The store is an ``Intake``."""
    scan: bool = False
    """The store is a ``Scan``: export and select-all work."""
    host: bool = False
    """The store is a ``Host``: ``inbox-tui serve`` can offer it to others."""
    upkeep: bool = False
    """The store is an ``Upkeep``."""
    outbox: bool = False
    """Its connection can fail, so writes wait in an outbox on this machine."""
    batch: Annotated[int, msgspec.Meta(ge=1)] = 500
    """How many changes one ``decide`` should carry: a failed call is retried as a whole, and other writes wait for it.
    A store must take any number."""
    snapshot: bool = True
    """A ``scan`` reads one snapshot. Without it, ``scan`` yields each conversation once, as it is at that moment."""
    words: bool = True
    """A search matches words in any order; without it, it matches the text as typed."""
    orders: dict[Filter, tuple[Order, ...]] = {}
    """The orders of each filter's list, the default first. An absent filter has every order; an unlisted order raises
    Unsupported."""

    def orders_of(self, filter: Filter) -> tuple[Order, ...]:
        """The orders that a filter's list has."""
        return self.orders.get(filter) or tuple(Order)

    def with_order(self, query: Query) -> Query:
        """The query in an order that the store has: its own if possible, otherwise the filter's default here."""
        orders = self.orders_of(query.filter)
        return query if query.effective_order in orders else msgspec.structs.replace(query, order=orders[0])


@runtime_checkable
class Store(Protocol):
    """One workspace, seen by one member. All calls may raise StoreUnavailable or StoreBroken."""

    @property
    def name(self) -> str:
        """The workspace's location for display: no password, no token."""

    @property
    def capabilities(self) -> Capabilities:
        """What this store can do."""

    async def me(self) -> Member:
        """The acting member's current record."""

    async def agents(self) -> Sequence[Agent]:
        """All AI agents of the workspace, by name."""

    async def members(self) -> Sequence[Member]:
        """All members of the workspace, by name."""

    async def counts(self, scope: Scope = WHOLE_WORKSPACE) -> Counts:
        """The number in each filter within a scope: exact, or None if the store cannot know it."""

    async def list(self, query: Query, page: PageRequest) -> Page:
        """A page of the query's list.

        Without chat access its rows hold only names, times and status (``rules.as_seen_by``), and a search raises
        NotAllowed.
        """

    async def get(self, id: ConversationId) -> Conversation:
        """One conversation; without chat access only its name, times and status. Raises NotFound."""

    async def get_many(self, ids: Sequence[ConversationId]) -> Sequence[Conversation]:
        """Any number of conversations, each once, in the order of ``ids``, without those that do not exist.

        Without chat access they hold only names, times and status.
        """

    async def thread(
        self,
        id: ConversationId,
        before: MessageId | None = None,
        limit: int = 200,
        *,
        after: MessageId | None = None,
    ) -> Thread:
        """At most ``limit`` messages: the newest, those before one, or those after one (``FROM_START``: the first).

        ``after`` overrides ``before``.

        Raises NotAllowed, NotFound (also for a message that a restore undid).

        A member without chat access may see the list and its counts, but may open no thread.
        """

    async def reply(self, id: ConversationId, draft: ReplyDraft) -> Sent:
        """Send a reply or write a note, once for each key.

        Raises:
            Conflict: another member replied after ``draft.last_seen``; carries the replies, or all replies if a restore
                undid that message.
            ProfileIncomplete: a reply needs a display name and an avatar.
            NotAllowed, NotFound, Rejected.
        """

    async def decide(self, changes: Sequence[StateChange]) -> Sequence[Outcome]:
        """Change the state of conversations: one outcome for each change, in the same order.

        The store decides each change on its own, after those before it. It accepts a change that asks for the present
        state, whatever its author saw. A refusal is one of:

        - Conflict: a colleague was first, so the author saw an old state; carries the present conversation.
        - NotFound: the conversation, or the member to assign, does not exist.
        - Rejected: the value is not acceptable, for example a member without chat access.
        - NotAllowed: the member may not change this conversation, but may change others.
        - Unsupported: the store cannot make changes of this kind (``store.deciding``).

        Raises:
            NotAllowed: the member has no chat access; the store makes no change.
            StoreUnavailable, StoreBroken: the store may have made some of the changes. Repeating the call is safe.
        """

    def changes(self, since: ChangeId | None = None) -> AsyncIterator[FeedReport]:
        """Reports of writes after ``since`` (None: from now on); survives reconnects, ends with ``aclose``.

        The first ``Written`` comes at once, to give its ``id``, and may be empty. It is a ``reset`` if the store does
        not know ``since``, for example after a restore from an older backup.

        A store over a connection that can fail reports that too: between ``LineLost`` and ``LineBack`` there is no
        ``Written``. ``Written.rows`` may be empty; then the follower reads what changed.
        """

    async def aclose(self) -> None:
        """Finish writes under way and close files and connections."""


@runtime_checkable
class Titled(Protocol):
    """A store whose workspace has its own name."""

    @property
    def title(self) -> str:
        """The workspace's name, if the last part of its address is not telling."""


@runtime_checkable
class Scan(Protocol):
    """A store that can read a whole list, from one snapshot if ``Capabilities.snapshot`` promises it."""

    def scan(self, query: Query, batch: int = 1000) -> AsyncIterator[Sequence[Conversation]]:
        """Every conversation of the query, in its order, ``last_message`` whole. Raises NotAllowed."""

    async def matching(self, query: Query, limit: int) -> Sequence[Conversation]:
        """The first ``limit`` conversations of the query: what "select all" selects."""


@runtime_checkable
class Team(Protocol):
    """A store with manageable members. ``changes`` reports such a change as ``team``."""

    async def add_member(self, email: str, name: str, access: Access) -> Member:
        """Admin only. Raises NotAllowed, Rejected (known or malformed address)."""

    async def set_access(self, member: MemberId, access: Access) -> Member:
        """Admin only; losing access unassigns. Raises NotAllowed, NotFound, Rejected (last admin)."""

    async def save_profile(self, name: str, badge: Badge) -> Member:
        """The acting member's own display name and avatar. Raises Rejected."""

    async def save_photo(self, photo: bytes | None) -> None:
        """The acting member's photo, PNG or JPEG of at most PHOTO_LIMIT bytes; None removes it. Raises Rejected."""

    async def photo(self, member: MemberId) -> bytes | None:
        """A member's photo, if there is one. Raises NotFound."""


@runtime_checkable
class Intake(Protocol):
    """A store that takes imports from members. AI agents use ``Host``."""

    async def ingest(self, conversations: Sequence[IncomingConversation]) -> ImportResult:
        """Add conversations, or missing messages to known ones; others may write in between. Admin only.

        An interrupted import leaves some of them in, each in its final state though perhaps without all its messages;
        the same import again adds the rest. An unknown person becomes a member with access ``none``; an import gives
        nobody more access.

        Raises:
            NotAllowed.
            Rejected: before anything is written, for a conversation that contradicts itself or holds what
                ``domain.limits`` refuses.
        """

    async def receive(self, id: ConversationId, message: IncomingMessage) -> Conversation:
        """Import one message of a visitor or an AI agent. Raises NotAllowed, NotFound, Rejected."""

    async def request_handoff(self, id: ConversationId, at: datetime) -> Conversation:
        """Record that the visitor asked for a human elsewhere. Raises NotAllowed, NotFound, Rejected."""

    async def set_lead(self, id: ConversationId, lead: Lead) -> Conversation:
        """Replace the conversation's lead. Raises NotAllowed, NotFound, Rejected."""


class Schema(msgspec.Struct, frozen=True):
    """The schema version of a workspace."""

    found: int
    """The number of the last migration before the store was opened; 0 for a new workspace."""
    now: int


class Damage(msgspec.Struct, frozen=True):
    """A conversation with unreadable values, or values beyond today's limits."""

    id: ConversationId
    what: str
    """Names of the values."""


class SearchGaps(msgspec.Struct, frozen=True):
    """Gaps in the search index: other programs wrote into the database, or a disk damaged it."""

    messages: int = 0
    """Messages that the index has not, or has in an old version."""
    conversations: int = 0
    """Conversations whose topic or lead the index has in an old version."""
    is_damaged: bool = False
    """The index is unreadable."""


class Removed(msgspec.Struct, frozen=True):
    """The number of deleted conversations and members."""

    conversations: int
    members: int


@runtime_checkable
class Upkeep(Protocol):
    """A store that is maintained with this program."""

    @property
    def schema(self) -> Schema:
        """The schema before and after the store was opened; opening migrates older tables."""

    async def damaged(self, limit: int) -> Sequence[Damage]:
        """The first ``limit`` damaged conversations. Reads every row, so it may take seconds."""

    async def repair(self) -> int:
        """Repair everything that ``damaged`` finds; returns the number of rows. Admin only. Raises NotAllowed.

        Opening a store does this too when it migrates the tables.
        """

    async def search_gaps(self) -> SearchGaps:
        """Gaps in the search index. Reads most of it, so it may take seconds."""

    async def reindex(self) -> None:
        """Rebuild the search index. Nobody else can write meanwhile. Admin only. Raises NotAllowed."""

    async def remove(self, conversations: Sequence[ConversationId], members: Sequence[MemberId]) -> Removed:
        """Delete conversations with their messages, and members. Admin only. Raises NotAllowed, Rejected.

        Ignores unknown ids and the acting member. A member who is still referred to stays, without access; an AI agent
        without conversations goes too. Followers of the feed get a ``reset``.
        """

    async def back_up(self, target: Path, progress: Callable[[float], None] | None = None) -> None:
        """Copy a snapshot of the workspace into a new file while others go on writing. Admin only: it holds everything.

        Args:
            target: The file, readable by its owner only. It gets this name when it is complete.
            progress: Called with the completed part, 0 to 1.

        Raises:
            NotAllowed: the member is not an admin.
            Unsupported: the database has a tool of its own, which the hint names.
            StoreUnavailable: the target exists, or cannot be written.
        """


@runtime_checkable
class Host(Protocol):
    """A store that a server can offer to many clients: it keeps their tokens and acts for each member.

    The methods ``agent_…`` serve AI agents. They check no member's access, but check in their transaction that the
    conversation is the agent's; another agent's conversation is NotFound.
    """

    async def add_token(self, token: NewToken) -> Token:
        """Store a token. Admin only. Raises NotAllowed, NotFound (no such member), Rejected."""

    async def tokens(self) -> Sequence[Token]:
        """All tokens, those expired included, oldest first. Admin only. Raises NotAllowed."""

    async def revoke_token(self, id: TokenId) -> Token:
        """Delete a token and return it. Admin only. Raises NotAllowed, NotFound."""

    async def find_token(self, hash: bytes) -> Token | None:
        """The token with this hash, expired or not. Requires no access: authentication calls it."""

    def as_member(self, member: MemberId) -> Store:
        """The same workspace for another member. It shares this store's connections, and must be closed first."""

    async def changes_after(self, since: ChangeId | None) -> Written:
        """One report of the writes after ``since``, without rows; for None an empty one with the present place.

        For many followers: one of them uses ``changes``, which may take a connection, and the others call this.
        """

    async def agent_begin(self, agent: AgentId, chat: NewChat) -> Conversation:
        """Create a conversation, or add missing messages to a known one, by the rules.

        Raises:
            Conflict: another agent has a conversation with this id.
            NotFound: the agent does not exist.
            Rejected: also for more than ``domain.agents.MESSAGES_AT_ONCE`` messages.
        """

    async def agent_receive(self, agent: AgentId, id: ConversationId, message: IncomingMessage) -> Conversation:
        """Add a message of a visitor or the agent, by the rules. Raises NotFound, Rejected."""

    async def agent_handoff(self, agent: AgentId, id: ConversationId, at: datetime) -> Conversation:
        """Record that the agent, or its visitor, asks for a human. Raises NotFound."""

    async def agent_set_lead(self, agent: AgentId, id: ConversationId, lead: Lead) -> Conversation:
        """Replace the conversation's lead. Raises NotFound."""

    async def agent_conversation(self, agent: AgentId, id: ConversationId) -> Conversation:
        """One of the agent's conversations. Raises NotFound."""

    async def require_writable(self) -> None:
        """Raises StoreBroken if a newer program changed the schema: the store takes no more writes of this one."""

    async def agent_replies(self, agent: AgentId, after: HeardId | None, limit: int = 100) -> AgentReplies:
        """Members' replies to an agent's visitors after a place; for None no replies, only the present place.

        Leaves out imported replies: the visitor got those elsewhere. If a restore undid the place, returns those
        written after its time (``AgentReplies.reset``). Raises NotFound for a malformed id.
        """
