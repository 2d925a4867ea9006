"""The rules for members: valid addresses, names, avatars and photos.

Pure functions that every store of ours applies before it writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.models import Badge, Conversation, Member, MemberId, Message
from inbox_tui.domain.names import is_blank, name_key
from inbox_tui.domain.text import NAME_LIMIT, replace_unstorable

ADDRESS_LIMIT = 254
"""Characters of a member's e-mail address, and bytes in UTF-8 of one that an import names (RFC 5321 section 4.5.3.1).

Members whose addresses earlier versions took in characters can be added to another store with all of them."""
PHOTO_LIMIT = 1_000_000
"""The most bytes of a member's photo."""
_PHOTO_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def told_apart(members: Iterable[Member]) -> list[Member]:
    """The members, each knowing whether another has the same name, however it is spelled."""
    known = list(members)
    names = Counter(name_key(member.name) for member in known)
    return [
        msgspec.structs.replace(member, is_namesake=bool(name_key(member.name)) and names[name_key(member.name)] > 1)
        for member in known
    ]


def with_members(conversation: Conversation, members: Mapping[MemberId, Member]) -> Conversation:
    """The conversation with the current record of its assignee; the same object if nothing changed."""
    holder = conversation.assignee
    now = members.get(holder.id, holder) if holder is not None else None
    return conversation if now == holder else msgspec.structs.replace(conversation, assignee=now)


def written_by_members(message: Message, members: Mapping[MemberId, Member]) -> Message:
    """The message with the current records of its author and importer; the same object if nothing changed."""
    was = message.member, message.imported_by
    now = tuple(members.get(each.id, each) if each is not None else None for each in was)
    return message if now == was else msgspec.structs.replace(message, member=now[0], imported_by=now[1])


def checked_address(email: str) -> str:
    """The address in the form that stores keep. Raises Rejected for an invalid one."""
    address = email.strip()
    local, _, domain = address.rpartition("@")
    is_plain = address.isprintable() and " " not in address and "@" not in local
    if not (local and domain and is_plain and len(address) <= ADDRESS_LIMIT):
        raise Rejected(f"{address!r} is not an e-mail address.", hint="Write it like dana@acme.example.")
    return replace_unstorable(address)


def require_new(address: str, *, is_known: bool) -> None:
    """Raises Rejected if a member already has the address."""
    if is_known:
        raise Rejected(
            f"{address} is a member already.",
            hint="Change what they may do: inbox-tui members access EMAIL edit.",
        )


def checked_name(name: str) -> str:
    """The display name in the form that stores keep, possibly empty. Raises Rejected for one that is too long."""
    name = replace_unstorable(name.strip())
    if len(name) > NAME_LIMIT:
        raise Rejected(f"The name has {len(name)} characters; {NAME_LIMIT} is the most.", hint="Use a shorter one.")
    return "" if is_blank(name) else name


def checked_profile(name: str, badge: Badge) -> tuple[str, Badge]:
    """A complete profile in the form that stores keep. Raises Rejected for an invalid name or avatar."""
    name = checked_name(name)
    if not name:
        raise Rejected("The display name is empty.", hint="Enter the name that visitors and colleagues should see.")
    initials = badge.initials.strip().upper()
    if not (1 <= len(initials) <= 2 and initials.isalnum()):
        raise Rejected("An avatar has one or two letters.", hint="Use the first letters of your name.")
    return name, Badge(initials, badge.color)


def require_photo(photo: bytes) -> None:
    """Raises Rejected unless the photo is a PNG or JPEG of at most PHOTO_LIMIT bytes."""
    if len(photo) > PHOTO_LIMIT:
        raise Rejected(f"The photo has {len(photo):,} bytes; {PHOTO_LIMIT:,} is the most.", hint="Use a smaller one.")
    if not photo.startswith(_PHOTO_BEGINNINGS):
        raise Rejected("The photo is neither PNG nor JPEG.", hint="Choose a PNG or JPEG file.")
