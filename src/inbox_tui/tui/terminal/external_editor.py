"""Writing a reply in the member's own editor.

Runs the editor on a private temporary file while the program is suspended. The
editor gets no secret of ours in its environment.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from inbox_tui.domain.errors import ConfigError

_AT_ONCE = 1.0
"""Seconds in which nobody reads a text in an editor and closes it."""
_SECRETS = ("INBOX_TUI_TOKEN",)


def editor_command(environ: Mapping[str, str]) -> list[str]:
    """The words of the editor's command: $VISUAL, $EDITOR, or vi.

    Raises:
        ConfigError: a quote is not closed.
    """
    for given in (environ.get("VISUAL", ""), environ.get("EDITOR", "")):
        try:
            words = shlex.split(given)
        except ValueError as error:
            raise ConfigError(
                f"The editor {given!r} is no command: {error}.", hint="Correct VISUAL or EDITOR."
            ) from error
        if words:
            return words
    return ["vi"]


def edit_text(text: str, environ: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> str:
    """Let the member edit a text; the result has no trailing newlines.

    Args:
        text: What the editor begins with.
        environ: Names the editor.
        clock: Seconds, for telling an editor that returned at once.

    Raises:
        ConfigError: the editor cannot be started, ended with a failure, or returned at once without a change, as
            one does that goes on in a window of its own. The text is as before; in the last case the file is kept.
    """
    command = editor_command(environ)
    path = _put_by(text)
    name = str(path)
    is_kept = False
    begun, before = clock(), _state(path)
    try:
        clean_environment = {key: value for key, value in environ.items() if key not in _SECRETS}
        try:
            ended = subprocess.run([*command, name], env=clean_environment, check=False)
        except OSError as error:
            raise ConfigError(
                f"The editor {command[0]!r} cannot be started: {error.strerror}.", hint="Set EDITOR to one that can."
            ) from error
        if ended.returncode != 0:
            raise ConfigError(
                f"The editor {command[0]!r} ended with {ended.returncode}; the text was not changed.",
                hint="Close the editor normally to take its text over.",
            )
        try:
            edited = path.read_text(encoding="utf-8", errors="replace").removeprefix("\ufeff").rstrip("\n")
            is_kept = clock() - begun < _AT_ONCE and _state(path) == before
            if is_kept:
                raise ConfigError(
                    f"The editor {command[0]!r} returned at once; the text was not changed.",
                    hint=f'The text is in {path} too. Have the editor wait, for example EDITOR="code --wait".',
                )
        except OSError as error:
            raise ConfigError(
                f"The editor {command[0]!r} left no file: {error.strerror}; the text was not changed.",
                hint="Save under the name that the editor was given.",
            ) from error
        return edited
    finally:
        if not is_kept:
            path.unlink(missing_ok=True)


def _state(path: Path) -> tuple[int, bytes]:
    """When the file was written, as finely as its disk knows, and what it holds."""
    return path.stat().st_mtime_ns, path.read_bytes()


def _put_by(text: str) -> Path:
    """A private temporary file that holds the text. Raises ConfigError."""
    path: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix="reply-", suffix=".txt")
        path = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError as error:
        if path is not None:
            path.unlink(missing_ok=True)
        folder = path.parent if path is not None else os.environ.get("TMPDIR") or "a temporary folder"
        raise ConfigError(
            f"The text cannot be put into {folder} for the editor: {error.strerror or error}.",
            hint="Free some space there, or name another folder in TMPDIR. Your text is in the box.",
        ) from error
    return path
