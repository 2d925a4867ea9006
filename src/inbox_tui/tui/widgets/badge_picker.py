"""Choosing the colour of a badge.

Shows the eight colours, the badge as it will look, and the colour's name, so that the
choice can be made without seeing colours. Knows nothing of profiles.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from inbox_tui.domain.models import Badge, Color, Member, MemberId
from inbox_tui.tui.field_message import FieldMessage
from inbox_tui.tui.presenters.badges import badge_segment

_COLORS = tuple(Color)


class BadgePicker(Widget, can_focus=True):
    """Two lines: the colours with the chosen one in brackets; the badge and the colour's name."""

    DEFAULT_CSS = """
    BadgePicker { width: 1fr; height: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Previous colour", id="dialog.previous-color", show=False),
        Binding("right", "move(1)", "Next colour", id="dialog.next-color", show=False),
    ]

    color: reactive[Color] = reactive(Color.BLUE)
    """The colour that is chosen."""
    initials: reactive[str] = reactive("")
    """The badge's letters."""

    class Picked(FieldMessage):
        """A person chose a colour."""

        color: Color
        picker: BadgePicker

        @property
        def control(self) -> BadgePicker:
            """The picker in which it was chosen."""
            return self.picker

    def render(self) -> Content:
        """The colours, then the badge with the name of its colour."""
        parts: list[str | tuple[str, str]] = []
        for color in _COLORS:
            before, after = ("[", "]") if color is self.color else (" ", " ")
            parts += [before, ("●", f"$badge-{color}"), after]
        badge = badge_segment(Member(MemberId(""), "", badge=Badge(self.initials, self.color)))
        name = (f" {self.color}", "bold" if self.has_focus else "")
        hint = ("  ← → choose", "$inbox-muted") if self.has_focus else ""
        return Content.assemble(*parts, "\n", badge, name, hint)

    def action_move(self, steps: int) -> None:
        """Choose the colour some steps to the right, around the end."""
        self._pick(_COLORS[(_COLORS.index(self.color) + steps) % len(_COLORS)])

    def on_click(self, event: events.Click) -> None:
        """Choose the colour under the mouse."""
        event.stop()
        place = event.get_content_offset(self)
        if place is not None and place.y == 0 and place.x < 3 * len(_COLORS):
            self._pick(_COLORS[place.x // 3])

    def watch_has_focus(self, _has_focus: bool) -> None:
        """The hint shows only where the keys work."""
        super().watch_has_focus(_has_focus)
        self.refresh()

    def _pick(self, color: Color) -> None:
        self.color = color
        self.post_message(self.Picked(color, self))
