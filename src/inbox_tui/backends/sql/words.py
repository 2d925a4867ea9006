"""The words of a text, as every store's search tells them apart. Knows no database."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")


def parts(text: str) -> list[str]:
    """The runs of letters and digits, as they are written."""
    return _WORD.findall(text)


def cut(text: str) -> list[str]:
    """The words, without capitals and accents."""
    plain = text.lower()
    if not plain.isascii():
        plain = "".join(char for char in unicodedata.normalize("NFD", plain) if not unicodedata.combining(char))
    return parts(plain)
