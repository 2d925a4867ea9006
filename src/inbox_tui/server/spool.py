"""Buffers an export on disk until its client has read it.

A store is read as fast as it can be, so that its view of one moment is let go of soon, and the client takes the rest
from a file at its own pace. The file has no name, so nothing is left of it. It is a ring buffer: where it may not grow
any more, it is written from its beginning again, over what the client has taken.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from time import monotonic

from inbox_tui.domain.errors import StoreUnavailable

_log = logging.getLogger("inbox_tui.server")

WAITS = 60.0
"""Seconds in all for which a store's view is kept because its export finds no room; then the export is cut off."""
_PIECE = 256 * 1024
_LOOKS_AGAIN = 0.25
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Spools:
    """Room on disk for the exports that are under way.

    Args:
        each: Bytes for one.
        all: Bytes for all.
    """

    def __init__(self, each: int, all: int) -> None:
        self._each = each
        self._all = all
        self.used = 0
        """Bytes on disk now."""

    async def wrap(self, parts: AsyncGenerator[bytes], is_read: Callable[[], None]) -> AsyncGenerator[bytes]:
        """The parts as the client takes them; ``is_read`` is told when there are no more to come.

        Raises:
            StoreUnavailable: there is no room for temporary files.
            InboxError: whatever the parts raise.
        """
        spool = _Spool(self)
        filling = asyncio.create_task(spool.fill(parts, is_read), name="spool")
        filling.add_done_callback(lambda done: done.cancelled() or done.exception())  # awaited, unless the client left
        try:
            while piece := await spool.next():
                yield piece
            await filling
        finally:  # waits for nothing: where a client hung up, waiting is cancelled at once
            filling.cancel()
            spool.close()

    def grow(self, size: int, wanted: int) -> int:
        """How many of the wanted bytes a file of this size gets; they are counted. A new one gets all or none."""
        more = max(0, min(wanted, self._each - size, self._all - self.used))
        if not size and more < min(wanted, self._each):
            return 0  # around a ring of a few bytes, an export would go a few bytes at a time
        self.used += more
        return more


class _Spool:
    """One export's file."""

    def __init__(self, spools: Spools) -> None:
        self._spools = spools
        self._file = _File()
        self._size = 0
        self._written = 0
        self._taken = 0
        self._is_full = False
        """It does not grow any more: it is written from its beginning again."""
        self._is_filled = False
        self._waited = 0.0
        self._changed = asyncio.Event()

    async def fill(self, parts: AsyncGenerator[bytes], is_read: Callable[[], None]) -> None:
        try:
            async with aclosing(parts):
                async for part in parts:
                    for start in range(0, len(part), _PIECE):
                        await self._put(part[start : start + _PIECE])
        finally:
            is_read()
            self._is_filled = True
            self._tell()

    async def next(self) -> bytes:
        """The next bytes; none at the end, or where filling has failed."""
        while self._taken == self._written and not self._is_filled:
            await self._change(None)
        if self._taken == self._written:
            return b""
        start = self._taken % self._size if self._is_full else self._taken
        count = min(_PIECE, self._written - self._taken, self._size - start)
        piece = await asyncio.to_thread(self._file.read, count, start)
        self._taken += len(piece)
        self._tell()
        return piece

    def close(self) -> None:
        """Nothing is left."""
        self._spools.used -= self._size
        self._size = 0
        asyncio.get_running_loop().run_in_executor(None, self._file.close)

    async def _put(self, piece: bytes) -> None:
        while piece:
            count = await self._room(len(piece))
            start = self._written % self._size if self._is_full else self._written
            try:
                await asyncio.to_thread(self._file.write, piece[:count], start)
            except OSError as error:
                raise _no_room(error) from error
            self._written += count
            self._tell()
            piece = piece[count:]

    async def _room(self, wanted: int) -> int:
        """How many bytes there is room for in one piece, at least one. Raises TimeoutError."""
        while True:
            if self._written == self._size and not self._is_full:
                self._size += self._spools.grow(self._size, _PIECE)
            if self._written < self._size and not self._is_full:
                return min(wanted, self._size - self._written)
            if self._size:
                self._is_full = True
                free = self._size - (self._written - self._taken)
                if free:
                    return min(wanted, free, self._size - self._written % self._size)
            began = monotonic()
            if self._waited >= WAITS:
                raise TimeoutError("The client takes this export too slowly.")
            await self._change(_LOOKS_AGAIN)
            self._waited += monotonic() - began

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _change(self, within: float | None) -> None:
        try:
            async with asyncio.timeout(within):
                await self._changed.wait()
        except TimeoutError:
            return  # room may have become free elsewhere


class _File:
    """A file without a name, made when it is written first. For threads, of which one may still be busy at the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handle: int | None = None
        self._is_closed = False

    def write(self, piece: bytes, start: int) -> None:
        with self._lock:
            if self._is_closed:
                return
            if self._handle is None:
                with tempfile.TemporaryFile(prefix="inbox-tui-export-") as file:  # mode 0600
                    self._handle = os.dup(file.fileno())
            view = memoryview(piece)
            while view:
                count = os.pwrite(self._handle, view, start)
                view, start = view[count:], start + count

    def read(self, count: int, start: int) -> bytes:
        with self._lock:
            return b"" if self._handle is None else os.pread(self._handle, count, start)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None


def _no_room(error: OSError) -> StoreUnavailable:
    place = tempfile.gettempdir() if error.errno in _NO_ROOM else tempfile.tempdir
    _log.error("An export cannot be kept in %s: %s. Set TMPDIR to a folder with room.", place, error.strerror)
    words = f"The server cannot keep the export on disk: {error.strerror}."
    return StoreUnavailable(words, hint="Whoever runs it has to make room.", public=words)
