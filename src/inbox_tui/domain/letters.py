"""Folds characters for searching: each becomes the letters that people type for it, nothing, or a space.

Case folding, NFKC, and marks off Latin, Greek and Cyrillic letters; Arabic vowel signs and Hebrew points go as well.
The result must never change under an existing index. So it does not depend on the Unicode tables of a Python or a
database, but on Unicode 3.2, which every Python carries unchanged, and on the short lists below for later characters.
The indexes hold folded text: a change here needs a migration that rebuilds them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple
from unicodedata import ucd_3_2_0 as unicode_3_2

CHARACTERS_KEPT = 20_000
"""More than any script has, and few enough for a server that is sent all of Unicode."""
_LETTERS = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t",
    "ŋ": "n", "ĸ": "k", "ƀ": "b", "ɓ": "b", "ƈ": "c", "ɖ": "d", "ɗ": "d", "ƌ": "d", "ǝ": "e", "ə": "e", "ɛ": "e",
    "ƒ": "f", "ǥ": "g", "ɠ": "g", "ɨ": "i", "ɩ": "i", "ƙ": "k", "ƚ": "l", "ɲ": "n", "ƞ": "n", "ɵ": "o", "ɔ": "o",
    "ƥ": "p", "ƭ": "t", "ʈ": "t", "ʉ": "u", "ʋ": "v", "ƴ": "y", "ƶ": "z", "ȥ": "z", "ɉ": "j", "ɍ": "r", "ɏ": "y",
    "ȼ": "c", "ⱦ": "t", "ⱥ": "a", "ɇ": "e", "ꝗ": "q", "ɫ": "l", "ⱡ": "l", "ᵽ": "p", "ƣ": "g", "ʒ": "z", "ſ": "s",
}  # fmt: skip
"""Letters whose stroke, hook or form is not a separate mark; in their case-folded form."""

_MARKS = "300-36F 483-489 1AB0-1AFF 1DC0-1DFF 20D0-20FF FE20-FE2F 591-5BD 5BF 5C1-5C2 5C4-5C5 5C7 610-61A 640 64B-65F 670 6D6-6DC 6DF-6E8 6EA-6ED 8D3-8E1 8E3-8FF"  # noqa: E501 - one list
"""Marks that folding removes: combining marks, Hebrew points, Arabic vowel signs and the Arabic elongation stroke."""

_UNSEEN = "AD 34F 61C 115F-1160 17B4-17B5 180B-180F 200B-200F 202A-202E 2060-206F 3164 FE00-FE0F FEFF FFA0 FFF0-FFFB 1BCA0-1BCA3 1D173-1D17A E0000-E0FFF"  # noqa: E501 - one list
"""Invisible characters that do not end a word: soft hyphen, joiners, marks of direction, selectors."""

_APART = "2B9-2BF 2C6-2CF 2EC-2FF 374 2122 2120 E000-F8FF F0000-10FFFF D800-DFFF"
"""Characters that end a word although Unicode 3.2 calls them letters: some apostrophes, trade marks, private use."""

_LATER_SIGNS = """
2EF-2FF 58D-58F 5C6 606-60F 61D-61E 7F6-7F9 7FE-7FF 830-83E 85E 888 9FB 9FD A76 AF0-AF1 BF3-BFA C77 C7F C84 D4F D79
FCE-FDA 109E-109F 1360 1390-1399 1400 1940-1945 19DE-19FF 1A1E-1A1F 1AA0-1AA6 1AA8-1AAD 1B5A-1B6A 1B74-1B7E 1BFC-1BFF
1C3B-1C3F 1C7E-1C7F 1CC0-1CC7 1CD3 2053-205E 20B0-20CF 213B 214C-214D 214F 218A-23FF 2614-2BFF 2CE5-2CEA 2CF9-2CFC
2CFE-2CFF 2D70 2E00-2E2E 2E30-2E7F 2FF0-2FFF 31C0-31EF 3250 32CC-32CF 3377-33FF 4DC0-4DFF A4FE-A4FF A60D-A60F A673
A67E A6F2-A716 A720-A721 A789-A78A A828-A82B A836-A839 A874-A877 A8CE-A8CF A8F8-A8FA A8FC A92E-A92F A95F A9C1-A9CD
A9DE-A9DF AA5C-AA5F AA77-AA79 AADE-AADF AAF0-AAF1 AB5B AB6A-AB6B ABEB FBB2-FBD2 FD3E-FD4F FDCF FDFD-FDFF FE10-FE19
FE47-FE48 10100-10102 10137-1013F 10179-10189 1018C-101FC 1039F 103D0 1056F 10857 10877-10878 1091F 1093F 10A50-10A58
10A7F 10AC8 10AF0-10AF6 10B39-10B3F 10B99-10B9C 10EAD 10F55-10F59 10F86-10F89 11047-1104D 110BB-110C1 11140-11143
11174-11175 111C5-111C8 111CD 111DB 111DD-111DF 11238-1123D 112A9 1144B-1144F 1145A-1145D 114C6 115C1-115D7
11641-11643 11660-1166C 116B9 1173C-1173F 1183B 11944-11946 119E2 11A3F-11A46 11A9A-11A9C 11A9E-11AA2 11B00-11B09
11C41-11C45 11C70-11C71 11EF7-11EF8 11F43-11F4F 11FD5-11FFF 12470-12474 12FF1-12FF2 16A6E-16A6F 16AF5 16B37-16B3F
16B44-16B45 16E97-16E9A 16FE2 1BC9C 1BC9F 1CC00-1D241 1D245 1D300-1D356 1D800-1D9FF 1DA37-1DA3A 1DA6D-1DA74
1DA76-1DA83 1DA85-1DA8B 1E14F 1E2FF 1E95E-1E95F 1ECAC 1ECB0 1ED2E 1EEF0-1FBEF 1FC00-1FFFF
"""
"""Signs newer than Unicode 3.2, and the ranges reserved for further pictographs and currency signs."""

_LATER_CAPITALS = "1C89-1C8F A7CB-A7CF A7D2 A7D4 A7DA-A7F1 10D50-10D8F 16EA0-16EDF"
"""Capitals newer than Unicode 14: not every Python knows their lower case."""

_JOINED = re.compile("[\u1100-\u11ff]+|[\u3041-\u30ff\uff66-\uff9d][\u3099\u309a\uff9e\uff9f]")
"""Sequences that form one character: parts of a Korean syllable, and kana with a voicing mark."""


def folded(text: str) -> str:
    """The folded text: lower-case letters without accents, digits, and spaces for everything else."""
    if not text.isascii() and _JOINED.search(text):
        text = _JOINED.sub(lambda joined: unicode_3_2.normalize("NFKC", joined[0]), text)
    return text.translate(_FOLDED)


class Folding(NamedTuple):
    """A folded text, and the index in the original text of each of its characters."""

    text: str
    starts: list[int]
    ends: list[int]


def folded_at(text: str) -> Folding:
    """``folded``, with the indexes in the original text."""
    found = Folding("", [], [])
    pieces: list[str] = []
    for start, end, part in _parts_of(text):
        fold = part.translate(_FOLDED)
        pieces.append(fold)
        found.starts.extend([start] * len(fold))
        found.ends.extend([end] * len(fold))
    return found._replace(text="".join(pieces))


def _parts_of(text: str) -> Iterator[tuple[int, int, str]]:
    """Split a text into characters, keeping sequences that form one character together."""
    place = 0
    for joined in _JOINED.finditer(text):
        yield from ((at, at + 1, text[at]) for at in range(place, joined.start()))
        yield joined.start(), joined.end(), unicode_3_2.normalize("NFKC", joined[0])
        place = joined.end()
    yield from ((at, at + 1, text[at]) for at in range(place, len(text)))


class CharacterMap(dict[int, str]):
    """A table for ``str.translate`` that fills itself on demand, and clears itself when it is full."""

    def __init__(self, stands_for: Callable[[str], str]) -> None:
        super().__init__()
        self._stands_for = stands_for

    def __missing__(self, point: int) -> str:
        if len(self) >= CHARACTERS_KEPT:
            self.clear()
        self[point] = found = self._stands_for(chr(point))
        return found


def _fold(char: str) -> str:
    point = ord(char)
    if point in _POINTS_UNSEEN:
        return ""
    if point in _POINTS_APART or (unicode_3_2.category(char) == "Cn" and point in _POINTS_OF_LATER_SIGNS):
        return " "
    parts = unicode_3_2.normalize("NFKD", char)
    if point not in _POINTS_OF_LATER_CAPITALS:
        bare = "".join(part for part in parts if ord(part) not in _POINTS_OF_MARKS)
        parts = unicode_3_2.normalize("NFKD", bare.casefold()).casefold()  # Unicode 3.2 makes ς of ϲ
    return _composed("".join(map(_fold_part, parts)))


def _fold_part(part: str) -> str:
    """Fold one character that does not decompose."""
    if ord(part) in _POINTS_OF_MARKS or ord(part) in _POINTS_UNSEEN:
        return ""
    if ord(part) in _POINTS_APART:
        return " "
    digit = unicode_3_2.decimal(part, None)
    if digit is not None:
        return str(digit)
    kind = unicode_3_2.category(part)
    is_word = kind[0] in "LNM" or (kind == "Cn" and ord(part) not in _POINTS_OF_LATER_SIGNS)
    return _LETTERS.get(part, part) if is_word else " "


def _composed(parts: str) -> str:
    """Korean syllables and kana stay whole: a part of one is another letter."""
    return unicode_3_2.normalize("NFC", parts) if _JOINED.search(parts) else parts


class _Ranges:
    """Parse a list of ranges into a set of code points."""

    def __init__(self, ranges: str) -> None:
        ends = sorted((int(first, 16), int(last or first, 16)) for first, _, last in _parted(ranges))
        self._firsts = [first for first, _ in ends]
        self._lasts = [last for _, last in ends]

    def __contains__(self, point: int) -> bool:
        place = bisect_right(self._firsts, point) - 1
        return place >= 0 and point <= self._lasts[place]


def _parted(ranges: str) -> list[tuple[str, str, str]]:
    return [part.partition("-") for part in ranges.split()]


_POINTS_OF_MARKS = _Ranges(_MARKS)
_POINTS_UNSEEN = _Ranges(_UNSEEN)
_POINTS_APART = _Ranges(_APART)
_POINTS_OF_LATER_SIGNS = _Ranges(_LATER_SIGNS)
_POINTS_OF_LATER_CAPITALS = _Ranges(_LATER_CAPITALS)
_FOLDED = CharacterMap(_fold)
