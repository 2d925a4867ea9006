"""Compares agents' names and members' addresses: those that look alike are the same.

Stores keep and show the first spelling; only comparisons use this module.
"""

from __future__ import annotations

import unicodedata

from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.text import replace_unstorable

_BLANK = "\u2800"
"""Braille without dots: a symbol for Unicode, a blank for the eye."""
_INVISIBLE_CATEGORIES = ("Cc", "Cf")
_INVISIBLE = frozenset(
    map(
        chr,
        (
            0x034F,  # combining grapheme joiner
            *(0x115F, 0x1160, 0x3164, 0xFFA0),  # Hangul fillers
            *(0x17B4, 0x17B5),  # Khmer inherent vowels
            *range(0x180B, 0x1810),  # Mongolian variation selectors
            *(0x2065, *range(0xFFF0, 0xFFF9)),
            *range(0xFE00, 0xFE10),  # variation selectors
        ),
    )
)
_TAGS = ("\U000e0000", "\U000e0fff")
"""The range of tags and further variation selectors. All together: Default_Ignorable_Code_Point."""


def name_key(name: str) -> str:
    """The form in which names and addresses are compared; empty if the text has no visible character.

    NFKC and case folding (Unicode, chapter 3.13). Invisible characters are dropped, blanks of any kind count as
    one space between words and as nothing at the ends.
    """
    if name.isascii() and name.isprintable():
        return " ".join(name.split()).lower()
    folded = replace_unstorable(name)
    while (again := _folded_once(folded)) != folded:  # what folding makes may itself be folded: ΐ, ﬃ, ㎇
        folded = again
    return folded


def is_blank(text: str) -> bool:
    """Whether the text has no visible character, and so names nothing."""
    return not name_key(text)


def has_visible(text: str) -> bool:
    """Whether the text has a visible character; stops at the first one."""
    return not all(map(_is_unseen, text))


def trimmed(text: str) -> str:
    """The text without blanks and invisible characters at its ends; those inside, and what follows an emoji, stay."""
    start, end = 0, len(text)
    while start < end and _is_unseen(text[start]):
        start += 1
    while start < end and _is_unseen(text[end - 1]):
        end -= 1
    while end < len(text) and _modifies(text[end]):  # a heart in colour, the flag of Scotland
        end += 1
    return text[start:end] if start < end else ""


def require_visible(text: str, whose: str) -> None:
    """Raises Rejected for an id, a key or a name without a visible character. ``whose`` begins the message."""
    if is_blank(text):
        raise Rejected(f"{whose} has no visible character.", hint="Use letters, digits or signs.")


def _folded_once(text: str) -> str:
    visible = "".join(
        " " if character.isspace() or character == _BLANK else "" if _is_invisible(character) else character
        for character in text
    )
    return " ".join(unicodedata.normalize("NFKC", visible.casefold()).split())


def _is_unseen(character: str) -> bool:
    return character.isspace() or character == _BLANK or _is_invisible(character)


def _modifies(character: str) -> bool:
    """Whether an invisible character belongs to the visible one before it: a variation selector or a tag."""
    return "\ufe00" <= character <= "\ufe0f" or _TAGS[0] <= character <= _TAGS[1]


def _is_invisible(character: str) -> bool:
    return (
        character in _INVISIBLE
        or unicodedata.category(character) in _INVISIBLE_CATEGORIES
        or _TAGS[0] <= character <= _TAGS[1]
    )
