"""Hypothesis strategies for what people write and for whole workspaces. The one place that imports it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from inbox_tui.domain.models import Author, IncomingConversation, IncomingMessage, Kind, Lead, Status
from inbox_tui.testing.factories import BOOKING, DANA, SAM, WEBSITE, incoming, minute

bodies: SearchStrategy[str] = st.sampled_from(
    ("Hello", "my flight", "two\nlines", "100 % of _it_", "z\u0301", "\x1b[2J", "日本語", "half \ud83d pair")
) | st.text(min_size=1, max_size=20).filter(lambda body: bool(body.strip()))
"""Texts that a store accepts as a message."""

leads: SearchStrategy[Lead] = st.sampled_from(
    (Lead(), Lead(name="Maya"), Lead(email="maya@mail.example"), Lead(phone="+46"), Lead(company="Acme"))
)


def messages(emails: Sequence[str] = (DANA, SAM)) -> SearchStrategy[IncomingMessage]:
    """Messages on their way in, of any author, at few times so that many are equal."""
    times = st.integers(0, 5).map(minute)
    public = st.builds(IncomingMessage, st.sampled_from((Author.VISITOR, Author.AGENT)), bodies, times)
    own = st.builds(
        IncomingMessage,
        st.just(Author.MEMBER),
        bodies,
        times,
        kind=st.sampled_from((Kind.MESSAGE, Kind.NOTE)),
        member_email=st.sampled_from(("", *emails)),
    )
    events = st.builds(IncomingMessage, st.just(Author.SYSTEM), bodies, times)
    return public | own | events


@st.composite
def conversations(draw: st.DrawFn, id: str, emails: Sequence[str] = (DANA, SAM)) -> IncomingConversation:
    """A conversation on its way in, in any state that makes sense."""
    status = draw(st.sampled_from(Status))
    return incoming(
        id,
        *draw(st.lists(messages(emails), min_size=1, max_size=4)),
        at=draw(st.integers(0, 5)),
        agent=draw(st.sampled_from((WEBSITE, BOOKING))),
        status=status,
        needs_human=status is Status.OPEN and draw(st.booleans()),
        assignee_email=draw(st.sampled_from(("", *emails))),
        lead=draw(leads),
        topic=draw(st.sampled_from(("", "Flights"))),
    )


@st.composite
def workspaces(draw: st.DrawFn, most: int = 12) -> list[IncomingConversation]:
    """All the conversations of a workspace, ids ``c-0``, ``c-1``, …"""
    return [draw(conversations(f"c-{number}")) for number in range(draw(st.integers(0, most)))]
