"""Who works here and what each may do.

Each function is one act inside the transaction of a Unit. None commits.
"""

from __future__ import annotations

from inbox_tui.backends.sql import statements
from inbox_tui.backends.sql.rows import storable, stored
from inbox_tui.backends.sql.unit import Unit
from inbox_tui.domain import rules
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.models import Access, Badge, Member, MemberId
from inbox_tui.store.protocol import PHOTO_LIMIT

NAME_LIMIT = 80
_ADDRESS_LIMIT = 254
_PHOTO_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def add_member(unit: Unit, email: str, name: str, access: Access) -> Member:
    """Admit a person. Raises NotAllowed, Rejected."""
    rules.require_admin(unit.actor)
    require_address(email)
    if unit.roster.by_email(email):
        raise Rejected(
            f"{email.strip()} is a member already.",
            hint="Change what they may do: inbox-tui members access EMAIL edit.",
        )
    return insert_member(unit, email, _checked_name(name), access)


def insert_member(unit: Unit, email: str, name: str, access: Access, badge: Badge | None = None) -> Member:
    """Write a new member, unchecked; gives them back with their id."""
    unit.db.run(
        statements.INSERT_MEMBER,
        email=storable(email.strip()),
        name=name,
        access=access.value,
        initials=badge.initials if badge else None,
        color=badge.color.value if badge else None,
    )
    unit.team_changed()
    return unit.roster.emails[storable(email.strip()).casefold()]


def set_access(unit: Unit, id: MemberId, access: Access) -> Member:
    """Change what a member may do; without chat access nothing stays assigned to them.

    Raises:
        NotAllowed, NotFound, Rejected.
    """
    actor = unit.actor
    rules.require_admin(actor)
    member = unit.roster.member(id)
    rules.require_admin_left(unit.roster.members.values(), member, access)
    if member.access is access:
        return member
    if access is Access.NONE:
        for row in unit.db.rows(statements.CONVERSATIONS_OF_ASSIGNEE, member=int(member.id)):
            before = stored(row, unit.roster)
            unit.save(before, rules.access_lost(before.conversation), actor)
    unit.db.run(statements.SET_ACCESS, id=int(member.id), access=access.value)
    unit.team_changed()
    return unit.roster.member(id)


def save_profile(unit: Unit, name: str, badge: Badge) -> Member:
    """The acting member's display name and avatar. Raises Rejected."""
    actor = unit.actor
    name = _checked_name(name)
    if not name:
        raise Rejected("The display name is empty.", hint="Enter the name that visitors and colleagues should see.")
    initials = badge.initials.strip().upper()
    if not (1 <= len(initials) <= 2 and initials.isalnum()):
        raise Rejected("An avatar has one or two letters.", hint="Use the first letters of your name.")
    unit.db.run(statements.SET_PROFILE, id=int(actor.id), name=name, initials=initials, color=badge.color.value)
    unit.team_changed()
    return unit.roster.member(actor.id)


def save_photo(unit: Unit, photo: bytes | None) -> None:
    """The acting member's photo; None removes it. Raises Rejected."""
    if photo is not None:
        if len(photo) > PHOTO_LIMIT:
            raise Rejected(
                f"The photo has {len(photo):,} bytes; {PHOTO_LIMIT:,} is the most.", hint="Use a smaller one."
            )
        if not photo.startswith(_PHOTO_BEGINNINGS):
            raise Rejected("The photo is neither PNG nor JPEG.", hint="Choose a PNG or JPEG file.")
    unit.db.run(statements.SET_PHOTO, id=int(unit.actor.id), photo=photo)
    unit.team_changed()


def require_address(email: str) -> None:
    """Raises Rejected for what cannot be an e-mail address."""
    address = email.strip()
    local, _, domain = address.rpartition("@")
    is_plain = address.isprintable() and " " not in address and "@" not in local
    if not (local and domain and is_plain and len(address) <= _ADDRESS_LIMIT):
        raise Rejected(f"{address!r} is not an e-mail address.", hint="Write it like dana@acme.example.")


def _checked_name(name: str) -> str:
    name = storable(name.strip())
    if len(name) > NAME_LIMIT:
        raise Rejected(f"The name has {len(name)} characters; {NAME_LIMIT} is the most.", hint="Use a shorter one.")
    return name
