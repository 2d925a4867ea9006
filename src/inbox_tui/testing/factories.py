"""Builders of records and of incoming conversations, so that a test says only what matters to it.

Everything not said is plain and always the same; nothing here reads a clock or draws
from any randomness but the one it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from random import Random

from inbox_tui.domain.models import (
    Access,
    Agent,
    AgentId,
    Author,
    Conversation,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Kind,
    Lead,
    Member,
    MemberId,
    Message,
    MessageId,
    Status,
)
from inbox_tui.domain.rules import badge_for

MORNING = datetime(2026, 11, 3, 10, 2, tzinfo=timezone.utc)
"""When the first message of every made-up conversation is written."""

DANA = "dana@acme.example"
"""The first member of a made-up workspace, an admin."""
SAM = "sam@acme.example"
"""A colleague who may chat."""
EVE = "eve@acme.example"
"""A member without chat access."""

WEBSITE = "Website assistant"
BOOKING = "Booking assistant"

_WORDS = [
    "flight",
    "table",
    "Friday",
    "refund",
    "lamp",
    "invoice",
    "Žofie",
    "日本",
    "order",
    "hotel",
    "cancel",
    "password",
    "delivery",
    "late",
    "thanks",
]


def minute(number: float) -> datetime:
    """So many minutes after MORNING."""
    return MORNING + timedelta(minutes=number)


def member(name: str = "Dana Ortiz", access: Access = Access.ADMIN, *, email: str = "") -> Member:
    """A member with a complete profile, unless the name is empty."""
    address = email or f"{(name or 'somebody').split()[0].lower()}@acme.example"
    return Member(MemberId(address), address, name, badge_for(name) if name else None, access)


def agent(name: str = WEBSITE) -> Agent:
    """An AI agent."""
    return Agent(AgentId(name), name)


def record(id: str = "c-1", **more: object) -> Conversation:
    """A conversation as a store gives it; ``more`` are fields of the record."""
    values = {"agent": agent(), "created_at": MORNING, "last_activity_at": MORNING, **more}
    return Conversation(id=ConversationId(id), **values)  # type: ignore[arg-type]  # the caller names the fields


def message(
    author: Author = Author.VISITOR, body: str = "Hello", *, by: Member | None = None, id: str = "1"
) -> Message:
    """An entry of a thread as a store gives it."""
    return Message(MessageId(id), author, Kind.MESSAGE, body, MORNING, by)


def said(body: str, at: float = 0, author: Author = Author.VISITOR, **more: object) -> IncomingMessage:
    """A message on its way in, written ``at`` minutes after MORNING; ``more`` are its other fields."""
    return IncomingMessage(author, body, minute(at), **more)  # type: ignore[arg-type]  # the caller names the fields


def incoming(id: str, *messages: IncomingMessage | str, at: float = 0, **more: object) -> IncomingConversation:
    """A conversation on its way in; a plain text is a visitor's message, a minute after the one before."""
    entries = tuple(said(m, at + index) if isinstance(m, str) else m for index, m in enumerate(messages or ("Hello",)))
    values = {"agent": WEBSITE, "created_at": minute(at), **more}
    return IncomingConversation(id=ConversationId(id), messages=entries, **values)  # type: ignore[arg-type]  # as above


def random_conversations(random: Random, count: int, emails: Sequence[str] = (DANA, SAM)) -> list[IncomingConversation]:
    """Conversations of every kind, many of them with the same times, ids ``r-0``, ``r-1``, …"""
    return [_random_conversation(random, f"r-{number}", emails) for number in range(count)]


def _random_conversation(random: Random, id: str, emails: Sequence[str]) -> IncomingConversation:
    begins = random.randrange(6)
    status = random.choice(list(Status))
    return incoming(
        id,
        *(_random_message(random, begins + index, emails) for index in range(random.randrange(1, 5))),
        at=begins,
        agent=random.choice((WEBSITE, BOOKING)),
        status=status,
        needs_human=status is Status.OPEN and random.random() < 0.4,
        assignee_email=random.choice(("", *emails)),
        lead=random.choice((Lead(), Lead(name="Maya Lindqvist"), Lead(phone="+46 70 123"), Lead(company="Acme"))),
        topic=random.choice(("", "Flights", "100 % of _it_")),
    )


def _random_message(random: Random, at: int, emails: Sequence[str]) -> IncomingMessage:
    author = random.choice((Author.VISITOR, Author.VISITOR, Author.AGENT, Author.MEMBER))
    kind = random.choice((Kind.MESSAGE, Kind.NOTE)) if author is Author.MEMBER else Kind.MESSAGE
    email = random.choice(emails) if author is Author.MEMBER else ""
    return said(" ".join(random.choices(_WORDS, k=4)), at, author, kind=kind, member_email=email)
