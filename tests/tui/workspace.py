"""A small team's workspace in a real SQLite file, on which tests of the screens open the inbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType

import msgspec

from inbox_tui.domain.filters import Filter
from inbox_tui.domain.models import (
    Access,
    Author,
    Badge,
    Color,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Lead,
    ReplyDraft,
    Status,
)
from inbox_tui.domain.rules import badge_for
from inbox_tui.local.journal import Journal
from inbox_tui.local.launch import Launch
from inbox_tui.local.settings import Settings
from inbox_tui.operations.sample import as_said_here
from inbox_tui.store.protocol import Intake, Store, Team
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.deciding import assign
from inbox_tui.tui.app import InboxApp
from inbox_tui.tui.inbox.opening import open_inbox
from tui.terminal import Inbox

NOW = datetime(2026, 11, 6, 15, 0, tzinfo=timezone.utc)
DANA, MAYA, JONAS, TOM = (f"{name}@acme.example" for name in ("dana", "maya", "jonas", "tom"))
NAMES = {DANA: "Dana Ortiz", MAYA: "Maya Lind", JONAS: "Jonas Brandt", TOM: "Tom Weber"}
COLORS = {DANA: Color.BLUE, MAYA: Color.GREEN, JONAS: Color.VIOLET, TOM: Color.ORANGE}
WEBSITE, BOOKING = "Website assistant", "Booking bot"
WIDE = (120, 36)
UNKNOWN = Lead()


class Clock:
    """A present that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


def said(author: Author, body: str, minutes_ago: float, member: str = "") -> IncomingMessage:
    return IncomingMessage(author, body, NOW - timedelta(minutes=minutes_ago), member_email=member)


def chat(
    id: str,
    *messages: IncomingMessage,
    agent: str = WEBSITE,
    lead: Lead = UNKNOWN,
    status: Status = Status.OPEN,
    needs_human: bool = False,
    assignee: str = "",
    topic: str = "",
) -> IncomingConversation:
    return IncomingConversation(
        ConversationId(id), messages, agent, messages[0].created_at, lead, status, needs_human, assignee, topic
    )


VISITOR, AGENT, MEMBER = Author.VISITOR, Author.AGENT, Author.MEMBER
CHATS = (
    chat(
        "priya",
        said(VISITOR, "Hello, I booked for Thursday.", 16),
        said(AGENT, "Hi Priya! What would you like to change?", 15),
        said(VISITOR, "I need to change my flight to Friday", 12),
        lead=Lead("Priya Nair", "priya@mail.example", "+46 70 123 45 67"),
        needs_human=True,
        topic="Flight change",
    ),
    chat(
        "luis",
        said(VISITOR, "Do you ship to Portugal?", 31),
        said(AGENT, "Yes, within four working days.", 30),
        lead=Lead(company="Romero & Filhos"),
    ),
    chat(
        "hanna",
        said(VISITOR, "The parcel came without the charger.", 180),
        said(MEMBER, "I am sorry! Which charger was it?", 150, DANA),
        said(VISITOR, "The small one, with the blue cable.", 120),
        lead=Lead("Hanna Berg", "hanna@mail.example"),
        needs_human=True,
        assignee=DANA,
    ),
    chat(
        "otto",
        said(VISITOR, "Can I have the invoice again?", 300),
        said(MEMBER, "Here it is, attached to the e-mail I just sent.", 240, MAYA),
        lead=Lead("Otto Keller"),
        assignee=MAYA,
    ),
    chat(
        "aiko",
        said(VISITOR, "Is the table for 7 or 8 pm?", 400),
        said(MEMBER, "For 8 pm. See you then!", 390, DANA),
        agent=BOOKING,
        lead=Lead("Aiko Tanaka", phone="+81 3 5555 0101"),
        status=Status.RESOLVED,
        assignee=DANA,
    ),
    chat("nobody", said(VISITOR, "hi", 600), said(AGENT, "Hello! How can I help?", 599), agent=BOOKING),
    chat(
        "wei",
        said(VISITOR, "Could somebody call me back, please?", 1500),
        agent=BOOKING,
        lead=Lead("Wei Zhang", phone="+49 30 555 0199"),
        needs_human=True,
    ),
    chat("done", said(VISITOR, "Thanks, that was all", 3000), status=Status.RESOLVED),
)
"""Eight conversations, newest activity first, in every state that a filter asks for."""


