"""The log that ``--log-level`` asks for: a file, for the screen is taken and stderr is for people.

Holds what the program did and what went wrong beneath an error's words; never what a
visitor or member wrote, nor an address with its password.
"""

from __future__ import annotations

import logging
import platform
import sys

from inbox_tui import __version__
from inbox_tui.domain.errors import ConfigError, InboxError
from inbox_tui.local import paths

_log = logging.getLogger("inbox_tui")


def start_log(level: str) -> None:
    """Begin to note what happens. Raises ConfigError if the file cannot be written."""
    file = paths.log_file()
    paths.make_folder(file.parent)
    try:
        file.touch(mode=0o600)
        handler = logging.FileHandler(file, encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"The log {file} cannot be written: {error.strerror or error}.") from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(level.upper())
    _log.info("inbox-tui %s, Python %s on %s", __version__, platform.python_version(), sys.platform)


def log_failure(error: InboxError) -> None:
    """Note what ended a command, with what lies beneath it."""
    _log.error("%s", type(error).__name__, exc_info=error)
