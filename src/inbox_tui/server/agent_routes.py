"""The routes for websites and AI agents. Each handler is one verb of ``AgentApi``."""

from __future__ import annotations

from litestar import Router, get, post, put
from litestar.params import FromPath, JSONBody

from inbox_tui.domain.models import Lead
from inbox_tui.server.access import AgentOf, Audience
from inbox_tui.server.ids import conversation_id
from inbox_tui.store.api import ROOT, AgentMessage, AgentView, Handoff, NewConversation


@post("/agent/conversations", opt={"audience": Audience.AGENT})
async def begin(api: AgentOf, data: JSONBody[NewConversation]) -> AgentView:
    """Begin a conversation, with its first messages if there are any. The same id again adds what it lacks."""
    return AgentView.of(await api.begin(data))


@get("/agent/conversations/{id:str}", opt={"audience": Audience.AGENT})
async def look(api: AgentOf, id: FromPath[str]) -> AgentView:
    """Where a conversation stands: whether it is open, and whether somebody waits for a human."""
    return AgentView.of(await api.get(conversation_id(id)))


@post("/agent/conversations/{id:str}/messages", opt={"audience": Audience.AGENT}, status_code=200)
async def add_message(api: AgentOf, id: FromPath[str], data: JSONBody[AgentMessage]) -> AgentView:
    """What the visitor or the agent said; the same key again is not stored twice."""
    return AgentView.of(await api.add(conversation_id(id), data))


@put("/agent/conversations/{id:str}/lead", opt={"audience": Audience.AGENT})
async def set_lead(api: AgentOf, id: FromPath[str], data: JSONBody[Lead]) -> AgentView:
    """What is now known of the visitor, instead of what was."""
    return AgentView.of(await api.set_lead(conversation_id(id), data))


@post("/agent/conversations/{id:str}/handoff", opt={"audience": Audience.AGENT}, status_code=200)
async def request_handoff(api: AgentOf, id: FromPath[str], data: JSONBody[Handoff]) -> AgentView:
    """A human is asked for."""
    return AgentView.of(await api.request_handoff(conversation_id(id), data.at))


AGENTS = Router(ROOT, route_handlers=[begin, look, add_message, set_lead, request_handoff], tags=["agents"])
