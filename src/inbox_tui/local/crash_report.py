"""Crash reports: where a bug happened, without any user's text.

A report holds the kinds of the errors and the places in the code; no values of variables
and no message of an error, for a token or a visitor's words may stand in them.
"""

from __future__ import annotations

import os
import platform
import sys
import traceback
from datetime import datetime
from pathlib import Path

from inbox_tui import __version__


def write_report(error: BaseException, folder: Path, now: datetime) -> Path:
    """Write a report that only this user can read; gives its file.

    Raises:
        OSError: the folder takes no file.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"crash-{now:%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as report:
        report.write("\n".join([*_circumstances(now), "", *_places(error)]) + "\n")
    return file


def _circumstances(now: datetime) -> list[str]:
    return [
        f"inbox-tui {__version__}, {now.isoformat(timespec='seconds')}",
        f"Python {platform.python_version()}, {sys.platform} {platform.machine()}",
        f"TERM={os.environ.get('TERM', '')}",
    ]


def _places(error: BaseException) -> list[str]:
    """The error and those that led to it, the first one first."""
    lines: list[str] = []
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    for one in reversed(found):
        lines.append(f"{type(one).__module__}.{type(one).__qualname__}")
        for frame in traceback.extract_tb(one.__traceback__):
            lines.append(f"  {frame.filename}:{frame.lineno} in {frame.name}")
    return lines
