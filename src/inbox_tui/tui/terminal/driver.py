"""Reads and writes a terminal: what comes in cannot hurt, and a dead line is noticed.

Stands in the place of the library's own drivers, which die of an invalid byte and hang on
a line that nobody reads. It asks the terminal only for what the inbox uses: keys that can
be told apart, marks around pastes, clicks but not the pointer's motion. Decides nothing
about screens.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import shutil
import signal
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from textual import events
from textual.driver import Driver
from textual.geometry import Size

from inbox_tui.tui.terminal.events import TerminalReplied
from inbox_tui.tui.terminal.writer import TerminalWriter

if TYPE_CHECKING:
    from inbox_tui.tui.terminal.decoder import InputDecoder

READ_AT_ONCE = 65_536
TICK = 0.05
"""Seconds between looks at what was begun and may be over."""
END_TIMEOUT = 1.0
"""Seconds that the end waits for the thread that reads."""

_BEGIN = (
    "\x1b[?1049h",  # the alternate screen
    "\x1b[?25l",  # no cursor
    "\x1b[>25u",  # kitty's protocol: told apart, all keys, with their text
    "\x1b[>4;1m",  # xterm's way to tell Shift+Enter from Enter, which tmux understands too
    "\x1b[?u",  # is kitty's protocol spoken?
    "\x1b[?2004h",  # marks around pastes
    "\x1b[?7l",  # no wrapping at the right edge
    "\x1b[?2026$p",  # does it paint a frame at once?
    "\x1b[c",  # every terminal answers this, and by then the other answers have come
)
_MOUSE = ("\x1b[?1000h", "\x1b[?1006h")
"""Clicks and the wheel, in the form that has no limit; not the pointer's motion."""
RESTORE = "\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1006l\x1b[<u\x1b[>4m\x1b[0m\x1b[?1049l\x1b[?25h"
"""What gives a terminal back as it was."""


class TerminalHost(Protocol):
    """What the application does for its driver. All but ``on_drained`` and ``on_terminal_taken`` run in its loop."""

    def on_terminal_taken(self) -> None:
        """The terminal is ours again; nothing is known of what it shows."""

    def on_drained(self) -> None:
        """The terminal has taken all that it was sent; called in the thread that sends."""

    def on_hangup(self) -> None:
        """The terminal is gone."""

    def on_not_stopped(self) -> None:
        """There was no shell that could have continued the program after Ctrl+Z."""

    def action_repaint(self) -> None:
        """Others may have written to the terminal."""


