"""The sample workspace: what ``inbox-tui demo`` shows and a new, empty inbox may begin with.

Goes in through the store's own doors, like an import, with its times moved so that
the week it tells ends now.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

import msgspec

import inbox_tui.sample
from inbox_tui.domain import intake, rules
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.identity import identified
from inbox_tui.domain.models import Access, Badge, ConversationState, ImportResult, IncomingConversation, Member
from inbox_tui.domain.names import name_key
from inbox_tui.operations.import_lines import read_line
from inbox_tui.store.protocol import Intake, Removed, Store, Team, Upkeep

REFERENCE = datetime(2026, 11, 6, 15, 0, tzinfo=timezone.utc)
"""The sample's own present."""
ME = "dana@fjordwool.example"
"""Whom the demo signs in."""
_FOLDER = Path(inbox_tui.sample.__file__).parent


class SampleMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the sample's team."""

    email: str
    name: str
    access: Access
    badge: Badge | None = None


OpenAs = Callable[[str, str], Awaitable[Store]]
"""Opens the store as the member with this e-mail address and name."""


def sample_members() -> list[SampleMember]:
    """The sample's team."""
    return msgspec.json.decode((_FOLDER / "members.json").read_bytes(), type=list[SampleMember])


async def load_conversations(store: Intake, now: datetime) -> ImportResult:
    """Put the sample's conversations into a store, their week ending ``now``. Raises InboxError."""
    return await store.ingest([as_said_here(conversation) for conversation in _conversations(now)])


def _conversations(now: datetime) -> list[IncomingConversation]:
    lines = (_FOLDER / "conversations.jsonl").read_bytes().splitlines()
    return [read_line(line, now, now - REFERENCE) for line in lines]


def as_said_here(incoming: IncomingConversation) -> IncomingConversation:
    """The same as a copy of a workspace in which all of it was said: nobody imported it there."""
    messages = tuple(intake.in_order(identified(incoming.messages)))
    incoming = msgspec.structs.replace(incoming, messages=messages)
    stands = intake.final_state(intake.folded(incoming), incoming, None)
    return msgspec.structs.replace(incoming, created_at=stands.created_at, standing=ConversationState.of(stands))


async def load_sample(open_as: OpenAs, now: datetime) -> None:
    """Fill a new store with the sample's team and conversations. Raises InboxError."""
    team = sample_members()
    admin = next(member for member in team if member.access is Access.ADMIN)  # whoever opens a new store first is one
    store = await open_as(admin.email, admin.name)
    try:
        if isinstance(store, Team):
            for member in team:
                if member is not admin:
                    await store.add_member(member.email, member.name, member.access)
        if isinstance(store, Intake):
            await load_conversations(store, now)
    finally:
        await store.aclose()
    for member in team:
        await _save_profile(open_as, member)


async def _save_profile(open_as: OpenAs, member: SampleMember) -> None:
    """A profile is its member's own to save, in a sample too."""
    store = await open_as(member.email, member.name)
    try:
        if isinstance(store, Team):
            await store.save_profile(member.name, member.badge or rules.badge_for(member.name))
    finally:
        await store.aclose()


async def remove(store: Store, now: datetime) -> Removed:
    """Take the sample out again: its conversations, whatever was added to them, and its people. Admin only.

    A conversation of one's own that only has the id of one of the sample stays.

    Args:
        store: An Upkeep; from another nothing is removed.
        now: The present.

    Raises:
        InboxError.
    """
    if not isinstance(store, Upkeep):
        return Removed(0, 0)
    there = [line.id for line in _conversations(now) if await _is_there(store, line)]
    return await store.remove(there, [member.id for member in await store.members() if _is_of_sample(member)])


def names_sample(members: Iterable[Member]) -> bool:
    """Whether any of the sample's people is among these."""
    return any(map(_is_of_sample, members))


def _is_of_sample(member: Member) -> bool:
    return name_key(member.email) in _addresses()


@cache
def _addresses() -> frozenset[str]:
    """Of the sample's people; asked for with each key in the command palette."""
    return frozenset(name_key(member.email) for member in sample_members())


async def _is_there(store: Store, incoming: IncomingConversation) -> bool:
    """Whether the store's conversation of this id begins as the sample's does."""
    first = incoming.messages[0].body
    try:
        thread = await store.thread(incoming.id)
        while thread.has_earlier and thread.messages:
            thread = await store.thread(incoming.id, before=thread.messages[0].id)
    except NotFound:
        return False
    return any(message.body == first for message in thread.messages)


async def fill(store: Store, now: datetime) -> ImportResult:
    """Put the sample's team and conversations into an empty store of somebody's own. Raises InboxError.

    Nobody of the sample becomes an admin there: on a shared file, anybody can say that they are one of them.
    """
    if isinstance(store, Team):
        known = {name_key(member.email) for member in await store.members()}
        for member in sample_members():
            if name_key(member.email) not in known:
                access = Access.EDIT if member.access is Access.ADMIN else member.access
                await store.add_member(member.email, member.name, access)
    return await load_conversations(store, now) if isinstance(store, Intake) else ImportResult()
