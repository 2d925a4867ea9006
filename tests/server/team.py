"""The workspace that tests of the server share: three members, two agents, four conversations."""

from __future__ import annotations

from pathlib import Path

from inbox_tui.domain.models import (
    Access,
    Author,
    Badge,
    Color,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Kind,
    Message,
)
from inbox_tui.domain.rules import badge_for
from inbox_tui.store.protocol import Intake, Store, Team
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.factories import BOOKING, DANA, EVE, SAM, WEBSITE, minute

NAMES = {DANA: "Dana Ortiz", SAM: "Sam Okafor", EVE: "Eve Lindqvist"}
ONE, TWO, THREE, FOUR = (ConversationId(id) for id in ("one", "two", "three", "four"))
AGENTS = {ONE: WEBSITE, TWO: WEBSITE, THREE: BOOKING, FOUR: BOOKING}


async def open_in(folder: Path, email: str = DANA) -> Store:
    """The workspace's file as a member opens it."""
    url = StoreUrl.parse(f"sqlite:///{folder / 'team.db'}")
    return await open_store(url, Identity(email, NAMES[email], is_given=True))


async def team_in(folder: Path) -> Store:
    """A new workspace in a folder, as Dana opens it."""
    store = await open_in(folder)
    assert isinstance(store, Team) and isinstance(store, Intake)
    await store.save_profile(NAMES[DANA], Badge(badge_for(NAMES[DANA]).initials, Color.BLUE))
    for email, access in ((SAM, Access.EDIT), (EVE, Access.NONE)):
        await store.add_member(email, NAMES[email], access)
        own = await open_in(folder, email)
        assert isinstance(own, Team)
        await own.save_profile(NAMES[email], Badge(badge_for(NAMES[email]).initials, Color.GREEN))
        await own.aclose()
    await store.ingest(
        [
            IncomingConversation(
                id, (IncomingMessage(Author.VISITOR, f"Hello, this is {id}.", minute(number), key="first"),), agent,
                minute(number),
            )
            for number, (id, agent) in enumerate(AGENTS.items())
        ]
    )  # fmt: skip
    return store


async def said_by_members(store: Store, id: ConversationId) -> list[str]:
    """The replies in a conversation, in order."""
    found: list[Message] = []
    thread = await store.thread(id, limit=10_000)
    found += [message for message in thread.messages if message.author is Author.MEMBER]
    return [message.body for message in found if message.kind is Kind.MESSAGE]
