"""A copy of the file while others go on writing to it.

Copying the file itself would miss what is still in the write-ahead log beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from inbox_tui.backends.sqlite.connections import FileConnection
from inbox_tui.backends.sqlite.errors import sqlite_errors
from inbox_tui.domain.errors import StoreUnavailable


def back_up(connection: FileConnection, target: Path, progress: Callable[[float], None] | None) -> None:
    """Copy the connection's file into ``target``, as it is at the first step. Raises StoreUnavailable."""
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    if target.exists():
        raise StoreUnavailable(f"{target} exists already.", hint="Choose another name; no backup is written over.")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        try:
            with sqlite_errors(target):
                connection.copy_to(part, progress)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"{target} could not be written: {error.strerror}. No half file was left.", hint="Choose another place."
        ) from error
