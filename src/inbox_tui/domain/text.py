"""``clean``: the one way by which text from a store may reach a terminal.

A terminal obeys the bytes that it receives, and visitors write anything. ``clean`` keeps the
words and replaces every character that a terminal would act on, or that could hide or
reorder words. The raw text stays in the store. This module knows nothing of drawing;
the drawing code must never interpret text as markup.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from inbox_tui.domain.characters import category, is_text

NAME_LIMIT = 80
LINE_LIMIT = 200
BODY_LIMIT = 20_000
BODY_LINES = 2_000
_MARKS_PER_BASE = 3
_HIDDEN_PER_SHOWN = 8
_TAB = "    "
_LINE_BREAK_IN_LINE = " ⏎ "
_BARE_MARK = "◌"
LINE_BREAKS = frozenset("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
"""Characters at which a text is broken into lines."""
_BIDI = {
    0x202A: "<LRE>",
    0x202B: "<RLE>",
    0x202C: "<PDF>",
    0x202D: "<LRO>",
    0x202E: "<RLO>",
    0x2066: "<LRI>",
    0x2067: "<RLI>",
    0x2068: "<FSI>",
    0x2069: "<PDI>",
}
_REPLACED = {
    **{point: chr(0x2400 + point) for point in range(0x20)},  # control pictures
    ord("\t"): _TAB,
    0x7F: "\u2421",
    **{point: f"<{point:02X}>" for point in range(0x80, 0xA0)},
    **_BIDI,
    **dict.fromkeys((0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800), "□"),  # fillers: blank, yet letters or symbols
    **{0x1F1E6 + n: chr(ord("A") + n) for n in range(26)},  # halves of flags
    **dict.fromkeys(range(0x1F3FB, 0x1F400), ""),  # skin tones: terminals disagree on their width
    0x034F: "",  # combining grapheme joiner
    **dict.fromkeys((0x17B4, 0x17B5), ""),  # Khmer inherent vowels
    **dict.fromkeys((0x180B, 0x180C, 0x180D, 0x180F), ""),  # Mongolian variation selectors
    **dict.fromkeys((*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)), ""),  # variation selectors
}
_IN_LINE = {ord("\n"): " ", ord("\t"): " ", **dict.fromkeys(_BIDI)}
_REPLACED_BY_CATEGORY = {"Co": "□", "Cs": "\ufffd", "Cn": "\ufffd", "Cf": "", "Me": "", "Zs": " "}
_RUNS = re.compile("[ -~]+|[^ -~]")
_BREAKS = re.compile(f"\r\n|[{''.join(sorted(LINE_BREAKS))}]")
_LONGEST_REPLACEMENT = 8
"""Characters of the longest replacement for one character."""
TAB_STOP = 8
"""Cells from one tab stop to the next."""
_NOT_STORED = re.compile("[\0\ud800-\udfff]")


def clean(text: str, *, multiline: bool = False, limit: int = BODY_LIMIT, lines: int = BODY_LINES) -> str:
    """Make remote text safe to show.

    Args:
        text: Anything at all, lone surrogates included.
        multiline: Keep line breaks (as ``\\n``, at most ``lines`` lines); if False, each becomes
            `` ⏎ `` and the ends are trimmed.
        limit: Characters to keep, at least 1; a longer text ends in ``…``.
        lines: Lines to keep; further lines are joined to the last.

    Never raises. The result holds no control, format, private, surrogate or unassigned
    code point except ``\\n``, and cleaning it again changes nothing.
    """
    if not multiline:
        text = text.strip()
    if _is_plain(text, lines if multiline else 1):
        return text if len(text) <= limit else text[: limit - 1] + "…"
    considered = text[: limit * _HIDDEN_PER_SHOWN]
    is_cut = len(considered) < len(text)
    pieces: list[str] = []
    length = 0
    for piece in _shown(considered.replace("\r\n", "\n"), lines if multiline else 1):
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            is_cut = True
            break
    cleaned = "".join(pieces)
    if not multiline:
        cleaned = cleaned.strip(" ")
    return cleaned[: limit - 1] + "…" if is_cut else cleaned


def clean_line(text: str) -> str:
    """``clean`` for a topic, a preview or another single line."""
    return clean(text, limit=LINE_LIMIT)


def clean_name(text: str) -> str:
    """``clean`` for the name of a visitor, member, agent or file."""
    return clean(text, limit=NAME_LIMIT)


def clean_body(text: str) -> str:
    """``clean`` for a message."""
    return clean(text, multiline=True)


class Piece(NamedTuple):
    """The visible beginning of a message."""

    text: str
    characters_left: int
    """Characters of the message that are left out."""
    lines_left: int
    """Lines of the message that are left out or cut."""


def clean_piece(text: str) -> Piece:
    """The beginning of a message for the screen: up to BODY_LIMIT characters on BODY_LINES lines, tabs expanded."""
    end = min(len(text), BODY_LIMIT)
    for number, found in enumerate(_BREAKS.finditer(text, 0, end), 1):
        if number == BODY_LINES:
            end = found.start()
            break
    shown = text[:end]
    rest = text[end:]
    return Piece(clean_whole(shown), len(rest), len(_BREAKS.split(rest.removeprefix("\n"))) if rest else 0)


def clean_whole(text: str) -> str:
    """``clean`` for a whole message of any length, tabs expanded."""
    spread = "\n".join(map(with_tabs_spread, _BREAKS.split(text))) if "\t" in text else text
    most = max(1, len(spread)) * _LONGEST_REPLACEMENT
    return clean(spread, multiline=True, limit=most, lines=len(spread) + 2)


def with_tabs_spread(line: str) -> str:
    """Expand a line's tabs to columns of eight, as the reply box does."""
    first, *others = line.split("\t")
    pieces, column = [first], _cells(first)
    for other in others:
        gap = TAB_STOP - column % TAB_STOP
        pieces += [" " * gap, other]
        column += gap + _cells(other)
    return "".join(pieces)


