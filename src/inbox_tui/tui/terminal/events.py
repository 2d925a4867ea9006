"""What comes from a terminal and the library has no event for. How it is told from bytes stands in ``input``."""

from __future__ import annotations

from textual import events
from textual.message import Message


class HastyEnter(events.Key):
    """An Enter that came in one piece with other keys, or right after a paste: nobody may have pressed it."""

    def __init__(self) -> None:
        super().__init__("enter", "\r")


HastyEnter.handler_name = events.Key.handler_name  # widgets handle it as the key that it is


class KeysToldApart(Message):
    """The terminal speaks kitty's protocol: Shift+Enter is another key than Enter."""


class Answered(Message):
    """The terminal answered what every terminal answers: all that was sent before has reached it."""
