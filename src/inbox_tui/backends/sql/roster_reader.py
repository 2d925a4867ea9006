"""Reads the members and agents, and only when they changed.

``current_roster`` notices by the number and the time of the last team change, in the same transaction
as the rows it is used for, that a newer one must be read.
"""

from __future__ import annotations

from inbox_tui.backends.sql.database import Database, Row
from inbox_tui.backends.sql.roster import Roster
from inbox_tui.domain.models import Access, Agent, AgentId, Badge, Color, Member, MemberId
from inbox_tui.domain.names import name_key
from inbox_tui.domain.team import told_apart

LAST_TEAM_CHANGE = "SELECT seq, at FROM change WHERE kind = 'team' ORDER BY seq DESC LIMIT 1"
MEMBERS = "SELECT id, email, name, initials, color, access FROM member"
AGENTS = "SELECT id, name FROM agent"


_COLORS = {color.value: color for color in Color}
_ACCESSES = {access.value: access for access in Access}
"""A colour or a kind of access that this version does not know shows as blue, and permits nothing."""


def current_roster(db: Database) -> Roster:
    """The members and agents as the transaction under way sees them."""
    version = db.row(LAST_TEAM_CHANGE) or ()
    if db.roster is None or db.roster.version != version:
        db.roster = _read(db, version)
    return db.roster


def _read(db: Database, version: Row) -> Roster:
    members = {int(member.id): member for member in told_apart(map(_member, db.rows(MEMBERS)))}
    agents = {row[0]: Agent(AgentId(str(row[0])), row[1]) for row in db.rows(AGENTS)}
    return Roster(
        version,
        members,
        agents,
        {name_key(members[id].email): members[id] for id in sorted(members, reverse=True)},
        {name_key(agents[id].name): id for id in sorted(agents, reverse=True)},
    )


def _member(row: Row) -> Member:
    id, email, name, initials, color, access = row
    badge = None if initials is None else Badge(initials, _COLORS.get(color, Color.BLUE))
    return Member(MemberId(str(id)), email, name, badge, _ACCESSES.get(access, Access.NONE))
