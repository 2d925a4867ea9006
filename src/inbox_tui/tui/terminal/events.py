"""What comes from a terminal and the library has no event for. How it is told from bytes stands in ``input``."""

from __future__ import annotations

from enum import Enum, auto

from textual import events
from textual.message import Message


class UnconfirmedEnter(events.Key):
    """An Enter that came in one piece with other keys, or right after a paste: nobody may have pressed it."""

    def __init__(self) -> None:
        super().__init__("enter", "\r")


UnconfirmedEnter.handler_name = events.Key.handler_name  # widgets handle it as the key that it is


class TypedCharacter(events.Key):
    """A character that is text although Python does not call it printable: a joiner, a wide space, a new emoji."""

    @property
    def is_printable(self) -> bool:
        """What is typed goes into the text, whatever this Python's Unicode tables know of it."""
        return True


TypedCharacter.handler_name = events.Key.handler_name


class Pace(Enum):
    """How fast keys came, and so who may have sent them."""

    TYPED = auto()
    """One by one."""
    TOGETHER = auto()
    """Several in one piece, or right behind each other: typed ahead over a slow line, or a short paste."""
    PASTED = auto()
    """More at once than a person types: a paste without marks."""


class Burst(Message):
    """Keys that came together, in their order. Nobody saw what the first of them did before the last was sent."""

    def __init__(self, keys: tuple[events.Key, ...], *, is_pasted: bool) -> None:
        """``is_pasted``: they are more than a person types ahead."""
        super().__init__()
        self.keys = keys
        self.is_pasted = is_pasted


class KittyKeyboardDetected(Message):
    """The terminal speaks kitty's protocol: Shift+Enter is another key than Enter."""


class TerminalReplied(Message):
    """The terminal answered what every terminal answers: all that was sent before has reached it."""
