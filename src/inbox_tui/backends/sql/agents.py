"""The acts of AI agents on their own conversations.

Each writing function is one act inside the transaction of a Unit; none commits.
"""

from __future__ import annotations

from datetime import datetime

from inbox_tui.backends.sql import intake, reads
from inbox_tui.backends.sql.database import Database
from inbox_tui.backends.sql.roster import row_number
from inbox_tui.backends.sql.roster_reader import current_roster
from inbox_tui.backends.sql.rows import Stored
from inbox_tui.backends.sql.unit import UnitOfWork
from inbox_tui.domain import agents
from inbox_tui.domain.agents import NewChat
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.intake import received
from inbox_tui.domain.models import Agent, AgentId, Conversation, ConversationId, IncomingMessage, Lead


def begin(unit: UnitOfWork, agent: AgentId, chat: NewChat) -> Conversation:
    """Create a conversation, or add what messages it lacks. Raises Conflict, NotFound, Rejected."""
    chat = agents.accepted(chat, unit.at)
    before = unit.find(chat.id)
    if before is None:
        new = agents.initial_state(chat, _known(unit, agent))
        before = Stored(unit.add_conversation(new), new, None)
    agents.require_free(before.conversation, agent)
    for message in chat.messages:
        before = intake.receive_once(unit, before, message, imported_by=None)
    return before.conversation


def receive(unit: UnitOfWork, agent: AgentId, id: ConversationId, message: IncomingMessage) -> Conversation:
    """What the visitor or the agent said. Raises NotFound, Rejected."""
    written = received(message, unit.at)
    return intake.receive_once(unit, _own(unit, agent, id), written, imported_by=None).conversation


def request_handoff(unit: UnitOfWork, agent: AgentId, id: ConversationId, at: datetime) -> Conversation:
    """A human is asked for. Raises NotFound, Rejected."""
    return intake.handed_off(unit, _own(unit, agent, id), at).conversation


def set_lead(unit: UnitOfWork, agent: AgentId, id: ConversationId, lead: Lead) -> Conversation:
    """Replace what is known of the visitor. Raises NotFound, Rejected."""
    return intake.with_lead(unit, _own(unit, agent, id), lead).conversation


def find(db: Database, agent: AgentId, id: ConversationId) -> Conversation:
    """One of the agent's conversations. Raises NotFound."""
    found = reads.load(db, id, current_roster(db)).conversation
    agents.require_own(found, agent)
    return found


def _own(unit: UnitOfWork, agent: AgentId, id: ConversationId) -> Stored:
    found = unit.load(id)
    agents.require_own(found.conversation, agent)
    return found


def _known(unit: UnitOfWork, agent: AgentId) -> Agent:
    found = unit.roster.agents.get(row_number(agent))
    if found is None:
        raise NotFound("This agent does not exist.")
    return found
