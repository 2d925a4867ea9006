"""The port: what the inbox asks of any place where conversations live.

``Store`` is what a screen needs to work a shift. ``Team``, ``Intake``, ``Scan`` and ``Host``
are further facets that a store may offer; ``capabilities`` says which. Verbs are
those of the domain; a backend must not leak its own words or exceptions, and
raises only from ``domain.errors``. Every call that the acting member's access
forbids raises NotAllowed at the store, whatever a screen showed.

Text comes back as it was given, control characters and all; ``domain.text.clean`` is for
whoever shows it. The exceptions are U+0000 and half a surrogate pair, which databases cannot
hold: on their way in, in whatever field, they become U+FFFD (``domain.text.storable``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Protocol, runtime_checkable

import msgspec

from inbox_tui.domain.agents import NewChat
from inbox_tui.domain.changes import ChangeId, Changes
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
"""Gives the present as aware UTC."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a store can do beyond listing and reading, and what it promises. A screen hides what is False."""

    reply: bool = True
    notes: bool = True
    assign: bool = True
    resolve: bool = True
    search: bool = True
    live: bool = True
    """``changes`` reports others' writes by itself."""
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
    """It is reached over a line that fails now and then: writes wait in an outbox on this machine."""
    batch: Annotated[int, msgspec.Meta(ge=1)] = 500
    """Changes that one ``decide`` should carry: a call that fails is repeated as a whole, and other writes wait for it.
    A store takes any number all the same."""
    snapshot: bool = True
    """A ``scan`` sees one moment. Without it each conversation is given once, as it was met."""
    words: bool = True
    """A search finds words, in whatever order; without it the text as it was typed."""
    orders: dict[Filter, tuple[Order, ...]] = {}
    """The orders of each filter's list, its own default first. A filter that is absent has every order; any other
    raises Unsupported."""

    def orders_of(self, filter: Filter) -> tuple[Order, ...]:
        """The orders in which a filter's list can be read."""
        return self.orders.get(filter) or tuple(Order)

    def with_order(self, query: Query) -> Query:
        """The query in an order that the store has: its own where possible, else the filter's first here."""
        orders = self.orders_of(query.filter)
        return query if query.effective_order in orders else msgspec.structs.replace(query, order=orders[0])


@runtime_checkable
class Store(Protocol):
    """One workspace, seen by one member. All calls may raise StoreUnavailable or StoreBroken."""

    @property
    def name(self) -> str:
        """Where the workspace lives, fit to be shown: no password, no token."""

    @property
    def capabilities(self) -> Capabilities:
        """What this store can do."""

    async def me(self) -> Member:
        """The member who is asking, as they are now."""

    async def agents(self) -> Sequence[Agent]:
        """All AI agents of the workspace, by name."""

    async def members(self) -> Sequence[Member]:
        """All members of the workspace, by name."""

    async def counts(self, scope: Scope = WHOLE_WORKSPACE) -> Counts:
        """The number in each filter within a scope: exact, or None where the store cannot know it."""

    async def list(self, query: Query, page: PageRequest) -> Page:
        """A window into the list that the query describes.

        Without chat access there are names, times and status in it (``rules.as_seen_by``), and a search raises
        NotAllowed.
        """

    async def get(self, id: ConversationId) -> Conversation:
        """One conversation, without chat access only its name, times and status. Raises NotFound."""

    async def get_many(self, ids: Sequence[ConversationId]) -> Sequence[Conversation]:
        """Any number of conversations, each once, in the order of ``ids``; those that do not exist are left out.

        Without chat access there are only names, times and status in them.
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

        With ``after``, ``before`` does not count.

        Raises NotAllowed, NotFound (also for a message that a restore undid).

        A member without chat access may see the list and its counts, but opens no thread.
        """

    async def reply(self, id: ConversationId, draft: ReplyDraft) -> Sent:
        """Send a reply or write a note, once for each key.

        Raises:
            Conflict: another member replied after ``draft.last_seen``; carries the replies: all of them where the store
                does not know that message, for a restore undid it.
            ProfileIncomplete: a reply needs a display name and an avatar.
            NotAllowed, NotFound, Rejected.
        """

    async def decide(self, changes: Sequence[StateChange]) -> Sequence[Outcome]:
        """Change the state of conversations: one outcome for each change, in the same order.

        Each change is decided on its own, and sees what those before it made. A change that wants what already is, is
        made, whatever its author saw. The refusal of a change is one of:

        - Conflict: a colleague was first, so it is not as the author saw it; carries the conversation as it is.
        - NotFound: the conversation, or the member to assign, does not exist.
        - Rejected: the value is not acceptable, for example a member without chat access.
        - NotAllowed: the member may not change this conversation, though others.
        - Unsupported: the store cannot make changes of this kind (``store.deciding``).

        Raises:
            NotAllowed: the member may not chat, so no change is made.
            StoreUnavailable, StoreBroken: some changes may have been made. The same again does no harm.
        """

    def changes(self, since: ChangeId | None = None) -> AsyncIterator[Changes]:
        """Reports of writes after ``since`` (None: from now on); survives reconnects, ends with ``aclose``.

        The first report comes at once and may be empty, so that its ``id`` is known. It is a ``reset`` where the store
        does not know ``since``: it was restored from an older backup, for example.
        """

    async def aclose(self) -> None:
        """Finish writes under way and let go of files and connections."""


