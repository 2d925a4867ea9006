"""Whose conversations the list shows: all AI agents', or one's."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from textual.content import Content

from inbox_tui.domain.models import Agent, AgentId
from inbox_tui.domain.text import clean_name
from inbox_tui.tui.dialogs.picker import Picker, Row

ALL = "All agents"


class AgentChoice(msgspec.Struct, frozen=True):
    """What was chosen; ``agent`` None means all agents."""

    agent: Agent | None


class AgentDialog(Picker[AgentChoice]):
    """All agents first, then those chosen before, then each by name; the current one is marked and highlighted."""

    def __init__(self, agents: Sequence[Agent], current: AgentId | None, *, recent: Sequence[AgentId] = ()) -> None:
        """``recent`` were chosen before, last first."""
        known = sorted(agents, key=lambda agent: recent.index(agent.id) if agent.id in recent else len(recent))
        rows = [_row(agent, current) for agent in (None, *known)]
        ids = [None, *(agent.id for agent in known)]
        super().__init__(
            "Show conversations handled by",
            rows,
            placeholder="type a name",
            begin_at=ids.index(current) if current in ids else 0,
        )


def _row(agent: Agent | None, current: AgentId | None) -> Row[AgentChoice]:
    name = clean_name(agent.name) if agent else ALL
    mark = "✓ " if (agent.id if agent else None) == current else "  "
    return Row(AgentChoice(agent), Content(mark + name), agent.name if agent else ALL)
