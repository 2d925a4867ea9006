"""Rate-limits lines of the log that an attack would multiply: one a second is enough."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

_KINDS_REMEMBERED = 100


class Seldom(logging.Filter):
    """Lets a line through once a second; the next one says how many like it were left out.

    Lines are alike if they have the same template, or the same first line where they are written out.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._told: dict[str, tuple[float, int]] = {}
        """By kind of line: when the last one was let through, and how many were left out since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written."""
        kind = str(record.msg).partition("\n")[0]
        now = self._clock()
        at, left_out = self._told.get(kind, (now - 1, 0))
        if now - at < 1:
            self._told[kind] = (at, left_out + 1)
            return False
        if left_out:
            record.msg, record.args = f"{record.getMessage()} ({left_out} more like it since the last)", None
        if len(self._told) >= _KINDS_REMEMBERED:
            self._told.clear()
        self._told[kind] = (now, 0)
        return True


def is_news(record: logging.LogRecord) -> bool:
    """Not that a request was ended which the server itself ended with all others, at its own end."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))
