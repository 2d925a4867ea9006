"""The library's driver, made safe: what comes in cannot hurt, and a dead line is noticed.

Replaces the library's own reading and writing, which die of an invalid byte and hang on
a line that nobody reads. It asks the terminal only for what the inbox uses: keys that can
be told apart, marks around pastes, clicks but not the pointer's motion. Decides nothing
about screens.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import termios
import threading
import time
import tty
from typing import TYPE_CHECKING, Any

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

from inbox_tui.tui.terminal.events import TerminalReplied
from inbox_tui.tui.terminal.writer import TerminalWriter

if TYPE_CHECKING:
    from inbox_tui.tui.app import InboxApp
    from inbox_tui.tui.terminal.decoder import InputDecoder

READ_AT_ONCE = 65_536
TICK = 0.05
"""Seconds between looks at what was begun and may be over."""
IDLE = 0.5
"""Seconds between looks at whether the program ends."""

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


class SafeDriver(LinuxDriver):
    """Reads and writes a terminal for the inbox. Made by the library, for the pinned version of it."""

    _app: InboxApp
    _writer_thread: TerminalWriter | None  # type: ignore[assignment]
    _asked = 0.0
    _encoding = "utf-8"
    _is_stopping = False
    _is_continued = False
    round_trip: float | None = None
    """Seconds that the terminal took to answer; None while it has not."""

    @property
    def backlog(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return self._writer_thread.backlog if self._writer_thread else 0

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        file = self._file
        assert file is not None, "the inbox is not started without a terminal"
        file.flush()
        self._encoding = file.encoding
        self._writer_thread = TerminalWriter(file.fileno(), self._encoding, self._app.drained)
        self._writer_thread.start()
        signal.signal(signal.SIGWINCH, lambda *_: self._report_size())
        self._report_size()
        self._make_raw()
        self._take_screen()
        self.exit_event.clear()
        self._key_thread = threading.Thread(target=self._run_input_thread, name="terminal input", daemon=True)
        self._key_thread.start()
        if self._must_signal_resume:
            self._must_signal_resume = False
            self.send_message(self.SignalResume())

    def _sigtstp_application(self, *_: object) -> None:
        """Give the terminal back, stop, and take the terminal again once the shell lets the program go on.

        The library stops with SIGSTOP, also where no shell is left that could continue the program. The system's own
        answer to SIGTSTP knows: it stops nothing there.
        """
        is_shown = self._auto_restart and not self.exit_event.is_set()  # an editor may have the terminal
        self._is_stopping, self._is_continued = True, False
        if is_shown:
            self.suspend_application_mode()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._sigtstp_application)
        if is_shown:
            self.resume_application_mode()
            self._loop.call_soon_threadsafe(self._after_stop)
        self._is_stopping = False

    def _after_stop(self) -> None:
        self._app.action_repaint()
        if not self._is_continued:
            self._app.on_not_stopped()

    def _sigcont_application(self, *_: object) -> None:
        """Continued after a stop that the program did not see (SIGSTOP): others may have used the terminal."""
        self._is_continued = True
        if self._is_stopping or not self._auto_restart or self.exit_event.is_set():
            return
        before = self.attrs_before
        self._make_raw()
        self.attrs_before = before
        self.write(RESTORE)  # which takes one entry off kitty's stack of modes for the one put on it next
        self._take_screen()
        self._report_size()
        self._loop.call_soon_threadsafe(self._app.action_repaint)

    def disable_input(self) -> None:
        """Read no more."""
        if self.exit_event.is_set():
            return
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        self.exit_event.set()
        if self._key_thread is not None:
            self._key_thread.join(2 * IDLE)

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        self.disable_input()
        self.write(RESTORE)
        self.give_back()

    def give_back(self) -> None:
        """Restore how the terminal treats keys; harmless if it is gone, or if it was done before."""
        if self.attrs_before is not None:
            try:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
                termios.tcflush(self.fileno, termios.TCIFLUSH)
            except termios.error:
                return  # there is no terminal any more

    def _run_input_thread(self) -> None:
        self.run_input_thread()  # the library would show what fails here, with the values of variables

    def run_input_thread(self) -> None:
        """Read until the program ends or the terminal is gone."""
        reader: InputDecoder | None = None
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                is_ready = selector.select(TICK if reader and reader.waits else IDLE)
                found = list(reader.messages(reader.tick(time.monotonic()))) if reader else []
                if is_ready:
                    try:
                        data = os.read(self.fileno, READ_AT_ONCE)
                    except OSError:
                        data = b""
                    if not data:
                        self._loop.call_soon_threadsafe(self._app.on_hangup)
                        return
                    reader = reader or _input(self._encoding)
                    found += reader.messages(reader.feed(data, time.monotonic()))
                for event in found:
                    if isinstance(event, TerminalReplied):
                        self.round_trip = time.monotonic() - self._asked
                    self.process_message(event)

    def _take_screen(self) -> None:
        self._app.terminal.forget()
        self._asked = time.monotonic()
        self.write("".join((*_BEGIN, *(_MOUSE if self._mouse else ()))))

    def _report_size(self) -> None:
        width, height = self._get_terminal_size()
        size = Size(width, height)
        asyncio.run_coroutine_threadsafe(self._app._post_message(events.Resize(size, size)), loop=self._loop)

    def _make_raw(self) -> None:
        try:
            attributes: list[Any] = termios.tcgetattr(self.fileno)
            self.attrs_before = termios.tcgetattr(self.fileno)
        except termios.error:
            self.attrs_before = None
            return
        attributes[tty.LFLAG] = self._patch_lflag(attributes[tty.LFLAG])
        attributes[tty.IFLAG] = self._patch_iflag(attributes[tty.IFLAG])
        attributes[tty.CC][termios.VMIN] = 1
        termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)


def _input(encoding: str) -> InputDecoder:
    from inbox_tui.tui.terminal.decoder import InputDecoder  # the first screen is painted before anything comes

    return InputDecoder(encoding)
