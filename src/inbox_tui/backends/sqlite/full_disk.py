"""Which disk is full: SQLite says only that one is.

It sorts, rebuilds and undoes in temporary files, which may lie on another disk than the
inbox. When a statement fails they are gone at once, and their disk looks as if it had room; what
was written beside the inbox stays. So a full disk that is not that of the inbox is theirs.
"""

from __future__ import annotations

import os
from pathlib import Path

_ROOM = 1_000_000
"""Bytes free on a disk that was not the full one; a write that fails is of a page, at most 65,536."""
_FOLDERS = ("/var/tmp", "/usr/tmp", "/tmp", ".")  # the order of SQLite's own search


def temporary_folder() -> Path | None:
    """Where SQLite puts its temporary files; None if there is no such place."""
    named = (os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR"))
    for folder in (*named, *_FOLDERS):
        if folder and Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return Path(folder)
    return None


def full_elsewhere(path: Path) -> Path | None:
    """The folder of temporary files if its disk, and not that of ``path``, was full a moment ago."""
    folder = temporary_folder()
    try:
        if folder is None or folder.stat().st_dev == path.parent.stat().st_dev or room_at(path.parent) < _ROOM:
            return None
    except OSError:
        return None
    return folder


def room_at(folder: Path) -> int:
    """Bytes that this user may still write there. Raises OSError."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
