"""The thread that writes, on a real pseudo-terminal: in order, never in the program's way, and gone when it is told."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
import tty
from collections.abc import Iterator

import pytest

from inbox_tui.tui.terminal.writer import END_TIMEOUT, TerminalWriter

TIMEOUT = 10.0
"""Seconds in which what must come has come."""
AT_ONCE = 0.5
"""Seconds that something may take which does not wait for the terminal."""
MORE_THAN_FITS = 1 << 20
READ_AT_ONCE = 1 << 16


class Line:
    """A pseudo-terminal with an output, watched from its other end."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.drained = threading.Semaphore(0)
        self.output = TerminalWriter(self.slave, encoding, self._drain)
        self.output.start()

    def _drain(self) -> None:
        self.drained.release()

    def read(self, size: int) -> bytes:
        """So many bytes, or what came of them in time."""
        data = b""
        while len(data) < size and select.select([self.master], [], [], TIMEOUT)[0]:
            data += os.read(self.master, min(READ_AT_ONCE, size - len(data)))
        return data

    def fill(self) -> None:
        """Have more written than the line takes, and the writer stuck in it."""
        self.output.write("x" * MORE_THAN_FITS)

    def hang_up(self) -> None:
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        if self.master >= 0:
            self.hang_up()  # which lets go of a writer that is stuck
        self.output.stop()
        self.output.join(TIMEOUT)
        assert not self.output.is_alive()
        os.close(self.slave)


@pytest.fixture
def line() -> Iterator[Line]:
    with contextlib.closing(Line()) as opened:
        yield opened


def test_what_is_written_arrives_in_order(line: Line) -> None:
    texts = [f"{number}\n" for number in range(5000)]
    for text in texts:
        line.output.write(text)
    expected = "".join(texts).encode()
    assert line.read(len(expected)) == expected


def test_more_than_the_line_takes_at_once_arrives_whole(line: Line) -> None:
    text = "".join(f"{number:07}\n" for number in range(MORE_THAN_FITS // 8))
    line.output.write(text)
    assert line.read(len(text)) == text.encode()


def test_what_is_taken_is_told(line: Line) -> None:
    line.output.write("hello")
    assert line.read(5) == b"hello"
    assert line.drained.acquire(timeout=TIMEOUT)
    assert line.output.backlog == 0


def test_what_is_not_taken_is_not_told(line: Line) -> None:
    line.fill()
    assert not line.drained.acquire(blocking=False)
    assert len(line.read(MORE_THAN_FITS)) == MORE_THAN_FITS
    assert line.drained.acquire(timeout=TIMEOUT)
    assert line.output.backlog == 0


def test_a_line_that_nobody_reads_holds_nobody_up(line: Line) -> None:
    line.fill()
    before = line.output.backlog
    begin = time.monotonic()
    for _ in range(1000):
        line.output.write("y" * 100)
    assert time.monotonic() - begin < AT_ONCE
    assert line.output.backlog == before + 100_000 == MORE_THAN_FITS + 100_000


def test_stopping_waits_only_so_long_for_a_line_that_nobody_reads(line: Line) -> None:
    line.fill()
    begin = time.monotonic()
    line.output.stop()
    assert END_TIMEOUT / 2 < time.monotonic() - begin < END_TIMEOUT + AT_ONCE
    assert line.output.backlog


def test_stopping_writes_what_is_left(line: Line) -> None:
    line.output.write("good")
    line.output.write("bye")
    line.output.stop()
    assert not line.output.is_alive()
    assert line.read(7) == b"goodbye"


def test_a_line_that_is_gone_holds_nobody_up(line: Line) -> None:
    line.hang_up()
    begin = time.monotonic()
    for _ in range(100):
        line.output.write("x" * 1000)
    line.output.stop()
    assert time.monotonic() - begin < AT_ONCE
    assert not line.output.is_alive()
    line.output.write("too late")


def test_a_line_that_goes_while_it_is_full_lets_go(line: Line) -> None:
    line.fill()
    line.hang_up()
    begin = time.monotonic()
    line.output.stop()
    assert time.monotonic() - begin < AT_ONCE
    assert not line.output.is_alive()


def test_after_a_line_is_gone_nothing_is_behind(line: Line) -> None:
    line.hang_up()
    line.output.write("x")
    assert line.drained.acquire(timeout=TIMEOUT)
    assert line.output.backlog == 0


def test_an_output_that_wrote_nothing_stops_at_once(line: Line) -> None:
    begin = time.monotonic()
    line.output.stop()
    assert time.monotonic() - begin < AT_ONCE
    assert not line.output.is_alive()


def test_what_the_encoding_does_not_hold_is_replaced() -> None:
    with contextlib.closing(Line("latin-1")) as line:
        line.output.write("Zoë ─")
        assert line.read(5) == b"Zo\xeb ?"
