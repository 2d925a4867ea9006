"""Members and agents, kept in memory: few, read with every row of a list, changed rarely.

A roster is a snapshot; ``roster_reader`` says when a newer one must be read. Holds no SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from inbox_tui.domain.errors import CredentialError, NotFound
from inbox_tui.domain.models import Agent, Member, MemberId
from inbox_tui.domain.names import name_key


class Roster(msgspec.Struct, frozen=True):
    """Everybody in the workspace, by row number."""

    version: tuple[Any, ...]
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
