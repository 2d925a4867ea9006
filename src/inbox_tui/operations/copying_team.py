"""The people of a workspace that is copied: who they are, what they may do, how they are shown.

What the source says of them holds in the target, too. Conversations are copied elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.models import Access, Member
from inbox_tui.operations.comparing import address, is_same_member
from inbox_tui.store.protocol import Host, Store, Team


class Staffed(Store, Team, Protocol):
    """A store whose members can be read and written."""


class TeamCopy:
    """One run from one store to another.

    Args:
        source: Read as an admin, who becomes one of the target too.
        target: Written as an admin.
    """

    def __init__(self, source: Staffed, target: Staffed) -> None:
        self._source = source
        self._target = target
        self.members: Sequence[Member] = ()
        """The source's, as they were when they were copied."""
        self.without_profile: list[str] = []
        """Addresses of members whose name and avatar the target lets only themselves write."""
        self._without_address: list[Member] = []
        """Whom an import named by something else: they come with the conversations that name them."""

    async def bring(self) -> None:
        """Add who is not there, give what the source gives, and show each as there."""
        there = await self._there()
        me = (await self._target.me()).id
        self.members = await self._source.members()
        for member in self.members:
            known = there.get(address(member))
            if known is None:
                try:
                    known = await self._target.add_member(member.email, member.name, member.access)
                except Rejected:
                    self._without_address.append(member)
                    continue
            elif member.access not in (known.access, Access.NONE) and known.id != me:
                await self._target.set_access(known.id, member.access)
            if not await self._copy_profile(member, known):
                self.without_profile.append(member.email)

    async def give_late_comers_access(self) -> None:
        """To those who came with conversations, for they could not be added before."""
        there = await self._there()
        for member in self._without_address:
            known = there.get(address(member))
            if known is not None and member.access not in (known.access, Access.NONE):
                await self._target.set_access(known.id, member.access)

    async def take_access_away(self) -> None:
        """From those who have none any more. After the conversations, for until then some may be theirs there."""
        gone = {address(member) for member in self.members if member.access is Access.NONE}
        me = (await self._target.me()).id
        for known in await self._target.members():
            if address(known) in gone and known.access is not Access.NONE and known.id != me:
                await self._target.set_access(known.id, Access.NONE)

    async def different(self) -> list[str]:
        """Addresses of the source's members who are not in the target what they are in the source."""
        there = await self._there()
        found = []
        for member in self.members:
            copy = there.get(address(member))
            with_profile = member.email not in self.without_profile
            if copy is None and member in self._without_address and member.access is Access.NONE:
                continue  # may do nothing, and no conversation names them
            if copy is None or not await self._is_same(member, copy, with_profile=with_profile):
                found.append(member.email)
        return found

    async def digests(self) -> dict[str, str]:
        """A checksum of each member of the target, by address."""
        return {address(member): await self._digest(member) for member in await self._target.members()}

    async def changed(self, known: Mapping[str, str] | None) -> list[str]:
        """Addresses of the target's members whom neither the copy nor the source made what they are.

        ``known``: their checksums when the copy last wrote; None if that is not known. Then those whom the source
        lacks, and who copies, are passed over.
        """
        here = {address(member): member for member in await self._source.members()}
        me = (await self._target.me()).id
        found = []
        for member in await self._target.members():
            given = here.get(address(member))
            if known is None and (given is None or member.id == me):
                continue
            if known is not None and known.get(address(member)) == await self._digest(member):
                continue
            if given is None or not await self._is_same(given, member, with_profile=isinstance(self._target, Host)):
                found.append(member.email)
        return found

    async def _digest(self, member: Member) -> str:
        shown = (member.name, member.badge, member.access, await self._target.photo(member.id))
        return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()

    async def _is_same(self, member: Member, copy: Member, *, with_profile: bool) -> bool:
        if not is_same_member(member, copy, with_profile=with_profile):
            return False
        return not with_profile or await self._source.photo(member.id) == await self._target.photo(copy.id)

    async def _copy_profile(self, member: Member, known: Member) -> bool:
        """Whether name, avatar and photo are the same there afterwards."""
        photo = await self._source.photo(member.id)
        is_same = (known.name, known.badge) == (member.name, member.badge)
        if is_same and photo == await self._target.photo(known.id):
            return True
        own: Any = self._target
        if known.id != (await self._target.me()).id:
            own = self._target.as_member(known.id) if isinstance(self._target, Host) else None
        if own is None or member.badge is None:
            return False
        await own.save_profile(member.name, member.badge)
        await own.save_photo(photo)
        return True

    async def _there(self) -> dict[str, Member]:
        return {address(member): member for member in await self._target.members()}