class Team4:
    """One workspace, its members' terminals, and everything they leave on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.url = StoreUrl.parse(f"sqlite:///{folder / 'team.db'}")
        self.settings = Settings(undo_send=0)
        self.config_file = folder / "config.toml"
        self.saved: list[Mapping[str, str | bool]] = []
        self.said: list[str] = []
        self.opens: Callable[[str], Awaitable[Store]] = self._open
        """How a member's inbox gets at its store."""
        self._stores: list[Store] = []
        self._keys = 0

    async def store(self, email: str = DANA) -> Store:
        """Another terminal on the same file."""
        store = await self._open(email)
        self._stores.append(store)
        return store

    async def build(self, chats: tuple[IncomingConversation, ...] = CHATS) -> Team4:
        """Members first, then their conversations."""
        dana = await self.store()
        assert isinstance(dana, Team)
        assert isinstance(dana, Intake)
        for email, access in ((MAYA, Access.EDIT), (JONAS, Access.EDIT), (TOM, Access.NONE)):
            await dana.add_member(email, NAMES[email], access)
        for email, name in NAMES.items():
            own = await self.store(email)
            assert isinstance(own, Team)
            await own.save_profile(name, Badge(badge_for(name).initials, COLORS[email]))
        await dana.ingest([as_said_here(chat) for chat in chats])
        return self

    async def close(self) -> None:
        for store in self._stores:
            await store.aclose()

    def launch(self, email: str, *, filter: Filter = Filter.ALL, is_new: bool = False) -> Launch:
        return Launch(
            open_store=lambda: self.opens(email),
            settings=self.settings,
            keymap={},
            journal=Journal(self.folder / f"unsent-{email}.db", self.clock),
            filter=filter,
            agent_name="",
            is_demo=False,
            is_new=is_new,
            config_file=self.config_file,
            save_settings=self.saved.append,
            version="0",
            say=self.said.append,
        )

    @asynccontextmanager
    async def inbox(
        self,
        email: str = DANA,
        *,
        size: tuple[int, int] = WIDE,
        filter: Filter = Filter.ALL,
        is_new: bool = False,
        keys: Mapping[str, str] = MappingProxyType({}),
        opened_by: Callable[[Launch], None] | None = None,
    ) -> AsyncIterator[Inbox]:
        """The inbox on a terminal, settled."""
        launch = msgspec.structs.replace(self.launch(email, filter=filter, is_new=is_new), keymap=keys)
        if opened_by is not None:
            opened_by(launch)
        opened = await open_inbox(launch)
        inbox = Inbox(InboxApp(launch, opened, self.clock, self._new_key))
        try:
            async with inbox.app.run_test(size=size, message_hook=inbox.hear) as pilot:
                inbox.pilot = pilot
                await inbox.until(lambda: inbox.context.top.connection != "")
                await inbox.settled()
                yield inbox
        finally:
            await opened.aclose()
            launch.journal.close()

    def _new_key(self) -> str:
        self._keys += 1
        return f"key-{self._keys}-{id(self)}"

    async def _open(self, email: str) -> Store:
        return await open_store(self.url, Identity(email, NAMES.get(email, ""), is_given=True), self.clock)


async def reply_as(store: Store, id: str, body: str) -> None:
    """A member who has read everything replies."""
    thread = await store.thread(ConversationId(id))
    await store.reply(ConversationId(id), ReplyDraft(body, f"{body}-{id}", last_seen=thread.messages[-1].id))


async def give(store: Store, id: str, email: str) -> None:
    """A member assigns a conversation, whoever has it."""
    known = await store.get(ConversationId(id))
    member = next(member.id for member in await store.members() if member.email == email)
    await assign(store, known.id, member, known.assignee.id if known.assignee else None)
