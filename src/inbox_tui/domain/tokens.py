"""Tokens: the credentials of remote clients, and when they expire.

Pure data and functions. The program shows a secret once, to the person who creates it;
stores keep only its hash, which is enough to recognise it.
"""

from __future__ import annotations

from datetime import datetime
from typing import NewType

import msgspec

from inbox_tui.domain import limits
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.models import Agent, ConversationId, Member, Message
from inbox_tui.domain.names import is_blank
from inbox_tui.domain.replies import HeardId
from inbox_tui.domain.text import NAME_LIMIT, replace_unstorable

TokenId = NewType("TokenId", str)
"""Id of a token within its store: what a list of tokens shows and ``revoke`` takes. No secret."""

MEMBER_PREFIX = "inbox_m_"
AGENT_PREFIX = "inbox_a_"
"""The prefix of every secret, so that people and secret scanners recognise one."""


class NewToken(msgspec.Struct, frozen=True):
    """A request for a token: for a member, or for an AI agent's website."""

    hash: bytes
    email: str = ""
    """The member's address; empty for an agent's token."""
    agent: str = ""
    """The agent's name; empty for a member's token. An agent that is not known yet becomes known."""
    label: str = ""
    """Its purpose, in the words of its creator."""
    expires_at: datetime | None = None
    """When it expires; None for never."""


class Token(msgspec.Struct, frozen=True):
    """A token as a store keeps it. Either ``member`` or ``agent`` is set."""

    id: TokenId
    created_at: datetime
    member: Member | None = None
    """Its owner's current name."""
    agent: Agent | None = None
    label: str = ""
    expires_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or now < self.expires_at


class AgentReplies(msgspec.Struct, frozen=True):
    """The members' replies to the visitors of one AI agent."""

    replies: tuple[tuple[ConversationId, Message], ...]
    """In the order in which they were written."""
    last: HeardId
    """The place from which to continue."""
    reset: bool = False
    """A restore undid the requested place. The replies are those written after it by
    time, and may repeat some from before the restore."""
    since: datetime | None = None
    """With ``reset``: the time after which the replies were written. None if unknown; then the list is empty, and only
    later replies follow."""


def hash_of(secret: str) -> bytes:
    """The hash by which a store recognises a secret. It is random and long, so one round is enough."""
    import hashlib  # OpenSSL, which the first list does not need

    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def secret_of(random: bytes, *, is_agent: bool) -> str:
    """Make a secret from random bytes; pass 32."""
    import base64

    prefix = AGENT_PREFIX if is_agent else MEMBER_PREFIX
    return prefix + base64.urlsafe_b64encode(random).decode("ascii").rstrip("=")


def require_grant(token: NewToken, now: datetime) -> None:
    """Raises Rejected for a token for nobody or for both, with too long a label, or with an end that cannot be."""
    if is_blank(token.email) == is_blank(token.agent):
        raise Rejected("A token is for one member or for one agent.", hint="Name an e-mail address or an agent.")
    if token.expires_at is not None and token.expires_at <= now:
        raise Rejected("The token would have expired already.", hint="Choose a later end.")
    if token.expires_at is not None and token.expires_at > limits.LATEST:
        raise Rejected(f"The token would expire after {limits.LATEST:%Y-%m-%d}.", hint="Choose an earlier end.")
    if len(token.label) > NAME_LIMIT:
        raise Rejected(f"The label has {len(token.label)} characters; {NAME_LIMIT} is the most.")
    limits.require_size(token.agent, limits.AGENT_NAME_LIMIT, "The AI agent's name")


def kept_label(token: NewToken) -> str:
    """The label as a store keeps it."""
    return replace_unstorable(token.label.strip())
