"""The frame of the reply box: what is written and as whom, what the keys do, the button.

Composes text for one width. It knows neither the widget nor where a reply goes.
"""

from __future__ import annotations

import msgspec
from rich.cells import cell_len

from inbox_tui.domain.models import Kind
from inbox_tui.domain.text import clean_name

NOTE_TITLE = "NOTE · only the team sees this"
CORNERS = 6
"""Columns at both ends of the border that a title cannot use."""
_BUTTONS = {Kind.MESSAGE: "Send reply", Kind.NOTE: "Write note"}
_ENTER_DOES = {Kind.MESSAGE: "sends", Kind.NOTE: "writes it"}


class ReplyFrame(msgspec.Struct, frozen=True):
    """What the frame is composed of; equal frames look the same."""

    kind: Kind
    author: str
    """Who the reply will be from, as the visitor reads it; "" while that is not known."""
    draft_since: str
    """Since when there has been a draft, in words; "" while one is typed that is new."""
    holder: str
    """The colleague who has the conversation; "" where nobody or the author does."""
    complaint: str
    """Why the text was not sent; "" if nothing is wrong."""
    keys: tuple[str, str]
    """The keys that send and that begin a new line."""
    width: int
    """Of the whole box, in cells."""

    @property
    def title(self) -> str:
        """What is written, who else has it and since when. Where room is short, the first of these gives way first."""
        short = "NOTE" if self.kind is Kind.NOTE else "Reply"
        full = NOTE_TITLE if self.kind is Kind.NOTE else f"Reply as {clean_name(self.author)}" if self.author else ""
        has = f"{clean_name(self.holder)} has this" if self.holder else ""
        age = self.draft_since
        if not (has or age):
            return full
        shorter = age.removeprefix("draft ")
        shapes = ((full, has, age), (full, has, shorter), (short, has, age), (short, has, shorter), (has or short, age))
        titles = [" · ".join(part for part in shape if part) for shape in shapes]
        return next((title for title in titles if cell_len(title) <= self._room), has or titles[-1])

    @property
    def bottom(self) -> list[tuple[str, str]]:
        """What the keys do, or what is wrong, and the button at the right: pieces of text with their styles."""
        button = _BUTTONS[self.kind]
        send, newline = (key.title() for key in self.keys)
        sends = f"{send} {_ENTER_DOES[self.kind]}"
        hints = (self.complaint,) if self.complaint else (f"{sends} · {newline} new line", sends)
        hint = next((hint for hint in hints if cell_len(hint) + cell_len(button) + 2 <= self._room), "")
        fill = "─" * (self._room - cell_len(hint) - bool(hint) - cell_len(button) - 1)
        hint_style = "bold $warning" if self.complaint else "$inbox-muted"
        parts = [(hint, hint_style), (" ", "")] if hint else []
        return [*parts, (fill, "$inbox-rule"), (" ", ""), (button, "bold $accent")]

    @property
    def button_from(self) -> int:
        """The button's first column, counted from the box's left edge."""
        return self.width - CORNERS // 2 - cell_len(_BUTTONS[self.kind])

    @property
    def _room(self) -> int:
        return self.width - CORNERS
