"""What the terminal shows, and the fewest bytes that make it show something else.

Keeps a copy of the screen and sends only cells that differ from it. It is the last line
before the terminal: whatever text a frame holds, nothing but characters comes out of it
as characters, so that only the program's own sequences reach the terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import compress
from operator import ne
from typing import NamedTuple, TypeAlias

from rich.cells import get_character_cell_size, split_graphemes
from rich.color import ColorSystem
from rich.style import Style
from textual.geometry import Offset, Size
from textual.strip import Strip

from inbox_tui.domain.characters import category, is_assigned
from inbox_tui.tui.terminal.private import CompositorUpdate, pieces_of
from inbox_tui.tui.terminal.sgr import PLAIN, CellStyle, change, style_of

GAP = 6
"""Unchanged cells that are sent again rather than jumped over: a jump takes as many bytes."""
MIN_ERASED = 8
"""Blanks at the end of a line that are erased rather than sent."""
MAX_CUT = 1_000
"""Strips whose cells are kept: some ten screens."""
_SAFE_CATEGORIES = frozenset(("L", "M", "N", "P", "S"))
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_VARIANTS = frozenset(map(chr, range(0xFE00, 0xFE10)))
"""Choose between a narrow and a wide form, which terminals do not agree on."""
_SURE_OF_WIDTH = 0x1F000
"""From here on terminals disagree about how wide a character is."""
_LETTERS = 0x250
"""Up to here every code point has been assigned for long, and has one cell everywhere."""
_ASCII = str.maketrans({
    **dict.fromkeys("─━═╌┄", "-"),
    **dict.fromkeys("│┃║▐▌▎▏▕", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯", "+"),
    **dict.fromkeys("▁▂▃▄▅▆▇█▔", "#"),
    **{"●": "*", "✓": "v", "▾": "v", "↺": "<", "⤓": "v", "⌕": "/", "…": ".", "↑": "^", "↓": "v", "·": "-"},
    **{"•": "*", "×": "x", "＋": "+ ", "○": "o", "◌": "o", "→": ">", "←": "<", "▸": ">", "▴": "^", "–": "-"},
})  # fmt: skip
"""What stands for the program's own marks where a terminal has only its own characters."""


class Cell(NamedTuple):
    """One column of a line."""

    text: str | None
    """What is drawn there; "" in the second half of a wide character, None where it is not known."""
    style: CellStyle
    is_sure: bool
    """Every terminal moves its cursor by one column for it."""


_UNKNOWN_CELL = Cell(None, PLAIN, False)
Line: TypeAlias = list[Cell]


