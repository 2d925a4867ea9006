"""A copy of the file while others go on writing to it.

Copying the file itself would miss what is still in the write-ahead log beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from inbox_tui.backends.sqlite.connections import FileConnection
from inbox_tui.backends.sqlite.errors import sqlite_errors
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.store.part_file import part_of


def back_up(connection: FileConnection, target: Path, progress: Callable[[float], None] | None) -> None:
    """Copy the connection's file into ``target``, as it is at the first step. Raises StoreUnavailable."""
    if target.exists():
        raise StoreUnavailable(f"{target} exists already.", hint="Choose another name; no backup is written over.")
    try:
        with part_of(target) as part:
            with sqlite_errors(target, all_beside=True):
                connection.copy_to(part.path, progress)
            part.finish()
    except OSError as error:
        raise StoreUnavailable(
            f"{target} could not be written: {error.strerror}. No half file was left.", hint="Choose another place."
        ) from error
