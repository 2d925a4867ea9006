"""Taking conversations, and people and agents that nothing names any more, out of a workspace for good.

Each function is one act inside the transaction of a Unit. None commits.
"""

from __future__ import annotations

from collections.abc import Sequence

from inbox_tui.backends.sql import statements, team
from inbox_tui.backends.sql.roster import row_number
from inbox_tui.backends.sql.unit import UnitOfWork
from inbox_tui.domain import rules
from inbox_tui.domain.models import Access, ConversationId, MemberId
from inbox_tui.store.protocol import Removed


def remove(unit: UnitOfWork, conversations: Sequence[ConversationId], members: Sequence[MemberId]) -> Removed:
    """Delete conversations and members; those that are not there are passed over. Raises NotAllowed, Rejected."""
    rules.require_admin(unit.actor)
    unit.look_up(conversations)
    gone = [found for id in dict.fromkeys(conversations) if (found := unit.find(id)) is not None]
    for conversation in gone:
        unit.remove(conversation)
    leaving = [id for id in dict.fromkeys(members) if row_number(id) in unit.roster.members and id != unit.actor.id]
    for id in leaving:
        team.set_access(unit, id, Access.NONE)
    unit.write_now()
    left = sum(unit.db.row(statements.DELETE_MEMBER, id=int(id)) is not None for id in leaving)
    for agent in {row_number(found.conversation.agent.id) for found in gone}:
        unit.db.run(statements.DELETE_AGENT, id=agent)
    unit.team_changed()
    return Removed(len(gone), left)
