"""The tokenizer: splits a text into words, the same for every store.

A word is of letters, digits and the marks that belong to them; a sign or an emoji stands between words like a space.
Chinese, Japanese, Thai, Lao, Khmer and Burmese have no spaces: their words are each two characters that follow each
other, so that any run of them is found. A telephone number is a word of its own besides. Stores index these words, as
they are; this module knows no database.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.letters import folded, folded_at
from inbox_tui.domain.phones import kept, numbers

SEARCH_WORDS = 12
"""The most words in a search. Each costs a look-up, and all searches of a store share one thread."""
SEARCH_BYTES = 1_000
"""The most bytes of a search in UTF-8."""
NO_WORDS = "There is nothing to look for: a search needs letters or digits."
"""The message for a search that has neither."""
_RUN_OF_A_WORD = 8
"""Characters of a script without spaces that count as one word of a search."""
_LONGEST = 500
"""The most characters of a word; a longer one is split. PostgreSQL takes 2,046 bytes."""

_ASCII_WORD = re.compile("[0-9a-z]+")
_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaa7f"  # Thai, Lao, Burmese, Khmer
    "\u2e80-\u2fff\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u312f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001aff0-\U0001b16f\U00020000-\U0003fffd"  # Han and kana
)


# Compiled when a text is first taken apart: so many ranges take milliseconds, and the first list needs none of them.


@cache
def _has_spaceless() -> re.Pattern[str]:
    return re.compile(f"[{_SPACELESS}]")


@cache
def _run() -> re.Pattern[str]:
    return re.compile(f"[{_SPACELESS}]+|[^{_SPACELESS} ]+")


def words(text: str) -> list[str]:
    """The words to index: those of the text in order, then its telephone numbers."""
    found: list[str] = []
    for run, is_spaceless in _runs(text):
        if is_spaceless:
            found += pairs(run)
        found.append(run[-1] if is_spaceless else run)
    for number in numbers(text):
        found += kept(number)
    return found


def spoken(text: str) -> tuple[list[str], bool]:
    """The words to search for, and whether the last one is a prefix.

    A run of characters without spaces is a prefix unless letters follow it.
    """
    found: list[str] = []
    may_go_on = True
    runs = _runs(text)
    for place, (run, is_spaceless) in enumerate(runs, 1):
        may_go_on = not is_spaceless or len(run) == 1
        if is_spaceless:
            found += pairs(run)
        if place < len(runs) or may_go_on:
            found.append(run[-1] if is_spaceless else run)
    return found, may_go_on


def pairs(run: str) -> list[str]:
    """All pairs of adjacent characters."""
    return [run[place : place + 2] for place in range(len(run) - 1)]


def is_spaceless(word: str) -> bool:
    """Whether a word is of a script that has no spaces."""
    return _has_spaceless().match(word) is not None


def has_words(search: str) -> bool:
    """Whether the text has a word."""
    return bool(folded(search).strip(" "))


class Word(NamedTuple):
    """A word and its position in the text."""

    text: str
    """The word, as ``words`` returns it."""
    start: int
    end: int


def words_at(text: str) -> list[Word]:
    """``words``, each with its position in the original text."""
    plain, starts, ends = folded_at(text)
    found: list[Word] = []
    for run in _run().finditer(plain):
        first, last = run.span()
        if is_spaceless(run[0]):
            found += [
                Word(plain[place : place + 2], starts[place], ends[place + 1]) for place in range(first, last - 1)
            ]
            found.append(Word(plain[last - 1], starts[last - 1], ends[last - 1]))
        else:
            for place in range(first, last, _LONGEST):
                end = min(place + _LONGEST, last)
                found.append(Word(plain[place:end], starts[place], ends[end - 1]))
    for number in numbers(text):
        found += [Word(word, number.start, number.end) for word in kept(number)]
    return found


def require_search(text: str) -> None:
    """Raises Rejected for a search of more than SEARCH_WORDS words or SEARCH_BYTES bytes."""
    size = len(text.encode("utf-8", "replace"))
    if size > SEARCH_BYTES:
        raise Rejected(
            f"The search has {size:,} bytes; {SEARCH_BYTES:,} is the most.", hint="Search for a few of its words."
        )
    number = sum(-(-len(run) // _RUN_OF_A_WORD) if is_spaceless else 1 for run, is_spaceless in _runs(text))
    if number > SEARCH_WORDS:
        raise Rejected(f"The search has {number} words; {SEARCH_WORDS} is the most.", hint="Leave some out.")


def _runs(text: str) -> list[tuple[str, bool]]:
    """Runs of letters and digits, and whether each is of a script without spaces."""
    if text.isascii():
        whole = _ASCII_WORD.findall(text.lower())
        return [(run, False) for run in whole] if len(text) <= _LONGEST else _short(whole)
    plain = folded(text)
    if not _has_spaceless().search(plain):
        return _short(plain.split(" "))
    return [
        (part, is_spaceless(run))
        for run in _run().findall(plain)
        for part in ([run] if is_spaceless(run) else _cut(run))
    ]


def _short(whole: list[str]) -> list[tuple[str, bool]]:
    return [(part, False) for run in whole if run for part in _cut(run)]


def _cut(run: str) -> list[str]:
    return [run] if len(run) <= _LONGEST else [run[start : start + _LONGEST] for start in range(0, len(run), _LONGEST)]