class SafeDriver(Driver):
    """Reads and writes a terminal for the inbox. Made by the library."""

    round_trip: float | None = None
    """Seconds that the terminal took to answer; None while it has not."""

    def __init__(
        self, app: Any, *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        """``app`` is a ``TerminalHost``. Called in its loop."""
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.host: TerminalHost = app
        self.reports_mouse = mouse
        file, keys = sys.__stderr__, sys.__stdin__
        assert file is not None and keys is not None, "the inbox is not started without a terminal"
        self.file, self.fileno = file, keys.fileno()
        self.loop = asyncio.get_running_loop()
        self.writer: TerminalWriter | None = None
        self.reader: threading.Thread | None = None
        self.attributes_before: list[Any] | None = None
        """How the terminal treated keys; None where there is none."""
        self.has_terminal = False
        self.is_lent = False
        """Another program, such as an editor, was given the terminal on purpose."""
        self.is_stopping = False
        self.is_continued = False
        self.asked = 0.0
        self.ends_reading, self.end_reading = os.pipe()
        for number, handler in ((signal.SIGTSTP, self.on_stop_signal), (signal.SIGCONT, self.on_continued)):
            signal.signal(number, handler)

    @property
    def can_suspend(self) -> bool:
        """The terminal can be given back for a while."""
        return True

    @property
    def backlog(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return self.writer.backlog if self.writer else 0

    @contextmanager
    def no_automatic_restart(self) -> Iterator[None]:
        """A block in which somebody else has the terminal, and who gave it takes it back."""
        self.is_lent = True
        try:
            yield
        finally:
            self.is_lent = False

    def write(self, data: str) -> None:
        """Send to the terminal, without waiting for it."""
        assert self.writer is not None, "the terminal was not taken over"
        self.writer.write(data)

    def close(self) -> None:
        """Send what is left."""
        if self.writer is not None:
            self.writer.stop()

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        self.file.flush()
        self.writer = TerminalWriter(self.file.fileno(), self.file.encoding, self.host.on_drained)
        self.writer.start()
        signal.signal(signal.SIGWINCH, lambda *_: self._report_size())
        self._report_size()
        self._make_raw()
        self._take_screen()
        self.has_terminal = True
        self.reader = threading.Thread(target=self.read, name="terminal input", daemon=True)
        self.reader.start()

    def on_stop_signal(self, *_: object) -> None:
        """Give the terminal back, stop, and take the terminal again once the shell lets the program go on.

        The library stops with SIGSTOP, also where no shell is left that could continue the program. The system's own
        answer to SIGTSTP knows: it stops nothing there.
        """
        is_shown = self.has_terminal and not self.is_lent
        self.is_stopping, self.is_continued = True, False
        if is_shown:
            self.suspend_application_mode()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self.on_stop_signal)
        if is_shown:
            self.resume_application_mode()
            self.loop.call_soon_threadsafe(self._after_stop)
        self.is_stopping = False

    def _after_stop(self) -> None:
        self.host.action_repaint()
        if not self.is_continued:
            self.host.on_not_stopped()

    def on_continued(self, *_: object) -> None:
        """Continued after a stop that the program did not see (SIGSTOP): others may have used the terminal."""
        self.is_continued = True
        if self.is_stopping or self.is_lent or not self.has_terminal:
            return
        before = self.attributes_before
        self._make_raw()
        self.attributes_before = before
        self.write(RESTORE)  # which takes one entry off kitty's stack of modes for the one put on it next
        self._take_screen()
        self._report_size()
        self.loop.call_soon_threadsafe(self.host.action_repaint)

    def disable_input(self) -> None:
        """Read no more."""
        if not self.has_terminal:
            return
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        self.has_terminal = False
        os.write(self.end_reading, b".")
        if self.reader is not None:
            self.reader.join(END_TIMEOUT)

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        self.disable_input()
        self.write(RESTORE)
        self.give_back()

    def give_back(self) -> None:
        """Restore how the terminal treats keys; harmless if it is gone, or if it was done before."""
        if self.attributes_before is not None:
            try:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attributes_before)
                termios.tcflush(self.fileno, termios.TCIFLUSH)
            except termios.error:
                return  # there is no terminal any more

    def read(self) -> None:
        """Read until the program ends or the terminal is gone. Sleeps while nothing comes."""
        decoder: InputDecoder | None = None
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self.ends_reading, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select(TICK if decoder and decoder.waits else None)}
                if self.ends_reading in ready:
                    os.read(self.ends_reading, 1)
                    return
                found = list(decoder.messages(decoder.tick(time.monotonic()))) if decoder else []
                if ready:
                    try:
                        data = os.read(self.fileno, READ_AT_ONCE)
                    except OSError:
                        data = b""
                    if not data:
                        self.loop.call_soon_threadsafe(self.host.on_hangup)
                        return
                    decoder = decoder or _decoder(self.file.encoding)
                    found += decoder.messages(decoder.feed(data, time.monotonic()))
                for event in found:
                    if isinstance(event, TerminalReplied):
                        self.round_trip = time.monotonic() - self.asked
                    self.process_message(event)

    def _take_screen(self) -> None:
        self.host.on_terminal_taken()
        self.asked = time.monotonic()
        self.write("".join((*_BEGIN, *(_MOUSE if self.reports_mouse else ()))))

    def _report_size(self) -> None:
        size = Size(*shutil.get_terminal_size())
        self.send_message(events.Resize(size, size))

    def _make_raw(self) -> None:
        try:
            attributes: list[Any] = termios.tcgetattr(self.fileno)
            self.attributes_before = termios.tcgetattr(self.fileno)
        except termios.error:
            self.attributes_before = None
            return
        attributes[tty.LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        attributes[tty.IFLAG] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
        attributes[tty.CC][termios.VMIN] = 1
        termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)


def _decoder(encoding: str) -> InputDecoder:
    from inbox_tui.tui.terminal.decoder import InputDecoder  # the first screen is painted before anything comes

    return InputDecoder(encoding)
