"""Ending when nobody is there any more: the line was lost, the window closed, the machine shuts down.

The inbox then ends as quitting does: drafts are written, the store is closed, a sample is
thrown away. A terminal can go without any signal; unnoticed, the library would read
nothing from it for ever, at full speed.
"""

from __future__ import annotations

import asyncio
import select
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

from textual.app import App

INTERRUPTED = 130
"""The exit code."""
ENDS_WITHIN = 5
"""Seconds in which the program ends, come what may."""


def end_when_lost(app: App[Any]) -> None:
    """End the application once its terminal is gone or it is told to. For the running loop's thread."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        signal.alarm(ENDS_WITHIN)  # nothing that waits for the line that is gone may keep the program alive
        app.exit(return_code=INTERRUPTED)

    def watch(terminal: int) -> None:
        poll = select.poll()
        poll.register(terminal, 0)  # a hang-up is reported without being asked for
        if any(event & select.POLLHUP for _, event in poll.poll()):
            with suppress(RuntimeError):  # it has ended by itself meanwhile
                loop.call_soon_threadsafe(end)

    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) is not signal.SIG_IGN:
            loop.add_signal_handler(ending, end)
    if sys.__stdin__ is not None:
        threading.Thread(target=watch, args=[sys.__stdin__.fileno()], name="lost line", daemon=True).start()
