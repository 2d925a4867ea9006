"""A program on a terminal of which a test holds the other end: every byte, and the choice not to read."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pyte

from .conftest import ME, Desk
from .harness import END_TIMEOUT, TIMEOUT, environment

_NOT_EMULATED = re.compile(r"\x1b\[[<>=?][0-9;]*[a-zA-Z$]p?")
QUIET = 0.12
"""Seconds without a byte after which a program has drawn what it had to draw."""


class Line:
    """The inbox, or a command, on a terminal of which the test is the other end, and which it need not read."""

    def __init__(self, desk: Desk, *command: str, before: str = "", **env: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        self.attributes = termios.tcgetattr(slave)
        self.slave = slave
        words = command or (str(Path(sys.executable).with_name("inbox-tui")), "--store", desk.url, "--as", ME)
        shell = ["sh", "-c", f'{before} exec "$@"', "sh"] if before else []
        self.process = subprocess.Popen(
            [*shell, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(desk.home) | {"TERM": "xterm-256color"} | env,
            cwd=desk.folder,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no other thread runs here
        )
        self.seen = b""
        desk.terminals.callback(self._kill)

    def read_until(self, words: bytes) -> None:
        """Read what it draws until these words are in it."""
        until = time.monotonic() + TIMEOUT
        while words not in self.seen:
            assert time.monotonic() < until, self.seen[-2000:]
            self.seen += os.read(self._master, 65_536)

    def read_until_shown(self, wanted: str, encoding: str = "utf-8") -> str:
        """Read until its screen has this in it, however busy the machine is; gives the screen."""
        until = time.monotonic() + TIMEOUT
        while wanted not in self.screen(encoding):
            assert time.monotonic() < until, self.screen(encoding)
            self.read_until_quiet()
        self.read_until_quiet()
        return self.screen(encoding)

    def read_until_quiet(self) -> None:
        """Read until nothing more comes: what it drew for a key is whole."""
        while select.select([self._master], [], [], QUIET)[0]:
            try:
                self.seen += os.read(self._master, 65_536)
            except OSError:  # the program has ended, and its terminal with it
                return

    def screen(self, encoding: str = "utf-8") -> str:
        """What all that was seen makes of a terminal's screen."""
        screen = pyte.Screen(120, 36)
        pyte.Stream(screen).feed(_NOT_EMULATED.sub("", self.seen.decode(encoding)))
        return "\n".join(screen.display)

    def type(self, data: bytes) -> None:
        os.write(self._master, data)

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def hang_up(self) -> None:
        os.close(self.slave)
        os.close(self._master)

    def _kill(self) -> None:
        """For a test that failed before the program ended."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """How it ended."""
        return self.process.wait(END_TIMEOUT)
