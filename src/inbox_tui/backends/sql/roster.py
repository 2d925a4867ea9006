"""Members and agents, kept in memory: few, read with every row of a list, changed rarely.

A roster is a snapshot. ``current_roster`` notices by the number and the time of the last team change,
in the same transaction as the rows it is used for, that a newer one must be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from inbox_tui.domain.errors import CredentialError, NotFound
from inbox_tui.domain.models import Access, Agent, AgentId, Badge, Color, Member, MemberId
from inbox_tui.domain.names import name_key
from inbox_tui.domain.team import told_apart

if TYPE_CHECKING:
    from inbox_tui.backends.sql.database import Database, Row

LAST_TEAM_CHANGE = "SELECT seq, at FROM change WHERE kind = 'team' ORDER BY seq DESC LIMIT 1"
MEMBERS = "SELECT id, email, name, initials, color, access FROM member"
AGENTS = "SELECT id, name FROM agent"


_COLORS = {color.value: color for color in Color}
_ACCESSES = {access.value: access for access in Access}
"""A colour or a kind of access that this version does not know shows as blue, and permits nothing."""


class Roster(msgspec.Struct, frozen=True):
    """Everybody in the workspace, by row number."""

    version: Row
    """Number and time of the team change up to which this is true; empty if there was none."""
    members: dict[int, Member]
    agents: dict[int, Agent]
    emails: dict[str, Member]
    """By ``name_key`` of the address; of several with the same the first."""
    agent_rows: dict[str, int]
    """Agents' row numbers by ``name_key`` of the name; of several with the same the first."""

    def member(self, id: MemberId) -> Member:
        """The member with this id. Raises NotFound."""
        found = self.members.get(row_number(id))
        if found is None:
            raise NotFound("This member does not exist.", hint="See who does with 'inbox-tui members list'.")
        return found

    def acting(self, me: MemberId) -> Member:
        """The member who is asking. Raises CredentialError if they were removed."""
        found = self.members.get(row_number(me))
        if found is None:
            raise CredentialError("You are no longer a member of this workspace.")
        return found

    def by_email(self, email: str) -> Member | None:
        """The member with this address, however it is spelled."""
        return self.emails.get(name_key(email))

    def by_name(self, name: str) -> Agent | None:
        """The AI agent of this name, however it is spelled."""
        row = self.agent_rows.get(name_key(name))
        return None if row is None else self.agents[row]


def agents_by_name(roster: Roster) -> Sequence[Agent]:
    """All AI agents, as they are listed."""
    return sorted(roster.agents.values(), key=lambda agent: agent.name.casefold())


def members_by_name(roster: Roster) -> Sequence[Member]:
    """All members, as they are listed."""
    return sorted(roster.members.values(), key=lambda member: member.label.casefold())


def row_number(id: str) -> int:
    """The row that an id of ours names; a foreign id names none (-1)."""
    return int(id) if id.isascii() and id.isdecimal() and len(id) < 19 else -1


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
