"""Writing single settings back into the configuration file, without disturbing the rest of it.

The file is its owner's: comments, order and other keys stay. Only simple top-level
values are written, and a file that would not read back as meant is not replaced.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from inbox_tui.domain.errors import ConfigError
from inbox_tui.local import paths
from inbox_tui.local.settings import parsed, text_of
from inbox_tui.store.part_file import part_of

Value = str | bool
_ANOTHER_CHANGE = 2.0
"""Seconds to wait for another program that changes the same file."""


def save_settings(file: Path, changes: Mapping[str, Value]) -> None:
    """Set top-level keys of the file, which is made if there is none.

    Raises:
        ConfigError: it cannot be written, or not without spoiling it.
    """
    file = Path(os.path.realpath(file))
    try:
        text = text_of(file) if file.exists() else ""
        wanted = {**parsed(text, file), **changes}
        for key, value in changes.items():
            text = _with(text, key, value)
        if parsed(text, file) != wanted:
            raise ConfigError(f"{file} is written in a way that cannot be changed from here.", hint="Edit it yourself.")
        paths.make_folder(file.parent)
        _replace(file, text)
    except OSError as error:
        raise ConfigError(f"{file} could not be written: {error.strerror or error}.") from error


def _with(text: str, key: str, value: Value) -> str:
    line = f"{key} = {_toml(value)}"
    top, table, rest = _parts(text)
    assignment = re.compile(rf"^[ \t]*{re.escape(key)}[ \t]*=[^\n#]*?(?P<comment>[ \t]*#[^\n]*)?$", re.MULTILINE)
    if assignment.search(top):
        top = assignment.sub(lambda found: line + (found["comment"] or ""), top, count=1)
    else:
        top = f"{top}{'' if not top or top.endswith(chr(10)) else chr(10)}{line}\n"
    return top + table + rest


def _parts(text: str) -> tuple[str, str, str]:
    """What stands before the first table, that table's heading, and the rest."""
    heading = re.search(r"^[ \t]*\[", text, re.MULTILINE)
    if heading is None:
        return text, "", ""
    return text[: heading.start()], text[heading.start() : heading.end()], text[heading.end() :]


def _toml(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    import json  # a JSON text is a TOML text

    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _replace(file: Path, text: str) -> None:
    with part_of(file, patience=_ANOTHER_CHANGE) as part:
        part.stream.write(text.encode())
        if file.exists():
            part.path.chmod(file.stat().st_mode & 0o777)
        part.finish()
