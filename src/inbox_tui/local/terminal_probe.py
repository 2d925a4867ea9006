"""What the terminal says of itself: asked on ``/dev/tty``, before and without any screen.

Exists for those whose screen does not work, so it uses nothing that draws one. It must not
leave the terminal otherwise than it was, wait longer than its time, or read anything but
the terminal's answers; it judges nothing.

The questions: kitty's keyboard protocol (``CSI ? u``), xterm's XTVERSION (``CSI > q``) and,
because every terminal answers it and in the order of asking, DA1 (``CSI c``).
"""

from __future__ import annotations

import os
import re
import select
import signal
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

TIMEOUT = 0.4
"""Seconds that a terminal of this machine has to answer."""
TIMEOUT_OVER_SSH = 1.0
"""Seconds that a terminal at the other end of a line has."""
CANNOT_DRAW = {"", "dumb", "unknown"}
"""Values of TERM that name no terminal to draw on; one that is asked would show the questions."""
QUESTIONS = b"\x1b[?u\x1b[>0q\x1b[c"

_READ_AT_ONCE = 4096
_CACHE_SIZE = 65_536
"""Bytes of answers that are looked at; more is no answer."""
_LOCAL_FLAGS, _CHARACTERS = 3, 6
"""Places in the list of ``termios.tcgetattr``."""
_SPEAKS_KITTY = re.compile(rb"\x1b\[\?\d{1,3}u")
_NAME = re.compile(rb"\x1bP>\|([^\x1b\x07]{0,200})(?:\x1b\\|\x07)")
_DEVICE = re.compile(rb"\x1b\[\?[\d;]{0,60}c")
_HELD_BACK = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP}
"""Signals that wait until the terminal is as it was; that is never longer than the patience."""


class Answer(msgspec.Struct, frozen=True):
    """What a terminal said, or why it was not asked."""

    is_there: bool = False
    """This process has a terminal, whatever its standard streams are."""
    not_asked: str = ""
    """Why the terminal was not asked; "" if it was."""
    columns: int = 0
    lines: int = 0
    """The size; 0 where the terminal does not tell."""
    speaks_kitty: bool = False
    """Kitty's keyboard protocol: Shift+Enter can be told from Enter."""
    name: str = ""
    """Name and version as the terminal gives them, not cleaned; "" if it does not."""
    round_trip: float | None = None
    """Seconds that the answer took; None if none came in time."""


def ask_terminal(environ: Mapping[str, str], device: str = "/dev/tty") -> Answer:
    """Ask the terminal of this process. Takes at most PATIENCE (PATIENCE_OVER_SSH with SSH_CONNECTION) seconds.

    What a person types meanwhile is lost. Never raises: what fails is said in ``not_asked``.
    """
    try:
        # Opened anew: not to block, which is set here, would otherwise hold for the shell too.
        terminal = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return Answer(not_asked="there is no terminal")
    try:
        if not os.isatty(terminal):
            return Answer(not_asked=f"{device} is no terminal")
        columns, lines = _size(terminal)
        seen = Answer(is_there=True, columns=columns, lines=lines)
        if environ.get("TERM", "") in CANNOT_DRAW:
            return msgspec.structs.replace(seen, not_asked="TERM names no terminal that understands questions")
        try:
            if os.tcgetpgrp(terminal) != os.getpgrp():
                return msgspec.structs.replace(seen, not_asked="this runs in the background")
            patience = TIMEOUT_OVER_SSH if environ.get("SSH_CONNECTION") else TIMEOUT
            said, seconds = _ask(terminal, patience)
        except (OSError, termios.error):
            return msgspec.structs.replace(seen, not_asked="the terminal is gone")
        return msgspec.structs.replace(understood(said, seconds), is_there=True, columns=columns, lines=lines)
    finally:
        os.close(terminal)


def understood(said: bytes, seconds: float | None) -> Answer:
    """The meaning of what came from a terminal, ``seconds`` after it was asked (None: it did not finish)."""
    device = _DEVICE.search(said)
    before = said[: device.start()] if device else said
    name = _NAME.search(before)
    return Answer(
        speaks_kitty=_SPEAKS_KITTY.search(before) is not None,
        name=name[1].decode("utf-8", "replace") if name else "",
        round_trip=seconds if device else None,
    )


def _ask(terminal: int, patience: float) -> tuple[bytes, float | None]:
    """What the terminal sends until its last answer, and after how many seconds that came.

    Raises:
        OSError, termios.error: the terminal went away.
    """
    said, unsent = b"", QUESTIONS
    with _raw(terminal):
        asked = time.monotonic()
        while (left := asked + patience - time.monotonic()) > 0 and len(said) < _CACHE_SIZE:
            can_read, can_write, _ = select.select([terminal], [terminal] if unsent else [], [], left)
            try:
                if can_write:
                    unsent = unsent[os.write(terminal, unsent) :]
                if can_read:
                    piece = os.read(terminal, _READ_AT_ONCE)
                    if not piece:
                        break
                    said += piece
            except BlockingIOError:
                continue
            if _DEVICE.search(said):
                return said, time.monotonic() - asked
    return said, None


@contextmanager
def _raw(terminal: int) -> Iterator[None]:
    """Keys come as they are and are not shown; afterwards, whatever happens, all is as before."""
    signals = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
    try:
        before: list[Any] = termios.tcgetattr(terminal)
        attributes: list[Any] = termios.tcgetattr(terminal)
        # The output is left alone: a person's Ctrl+C stays a signal, and a line break a line break.
        attributes[_LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
        attributes[_CHARACTERS][termios.VMIN], attributes[_CHARACTERS][termios.VTIME] = 1, 0
        try:
            termios.tcsetattr(terminal, termios.TCSANOW, attributes)
            yield
        finally:
            # Half an answer must not be typed into the shell.
            termios.tcflush(terminal, termios.TCIFLUSH)
            termios.tcsetattr(terminal, termios.TCSANOW, before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)


def _size(terminal: int) -> tuple[int, int]:
    try:
        size = os.get_terminal_size(terminal)
    except OSError:
        return 0, 0
    return size.columns, size.lines