@runtime_checkable
class Titled(Protocol):
    """A store whose workspace has a name of its own."""

    @property
    def title(self) -> str:
        """What to call the workspace, where the last part of its address says nothing."""


@runtime_checkable
class Scan(Protocol):
    """A store that can walk a whole list, in one consistent view if ``Capabilities.snapshot`` promises it."""

    def scan(self, query: Query, batch: int = 1000) -> AsyncIterator[Sequence[Conversation]]:
        """Every conversation of the query, in its order, ``last_message`` whole. Raises NotAllowed."""

    async def matching(self, query: Query, limit: int) -> Sequence[Conversation]:
        """The first ``limit`` conversations of the query: what "select all" selects."""


@runtime_checkable
class Team(Protocol):
    """A store whose members can be managed. Times of change show in ``changes`` as ``team``."""

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
    """A store that members can bring conversations into. AI agents come in by the ``Host``."""

    async def ingest(self, conversations: Sequence[IncomingConversation]) -> ImportResult:
        """Add conversations, or the messages that known ones lack; others write in between. Admin only.

        Whatever ends it early leaves some of them in, each in its final state though not with all its messages, and
        the same again adds the rest. Who is named and not known becomes a member with access ``none``; nobody gets
        more access by an import.

        Raises:
            NotAllowed.
            Rejected: before anything is written, for a conversation that contradicts itself or holds what
                ``domain.limits`` refuses.
        """

    async def receive(self, id: ConversationId, message: IncomingMessage) -> Conversation:
        """A visitor's or AI agent's message that a member brings in. Raises NotAllowed, NotFound, Rejected."""

    async def request_handoff(self, id: ConversationId, at: datetime) -> Conversation:
        """The visitor asks for a human by other ways. Raises NotAllowed, NotFound, Rejected."""

    async def set_lead(self, id: ConversationId, lead: Lead) -> Conversation:
        """What is now known of the visitor, instead of what was. Raises NotAllowed, NotFound, Rejected."""


class Schema(msgspec.Struct, frozen=True):
    """How far a workspace's tables have come."""

    found: int
    """Number of the last migration when the store was opened; 0 for a workspace that was made then."""
    now: int


class Damage(msgspec.Struct, frozen=True):
    """A conversation with values that cannot be read, or are larger than is stored today."""

    id: ConversationId
    what: str
    """Names of the values."""


class SearchGaps(msgspec.Struct, frozen=True):
    """What the search index lacks: other programs wrote into the database, or a disk damaged it."""

    messages: int = 0
    """Those that are not in it as they are now."""
    conversations: int = 0
    """Those of which it does not hold what is known now."""
    is_damaged: bool = False
    """It cannot be read."""


class Removed(msgspec.Struct, frozen=True):
    """What is gone for good."""

    conversations: int
    members: int


