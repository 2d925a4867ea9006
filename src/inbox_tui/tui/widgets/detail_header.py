"""Who the open conversation is with, who has it, and the buttons beside that.

Two lines in one widget. Says what was clicked; assigning and resolving are the
screen's.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.reactive import reactive
from textual.widget import Widget

from inbox_tui.domain.models import Conversation, Status
from inbox_tui.domain.text import clean_line, clean_name
from inbox_tui.tui.field_message import FieldMessage
from inbox_tui.tui.presenters.badges import NOBODY, badge_segment
from inbox_tui.tui.presenters.thread import shortened
from inbox_tui.tui.presenters.times import age

MIN_NAME = 8
"""Columns that the visitor's name keeps before the buttons become shorter."""
MIN_DETAIL = 6
"""Columns below which a detail is left out rather than cut."""
_GAP = 2


class _Button(NamedTuple):
    """A button as it is painted, in one of its lengths."""

    parts: tuple[tuple[str, str], ...]

    @property
    def width(self) -> int:
        """Columns that it takes."""
        return sum(cell_len(text) for text, _ in self.parts)


class DetailHeader(Widget):
    """Visitor and buttons on the first line; lead, wait, topic and agent on the second."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    DetailHeader { height: 2; width: 1fr; padding: 0 1 0 0; }
    """

    conversation: reactive[Conversation | None] = reactive(None)
    """The open conversation."""
    can_chat: reactive[bool] = reactive(True)
    """The member may assign and resolve; without that there are no buttons."""
    shows_agent: reactive[bool] = reactive(False)
    """Name the AI agent: conversations of all agents are listed."""
    now: reactive[datetime | None] = reactive(None)
    """The present, by which a wait is measured."""

    class AssignRequested(FieldMessage):
        """The Assign button was clicked."""

        conversation: Conversation

    class StatusToggled(FieldMessage):
        """Mark resolved, or Reopen, was clicked."""

        conversation: Conversation

    def render(self) -> Content:
        """Both lines, each within the width."""
        conversation = self.conversation
        if conversation is None:
            return Content("")
        return Content.assemble(*self._first_line(conversation), "\n", *self._second_line(conversation))

    def on_click(self, event: events.Click) -> None:
        """Say which button was clicked."""
        event.stop()
        conversation = self.conversation
        if conversation is None or not self.can_chat or event.y != 0:
            return
        assign, status = self._buttons(conversation)
        status_from = self.size.width - status.width
        if event.x >= status_from:
            self.post_message(self.StatusToggled(conversation))
        elif status_from - _GAP - assign.width <= event.x < status_from - _GAP:
            self.post_message(self.AssignRequested(conversation))

    def assign_region(self) -> Region:
        """Where the Assign button is on the screen; what hangs from it goes below."""
        right = self.content_region.right
        if self.conversation is None or not self.can_chat:
            return Region(right, self.content_region.y, 0, 1)
        assign, status = self._buttons(self.conversation)
        left = right - status.width - _GAP - assign.width
        return Region(max(self.content_region.x, left), self.content_region.y, assign.width, 1)

    def _first_line(self, conversation: Conversation) -> list[tuple[str, str]]:
        width = self.size.width
        name = clean_name(conversation.visitor)
        if not self.can_chat:
            return [(shortened(name, width), "bold")]
        assign, status = self._buttons(conversation)
        room = max(0, width - assign.width - status.width - 2 * _GAP)
        shown = shortened(name, room)
        gap = " " * max(1, width - cell_len(shown) - assign.width - _GAP - status.width)
        return [(shown, "bold"), (gap, ""), *assign.parts, (" " * _GAP, ""), *status.parts]

    def _second_line(self, conversation: Conversation) -> list[tuple[str, str]]:
        width = self.size.width
        wait = self._wait(conversation)
        lead = conversation.lead
        known = " · ".join(clean_line(part) for part in (lead.email, lead.phone, lead.company) if part)
        known = f"{known} · lead" if known else "lead" if conversation.has_lead else ""
        used = cell_len(wait) + 3 if wait else 0
        parts: list[tuple[str, str]] = []
        for text, style in ((known, "$inbox-muted"), (wait, "bold $warning"), *self._details(conversation)):
            separator = " · " if parts else ""
            is_wait = bool(wait) and text == wait
            room = width - sum(cell_len(part) for part, _ in parts) - cell_len(separator)
            room -= 0 if is_wait or any(part == wait for part, _ in parts) else used
            if not text or (cell_len(text) > room and room < MIN_DETAIL):
                continue
            parts += [(separator, "$inbox-muted"), (shortened(text, room), style)]
        return parts

    def _details(self, conversation: Conversation) -> list[tuple[str, str]]:
        agent = clean_name(conversation.agent.name) if self.shows_agent else ""
        return [(clean_line(conversation.topic), ""), (agent, "$inbox-muted")]

    def _wait(self, conversation: Conversation) -> str:
        if conversation.waiting_since is None or conversation.status is not Status.OPEN:
            return ""
        return f"● waiting {age(conversation.waiting_since, self.now)}" if self.now else "● waiting"

    def _buttons(self, conversation: Conversation) -> tuple[_Button, _Button]:
        """The Assign and the status button, in the longest form that leaves the name some room."""
        assign, short_assign = self._assign_forms(conversation)
        status, short_status = self._status_forms(conversation)
        room = self.size.width - min(cell_len(clean_name(conversation.visitor)), MIN_NAME) - 2 * _GAP
        for pair in ((assign, status), (short_assign, status)):
            if pair[0].width + pair[1].width <= room:
                return pair
        return short_assign, short_status

    def _assign_forms(self, conversation: Conversation) -> tuple[_Button, _Button]:
        holder = conversation.assignee
        if holder is None:
            return _Button((("Assign ", "bold"), (NOBODY, "bold $accent"))), _Button(((NOBODY, "bold $accent"),))
        badge = badge_segment(holder)
        arrow = (" ▾", "bold $accent")
        return _Button((badge, (f" {clean_name(holder.label)}", "bold"), arrow)), _Button((badge, arrow))

    def _status_forms(self, conversation: Conversation) -> tuple[_Button, _Button]:
        if conversation.status is Status.OPEN:
            mark, words, style = "✓", " Mark resolved", "bold $success"
        else:
            mark, words, style = "↺", " Reopen", "bold $accent"
        return _Button(((mark, style), (words, "bold"))), _Button(((mark, style),))
