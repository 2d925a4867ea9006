"""The words of a text, as every store's search tells them apart.

A word is of letters and digits; a mark, a sign or an emoji stands between words like a space. The rule is that of
SQLite's FTS5, which cuts the words in the default store and is told by a migration what came after its tables, those of
Unicode 6.1. It differs in what nobody is likely to type: private characters, and letters that this Python does not know
yet, are part of a word there; capitals that are younger stay capitals, and Ǡ keeps its accents. Nothing here knows a
database.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from inbox_tui.domain.errors import Rejected

SEARCH_WORDS = 12
"""Words that a search may have. Each costs a look-up, and stores share one thread for searches."""
SEARCH_BYTES = 1_000
"""Bytes in UTF-8 that its text may have."""

_WORD = re.compile(r"[^\W_]+")
# FTS5's own list, of its tokenizer unicode61 with remove_diacritics 2.
_ACCENTS = frozenset(
    map(chr, (*range(0x300, 0x305), *range(0x306, 0x30D), 0x30F, 0x311, 0x31B, *range(0x323, 0x329), 0x32D, 0x32E))
) | {"\u0330", "\u0331"}
"""What comes off a letter; every other mark ends a word."""


def cut(text: str) -> list[str]:
    """The words, without capitals, and Latin letters without accents."""
    return _WORD.findall(text.lower() if text.isascii() else text.translate(_PLAIN))


class Word(NamedTuple):
    """A word, and where it stands in its text."""

    text: str
    """As ``cut`` gives it."""
    start: int
    end: int


def words_at(text: str) -> list[Word]:
    """The words of ``cut``, and where each stands in the text as it was given."""
    if text.isascii():
        return [Word(found[0], *found.span()) for found in _WORD.finditer(text.lower())]
    plain = [char.translate(_PLAIN) for char in text]
    places = [place for place, chars in enumerate(plain) for _ in chars]
    return [
        Word(found[0], places[found.start()], places[found.end() - 1] + 1) for found in _WORD.finditer("".join(plain))
    ]


def require_search(text: str) -> None:
    """Raises Rejected for a search of more than SEARCH_WORDS words or SEARCH_BYTES bytes."""
    size = len(text.encode("utf-8", "replace"))
    if size > SEARCH_BYTES:
        raise Rejected(
            f"The search has {size:,} bytes; {SEARCH_BYTES:,} is the most.", hint="Search for a few of its words."
        )
    number = len(cut(text))
    if number > SEARCH_WORDS:
        raise Rejected(f"The search has {number} words; {SEARCH_WORDS} is the most.", hint="Leave some out.")


class _Plain(dict[int, str]):
    """What stands for a character in a word; learned as characters come."""

    def __missing__(self, point: int) -> str:
        self[point] = plain = _plain(chr(point))
        return plain


def _plain(char: str) -> str:
    if char in _ACCENTS:
        return ""
    if unicodedata.category(char).startswith("M"):
        return " "
    small = char.casefold()
    if len(small) > 1:
        small = char.lower()[0]
    base = unicodedata.normalize("NFD", small)[0]
    return base if base.isascii() else small


_PLAIN = _Plain()
