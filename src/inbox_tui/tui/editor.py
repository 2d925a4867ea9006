"""Writing a reply in the member's own editor.

Runs the editor on a private temporary file while the program is suspended. The
editor gets no secret of ours in its environment.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from inbox_tui.domain.errors import ConfigError

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


def edit_text(text: str, environ: Mapping[str, str]) -> str:
    """Let the member edit a text; the result has no trailing newlines.

    Raises:
        ConfigError: the editor cannot be started or ended with a failure; the text is as before.
    """
    command = editor_command(environ)
    path = _put_by(text)
    name = str(path)
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
            return path.read_text(encoding="utf-8", errors="replace").rstrip("\n")
        except OSError as error:
            raise ConfigError(
                f"The editor {command[0]!r} left no file: {error.strerror}; the text was not changed.",
                hint="Save under the name that the editor was given.",
            ) from error
    finally:
        path.unlink(missing_ok=True)


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