class ScreenDiff:
    """A terminal's screen of a size, as it is known to be."""

    def __init__(self, encoding: str = "utf-8", *, erases: bool = False, remembers: bool = True) -> None:
        """Nothing is known of the screen yet.

        Args:
            encoding: The terminal's; what it does not hold is sent as something like it.
            erases: The terminal erases with the background colour in force (terminfo's bce).
            remembers: Send only what changed; otherwise everything that a frame holds.
        """
        self._encoding = encoding
        self._erases = erases
        self._remembers = remembers
        self._size = Size(0, 0)
        self._lines: list[Line] = []
        self._style: CellStyle | None = None
        self._cursor: tuple[int, int] | None = None
        self._cut: dict[int, tuple[Strip, ColorSystem | None, Line]] = {}
        """Strips by identity, with their cells: the widgets give the same strip for a line that did not change."""

    def forget(self) -> None:
        """Somebody else may have written to the terminal."""
        self._size = Size(0, 0)

    def frame(self, update: CompositorUpdate, size: Size, cursor: Offset, system: ColorSystem | None) -> str:
        """What to send so that the terminal shows an update, with its cursor in place."""
        out: list[str] = []
        pieces = list(pieces_of(update))
        if size != self._size or not self._remembers:
            self._begin(size, pieces, system, out)
        for x, y, strip in pieces:
            if 0 <= y < size.height and x < size.width:
                self._put(x, y, self._line(strip, system), out)
        if out:
            self._go(cursor.x, cursor.y, out)
        return "".join(out)

    def _begin(
        self, size: Size, pieces: list[tuple[int, int, Strip]], system: ColorSystem | None, out: list[str]
    ) -> None:
        """A screen of which nothing is known: clear it, in the colour that most of it will have."""
        ground = PLAIN
        if self._erases and pieces:
            blanks = (style_of(segment.style, system).blank for _, _, strip in pieces for segment in strip)
            grounds = [style for style in blanks if not style.attributes]  # to erase draws nothing but a colour
            ground = max(set(grounds), key=grounds.count, default=PLAIN)
        self._size = size
        self._lines = [[Cell(" ", ground, True)] * size.width for _ in range(size.height)]
        self._style, self._cursor = ground, None
        out.append(change(None, ground) + "\x1b[2J")

    def _line(self, strip: Strip, system: ColorSystem | None) -> Line:
        """A strip by columns."""
        known = self._cut.get(id(strip))
        if known is not None and known[0] is strip and known[1] is system:
            return known[2]
        line: Line = []
        for text, style, control in strip:
            if not control:
                line += _cells(text, style, system, self._encoding)
        if len(self._cut) >= MAX_CUT:
            self._cut.clear()
        self._cut[id(strip)] = (strip, system, line)
        return line

    def _put(self, x: int, y: int, line: Line, out: list[str]) -> None:
        width = self._size.width
        if len(line) > width - x:
            line = _shortened(line, width - x)
        shown = self._lines[y]
        end = x + len(line)
        before = shown[x:end]
        if line == before:
            return
        for start, stop in _runs(line, before):
            self._send((x, y), line, range(start, stop), out)
        after = end
        while after < width and shown[after].text == "":
            shown[after] = _UNKNOWN_CELL  # its first half was written over
            after += 1
        if x and shown[x].text == "" and line[0].text != "":
            shown[x - 1] = _UNKNOWN_CELL
        shown[x:end] = line

    def _send(self, origin: tuple[int, int], line: Line, run: range, out: list[str]) -> None:
        """Send some cells of a line that begins at ``origin``."""
        (x, y), width, erases = origin, self._size.width, self._erases
        index, stop, blanks = run.start, run.stop, 0
        if x + stop == width and erases:
            blanks = _blanks(line, stop - 1, index - 1, -1)
            stop -= blanks
        self._go(x + index, y, out)
        looked = -1  # up to here there are too few blanks to be erased
        while index < stop:
            text, style, is_sure = line[index]
            if not text:
                index += 1
                continue
            if self._cursor is None or self._cursor[0] != x + index:
                self._go(x + index, y, out)
            if style is not self._style:
                self._draw_as(style, text, out)
            if text == " " and erases and index >= looked:
                if erased := _blanks(line, index, stop, 1):
                    out.append(f"\x1b[{erased}X")  # which leaves the cursor where it is
                    index += erased
                    continue
                looked = _end_of_blanks(line, index, stop)
            out.append(text)
            index += 1
            while index < len(line) and not line[index].text:
                index += 1
            # Terminals differ in how wide some characters are, and in where the cursor is at the right edge.
            self._cursor = (x + index, y) if is_sure and x + index < width else None
        if blanks:
            self._go(x + stop, y, out)
            self._draw_as(line[-1].style, " ", out)
            out.append("\x1b[K")

    def _draw_as(self, style: CellStyle, text: str, out: list[str]) -> None:
        """Have the text behind this drawn so; nothing but its background is seen of a blank."""
        shown = self._style
        if shown == style:
            return
        is_blank = text == " " and not style.shows_on_blanks
        if is_blank and shown and shown.background == style.background and not shown.shows_on_blanks:
            return
        out.append(change(shown, style))
        self._style = style

    def _go(self, x: int, y: int, out: list[str]) -> None:
        """Have the cursor there, by the shortest way."""
        before, self._cursor = self._cursor, (x, y)
        if before == (x, y):
            return
        if before is not None and before[1] == y and x > before[0]:
            out.append(f"\x1b[{x - before[0]}C" if x - before[0] > 1 else "\x1b[C")
        elif before is not None and x == 0 and before[1] + 1 == y:
            out.append("\r\n")
        else:
            out.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")


