"""A program on a real terminal, watched from outside: what it sends, and when.

Bytes are stamped as they arrive and put on an emulated screen only once the line is
quiet, so that looking does not delay what is looked at. Nothing sleeps for a fixed time:
an answer has ended when no byte came for a while and what it should show is shown.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyte

COLUMNS, LINES = 120, 36
QUIET = 0.06
"""Seconds without a byte after which the line counts as quiet."""
TIMEOUT = 20.0
"""Seconds to wait for what must come."""
PATIENCE_WITH_SILENCE = 1.0
"""Seconds to wait for what need not come."""

_READ_AT_ONCE = 1 << 16
_NS_PER_MS = 1e6
_NS_PER_S = 1e9
# Questions and modes with a private marker, which the emulator would print in part.
_UNKNOWN = re.compile(rb"\x1b\[(?:[<>=][0-9;]*[a-zA-Z]|\?[0-9;]*\$p)|\x1bP[^\x1b]*\x1b\\")

Shown = Callable[[list[str]], bool]
"""Whether the screen, line by line, shows what was waited for."""


class NotShown(Exception):
    """The program did not show what it should, or ended."""


@dataclass(frozen=True)
class Answer:
    """What followed a key, or the start; times are milliseconds after it, 0 if nothing came."""

    first: float
    """The first byte."""
    shown: float
    """When the screen had come to show what was waited for."""
    last: float
    """The last byte."""
    size: int
    """Bytes."""


@dataclass(frozen=True)
class Usage:
    """What a program used of the machine."""

    wake_ups: int
    """How often one of its threads went to sleep, and so was woken."""
    cpu: float
    """Milliseconds of computing."""


class Terminal:
    """A running program and its screen.

    Args:
        command: The program and its arguments.
        environment: All of its environment, but for TERM.
    """

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._chunks: list[tuple[int, bytes]] = []
        self._has_ended = False
        self.started = time.monotonic_ns()
        """When the program was started, on the clock that all programs of a machine share."""
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._poll = select.epoll()
        self._poll.register(self._master, select.EPOLLIN)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env={**environment, "TERM": "xterm-256color"},
                start_new_session=True,
            )
        finally:
            os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def lines(self) -> list[str]:
        """The screen as it was when the line was last quiet; a wide character is followed by a blank."""
        rows = (self._screen.buffer[row] for row in range(LINES))
        return ["".join(row[column].data or " " for column in range(COLUMNS)) for row in rows]

    def start(self, shown: Shown) -> Answer:
        """Wait for the program's first screen. Raises NotShown."""
        return self._answer(self.started, shown, TIMEOUT)

    def press(self, keys: bytes, shown: Shown | None = None) -> Answer:
        """Send keys, as a terminal does, and wait for the end of the answer.

        Args:
            keys: Sent at once.
            shown: What must be on the screen before the answer can have ended.

        Raises:
            NotShown: it was not shown in time.
        """
        begin = time.monotonic_ns()
        os.write(self._master, keys)
        return self._answer(begin, shown, TIMEOUT if shown else PATIENCE_WITH_SILENCE)

    def await_shown(self, begin: int, shown: Shown) -> Answer:
        """Wait for what something else than a key brings about; ``begin`` is when, in nanoseconds. Raises NotShown."""
        return self._answer(begin, shown, TIMEOUT)

    def pause(self, seconds: float = QUIET) -> int:
        """Let as much time pass as a person between keys; gives the bytes that came of their own accord."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._has_ended:
            self._read(left)
        size = sum(len(data) for _, data in self._chunks)
        for _ in self._feed():
            pass
        return size

    def peak_memory(self) -> int:
        """The most memory that the program has had, in bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("ascii")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        if found is None:
            raise NotShown("The program has ended.")
        return int(found[1]) * 1024

    def usage(self) -> Usage:
        """What the program has used so far, all its threads together."""
        wake_ups, nanoseconds = 0, 0
        for thread in Path(f"/proc/{self._process.pid}/task").iterdir():
            found = re.search(
                r"^voluntary_ctxt_switches:\s+(\d+)", (thread / "status").read_text("ascii"), re.MULTILINE
            )
            wake_ups += int(found[1]) if found else 0
            nanoseconds += int((thread / "schedstat").read_text("ascii").split()[0])
        return Usage(wake_ups, nanoseconds / _NS_PER_MS)

    def close(self) -> None:
        """End the program, kindly if it listens, and let go of the terminal."""
        if self._process.poll() is None:
            self._process.terminate()
        end = time.monotonic() + PATIENCE_WITH_SILENCE
        while not self._has_ended and time.monotonic() < end:  # its farewell must be read, or it cannot end
            self._read(QUIET)
        self._process.kill()
        self._process.wait()
        self._poll.close()
        os.close(self._master)

    def _answer(self, begin: int, shown: Shown | None, patience: float) -> Answer:
        end = time.monotonic() + patience
        stamps: list[int] = []
        size = 0
        shown_at = None if shown else begin
        while shown_at is None or not stamps:
            while self._read(QUIET) and time.monotonic() < end:
                pass
            for stamp, data in self._feed():
                stamps.append(stamp)
                size += len(data)
                if shown is not None and shown_at is None and shown(self.lines):
                    shown_at = stamp
            if self._has_ended or time.monotonic() > end:
                break
            is_silent = not stamps and time.monotonic() - begin / _NS_PER_S > PATIENCE_WITH_SILENCE
            if is_silent and shown is not None and shown(self.lines):
                shown_at = begin  # it was there before, and nothing had to be sent
                break
        if shown_at is None:
            raise NotShown("\n".join(self.lines))
        first, last = (stamps[0], stamps[-1]) if stamps else (begin, begin)
        return Answer(_ms(first - begin), _ms(shown_at - begin), _ms(last - begin), size)

    def _feed(self) -> Iterator[tuple[int, bytes]]:
        """Put what arrived on the screen, one piece at a time."""
        arrived, self._chunks = self._chunks, []
        for stamp, data in arrived:
            self._stream.feed(_UNKNOWN.sub(b"", data))
            yield stamp, data

    def _read(self, seconds: float) -> bool:
        """Whether bytes came within so long."""
        if self._has_ended or not self._poll.poll(seconds):
            return False
        try:
            data = os.read(self._master, _READ_AT_ONCE)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        if not data:  # the program let go of the terminal
            self._has_ended = True
            return False
        self._chunks.append((time.monotonic_ns(), data))
        return True


def _ms(duration: int) -> float:
    return duration / _NS_PER_MS
