"""The thread that writes to the terminal.

Takes everything at once and never holds the program up: a line that nobody reads must not
stop drafts from being kept. How far it is behind is there to be asked.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable

END_TIMEOUT = 1.0
"""Seconds that ``stop`` waits for a line that takes nothing."""


class TerminalWriter(threading.Thread):
    """Writes text, in order, until it is stopped or the terminal is gone."""

    def __init__(self, fileno: int, encoding: str, drained: Callable[[], None]) -> None:
        """``drained`` is called in this thread whenever all that was waiting has been taken."""
        super().__init__(name="terminal output", daemon=True)
        self._fileno = fileno
        self._encoding = encoding
        self._drained = drained
        self._change = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._stops = False

    @property
    def backlog(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return self._size

    def write(self, text: str) -> None:
        """Have this written after all that came before."""
        data = text.encode(self._encoding, "replace")
        with self._change:
            self._waiting.append(data)
            self._size += len(data)
            self._change.notify_all()

    def run(self) -> None:
        """Write until there is nothing more to come."""
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._stops)
                if not self._waiting:
                    return
                data = b"".join(self._waiting)
                self._waiting.clear()
            self._write(data)
            with self._change:
                self._size -= len(data)
                is_drained = not self._size
            if is_drained:
                self._drained()

    def stop(self) -> None:
        """Write what is left, as far as the terminal takes it."""
        with self._change:
            self._stops = True
            self._change.notify_all()
        self.join(END_TIMEOUT)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fileno, rest) :]
            except OSError:  # the terminal is gone; whoever reads from it notices and ends the program
                return
