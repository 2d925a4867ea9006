"""Keeps spreadsheets from running what a visitor wrote as a formula, whichever delimiter they assume.

A spreadsheet follows its user's locale: it may split a comma-separated file at semicolons, tabs or bars. What a
visitor wrote after one of these, or after a line break, then begins a cell.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from inbox_tui.domain.names import has_visible
from inbox_tui.domain.text import LINE_BREAKS

DELIMITERS = (",", ";", "\t", "|")
"""Characters at which a spreadsheet may split a line into cells."""
_STARTS = re.compile("(?<![A-Za-z0-9])[-=+@−⁺⁼₊₌﹢﹣﹦﹫＋－＝＠]")
"""What makes a spreadsheet take a cell for a formula: ASCII signs and the forms that may be read as them.

Not after a letter or digit, where most of these signs stand.
"""
_DROPPED = ("\t", "\r", "\n")
"""First characters that some spreadsheets drop before they look at the cell."""


def escape_formula(text: str, delimiter: str = ",") -> str:
    """The text with a ``'`` before each formula, so that no spreadsheet runs it; other text is unchanged.

    A formula begins at the start of the text, after a line break, or after a delimiter other than the file's own
    (which is safe, because a cell that contains it is quoted). Blanks, invisible characters and quotes before the
    formula do not matter.
    """
    if "\0" in text:
        text = text.replace("\0", "")
    breaks = _breaks(delimiter)
    pieces: list[str] = []
    done = 0
    for found in _STARTS.finditer(text):
        start = found.start()
        while start and text[start - 1] not in breaks and _is_passed_over(text[start - 1]):
            start -= 1
        if start == 0 or text[start - 1] in breaks:
            pieces += (text[done:start], "'")
            done = start
    result = "".join((*pieces, text[done:]))
    return "'" + result if result.startswith(_DROPPED) else result


@cache
def _breaks(delimiter: str) -> frozenset[str]:
    """Characters after which a cell may begin, other than the file's own delimiter."""
    return frozenset(DELIMITERS) - {delimiter} | LINE_BREAKS


@lru_cache(1024)
def _is_passed_over(character: str) -> bool:
    return character == '"' or not has_visible(character)
