"""Printing: data to stdout, words to stderr, and nothing from a store unless it is harmless."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import click

from inbox_tui.domain.text import clean

_BREAKS_LINES = ("Cc", "Cs", "Zl", "Zp")
"""Categories of characters that a line of data must not hold."""


def say(words: str) -> None:
    """Words for a person, on stderr."""
    click.echo(clean(words, multiline=True), err=True)


def write_lines(lines: Iterable[str]) -> None:
    """Data on stdout, a line each. The lines must be clean."""
    for line in lines:
        sys.stdout.write(line + "\n")


def id_shown(id: str) -> str:
    """An id as its reader can use it: as it is, unless it could break a line or act on a terminal.

    On a terminal nothing that cannot be seen is left in it.
    """
    harmless = clean(id, limit=max(1, 10 * len(id)))
    if harmless == id or is_terminal() or any(unicodedata.category(char) in _BREAKS_LINES for char in id):
        return harmless
    return id


def write_json(objects: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line, ASCII only: whole and unchanged, but no terminal acts on it."""
    import json

    for found in objects:
        sys.stdout.write(json.dumps(found, ensure_ascii=True).replace("\x7f", "\\u007f") + "\n")


def is_terminal() -> bool:
    """A person looks at stdout."""
    return sys.stdout.isatty()


def terminal_width() -> int:
    """Cells in a line of the terminal."""
    import shutil  # only a terminal asks

    return shutil.get_terminal_size().columns
