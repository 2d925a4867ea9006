"""Asking for the display name and the avatar that a reply needs.

Returns what was entered; saving it, and sending the text that waits, are the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from inbox_tui.domain.models import Badge
from inbox_tui.domain.rules import badge_for
from inbox_tui.domain.text import NAME_LIMIT, clean_name
from inbox_tui.tui.dialogs.base import Choice, FormDialog, TextField, field
from inbox_tui.tui.widgets.badge_picker import BadgePicker


class Profile(msgspec.Struct, frozen=True):
    """A display name and an avatar, complete."""

    name: str
    badge: Badge


class ProfileDialog(FormDialog[Profile]):
    """Name, initials and colour. The badge follows the name until somebody changes it. None: not now."""

    heading = "Your profile"

    def __init__(self, name: str = "", badge: Badge | None = None) -> None:
        super().__init__()
        self._display_name = name
        self._badge = badge or badge_for(name)
        self._initials_follow = badge is None
        self._color_follows = badge is None

    def compose_body(self) -> ComposeResult:
        """Name, initials, colour, and what they are for."""
        yield field(
            "Name", TextField(self._display_name, id="name", placeholder="as visitors see it", max_length=NAME_LIMIT)
        )
        initials = self._badge.initials if self._display_name or not self._initials_follow else ""
        yield field("Initials", TextField(initials, id="initials", max_length=2))
        picker = BadgePicker()
        picker.color, picker.initials = self._badge.color, initials
        yield field("Colour", picker)
        yield Static("Visitors see this name with your replies. Your draft is safe.", classes="muted", markup=False)

    def choices(self) -> Iterable[Choice]:
        """Save it, or not now."""
        return (Choice("Enter", "Save", "accept"), Choice("Esc", "Not now", "cancel"))

    @on(Input.Changed, "#name")
    def follow_name(self, event: Input.Changed) -> None:
        """Suggest a badge for the name, as far as none was chosen."""
        event.stop()
        self.complain("")
        suggested = badge_for(event.value)
        if self._color_follows:
            self.query_one(BadgePicker).color = suggested.color
        if self._initials_follow:
            letters = suggested.initials if event.value.strip() else ""
            field_ = self.query_one("#initials", TextField)
            with field_.prevent(Input.Changed):
                field_.value = letters
            self.query_one(BadgePicker).initials = letters

    @on(Input.Changed, "#initials")
    def keep_initials(self, event: Input.Changed) -> None:
        """From now on the initials are the member's own."""
        event.stop()
        self.complain("")
        picker = self.query_one(BadgePicker)
        self._initials_follow = self._initials_follow and event.value == picker.initials
        picker.initials = event.value

    @on(BadgePicker.Picked)
    def keep_color(self, event: BadgePicker.Picked) -> None:
        """From now on the colour is the member's own."""
        event.stop()
        self._color_follows = False

    async def action_accept(self) -> None:
        """Give the profile back if it is complete."""
        name_field, initials_field = self.query_one("#name", TextField), self.query_one("#initials", TextField)
        name, initials = clean_name(name_field.value).strip(), "".join(initials_field.value.split())
        if not name:
            self.complain("Enter the name that visitors see.")
            name_field.focus()
        elif not initials:
            self.complain("Enter one or two letters for the avatar.")
            initials_field.focus()
        else:
            self.close(Profile(name, Badge(initials, self.query_one(BadgePicker).color)))
