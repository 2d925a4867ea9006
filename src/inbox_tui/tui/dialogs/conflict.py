"""Asked when colleagues replied, or the visitor wrote out of sight, while a reply was being written.

Going back to the text is what Enter and Escape mean; sending anyway takes a key that
no word holds, so that nobody talks over a colleague because the question came up while
they went on typing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from inbox_tui.domain.models import ConversationId, Message
from inbox_tui.domain.text import clean_name
from inbox_tui.tui.dialogs.base import Choice, Dialog
from inbox_tui.tui.presenters.passages import passage

Decision: TypeAlias = Literal["send", "edit"]
"""Send the text as it is, or go back to it."""


class ConflictDialog(Dialog[Decision]):
    """Shows what was written meanwhile and the text not sent. None is as good as "edit"."""

    AUTO_FOCUS = ""  # on a button, a space between two words would be an answer
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+y", "send", "Send anyway, over newer messages", id="reply.send-anyway", show=False),
    ]

    def __init__(
        self,
        replies: tuple[Message, ...],
        my_text: str,
        send_key: str = "ctrl+y",
        *,
        conversation: ConversationId | None = None,
        visitor: str = "",
    ) -> None:
        """``visitor`` is who wrote the messages that have no member."""
        super().__init__()
        self._conversation = conversation
        self._replies = replies
        self._visitor = clean_name(visitor)
        self._verb = "wrote" if visitor else "replied"
        names = dict.fromkeys(_name(reply, self._visitor or "a colleague") for reply in replies)
        self.heading = f"Not sent yet: {' and '.join(names)} {self._verb}"
        self._my_text = my_text
        self._send_key = send_key

    def compose_body(self) -> ComposeResult:
        """Their replies, then the text that waits."""
        for reply in self._replies:
            yield Static(Content(f"{_name(reply, self._visitor or 'A colleague')} {self._verb}:"), classes="who")
            yield Static(Content(passage(reply.body, self._conversation)), classes="quote")
        yield Static(Content("Your text:"), classes="who")
        yield Static(Content(passage(self._my_text, is_mine=True)), classes="quote mine")

    def choices(self) -> Iterable[Choice]:
        """The harmless one first."""
        return (Choice("Enter", "Back to my text", "accept"), Choice(self._send_key, "Send anyway", "send"))

    async def action_accept(self) -> None:
        """Go back to the text."""
        self.close("edit")

    def action_send(self) -> None:
        """Send it as it is."""
        self.close("send")


def _name(reply: Message, unknown: str) -> str:
    return clean_name(reply.member.label) if reply.member else unknown
