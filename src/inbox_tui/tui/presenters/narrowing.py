"""Which of many rows somebody means who types the beginnings of words.

Pure: knows rows by their words alone, and no widget.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from inbox_tui.domain.text import folded

_WORD = re.compile(r"\w+")
T = TypeVar("T")


def narrowed(rows: Sequence[T], typed: str, name: Callable[[T], str], more: Callable[[T], str]) -> tuple[T, ...]:
    """Rows of which each typed word begins a word, in their order; those whose names suffice come first.

    Args:
        rows: All that can be chosen.
        typed: Upper case and accents make no difference.
        name: What a row is called.
        more: What else finds it, such as the first part of an address.
    """
    sought = _words(typed)
    by_name = [row for row in rows if _has(sought, _words(name(row)))]
    by_more = [row for row in rows if row not in by_name and _has(sought, [*_words(name(row)), *_words(more(row))])]
    return (*by_name, *by_more)


def _words(text: str) -> list[str]:
    return _WORD.findall(folded(text))


def _has(sought: list[str], words: list[str]) -> bool:
    return all(any(word.startswith(beginning) for word in words) for beginning in sought)
