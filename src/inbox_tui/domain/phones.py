"""Finds telephone numbers in a text, so that a search matches them in any notation.

Two notations mean one number if the longer ends with the digits of the shorter, without its national prefix (zeros,
or the Russian 8). So the index stores a number with its last digit first: the shorter one is then a prefix of the
longer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from inbox_tui.domain.letters import CharacterMap, folded

FEWEST_DIGITS = 7
"""The fewest digits of a local number; fewer are an amount, a year, a house."""
_MOST_DIGITS = 15
"""ITU-T E.164: the most digits of a number with its country code."""
_ENOUGH_DIGITS = 9
"""The most digits of a complete number that further digits may follow."""
_MARK = "☎"
"""Marks the index word of a number. It is a sign, so no word of a text begins with it."""
_RUSSIAN = re.compile("8[3489][0-9]{9}")

_MAY_BE = re.compile(r"(?:[0-9][ ().+/-]{0,3}){7}")
_NUMBER = re.compile(r"(?<![0-9A-Za-z])\+?\(?[0-9](?:[ ().+/-]{0,3}[0-9])*+(?![0-9A-Za-z])")
_TRUNK = re.compile(r"\( ?0 ?\)")
_GROUP = re.compile("[0-9]+")


class Number(NamedTuple):
    """A number, and where in the text it stands."""

    start: int
    end: int
    groups: tuple[str, ...]


def numbers(text: str) -> list[Number]:
    """The possible telephone numbers in the text."""
    plain = text if text.isascii() else text.translate(_PLAIN)
    if not _MAY_BE.search(plain):
        return []
    found = []
    for match in _NUMBER.finditer(plain):
        groups = tuple(_GROUP.findall(_TRUNK.sub(" ", match[0])))
        if sum(map(len, groups)) >= FEWEST_DIGITS:
            found.append(Number(*match.span(), groups))
    return found


def kept(number: Number) -> list[str]:
    """The index words of a number: one for each digit at which it may be complete."""
    words: list[str] = []
    digits = ""
    for place, group in enumerate(number.groups, 1):
        digits += group
        if place == len(number.groups) or len(digits) >= _ENOUGH_DIGITS:
            words.append(_MARK + _reversed(digits))
    return words


def looked_for(number: Number) -> tuple[str, list[str]]:
    """The prefix of the words for longer notations of a number, and all words for shorter ones."""
    digits = _reversed("".join(number.groups))
    return _MARK + digits, [_MARK + digits[:size] for size in range(FEWEST_DIGITS, len(digits))]


def stands_for_a_number(word: str) -> bool:
    """Whether the word is one of ``kept``; few have one beginning."""
    return word.startswith(_MARK)


def may_be_a_number(word: str) -> bool:
    """Whether the word by itself is a number."""
    return len(word) >= FEWEST_DIGITS and word.isascii() and word.isdigit()


def _reversed(digits: str) -> str:
    bare = digits[1:] if _RUSSIAN.fullmatch(digits) else digits.lstrip("0")
    return (bare or digits)[-_MOST_DIGITS:][::-1]


_PARTING = {
    **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63\u30fc", "-"),
    **dict.fromkeys("\u00b7\u2022\u30fb\uff0e", "."),
    **{"（": "(", "）": ")", "＋": "+", "／": "/", "⁄": "/"},
}
_PARTING |= dict.fromkeys(
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff", " "
)


def _plain(char: str) -> str:
    """Digits and separators as ASCII, one character for each, so that indexes stay valid."""
    if char.isascii():
        return char
    fold = folded(char)
    return _PARTING.get(char) or (fold if len(fold) == 1 and fold.isascii() and fold.isdigit() else "x")


_PLAIN = CharacterMap(_plain)
