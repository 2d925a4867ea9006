"""The model's Team: who works in a model workspace and what each may do."""

from __future__ import annotations

from abc import abstractmethod

import msgspec

from inbox_tui.domain import rules
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.models import Access, Badge, Member, MemberId
from inbox_tui.domain.text import NAME_LIMIT, storable
from inbox_tui.store.protocol import PHOTO_LIMIT
from inbox_tui.testing.workspace import ModelWorkspace


class ModelTeam:
    """The port's Team."""

    @property
    @abstractmethod
    def _workspace(self) -> ModelWorkspace: ...

    @property
    @abstractmethod
    def _actor(self) -> Member: ...

    async def add_member(self, email: str, name: str, access: Access) -> Member:
        """Admit a person. Admin only. Raises NotAllowed, Rejected."""
        rules.require_admin(self._actor)
        local, _, domain = email.strip().rpartition("@")
        if not local or not domain or not email.isprintable() or {"@", " "} & set(local + domain):
            raise Rejected(f"{email!r} is not an e-mail address.")
        if self._workspace.member_by_email(email):
            raise Rejected(f"{email} is a member already.")
        return self._workspace.add_member(Member(MemberId(""), email.strip(), _checked_name(name), access=access))

    async def set_access(self, member: MemberId, access: Access) -> Member:
        """Change what a member may do. Admin only. Raises NotAllowed, NotFound, Rejected."""
        workspace, actor = self._workspace, self._actor
        rules.require_admin(actor)
        changed = workspace.member(member)
        rules.require_admin_left(workspace.members.values(), changed, access)
        if access is changed.access:
            return changed
        if access is Access.NONE:
            for conversation in list(workspace.conversations.values()):
                if conversation.assignee is not None and conversation.assignee.id == member:
                    workspace.save(rules.access_lost(conversation), actor)
        return workspace.change_member(msgspec.structs.replace(changed, access=access))

    async def save_profile(self, name: str, badge: Badge) -> Member:
        """The acting member's own display name and avatar. Raises Rejected."""
        if not name.strip():
            raise Rejected("The display name is empty.")
        initials = badge.initials.strip().upper()
        if len(initials) not in (1, 2) or not initials.isalnum():
            raise Rejected("An avatar has one or two letters.")
        changed = msgspec.structs.replace(self._actor, name=_checked_name(name), badge=Badge(initials, badge.color))
        return self._workspace.change_member(changed)

    async def save_photo(self, photo: bytes | None) -> None:
        """The acting member's photo; None removes it. Raises Rejected."""
        if photo is None:
            self._workspace.photos.pop(self._actor.id, None)
        elif len(photo) > PHOTO_LIMIT:
            raise Rejected("The photo is too large.")
        elif not photo.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
            raise Rejected("The photo is neither PNG nor JPEG.")
        else:
            self._workspace.photos[self._actor.id] = photo
        self._workspace.report(team=True)

    async def photo(self, member: MemberId) -> bytes | None:
        """A member's photo, if there is one. Raises NotFound."""
        return self._workspace.photos.get(self._workspace.member(member).id)


def _checked_name(name: str) -> str:
    name = storable(name.strip())
    if len(name) > NAME_LIMIT:
        raise Rejected(f"The name has more than {NAME_LIMIT} characters.")
    return name
