"""``clean``: the one way by which text from a store may reach a terminal.

Visitors write what they like, terminals obey what they are sent. ``clean`` keeps the
words and makes everything that a terminal could act on, or that could hide or reorder
words, visible or harmless. The raw text stays in the store. Nothing here knows how
text is drawn; markup is the drawing side's concern and must never be read from it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

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
_LINE_BREAKS = {"\r", "\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"}
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
_NOT_STORED = re.compile("[\0\ud800-\udfff]")


def clean(text: str, *, multiline: bool = False, limit: int = BODY_LIMIT) -> str:
    """Make remote text safe to show.

    Args:
        text: Anything at all, lone surrogates included.
        multiline: Keep line breaks (as ``\\n``, at most BODY_LINES lines); otherwise each becomes
            `` ⏎ `` and the ends are trimmed.
        limit: Characters to keep, at least 1; a longer text ends in ``…``.

    Never raises. The result holds no control, format, private, surrogate or unassigned
    code point except ``\\n``, and cleaning it again changes nothing.
    """
    if not multiline:
        text = text.strip()
    if _is_plain(text, multiline=multiline):
        return text if len(text) <= limit else text[: limit - 1] + "…"
    considered = text[: limit * _HIDDEN_PER_SHOWN]
    is_cut = len(considered) < len(text)
    pieces: list[str] = []
    length = 0
    for piece in _shown(considered.replace("\r\n", "\n"), multiline=multiline):
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


def clean_typed(text: str) -> str:
    """Text that a member pastes or keeps as a draft, fit for a text field; nothing is cut off.

    Line breaks become ``\\n`` and tabs stay. Characters that a terminal would act on, or
    that reorder words, are left out; half a surrogate pair becomes U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_typed(character) for character in text.replace("\r\n", "\n"))


def typed_line(text: str) -> str:
    """``clean_typed`` for a name, a path or words to search: line breaks and tabs are blanks, and nothing reorders."""
    return clean_typed(text).translate(_IN_LINE)


def folded(text: str) -> str:
    """For comparing what people type with names: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def storable(text: str) -> str:
    """Text as stores keep it: whole and unchanged, but for U+0000 and halves of surrogate pairs, which become U+FFFD.

    PostgreSQL cannot hold the one, and nothing can hold the other: no UTF-8, no database.
    """
    return text.replace("\0", "\ufffd") if text.isascii() else _NOT_STORED.sub("\ufffd", text)


def _typed(character: str) -> str:
    if character in _LINE_BREAKS:
        return "\n"
    if character == "\t" or is_text(character):
        return character
    return "\ufffd" if category(character) == "Cs" else ""


def _is_plain(text: str, *, multiline: bool) -> bool:
    if not text.isascii():
        return False
    if not multiline:
        return text.isprintable()
    return text.count("\n") < BODY_LINES and text.replace("\n", "").isprintable()


def _shown(text: str, *, multiline: bool) -> Iterator[str]:
    """What is shown for each run of plain characters and for each other character, where that is anything."""
    last, marks, lines = " ", 0, 1
    for run in _RUNS.findall(text):
        if " " <= run[0] <= "~":
            piece = run
        elif run in _LINE_BREAKS:
            lines += 1
            piece = "\n" if multiline and lines <= BODY_LINES else _LINE_BREAK_IN_LINE
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