def _shortened(line: Line, room: int) -> Line:
    """The beginning of a line, without half of a wide character at its end."""
    is_cut_through = line[room].text == ""
    line = line[:room]
    if is_cut_through:
        line[-1] = line[-1]._replace(text=" ", is_sure=True)
    return line


def _blanks(line: Line, start: int, stop: int, step: int) -> int:
    """How many cells, from ``start`` on, are better erased than sent."""
    ground = line[start].style
    if ground.attributes:
        return 0
    end = start
    while end != stop and line[end].text == " " and line[end].style == ground:
        end += step
    blanks = abs(end - start)
    return blanks if blanks >= MIN_ERASED else 0


def _end_of_blanks(line: Line, start: int, stop: int) -> int:
    """Where the blanks of one style end that begin at ``start``."""
    style = line[start].style
    while start < stop and line[start].text == " " and line[start].style == style:
        start += 1
    return start


def _runs(line: Line, shown: Line) -> Iterator[tuple[int, int]]:
    """Where a line differs from what is shown, small gaps closed; never from the middle of a character."""
    start = stop = -1
    for index in compress(range(len(line)), map(ne, line, shown)):
        if index != stop and (start < 0 or index - stop > GAP or not _sendable(line, stop, index)):
            if start >= 0:
                yield start, stop
            start = index
            while start and line[start].text == "":
                start -= 1
        stop = index + 1
        while stop < len(line) and line[stop].text == "":
            stop += 1
    if start >= 0:
        yield start, stop


def _sendable(line: Line, start: int, stop: int) -> bool:
    """Whether cells that need not be sent can be sent without a change of style."""
    before = line[start - 1].style
    return all(
        style is before or (text == " " and style.background == before.background and not style.shows_on_blanks)
        for text, style, _ in line[start:stop]
    )


@lru_cache(maxsize=4096)
def _cells(text: str, style: Style | None, system: ColorSystem | None, encoding: str) -> tuple[Cell, ...]:
    """The cells of a segment."""
    own = style_of(style, system)
    blank = own.blank
    return tuple(_cell_as(piece, blank if piece == " " else own) for piece in _columns(text, encoding))


@lru_cache(maxsize=16_384)
def _cell_as(text: str, style: CellStyle) -> Cell:
    """The one cell of this text and style: cells are compared by the thousand, and the same object at once."""
    return Cell(text, style, len(text) == 1 and _is_sure_of_width(text))


@lru_cache(maxsize=4096)
def _columns(text: str, encoding: str) -> tuple[str, ...]:
    """A text by columns, and harmless."""
    if text.isascii() and text.isprintable():
        return tuple(text)
    cells: list[str] = []
    spans, _ = split_graphemes(text)
    for start, stop, width in spans:
        cells += _cell(text[start:stop], width, encoding)
    return tuple(cells)


def _cell(grapheme: str, width: int, encoding: str) -> list[str]:
    """What is drawn of characters that belong together, and the columns that it takes.

    Terminals disagree about how wide joined characters are, so only the first is drawn, with its marks.
    """
    if not width:
        return []
    first = grapheme[0]
    if not _is_drawable(first):
        first = _UNKNOWN
    if encoding != "utf-8":
        return list(_encodable(first, encoding).ljust(width)[:width])
    marks = "".join(mark for mark in grapheme[1:] if category(mark) == "Mn" and mark not in _VARIANTS)
    own = get_character_cell_size(first)
    if own > width:
        return [_UNKNOWN, *" " * (width - 1)]
    return [first + marks, *[""] * (own - 1), *" " * (width - own)]


def _encodable(character: str, encoding: str) -> str:
    """The character, or something like it that a terminal of this encoding can show, as wide."""
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        width = get_character_cell_size(character)
        return character.translate(_ASCII).ljust(width)[:width] if ord(character) in _ASCII else "?" * width
    return character


@lru_cache(maxsize=4096)
def _is_drawable(character: str) -> bool:
    kind = category(character)
    return kind[0] in _SAFE_CATEGORIES or kind == "Zs"


def _is_sure_of_width(character: str) -> bool:
    point = ord(character)
    return point < _LETTERS or (point < _SURE_OF_WIDTH and is_assigned(character))
