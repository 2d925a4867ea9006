"""A file that appears under its name only when it is complete, and leaves nothing behind for long.

It is written as ``NAME.part`` beside its place. The writer holds a lock on the part, which ends
with the process. So the next writer of the same name can tell the leftover of a killed writer from
a part that another process is writing, and takes the leftover over.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_POLL = 0.02
_BESIDE = ("-journal", "-wal", "-shm")
"""Suffixes of the files that SQLite writes beside a database."""


class PartFile:
    """The part of one file, locked by its writer."""

    def __init__(self, target: Path, path: Path, stream: IO[bytes]) -> None:
        self.target = target
        self.path = path
        self.stream = stream

    def finish(self) -> None:
        """Flush it to disk and rename it to the target, replacing any existing file. Raises OSError."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self.path.replace(self.target)


@contextmanager
def part_of(target: Path, *, patience: float = 0.0) -> Iterator[PartFile]:
    """A new empty part (mode 0600); the end of the block removes it unless it was finished.

    Args:
        target: Its final name.
        patience: Seconds to wait for another writer of the same name.

    Raises:
        BlockingIOError: another process is writing it; names the part.
        FileExistsError: a folder, a pipe or a link has the part's name.
        OSError: the folder is not writable.
    """
    path = target.with_name(f"{target.name}.part")
    with os.fdopen(_claimed(path, time.monotonic() + patience), "wb") as stream:
        try:
            yield PartFile(target, path, stream)
        finally:
            with suppress(OSError):
                if os.path.samestat(os.fstat(stream.fileno()), path.stat()):  # not finished
                    path.unlink()
                    _remove_beside(path)


def _claimed(path: Path, deadline: float) -> int:
    """Open and lock the part, or take over the leftover of a killed process."""
    while True:
        _require_file_or_nothing(path)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The last writer may have renamed or removed the file between the two calls above.
            if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
                os.fchmod(handle, 0o600)
                os.ftruncate(handle, 0)
                _remove_beside(path)
                return handle
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                os.close(handle)
                raise BlockingIOError(error.errno, "another program is writing it now", str(path)) from error
        except BaseException:
            os.close(handle)
            raise
        else:
            os.close(handle)
            continue
        os.close(handle)
        time.sleep(_POLL)


def _require_file_or_nothing(path: Path) -> None:
    """Nobody left a folder, a pipe or a link there. Raises FileExistsError; what it says names the part."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise FileExistsError(
                errno.EEXIST, f"{path} is in the way and no regular file; move or remove it", str(path)
            )


def _remove_beside(path: Path) -> None:
    for suffix in _BESIDE:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
