"""Choosing whose conversations the list shows: all AI agents', or one's.

Typing narrows. Returns the choice; reading the list for it is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from inbox_tui.domain.models import Agent, AgentId
from inbox_tui.domain.text import clean_name, folded
from inbox_tui.tui.dialogs.base import Choice, Dialog, TextField

ALL = "All agents"


class AgentChoice(msgspec.Struct, frozen=True):
    """What was chosen; ``agent`` None means all agents."""

    agent: Agent | None


class AgentDialog(Dialog[AgentChoice]):
    """All agents first, then each by name; the current one is marked. None: as it was."""

    heading = "Conversations of"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "highlight(-1)", "Previous agent", id="dialog.previous-option", show=False),
        Binding("down", "highlight(1)", "Next agent", id="dialog.next-option", show=False),
    ]

    def __init__(self, agents: Sequence[Agent], current: AgentId | None) -> None:
        super().__init__()
        self._agents: tuple[Agent | None, ...] = (None, *agents)
        self._current = current
        self._shown: tuple[Agent | None, ...] = ()

    def compose_body(self) -> ComposeResult:
        """The words that narrow, and the agents."""
        yield TextField(id="narrow", placeholder="type to narrow")
        options = OptionList(markup=False, compact=True)
        options.can_focus = False  # the keys stay with the words; up, down and Enter work from there
        yield options

    def choices(self) -> Iterable[Choice]:
        """Take the highlighted one, or leave it."""
        return (Choice("Enter", "Show", "accept"), Choice("Esc", "Cancel", "cancel"))

    def on_mount(self) -> None:
        """Show all, the current one highlighted."""
        super().on_mount()
        self._show(self._agents)
        ids = [agent.id if agent else None for agent in self._agents]
        if self._current in ids:
            self.query_one(OptionList).highlighted = ids.index(self._current)

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Show the agents whose names have the words."""
        event.stop()
        words = folded(event.value.strip())
        if words:
            self._show(tuple(agent for agent in self._agents if words in folded(agent.name if agent else ALL)))
        elif self._shown != self._agents:
            self._show(self._agents)

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """A click takes the agent."""
        event.stop()
        self.close(AgentChoice(self._shown[event.option_index]))

    async def action_accept(self) -> None:
        """Take the highlighted agent."""
        index = self.query_one(OptionList).highlighted
        if index is not None:
            self.close(AgentChoice(self._shown[index]))

    def action_highlight(self, steps: int) -> None:
        """Move the highlight, around the end."""
        options = self.query_one(OptionList)
        if self._shown:
            options.highlighted = ((options.highlighted or 0) + steps) % len(self._shown)

    def _show(self, agents: tuple[Agent | None, ...]) -> None:
        self._shown = agents
        options = self.query_one(OptionList)
        options.set_options([Option(self._prompt(agent)) for agent in agents])
        options.highlighted = 0 if agents else None
        self.complain("" if agents else "No agent has these words in its name.")

    def _prompt(self, agent: Agent | None) -> Content:
        mark = "✓ " if (agent.id if agent else None) == self._current else "  "
        return Content(mark + (clean_name(agent.name) if agent else ALL))
