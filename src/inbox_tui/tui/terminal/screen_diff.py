"""What the terminal shows, and the fewest bytes that make it show something else.

Keeps a copy of the screen and sends only cells that differ from it. It is the last line
before the terminal: whatever text a frame holds, nothing but characters comes out of it
as characters, so that only the program's own sequences reach the terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import TypeAlias

from rich.cells import get_character_cell_size, split_graphemes
from rich.color import ColorSystem
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Offset, Size
from textual.strip import Strip

from inbox_tui.domain.characters import category, is_assigned
from inbox_tui.tui.terminal.sgr import PLAIN, CellStyle, change, style_of

GAP = 6
"""Unchanged cells that are sent again rather than jumped over: a jump takes as many bytes."""
MIN_ERASED = 8
"""Blanks at the end of a line that are erased rather than sent."""
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

Line: TypeAlias = tuple[list[str | None], list[CellStyle]]
"""Texts and looks by column. Behind a character that is two wide stands "" for its second half; None is not known."""


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
        self._texts: list[list[str | None]] = []
        self._looks: list[list[CellStyle]] = []
        self._look: CellStyle | None = None
        self._cursor: tuple[int, int] | None = None

    def forget(self) -> None:
        """Somebody else may have written to the terminal."""
        self._size = Size(0, 0)

    def frame(self, update: CompositorUpdate, size: Size, cursor: Offset, system: ColorSystem | None) -> str:
        """What to send so that the terminal shows an update, with its cursor in place."""
        out: list[str] = []
        strips = list(_strips(update))
        if size != self._size or not self._remembers:
            self._begin(size, strips, system, out)
        for x, y, strip in strips:
            if 0 <= y < size.height and x < size.width:
                self._put(x, y, strip, system, out)
        if out:
            self._go(cursor.x, cursor.y, out)
        return "".join(out)

    def _begin(
        self, size: Size, strips: list[tuple[int, int, Strip]], system: ColorSystem | None, out: list[str]
    ) -> None:
        """A screen of which nothing is known: clear it, in the colour that most of it will have."""
        ground = PLAIN
        if self._erases and strips:
            blanks = (style_of(segment.style, system).blank for _, _, strip in strips for segment in strip)
            grounds = [look for look in blanks if not look.attributes]  # to erase draws nothing but a colour
            ground = max(set(grounds), key=grounds.count, default=PLAIN)
        self._size = size
        self._texts = [[" "] * size.width for _ in range(size.height)]
        self._looks = [[ground] * size.width for _ in range(size.height)]
        self._look, self._cursor = ground, None
        out.append(change(None, ground) + "\x1b[2J")

    def _put(self, x: int, y: int, strip: Strip, system: ColorSystem | None, out: list[str]) -> None:
        line = _line(strip, self._encoding, system, self._size.width - x)
        texts, looks = line
        end = x + len(texts)
        old_texts, old_looks = self._texts[y], self._looks[y]
        if texts == old_texts[x:end] and looks == old_looks[x:end]:
            return
        for start, stop in _runs(line, (old_texts[x:end], old_looks[x:end])):
            self._send(Offset(x, y), line, range(start, stop), out)
        after = end
        while after < self._size.width and old_texts[after] == "":
            old_texts[after] = None  # its first half was written over
            after += 1
        if x and old_texts[x] == "" and texts[0] != "":
            old_texts[x - 1] = None
        old_texts[x:end] = texts
        old_looks[x:end] = looks

    def _send(self, origin: Offset, line: Line, run: range, out: list[str]) -> None:
        """Send some cells of a strip that begins at origin."""
        texts, looks = line
        x, y = origin
        blanks = self._erased(line, run[::-1]) if x + run.stop == self._size.width else 0
        self._go(x + run.start, y, out)
        rest = iter(run[: len(run) - blanks])
        for index in rest:
            text = texts[index]
            if not text:
                continue
            self._go(x + index, y, out)
            if looks[index] is not self._look:
                self._draw_as(looks[index], text, out)
            if text == " " and (erased := self._erased(line, range(index, run.stop - blanks))):
                out.append(f"\x1b[{erased}X")  # which leaves the cursor where it is
                next(islice(rest, erased - 2, None))
                continue
            out.append(text)
            # Terminals differ in how wide some characters are, and in where the cursor is at the right edge.
            after = index + 1
            while after < len(texts) and not texts[after]:
                after += 1
            is_sure = len(text) == 1 and _is_sure_of_width(text) and x + after < self._size.width
            self._cursor = (x + after, y) if is_sure else None
        if blanks:
            self._go(x + run.stop - blanks, y, out)
            self._draw_as(looks[-1], " ", out)
            out.append("\x1b[K")

    def _erased(self, line: Line, run: range) -> int:
        """How many cells at the beginning of a run are better erased than sent."""
        texts, looks = line
        ground = looks[run[0]]
        if not self._erases or ground.attributes:
            return 0
        blanks = 0
        while blanks < len(run) and texts[run[blanks]] == " " and looks[run[blanks]] == ground:
            blanks += 1
        return blanks if blanks >= MIN_ERASED else 0

    def _draw_as(self, look: CellStyle, text: str, out: list[str]) -> None:
        """Have the text behind this drawn so; nothing but its background is seen of a blank."""
        shown = self._look
        if shown == look:
            return
        is_blank = text == " " and not look.shows_on_blanks
        if is_blank and shown and shown.background == look.background and not shown.shows_on_blanks:
            return
        out.append(change(shown, look))
        self._look = look

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


def _strips(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Column, line and strip of all that an update holds."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield x, y, strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, begin, end in update.spans:
            for stop, (x, piece) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if piece and x <= end and stop > begin:  # there is none where nothing was painted anew
                    yield x, y, piece if stop <= end else piece.crop(0, end - x)


def _line(strip: Strip, encoding: str, system: ColorSystem | None, room: int) -> Line:
    """A strip by columns, as far as there is room."""
    texts: list[str | None] = []
    looks: list[CellStyle] = []
    for text, style, control in strip:
        if control:
            continue
        cells = _cells(text, encoding)
        look = style_of(style, system)
        texts += cells
        if (blank := look.blank) is look:
            looks += [look] * len(cells)
        else:
            looks += [blank if cell == " " else look for cell in cells]
    if len(texts) > room:
        del looks[room:]
        first_half_only = texts[room] == ""
        del texts[room:]
        if first_half_only:
            texts[-1] = " "
    return texts, looks


def _runs(line: Line, shown: Line) -> Iterator[tuple[int, int]]:
    """Where a line differs from what is shown, small gaps closed; never from the middle of a character."""
    texts, looks = line
    start = stop = -1
    for index, (text, look, old_text, old_look) in enumerate(zip(texts, looks, *shown, strict=True)):
        if text == old_text and look == old_look:
            continue
        if start < 0 or index - stop > GAP or not _sendable(line, stop, index):
            if start >= 0:
                yield start, stop
            start = index
            while start and texts[start] == "":
                start -= 1
        stop = index + 1
        while stop < len(texts) and texts[stop] == "":
            stop += 1
    if start >= 0:
        yield start, stop


def _sendable(line: Line, start: int, stop: int) -> bool:
    """Whether cells that need not be sent can be sent without a change of look."""
    texts, looks = line
    before = looks[start - 1]
    return all(
        look is before or (text == " " and look.background == before.background and not look.shows_on_blanks)
        for text, look in zip(texts[start:stop], looks[start:stop], strict=True)
    )


@lru_cache(maxsize=4096)
def _cells(text: str, encoding: str) -> tuple[str, ...]:
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
