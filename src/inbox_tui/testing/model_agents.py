"""What AI agents do in a model workspace."""

from __future__ import annotations

from datetime import datetime

import msgspec

from inbox_tui.domain import agents, intake
from inbox_tui.domain.agents import NewChat
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.models import AgentId, Conversation, ConversationId, IncomingMessage, Lead
from inbox_tui.domain.rules import Transition
from inbox_tui.testing.model_intake import ModelIntake


class ModelAgents(ModelIntake):
    """The part of the port's Host that AI agents use. Asks for no member's access."""

    async def agent_begin(self, agent: AgentId, chat: NewChat) -> Conversation:
        """Create a conversation, or add what messages it lacks. Raises Conflict, NotFound, Rejected."""
        chat = agents.accepted(chat, self._workspace.clock())
        workspace = self._workspace
        conversation = workspace.find(chat.id)
        if conversation is None:
            if agent not in workspace.agents:
                raise NotFound("This agent does not exist.")
            conversation = workspace.save(Transition(agents.initial_state(chat, workspace.agents[agent])), None)
        agents.require_free(conversation, agent)
        for message in chat.messages:
            conversation = self._receive_once(conversation, message, imported_by=None)
        return conversation

    async def agent_receive(self, agent: AgentId, id: ConversationId, message: IncomingMessage) -> Conversation:
        """What the visitor or the agent said. Raises NotFound, Rejected."""
        written = intake.received(message, self._workspace.clock())
        return self._receive_once(self._own(agent, id), written, imported_by=None)

    async def agent_handoff(self, agent: AgentId, id: ConversationId, at: datetime) -> Conversation:
        """A human is asked for. Raises NotFound, Rejected."""
        ruling = intake.handoff_requested(self._own(agent, id), at, self._workspace.clock())
        return self._workspace.save(ruling, None)

    async def agent_set_lead(self, agent: AgentId, id: ConversationId, lead: Lead) -> Conversation:
        """What is now known of the visitor. Raises NotFound, Rejected."""
        after = msgspec.structs.replace(self._own(agent, id), lead=intake.kept_lead(lead))
        return self._workspace.save(Transition(after), None)

    async def agent_conversation(self, agent: AgentId, id: ConversationId) -> Conversation:
        """One of the agent's conversations. Raises NotFound."""
        return self._own(agent, id)

    def _own(self, agent: AgentId, id: ConversationId) -> Conversation:
        found = self._workspace.conversation(id)
        agents.require_own(found, agent)
        return found
