"""The visitors of the demo, who go on writing while somebody works in it.

Only the demo's store has visitors who do not exist. What they write comes in as from a website, so all rules apply.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Protocol

import msgspec

import inbox_tui.sample
from inbox_tui.domain.changes import NOWHERE
from inbox_tui.domain.errors import InboxError, StoreUnavailable
from inbox_tui.domain.models import Author, Conversation, ConversationId, IncomingMessage, Kind, MessageId, Status
from inbox_tui.store.protocol import Host, Store

FIRST_WITHIN = (5.0, 8.0)
"""Seconds until the first visitor writes of their own accord."""
NEXT_WITHIN = (30.0, 75.0)
"""Seconds until the next one does."""
ANSWER_WITHIN = (6.0, 12.0)
"""Seconds until a visitor answers a reply."""
_TICK = 0.5
_TRIES_AGAIN_AFTER = 10.0
_END_OF_THREAD = 20
"""Messages that are looked at to see who spoke last."""


class SpeaksUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a visitor writes of their own accord."""

    id: ConversationId
    body: str


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that the visitors will ever say."""

    speaks_up: list[SpeaksUp]
    """In this order."""
    answers: Mapping[ConversationId, list[str]]
    """To the first reply in a conversation, the second, and so on."""
    otherwise: list[str]
    """The same, where a conversation has no answers of its own."""
    at_last: list[str]
    """Any of them, once a visitor has nothing more to say."""


class Workspace(Store, Host, Protocol):
    """The store of a demo."""


def script() -> Script:
    """What the sample's visitors say."""
    return msgspec.json.decode((Path(inbox_tui.sample.__file__).parent / "visitors.json").read_bytes(), type=Script)


async def live(open_store: Callable[[], Awaitable[Workspace]], clock: Callable[[], datetime], random: Random) -> None:
    """Let the visitors write until this is cancelled. What is wrong with the store, the screen says; they try again."""
    while True:
        with suppress(InboxError):
            store = await open_store()
            try:
                await _write_on(Visitors(store, script(), clock(), random), clock)
            finally:
                await store.aclose()
        await asyncio.sleep(_TRIES_AGAIN_AFTER)


async def _write_on(visitors: Visitors, clock: Callable[[], datetime]) -> None:
    while True:
        with suppress(StoreUnavailable):  # another program had the file for a moment
            await visitors.turn(clock())
        await asyncio.sleep(_TICK)


class Visitors:
    """Who writes next, and when. They answer the member as whom the store was opened."""

    def __init__(self, store: Workspace, script: Script, now: datetime, random: Random) -> None:
        self._store = store
        self._script = script
        self._random = random
        self._began = now
        self._heard = NOWHERE
        self._still_to_speak = list(script.speaks_up)
        self._speaks_at = now + self._some(FIRST_WITHIN)
        self._answers_at: dict[ConversationId, datetime] = {}
        self._answered: dict[ConversationId, MessageId] = {}
        """The last reply that is answered, or will be."""
        self._given: dict[ConversationId, int] = {}
        """How many answers were given."""

    async def turn(self, now: datetime) -> None:
        """See what was replied since the last turn, and write what is due. Raises InboxError.

        The first turn only takes note of where the store is.
        """
        await self._look(now)
        for id in [id for id, at in self._answers_at.items() if at <= now]:
            del self._answers_at[id]
            conversation = await self._store.get(id)
            if conversation.status is Status.OPEN:  # nobody opens again what is done, only to say thanks
                await self._write(conversation, self._answer(id), now)
        while self._still_to_speak and self._speaks_at <= now:
            line = self._still_to_speak.pop(0)
            conversation = await self._store.get(line.id)
            if conversation.status is Status.OPEN and conversation.last_activity_at < self._began:
                await self._write(conversation, line.body, now)
                self._speaks_at = now + self._some(NEXT_WITHIN)

    async def _look(self, now: datetime) -> None:
        changes = await self._store.changes_after(self._heard or None)
        self._heard = changes.id
        me = (await self._store.me()).id if changes.conversations else ""
        for id in changes.conversations:
            said = (await self._store.thread(id, limit=_END_OF_THREAD)).messages
            last = next((message for message in reversed(said) if message.kind is Kind.MESSAGE), None)
            if last is None or last.member is None or last.member.id != me or self._answered.get(id) == last.id:
                continue
            self._answered[id] = last.id
            self._answers_at.setdefault(id, now + self._some(ANSWER_WITHIN))

    def _answer(self, id: ConversationId) -> str:
        given = self._given.get(id, 0)
        self._given[id] = given + 1
        own = self._script.answers.get(id, self._script.otherwise)
        return own[given] if given < len(own) else self._random.choice(self._script.at_last)

    async def _write(self, conversation: Conversation, body: str, now: datetime) -> None:
        message = IncomingMessage(Author.VISITOR, body, now)
        await self._store.agent_receive(conversation.agent.id, conversation.id, message)

    def _some(self, within: tuple[float, float]) -> timedelta:
        return timedelta(seconds=self._random.uniform(*within))
