"""Who is asking: from a bearer token to the workspace as its owner may see it.

Every request passes here: a token that was revoked, or a member who lost
their access, is stopped at the next request. What a member may do is the store's to say;
what an agent's token may do is said by ``AgentApi``, which can do no more than it has verbs for.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from inbox_tui.domain import rules
from inbox_tui.domain.agents import NewChat
from inbox_tui.domain.errors import CredentialError, NotAllowed
from inbox_tui.domain.models import (
    Agent,
    Author,
    Conversation,
    ConversationId,
    IncomingMessage,
    Lead,
    Member,
    MemberId,
    Moment,
)
from inbox_tui.domain.replies import HeardId
from inbox_tui.domain.tokens import AgentReplies, Token, TokenId, hash_of
from inbox_tui.operations.triage import new_key
from inbox_tui.server.attendance import attendance_of
from inbox_tui.server.bodies import read_body, takes_body
from inbox_tui.server.budget import Budget
from inbox_tui.server.expiry import Expiry
from inbox_tui.server.hub import Hub
from inbox_tui.server.limits import TOO_MANY, Limits, RateLimiter, StreamLimits
from inbox_tui.server.problems import Refused
from inbox_tui.server.readiness import Readiness, require_ready
from inbox_tui.server.spool import Spools
from inbox_tui.server.turns import Turns
from inbox_tui.store.api import AgentMessage, NewConversation
from inbox_tui.store.client import CLIENT
from inbox_tui.store.protocol import Clock, Host, Store

BODY_COUNTS_ONCE_MORE = 64 * 1024
"""Bytes of a body for which its request counts as one more."""
AGENTS_COUNT_ONCE_MORE = 4 * 1024
"""The same of an agent's: one request is one transaction, so other writers wait for all of it."""
ANSWER_COUNTS_ONCE_MORE = 32 * 1024
"""The same of an answer, which costs more than a body does."""
STREAM_COUNTS = 10
"""Requests for which one counts that opens a stream or an export."""
_SCHEME = "bearer"
_AUTHORIZATION = b"authorization"

AnyRequest = Request[Any, Any, Any]
_CARRIED = "inbox_tui.bearer"
_CONTEXT = "inbox_tui.context"


class Audience(StrEnum):
    """Whom a route is for; every route says it (``opt={"audience": …}``)."""

    ANYBODY = "anybody"
    MEMBER = "member"
    """Members, whatever their access."""
    CHAT = "chat"
    """Members who may chat."""
    ADMIN = "admin"
    """Members who may manage the team."""
    AGENT = "agent"
    """AI agents."""


_RIGHTS = {Audience.CHAT: rules.require_chat, Audience.ADMIN: rules.require_admin}
"""What is asked before a body is read. The store asks again, when it writes."""


class Bearer(msgspec.Struct, frozen=True):
    """A token as a request carried it."""

    token: Token
    hash: bytes


class MemberCaller(msgspec.Struct, frozen=True):
    """A member, and the workspace as they see it."""

    bearer: Bearer
    member: Member
    store: Store


