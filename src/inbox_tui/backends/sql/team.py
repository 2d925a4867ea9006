"""Who works here and what each may do.

Each function is one act inside the transaction of a Unit. None commits.
"""

from __future__ import annotations

from inbox_tui.backends.sql import statements
from inbox_tui.backends.sql.unit import UnitOfWork
from inbox_tui.domain import rules, team
from inbox_tui.domain.models import Access, Badge, Member, MemberId
from inbox_tui.domain.text import replace_unstorable


def add_member(unit: UnitOfWork, email: str, name: str, access: Access) -> Member:
    """Admit a person. Raises NotAllowed, Rejected."""
    rules.require_admin(unit.actor)
    address = team.checked_address(email)
    team.require_new(address, is_known=unit.roster.by_email(address) is not None)
    return insert_member(unit, address, team.checked_name(name), access)


def insert_member(unit: UnitOfWork, email: str, name: str, access: Access, badge: Badge | None = None) -> Member:
    """Write a new member, unchecked; gives them back with their id."""
    address = replace_unstorable(email.strip())
    unit.db.run(
        statements.INSERT_MEMBER,
        email=address,
        name=name,
        access=access.value,
        initials=badge.initials if badge else None,
        color=badge.color.value if badge else None,
    )
    unit.team_changed()
    added = unit.roster.by_email(address)
    assert added is not None  # written above
    return added


def set_access(unit: UnitOfWork, id: MemberId, access: Access) -> Member:
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
        for before in unit.assigned_to(member):
            unit.save(before, rules.access_lost(before.conversation), actor)
    unit.db.run(statements.SET_ACCESS, id=int(member.id), access=access.value)
    unit.team_changed()
    return unit.roster.member(id)


def save_profile(unit: UnitOfWork, name: str, badge: Badge) -> Member:
    """The acting member's display name and avatar. Raises Rejected."""
    actor = unit.actor
    name, badge = team.checked_profile(name, badge)
    unit.db.run(statements.SET_PROFILE, id=int(actor.id), name=name, initials=badge.initials, color=badge.color.value)
    unit.team_changed()
    return unit.roster.member(actor.id)


def save_photo(unit: UnitOfWork, photo: bytes | None) -> None:
    """The acting member's photo; None removes it. Raises Rejected."""
    if photo is not None:
        team.require_photo(photo)
    unit.db.run(statements.SET_PHOTO, id=int(unit.actor.id), photo=photo)
    unit.team_changed()
