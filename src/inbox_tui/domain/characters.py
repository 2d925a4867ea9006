"""The category of a character, the same in every Python.

Each Python brings the Unicode tables of its own year. A character that is newer than those
tables is still a character: somebody typed it, and a newer terminal draws it. This module
lists the newer marks and invisible characters, and the code points that will never be
characters. Everything else without a category counts as a symbol.
"""

from __future__ import annotations

import unicodedata

_MARKS = (
    (0x05C8, 0x05C9), (0x0897, 0x0897), (0x0B53, 0x0B54), (0x0CF3, 0x0CF3), (0x0ECE, 0x0ECE), (0x1ACF, 0x1AF0),
    (0xD7C7, 0xD7CA), (0xD7FC, 0xD7FF), (0x10D69, 0x10D6D), (0x10ECB, 0x10ECF), (0x10EF0, 0x10EFF), (0x11241, 0x11241),
    (0x113B8, 0x113C0), (0x113C2, 0x113C2), (0x113C5, 0x113C5), (0x113C7, 0x113CA), (0x113CC, 0x113D0),
    (0x113D2, 0x113D2), (0x113E1, 0x113E2), (0x11B60, 0x11B67), (0x11DF0, 0x11DF0), (0x11F00, 0x11F01),
    (0x11F03, 0x11F03), (0x11F34, 0x11F3A), (0x11F3E, 0x11F42), (0x11F5A, 0x11F5A), (0x13440, 0x13440),
    (0x13447, 0x13455), (0x1611E, 0x1612F), (0x1D127, 0x1D128), (0x1D250, 0x1D252), (0x1D25B, 0x1D25C),
    (0x1D25F, 0x1D25F), (0x1D280, 0x1D281), (0x1E08F, 0x1E08F), (0x1E4EC, 0x1E4EF), (0x1E5EE, 0x1E5EF),
    (0x1E6E3, 0x1E6E3), (0x1E6E6, 0x1E6E6), (0x1E6EE, 0x1E6EF), (0x1E6F5, 0x1E6F5),
)  # fmt: skip
"""Marks of Unicode 18 that Unicode 14, the tables of the oldest supported Python, does not have: first and last."""
_INVISIBLE = ((0x2065, 0x2065), (0xFFF0, 0xFFF8), (0x13439, 0x1343F), (0xE0000, 0xE0FFF))
"""Format characters since Unicode 14, and code points that Unicode keeps free for invisible characters."""
_NEWER = {point: "Mn" for first, last in _MARKS for point in range(first, last + 1)}
_NONCHARACTERS = range(0xFDD0, 0xFDF0)
_PLANE_ENDS = (0xFFFE, 0xFFFF)
_ASCII_END = 0x80


def category(character: str) -> str:
    """The Unicode general category, with ``So`` for what no table has and ``Cn`` for noncharacters only."""
    point = ord(character)
    if point < _ASCII_END:
        return unicodedata.category(character)
    if newer := _NEWER.get(point):
        return newer
    if any(first <= point <= last for first, last in _INVISIBLE):
        return "Cf"
    found = unicodedata.category(character)
    if found != "Cn":
        return found
    return "Cn" if point in _NONCHARACTERS or point & 0xFFFF in _PLANE_ENDS else "So"


def is_assigned(character: str) -> bool:
    """Whether this Python knows the character. The width of an unknown one cannot be predicted."""
    return unicodedata.category(character) != "Cn"


def is_text(character: str) -> bool:
    """Whether a typed character is text: everything but control characters and halves of surrogate pairs.

    Not ``str.isprintable``, which refuses spaces other than U+0020, joiners, soft hyphens,
    and whatever is newer than this Python.
    """
    return unicodedata.category(character) not in ("Cc", "Cs")