def _cells(text: str) -> int:
    """The terminal cells that a piece of a line takes."""
    if text.isascii() and text.isprintable():
        return len(text)
    shown = clean(text, multiline=True, limit=max(1, len(text)) * _LONGEST_REPLACEMENT)
    return sum(
        0 if unicodedata.category(character) == "Mn" else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in shown
    )


def clean_typed(text: str) -> str:
    """Pasted or drafted text made fit for a text field, without shortening it.

    Line breaks become ``\\n`` and tabs stay. It drops characters that a terminal would act
    on or that reorder words; half a surrogate pair becomes U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_typed(character) for character in text.replace("\r\n", "\n"))


def typed_line(text: str) -> str:
    """``clean_typed`` for a name, a path or a search: line breaks and tabs become blanks, nothing reorders words."""
    return clean_typed(text).translate(_IN_LINE)


def folded(text: str) -> str:
    """For comparing what people type with names: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def replace_unstorable(text: str) -> str:
    """Replace U+0000 and halves of surrogate pairs by U+FFFD; stores keep everything else unchanged.

    PostgreSQL cannot store the first, and UTF-8 cannot encode the others.
    """
    return text.replace("\0", "\ufffd") if text.isascii() else _NOT_STORED.sub("\ufffd", text)


def _typed(character: str) -> str:
    if character in LINE_BREAKS:
        return "\n"
    if character == "\t" or is_text(character):
        return character
    return "\ufffd" if category(character) == "Cs" else ""


def _is_plain(text: str, lines: int) -> bool:
    if not text.isascii():
        return False
    if lines == 1:
        return text.isprintable()
    return text.count("\n") < lines and text.replace("\n", "").isprintable()


def _shown(text: str, most_lines: int) -> Iterator[str]:
    """Yields each run of plain characters, and the replacement of each other character unless it is empty."""
    last, marks, lines = " ", 0, 1
    for run in _RUNS.findall(text):
        if " " <= run[0] <= "~":
            piece = run
        elif run in LINE_BREAKS:
            lines += 1
            piece = "\n" if lines <= most_lines else _LINE_BREAK_IN_LINE
        elif not (piece := _harmless(run)):
            continue
        elif category(piece[0]) == "Mn":
            marks += 1
            if marks <= _MARKS_PER_BASE:
                yield _BARE_MARK + piece if last in " \n" else piece
                last = piece
            continue
        last, marks = piece[-1], 0
        yield piece


def _harmless(character: str) -> str:
    replacement = _REPLACED.get(ord(character))
    return _REPLACED_BY_CATEGORY.get(category(character), character) if replacement is None else replacement
