"""What the server's process may use, and what it leaves behind."""

from __future__ import annotations

import resource
from contextlib import suppress

from inbox_tui.server.connections import RESERVE

FILES_BESIDE = 256
"""Descriptors that are kept free of connections: for the store, and for those beyond the limit."""


def allow_connections(wanted: int) -> int:
    """Raise the limit of open files as far as it goes; how many connections there may be then, without the reserve."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = wanted + FILES_BESIDE
    allowed = files if hard == resource.RLIM_INFINITY else min(files, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
            soft = allowed
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - min(FILES_BESIDE, RESERVE + soft // 2)))


def leave_no_core() -> None:
    """A crash writes no image of the memory, with all its texts, to the disk."""
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
