"""The first line of the screen: which inbox this is, whether it is live, and who is working.

Shows what it is told; knows no store.
"""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from inbox_tui.domain.models import Access, Member
from inbox_tui.domain.text import clean_name
from inbox_tui.tui.field_message import FieldMessage

_ACCESS = {Access.NONE: "no chat access", Access.EDIT: "Chat edit", Access.ADMIN: "Chat admin"}


class TopBar(Widget):
    """Product, workspace and agent at the left; connection and member at the right."""

    DEFAULT_CSS = """
    TopBar { height: 1; width: 1fr; }
    """

    store_name: reactive[str] = reactive("")
    """Where the workspace lives."""
    agent: reactive[str] = reactive("All agents")
    """The AI agent whose conversations are listed."""
    connection: reactive[str] = reactive("")
    """``● live`` or what hinders it; empty before the store answered."""
    assigned: reactive[int] = reactive(0)
    """Conversations that were assigned to the member and that they have not seen yet."""
    me: reactive[Member | None] = reactive(None)
    """The member who is working."""

    class AgentMenuRequested(FieldMessage):
        """The agent's name was clicked."""

    class AssignedRequested(FieldMessage):
        """What was assigned to the member was clicked."""

    class SettingsRequested(FieldMessage):
        """The member's name was clicked."""

    def render(self) -> Content:
        """The line, the right part kept whole and the left shortened to fit."""
        right, news = self._right(), self._news()
        left = [
            (" inbox-tui ", "bold $primary"),
            (f" {clean_name(self.store_name)} · ", "$inbox-muted"),
            (f"{clean_name(self.agent)} ▾", ""),
        ]
        room = self.size.width - cell_len(news) - cell_len(right) - 1
        while left and sum(cell_len(text) for text, _ in left) > room and len(left) > 1:
            left.pop(1 if len(left) == 3 else 0)
        used = sum(cell_len(text) for text, _ in left)
        gap = " " * max(1, self.size.width - used - cell_len(news) - cell_len(right))
        return Content.assemble(*left, gap, (news, "bold $warning"), (right, "$inbox-muted"))

    def on_click(self, event: events.Click) -> None:
        """Open the menu that belongs to the half that was clicked."""
        event.stop()
        if event.x >= self.size.width - cell_len(self._right()):
            self.post_message(self.SettingsRequested())
        elif event.x >= self.size.width - cell_len(self._news() + self._right()):
            self.post_message(self.AssignedRequested())
        else:
            self.post_message(self.AgentMenuRequested())

    def _news(self) -> str:
        return f"{self.assigned:,} assigned to you   " if self.assigned else ""

    def _right(self) -> str:
        who = f"{clean_name(self.me.label)} · {_ACCESS[self.me.access]} " if self.me else ""
        if self.size.width < 60 and self.me:
            who = f"{clean_name(self.me.label)} "
        is_cramped = bool(self.assigned) and self.size.width < 60
        return f"{self.connection}   {who}" if self.connection and not is_cramped else who
