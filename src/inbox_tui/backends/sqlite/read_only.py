"""How a file that cannot be written can be read all the same, without showing what is out of date.

SQLite reads a log only with its index beside it. Where neither can be made and there is no log,
the file holds everything, and is read as one that does not change.
"""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

from inbox_tui.domain.errors import StoreUnavailable


class Way(Enum):
    """How SQLite is told to open the file; the value stands in its address."""

    WRITE = "mode=rw"
    READ = "mode=ro"
    """With its log, which others may be writing."""
    READ_UNCHANGING = "mode=ro&immutable=1"
    """There is no log. SQLite takes no lock and looks for no change."""


def way_to(path: Path) -> Way:
    """How the file can be opened; one that does not exist yet is to be written.

    Raises:
        StoreUnavailable: it cannot be written, and its newest changes cannot be read.
    """
    log, index = path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")
    if not path.is_file() or not os.access(path, os.R_OK):
        return Way.WRITE  # which fails, and says why
    has_both = log.exists() and index.exists()
    can_make = os.access(path.parent, os.W_OK | os.X_OK)
    can_write_beside = can_make or (has_both and os.access(log, os.W_OK) and os.access(index, os.W_OK))
    if os.access(path, os.W_OK) and can_write_beside:
        return Way.WRITE
    if has_both:
        return Way.READ
    if log.exists() and log.stat().st_size:
        if can_make:
            return Way.READ  # SQLite makes the index
        raise StoreUnavailable(
            f"{path} can only be read here, and its newest changes, in {log.name}, not even that.",
            hint=f"Open it once where it can be written, or copy {path.name} and {log.name} to one other folder.",
        )
    return Way.READ_UNCHANGING
