"""The facets of a server's store beyond a shift's work: managing the team, taking in conversations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from inbox_tui.backends.http.address import segment
from inbox_tui.backends.web.client import ApiClient, encoded
from inbox_tui.domain.intake import validate
from inbox_tui.domain.models import (
    Access,
    Badge,
    Conversation,
    ConversationId,
    ImportResult,
    IncomingConversation,
    IncomingMessage,
    Lead,
    Member,
    MemberId,
)
from inbox_tui.domain.team import require_photo
from inbox_tui.store.api import IMPORT_AT_ONCE, AccessSetting, Handoff, NewMember, Photo, Profile


class _Import(msgspec.Struct, frozen=True):
    """An Import whose conversations are written as JSON already."""

    conversations: list[msgspec.Raw]


class HttpTeam:
    """The port's Team."""

    _line: ApiClient

    async def add_member(self, email: str, name: str, access: Access) -> Member:
        """Admit a person. Admin only. Raises NotAllowed, Rejected."""
        return await self._line.ask("POST", "members", Member, body=NewMember(email, name, access))

    async def set_access(self, member: MemberId, access: Access) -> Member:
        """Change what a member may do. Admin only. Raises NotAllowed, NotFound, Rejected."""
        return await self._line.ask("PUT", f"members/{segment(member)}/access", Member, body=AccessSetting(access))

    async def save_profile(self, name: str, badge: Badge) -> Member:
        """The acting member's own display name and avatar. Raises Rejected."""
        return await self._line.ask("PUT", "me/profile", Member, body=Profile(name, badge))

    async def save_photo(self, photo: bytes | None) -> None:
        """The acting member's photo; None removes it. Raises Rejected."""
        if photo is not None:
            require_photo(photo)  # the server does not even take a body of any size
        await self._line.ask("PUT", "me/photo", type(None), body=Photo(photo))

    async def photo(self, member: MemberId) -> bytes | None:
        """A member's photo, if there is one. Raises NotFound."""
        return (await self._line.ask("GET", f"members/{segment(member)}/photo", Photo)).photo


class HttpIntake:
    """The port's Intake."""

    _line: ApiClient

    async def ingest(self, conversations: Sequence[IncomingConversation]) -> ImportResult:
        """Add conversations, or the messages that known ones lack, as many to a request as the server takes.

        Raises NotAllowed; Rejected before anything is sent, or for one that the server does not take.
        """
        for conversation in conversations:
            validate(conversation)
        taken = ImportResult()
        for body in _bodies(conversations):
            taken += await self._line.ask("POST", "import", ImportResult, body=body, is_keyed=True)
        return taken

    async def receive(self, id: ConversationId, message: IncomingMessage) -> Conversation:
        """A visitor's or AI agent's message that a member brings in. Raises NotAllowed, NotFound, Rejected."""
        path = f"conversations/{segment(id)}/received"
        return await self._line.ask("POST", path, Conversation, body=message, is_keyed=bool(message.key))

    async def request_handoff(self, id: ConversationId, at: datetime) -> Conversation:
        """The visitor asks for a human by other ways. Raises NotAllowed, NotFound."""
        return await self._line.ask("POST", f"conversations/{segment(id)}/handoff", Conversation, body=Handoff(at))

    async def set_lead(self, id: ConversationId, lead: Lead) -> Conversation:
        """What is now known of the visitor. Raises NotAllowed, NotFound."""
        return await self._line.ask("PUT", f"conversations/{segment(id)}/lead", Conversation, body=lead)


def _bodies(conversations: Sequence[IncomingConversation]) -> Iterator[_Import]:
    """What one request carries each: several conversations up to a size, or one of any; none at all in one."""
    some: list[msgspec.Raw] = []
    size = 0
    for conversation in conversations:
        written = encoded(conversation)
        if some and size + len(written) > IMPORT_AT_ONCE:
            yield _Import(some)
            some, size = [], 0
        some.append(msgspec.Raw(written))
        size += len(written)
    if some or not conversations:
        yield _Import(some)
