"""The last line of the screen as words and styles: where the keys go, which work there, what just happened.

Shares the width out: the keys always keep a place, and a message that does not fit beside
them gets lines of its own above. Knows no widget.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len

from inbox_tui.tui.presenters.keys import Hint
from inbox_tui.tui.presenters.thread import shortened, wrap

MAX_LINES = 4
"""Lines that a message may take above the keys."""
KEYS_BESIDE = 1
"""Keys that a message on the same line leaves at least, besides the last one."""
MARK_WIDTH = 3
"""A margin, and the mark before a message."""
_GAP = 2
_WORDS = "$inbox-muted"

Part = tuple[str, str]
"""Words and their style."""


class LastLine(NamedTuple):
    """What is to be painted."""

    above: list[str]
    """The message, in lines; none where it stands beside the keys."""
    keys: list[Part]


def last_line(width: int, mode: str, hints: tuple[Hint, ...], mark: Part, message: str) -> LastLine:
    """The keys and the message, in ``width`` columns where the mode word and the last hint leave as many.

    Args:
        width: Columns of the terminal.
        mode: Where the next key goes; "" says nothing.
        hints: Keys, most used first; the last one is never left out.
        mark: Stands before the message.
        message: What just happened, as one cleaned line; "" if nothing.
    """
    start = [(f" {mode} ", "bold"), (" ", "")] if mode else [(" ", "")]
    others, last = hints[:-1], _shown(hints[-1:], behind="")
    beside = [mark, (message, ""), (" " * _GAP, "")] if message else []
    if beside and _width([*start, *_shown(others[:KEYS_BESIDE]), *beside, *last]) > width:
        return LastLine(_above(message, width), _keys(width, start, others, [], last))
    return LastLine([], _keys(width, start, others, beside, last))


def _above(message: str, width: int) -> list[str]:
    room = max(2, width - MARK_WIDTH - 1)
    lines = wrap(message, room)
    if len(lines) <= MAX_LINES:
        return lines
    *shown, last = lines[:MAX_LINES]
    return [*shown, shortened(f"{last} …", room)]


def _keys(width: int, start: list[Part], others: tuple[Hint, ...], message: list[Part], last: list[Part]) -> list[Part]:
    room = width - _width([*start, *message, *last])
    shown: list[Part] = []
    for hint in others:
        parts = _shown((hint,))
        if _width([*shown, *parts]) > room:
            break
        shown += parts
    fill = " " * (room - _width(shown)) if message else ""
    return [*start, *shown, (fill, ""), *message, *last]


def _shown(hints: tuple[Hint, ...], behind: str = " " * _GAP) -> list[Part]:
    return [part for key, words in hints for part in ((key, "bold $accent"), (f" {words}{behind}", _WORDS))]


def _width(parts: list[Part]) -> int:
    return sum(cell_len(text) for text, _ in parts)
