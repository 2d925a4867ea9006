"""Asked when colleagues replied while a reply was being written.

Going back to the text is what Enter and Escape mean; sending anyway takes a key of
its own, so that nobody talks over a colleague by pressing Enter once too often.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from inbox_tui.domain.models import Message
from inbox_tui.domain.text import clean_body, clean_name
from inbox_tui.tui.screens.dialog import Choice, Dialog

Decision: TypeAlias = Literal["send", "edit"]
"""Send the text as it is, or go back to it."""


class ConflictModal(Dialog[Decision]):
    """Shows what colleagues replied and the text not sent. None is as good as "edit"."""

    heading = "Not sent yet: somebody replied"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "send", "Send anyway", id="dialog.send-anyway", show=False),
    ]

    def __init__(self, replies: tuple[Message, ...], my_text: str) -> None:
        super().__init__()
        self._replies = replies
        self._my_text = my_text

    def compose_body(self) -> ComposeResult:
        """Their replies, then the text that waits."""
        for reply in self._replies:
            who = clean_name(reply.member.label) if reply.member else "A colleague"
            yield Static(Content(f"{who} replied:"), classes="who")
            yield Static(Content(clean_body(reply.body).rstrip()), classes="quote")
        yield Static(Content("Your text:"), classes="who")
        yield Static(Content(clean_body(self._my_text).rstrip()), classes="quote mine")

    def choices(self) -> Iterable[Choice]:
        """The harmless one first."""
        return (Choice("Enter", "Back to my text", "accept"), Choice("s", "Send anyway", "send"))

    async def action_accept(self) -> None:
        """Go back to the text."""
        self.close("edit")

    def action_send(self) -> None:
        """Send it as it is."""
        self.close("send")
