"""The standard streams as the commands need them, whatever the program was started with.

A stream may be closed, as by ``<&-`` in a shell. The next file opened would then take its number, and what somebody
prints would end up in the store. With PYTHONUNBUFFERED, Python drops what a pipe does not take at once.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from inbox_tui.domain.errors import InboxError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class _Closed(io.RawIOBase):
    """Says which stream is closed as soon as somebody reads from it or writes to it."""

    def __init__(self, error: InboxError) -> None:
        self._error = error

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, _: WriteableBuffer) -> int:
        raise self._error

    def write(self, _: object) -> int:
        raise self._error


def prepare_streams() -> None:
    """Make sure that what is written is written whole, and that using a closed stream raises InboxError.

    A character that the terminal lacks is shown as a stand-in. Words for standard error are dropped if that is
    closed: there is nowhere else to say them.
    """
    missing = [number for number, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)) if stream is None]
    for number in missing:
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != number:
            os.dup2(nowhere, number)
            os.close(nowhere)
    if 0 in missing:
        closed = _Closed(InboxError("Standard input is closed, so there is nothing to read."))
        sys.stdin = io.TextIOWrapper(io.BufferedReader(closed))
    if 1 in missing:
        closed = _Closed(InboxError("Standard output is closed, so nothing can be printed."))
        sys.stdout = io.TextIOWrapper(closed, write_through=True)  # raw, so that nothing waits in a buffer
    if 2 in missing:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # as long as the program runs
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if isinstance(sys.stdout, io.TextIOWrapper) and isinstance(sys.stdout.buffer, io.FileIO):
        encoding = sys.stdout.encoding
        whole = io.BufferedWriter(sys.stdout.detach())
        sys.stdout = io.TextIOWrapper(whole, encoding, "replace", line_buffering=True)
        sys.__stdout__ = sys.stdout  # type: ignore[misc]  # what asks for the terminal's size asks this one


def require_output() -> None:
    """Raises InboxError if what a command is about to do could not be reported, before it is done."""
    sys.stdout.write("")
