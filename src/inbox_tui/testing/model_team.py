"""The model's Team: who works in a model workspace and what each may do."""

from __future__ import annotations

from abc import abstractmethod

import msgspec

from inbox_tui.domain import rules, team
from inbox_tui.domain.models import Access, Badge, Member, MemberId
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
        address = team.checked_address(email)
        team.require_new(address, is_known=self._workspace.member_by_email(address) is not None)
        return self._workspace.add_member(Member(MemberId(""), address, team.checked_name(name), access=access))

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
        name, badge = team.checked_profile(name, badge)
        return self._workspace.change_member(msgspec.structs.replace(self._actor, name=name, badge=badge))

    async def save_photo(self, photo: bytes | None) -> None:
        """The acting member's photo; None removes it. Raises Rejected."""
        if photo is None:
            self._workspace.photos.pop(self._actor.id, None)
        else:
            team.require_photo(photo)
            self._workspace.photos[self._actor.id] = photo
        self._workspace.report(team=True)

    async def photo(self, member: MemberId) -> bytes | None:
        """A member's photo, if there is one. Raises NotFound."""
        return self._workspace.photos.get(self._workspace.member(member).id)