class ServerContext:
    """What all requests of one server share.

    Args:
        host: The store, which must be a Host.
        clock: Says whether a token has expired.
        limits: What is allowed to one client.
    """

    def __init__(self, host: Store, clock: Clock, limits: Limits) -> None:
        assert isinstance(host, Host)
        self.store = host
        self.host: Host = host
        self.hub = Hub(host, host)
        self.places = StreamLimits(limits)
        self.limits = limits
        self.clock = clock
        self.expiry = Expiry(clock)
        self.readiness = Readiness(lambda: require_ready(host, self.host))
        self.rates = RateLimiter[TokenId](limits.rate, limits.burst)
        self.bodies = Budget(limits.token_bodies, limits.all_bodies)
        self.answers = Budget(limits.token_answers, limits.all_answers)
        self.turns = Turns(limits.at_once, limits.waiting)
        self.spools = Spools(limits.spool, limits.all_spools)
        self._by_member: dict[MemberId, Store] = {}

    async def let_in(self, request: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Let in whom the route is for, before anything else of the request is looked at.

        Raises CredentialError, NotAllowed (another kind of token, or too little access), Refused (429, 503).
        """
        scope: Any = request.scope
        if scope["method"] == "OPTIONS":  # the framework's answer: which methods there are
            return
        audience: Audience = handler.opt["audience"]
        if audience is Audience.ANYBODY:
            return
        bearer = await self._bearer(request)
        if audience is Audience.AGENT and bearer.token.agent is None:
            raise NotAllowed("This is a member's token; it cannot speak for an agent.", hint="Use an agent's token.")
        if audience is not Audience.AGENT and bearer.token.member is None:
            raise NotAllowed("This is an agent's token; it cannot do what members do.", hint="Use a member's token.")
        if audience in _RIGHTS and bearer.token.member is not None:
            _RIGHTS[audience](bearer.token.member)
        scope[_CARRIED] = bearer
        await self._admit(request, handler, bearer.token.id)

    async def _admit(
        self, request: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler, token: TokenId
    ) -> None:
        """Take the body in, and wait for the token's turn. What that takes is given back when the request ends."""
        CLIENT.set(token)
        here = attendance_of(request.scope)
        if takes_body(handler):
            assert isinstance(request, Request)
            with self.places.arrival(token):
                size = await read_body(request, here.held.enter_context(self.bodies.share(token)))
            is_agents = handler.opt["audience"] is Audience.AGENT
            self.rates.charge(token, size // (AGENTS_COUNT_ONCE_MORE if is_agents else BODY_COUNTS_ONCE_MORE))
        if handler.opt.get("streams"):
            self.rates.charge(token, STREAM_COUNTS - 1)
        else:
            here.watch()
            await here.held.enter_async_context(self.turns.turn(token))

    def charge(self, token: TokenId, size: int) -> None:
        """An answer of so many bytes is work for more than one request."""
        self.rates.charge(token, size // ANSWER_COUNTS_ONCE_MORE)

    async def _bearer(self, request: ASGIConnection[Any, Any, Any, Any]) -> Bearer:
        hash = hash_in(request.scope)
        if hash is None:
            raise CredentialError(
                "The request carries no token.", hint="Send it in the header: Authorization: Bearer TOKEN."
            )
        token = await self.host.find_token(hash)
        if token is None:
            raise CredentialError(
                "The token is not known here; it may have been revoked.", hint="Ask an admin for another."
            )
        self.expiry.require(token)
        if wait := self.rates.take(token.id):
            raise Refused(TOO_MANY, "too_many", "Too many requests; wait a moment.", retry_after=wait)
        return Bearer(token, hash)

    async def still_holds(self, bearer: Bearer) -> bool:
        """Whether a stream that was opened with a token may go on: neither it nor its owner has changed."""
        return await self.host.find_token(bearer.hash) == bearer.token and bearer.token.holds(self.clock())

    async def member(self, request: AnyRequest) -> MemberCaller:
        """The member whom the guard let in."""
        bearer = bearer_of(request.scope)
        assert bearer is not None and bearer.token.member is not None
        member = bearer.token.member
        if member.id not in self._by_member:
            self._by_member[member.id] = self.host.as_member(member.id)
        return MemberCaller(bearer, member, self._by_member[member.id])

    async def agent(self, request: AnyRequest) -> AgentApi:
        """The AI agent that the guard let in."""
        bearer = bearer_of(request.scope)
        assert bearer is not None and bearer.token.agent is not None
        return AgentApi(bearer, bearer.token.agent, self)

    async def aclose(self) -> None:
        """End the streams and let go of what was made for the members. The host is its opener's to close."""
        await self.hub.aclose()
        for store in self._by_member.values():
            await store.aclose()


class AgentApi:
    """All that an AI agent's token can do: with its own conversations, and without a word of the team's.

    Each request is one act of the host, which checks whose the conversation is.
    """

    def __init__(self, bearer: Bearer, agent: Agent, context: ServerContext) -> None:
        self.bearer = bearer
        self.agent = agent
        self._host = context.host
        self._clock = context.clock

    async def get(self, id: ConversationId) -> Conversation:
        """A conversation of its own. Raises NotFound, also for others'."""
        return await self._host.agent_conversation(self.agent.id, id)

    async def begin(self, new: NewConversation) -> Conversation:
        """Create a conversation; the same id again adds what messages it lacks.

        Raises:
            Conflict: another agent has a conversation with this id.
            Rejected.
        """
        now = self._clock()
        messages = tuple(_arrived(message, now) for message in new.messages)
        id = ConversationId(new_key() if new.id is None else new.id)
        return await self._host.agent_begin(self.agent.id, NewChat(id, now, new.lead, new.topic, messages))

    async def add(self, id: ConversationId, message: AgentMessage) -> Conversation:
        """What a visitor or the agent said. Raises NotFound, Rejected."""
        return await self._host.agent_receive(self.agent.id, id, _arrived(message, self._clock()))

    async def set_lead(self, id: ConversationId, lead: Lead) -> Conversation:
        """What is now known of the visitor. Raises NotFound."""
        return await self._host.agent_set_lead(self.agent.id, id, lead)

    async def request_handoff(self, id: ConversationId, at: Moment | None) -> Conversation:
        """A human is asked for. Raises NotFound."""
        return await self._host.agent_handoff(self.agent.id, id, at or self._clock())

    async def replies(self, after: HeardId | None) -> AgentReplies:
        """What members wrote to its visitors after a place. Raises NotFound for a text that is no such id."""
        return await self._host.agent_replies(self.agent.id, after)


def _arrived(message: AgentMessage, now: datetime) -> IncomingMessage:
    """A message as it is taken in; one without a time was written when it arrived."""
    return IncomingMessage(Author(message.author), message.body, message.created_at or now, message.key)


def hash_in(scope: Any) -> bytes | None:
    """The hash of the token that a request carries; None if it carries none."""
    value = next((value for name, value in scope["headers"] if name == _AUTHORIZATION), b"")
    scheme, _, secret = value.decode("latin-1").partition(" ")
    return hash_of(secret.strip()) if scheme.lower() == _SCHEME and secret.strip() else None


def attach_context(context: ServerContext, scope: Any) -> None:
    """Attach what the server shares to a request."""
    scope[_CONTEXT] = context


def context_of(scope: Any) -> ServerContext:
    """What the server that took this request shares."""
    context: ServerContext = scope[_CONTEXT]
    return context


def bearer_of(scope: Any) -> Bearer | None:
    """The token that a request was let in with, if it needed one."""
    found: Bearer | None = scope.get(_CARRIED)
    return found


MemberOf = NamedDependency[MemberCaller]
AgentOf = NamedDependency[AgentApi]
ContextOf = NamedDependency[ServerContext]
