"""Which of the programs that share a file are alive: each holds the lock on a file of its own while it runs."""

from __future__ import annotations

import fcntl
import os
import uuid
from pathlib import Path

_MAX_NAME = 255


class Owners:
    """The programs that write into one file, this one among them.

    Args:
        file: What they share; their locks lie in a folder beside it.

    Raises:
        OSError: no lock can be made there.
    """

    def __init__(self, file: Path) -> None:
        self._folder = file.with_name(f"{file.name}.owners")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.mine = uuid.uuid4().hex
        """The name of this program."""
        self._lock = os.open(self._folder / self.mine, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        except BaseException:
            os.close(self._lock)
            raise

    def has_ended(self, owner: str) -> bool:
        """Whether a program no longer runs. A damaged name belongs to none."""
        if owner == self.mine:
            return False
        if not _is_file_name(owner):
            return True
        try:
            handle = os.open(self._folder / owner, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(handle)
        return True

    def forget(self, owner: str) -> None:
        """Remove the lock of a program that has ended and owns nothing any more. Raises OSError."""
        if _is_file_name(owner):
            (self._folder / owner).unlink(missing_ok=True)

    def close(self, *, owns_nothing: bool) -> None:
        """End: whoever opens the file next may take over what this program owns."""
        if owns_nothing:
            self.forget(self.mine)
        os.close(self._lock)


def _is_file_name(owner: str) -> bool:
    return owner.isascii() and owner.isalnum() and len(owner) <= _MAX_NAME
