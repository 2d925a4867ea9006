"""Ending when nobody is there any more: the line was lost, the window closed, the machine shuts down.

Drafts are written first, then the inbox ends as quitting does, and where even that hangs
on a line that nobody reads, it ends all the same. The exit code is 128 and the signal's
number, that of a hang-up for a terminal that went without a word.
"""

from __future__ import annotations

import os
import signal
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from inbox_tui.tui.terminal.driver import RESTORE

if TYPE_CHECKING:
    from types import FrameType

SIGNALS = (signal.SIGHUP, signal.SIGTERM)
END_TIMEOUT = 1.5
"""Seconds that ending in good order may take."""
SAVE_TIMEOUT = 1.0
"""Seconds that the disk has for the drafts."""
_EXIT_CODE_OF_SIGNAL = 128


class HangupHandler:
    """Ends one application. Made in the loop's thread, before the application runs."""

    def __init__(self, save: Callable[[float], object], exit: Callable[[int], object]) -> None:
        """What ends the application.

        Args:
            save: Writes the drafts within so many seconds.
            exit: Ends the application in good order, with an exit code. Called from any thread.
        """
        self._save = save
        self._exit = exit
        self.exit_code: int | None = None
        """What the program ends with; None while the line is there."""
        self._attributes: list[Any] | None = None
        with suppress(termios.error, OSError):
            self._attributes = termios.tcgetattr(0)
        for number in SIGNALS:
            # Not the loop's own handlers: they do not run while the loop is held up. A signal that the
            # surroundings ignore stays ignored; the end of the input says the same.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._signalled)

    def end(self, number: int = signal.SIGHUP) -> None:
        """End as that signal demands. May be called again, and from any thread."""
        if self.exit_code is not None:
            return
        self.exit_code = code = _EXIT_CODE_OF_SIGNAL + number
        threading.Thread(target=self._insist, args=[code], name="lost line", daemon=True).start()
        self._save(SAVE_TIMEOUT)
        self._exit(code)

    def let_go(self) -> None:
        """Have the last words that anything holds go nowhere: a terminal that is gone would make them a failure."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nowhere, stream)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.end(number)

    def _insist(self, code: int) -> None:
        """End the program if it has not ended by itself."""
        time.sleep(SAVE_TIMEOUT + END_TIMEOUT)
        self._restore()
        os._exit(code)

    def _restore(self) -> None:
        """Give the terminal back if there is one, without waiting for it."""
        with suppress(OSError, termios.error):
            terminal = os.open("/dev/tty", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
            os.write(terminal, RESTORE.encode("ascii"))
            if self._attributes is not None:
                termios.tcsetattr(terminal, termios.TCSANOW, self._attributes)