@runtime_checkable
class Upkeep(Protocol):
    """A store whose keeper uses this program for it."""

    @property
    def schema(self) -> Schema:
        """What opening the store found and left: it brings older tables up to date."""

    async def damaged(self, limit: int) -> Sequence[Damage]:
        """The first ``limit`` that there are. Looks at every row, so it may take seconds."""

    async def repair(self) -> int:
        """Put right whatever ``damaged`` finds; gives how many rows. Admin only. Raises NotAllowed.

        Opening a store does it too when it brings the tables up to date.
        """

    async def search_gaps(self) -> SearchGaps:
        """What a search does not find though it should. Reads most of the index, so it may take seconds."""

    async def reindex(self) -> None:
        """Index everything for the search again. Nobody else can write meanwhile. Admin only. Raises NotAllowed."""

    async def remove(self, conversations: Sequence[ConversationId], members: Sequence[MemberId]) -> Removed:
        """Delete conversations with all that was said in them, and members. Admin only. Raises NotAllowed, Rejected.

        What is not there is passed over, and so is who asks. A member who is still named somewhere stays, without
        access; an AI agent of whom nothing is left goes too. Followers are told to read everything again.
        """

    async def back_up(self, target: Path, progress: Callable[[float], None] | None = None) -> None:
        """Copy the workspace as it is now into a new file, while others go on writing. Admin only: it holds everything.

        Args:
            target: Only its owner may read it. It is complete once it has this name.
            progress: Is told which part is done, 0 to 1.

        Raises:
            NotAllowed: the member is no admin.
            Unsupported: the database has a tool of its own, which the hint names.
            StoreUnavailable: the target exists, or cannot be written.
        """


@runtime_checkable
class Host(Protocol):
    """A store that a server can offer to many clients: it keeps their tokens and shows itself to each.

    What begins with ``agent_`` is what an AI agent may do. It asks for no member's access, and checks in its one
    transaction that the conversation is the agent's; another's is NotFound, like one that does not exist.
    """

    async def add_token(self, token: NewToken) -> Token:
        """Keep a token. Admin only. Raises NotAllowed, NotFound (no such member), Rejected."""

    async def tokens(self) -> Sequence[Token]:
        """All tokens, those expired included, oldest first. Admin only. Raises NotAllowed."""

    async def revoke_token(self, id: TokenId) -> Token:
        """Forget a token; gives what it was. Admin only. Raises NotAllowed, NotFound."""

    async def find_token(self, hash: bytes) -> Token | None:
        """The token with this hash, expired or not. No access is needed: it is how access begins."""

    def as_member(self, member: MemberId) -> Store:
        """The same workspace as another member sees it, over the connections of this one, which must outlive it."""

    async def changes_after(self, since: ChangeId | None) -> Changes:
        """What was written after ``since``, read once; None: nothing, only where the workspace is now.

        For many who follow: one of them follows by ``changes``, which may take a connection, and all others read.
        """

    async def agent_begin(self, agent: AgentId, chat: NewChat) -> Conversation:
        """Create a conversation, or add the messages that a known one lacks, by the rules.

        Raises:
            Conflict: another agent has a conversation with this id.
            NotFound: the agent does not exist.
            Rejected: also for more than ``domain.agents.MESSAGES_AT_ONCE`` messages.
        """

    async def agent_receive(self, agent: AgentId, id: ConversationId, message: IncomingMessage) -> Conversation:
        """What a visitor or the agent said, by the rules. Raises NotFound, Rejected."""

    async def agent_handoff(self, agent: AgentId, id: ConversationId, at: datetime) -> Conversation:
        """The agent, or its visitor, asks for a human. Raises NotFound."""

    async def agent_set_lead(self, agent: AgentId, id: ConversationId, lead: Lead) -> Conversation:
        """What is now known of the visitor, instead of what was. Raises NotFound."""

    async def agent_conversation(self, agent: AgentId, id: ConversationId) -> Conversation:
        """One of the agent's conversations. Raises NotFound."""

    async def require_writable(self) -> None:
        """Raises StoreBroken if the store takes no more writes of this program, for a newer one changed it."""

    async def agent_replies(self, agent: AgentId, after: HeardId | None, limit: int = 100) -> AgentReplies:
        """Members' replies to an agent's visitors after a place; None: none, only where the workspace is now.

        Without what came in by an import: that was said to the visitor elsewhere. Where a restore undid the place,
        those written after its time (``AgentReplies.reset``). Raises NotFound for a text that is no such id.
        """
