"""What the display sends, put on an emulated terminal: after every frame it shows what a fresh start would show.

The emulator is strict where pyte is not: half of a wide character is never left over, and
erasing takes the background's colour only if the terminal is one that does so.
"""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size
from rich.color import ColorSystem
from rich.segment import ControlType, Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Offset, Region, Size
from textual.strip import Strip

from inbox_tui.domain.characters import category
from inbox_tui.tui.terminal.screen_diff import ScreenDiff

WIDTH, HEIGHT = 26, 4
SIZE = Size(WIDTH, HEIGHT)
CURSOR = Offset(3, 2)
TRUECOLOR = ColorSystem.TRUECOLOR
SMALL = 40
"""Bytes that a change of one character may take."""

ALLOWED = re.compile(r"(?:[^\x00-\x1f\x7f-\x9f]|\r\n|\x1b\[(?:\d+(?:;\d+)?H|\d*C|[\d;]+m|K|\d+X|2J))*")

STYLES = [
    None,
    Style(),
    Style(bold=True),
    Style(underline=True),
    Style(reverse=True),
    Style(strike=True, italic=True, dim=True),
    Style(color="red"),
    Style(color="#10a0ff", bgcolor="#202020"),
    Style(bgcolor="#202020"),
    Style(bgcolor="blue"),
    Style(bold=True, color="default", bgcolor="default"),
    Style(underline=True, color="green", bgcolor="blue"),
    Style(link="https://acme.example/"),
    Style(meta={"@click": "app.quit"}),
]
BLANKS = [" " * 3, " " * 9, " " * 20]
PLAIN_TEXT = ["a", "b", "hello", "─" * 5, "│", "é", "x y", "\u00a0", "\u3000"]
WIDE = ["日", "本語", "한국", "🎉", "👍🏽", "🇩🇪"]
HARMFUL = [
    *("\x1b[31m", "\x1b]0;title\x07", "\x1b[2J", "\x07", "\t", "\r", "\n", "\x00", "\x7f", "\x9b5A", "\x90q\x9c"),
    *("a\u202eb", "\u2066", "\u200f", "\u200b", "\u2028", "\ufeff"),
]
ATOMS = [*BLANKS, *PLAIN_TEXT, *WIDE, *HARMFUL]


class Emulator(pyte.Screen):  # type: ignore[misc, unused-ignore]
    """A terminal that does not wrap at the right edge."""

    def __init__(self, size: Size = SIZE, *, erases: bool = False) -> None:
        super().__init__(size.width, size.height)
        self._erases = erases
        self._input = pyte.Stream(self)

    def show(self, data: str) -> None:
        self._input.feed(data)

    def draw(self, data: str) -> None:
        for character in data:
            width = get_character_cell_size(character)
            line = self.buffer[self.cursor.y]
            if width:
                x = min(self.cursor.x, self.columns - width)
                line[x] = self.cursor.attrs._replace(data=character)
                if width > 1:
                    line[x + 1] = self.cursor.attrs._replace(data="")
                self.cursor.x = x + width
                self._mend(self.cursor.y, x, x + width)
            elif self.cursor.x:
                x = self.cursor.x - 1 if line[self.cursor.x - 1].data else self.cursor.x - 2
                line[x] = line[x]._replace(data=line[x].data + character)

    def linefeed(self) -> None:
        assert self.cursor.y + 1 < self.lines, "the screen must not scroll"
        super().linefeed()

    def cursor_forward(self, count: int | None = None) -> None:
        assert self.cursor.x + (count or 1) < self.columns
        super().cursor_forward(count)

    def erase_characters(self, count: int | None = None) -> None:
        assert count
        assert self.cursor.x + count <= self.columns
        self._erase(self.cursor.y, range(self.cursor.x, self.cursor.x + count))

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        assert how == 0
        assert self.cursor.x < self.columns, "terminals differ in what is erased beyond the edge"
        self._erase(self.cursor.y, range(self.cursor.x, self.columns))

    def erase_in_display(self, how: int = 0, *args: object, **kwargs: object) -> None:
        assert how == 2
        for y in range(self.lines):
            self._erase(y, range(self.columns))

    def _erase(self, y: int, columns: range) -> None:
        ground = self.cursor.attrs.bg if self._erases else "default"
        for x in columns:
            self.buffer[y][x] = self.default_char._replace(bg=ground)
        self._mend(y, columns.start, columns.stop)

    def _mend(self, y: int, begin: int, end: int) -> None:
        """A character that was written over in half, from begin or up to end, is gone."""
        line = self.buffer[y]
        if begin and get_character_cell_size((line[begin - 1].data or " ")[0]) > 1:
            line[begin - 1] = line[begin - 1]._replace(data=" ")
        if end < self.columns and not line[end].data:
            line[end] = line[end]._replace(data=" ")

    @property
    def text(self) -> list[str]:
        return ["".join(self.buffer[y][x].data for x in range(self.columns)) for y in range(self.lines)]

    @property
    def visible(self) -> list[list[tuple[object, ...]]]:
        """All that can be seen; of a blank, mostly its background."""
        return [[_visible(self.buffer[y][x]) for x in range(self.columns)] for y in range(self.lines)]


def _visible(cell: pyte.screens.Char) -> tuple[object, ...]:
    if cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough):
        return (" ", cell.bg)
    return tuple(cell)


class Frame(NamedTuple):
    """An update, and where its pieces go."""

    update: CompositorUpdate
    pieces: list[tuple[int, int, Strip]]
    """Column, line and what is there."""


def strip_of(*texts: str, style: Style | None = None, width: int = WIDTH) -> Strip:
    return Strip([Segment(text, style) for text in texts]).adjust_cell_length(width)


def whole(rows: list[Strip], size: Size = SIZE) -> LayoutUpdate:
    return LayoutUpdate([[row] for row in rows], Region(0, 0, *size))


def rows_of(*texts: str, style: Style | None = None) -> list[Strip]:
    return [strip_of(text, style=style) for text in (*texts, *[""] * (HEIGHT - len(texts)))]


def put(rows: list[Strip], x: int, y: int, piece: Strip) -> None:
    """The complete screen after a piece was put on it."""
    end = x + piece.cell_length
    rows[y] = Strip.join([rows[y].crop(0, x), piece, rows[y].crop(end, WIDTH)]).adjust_cell_length(WIDTH)


def fresh(rows: list[Strip], system: ColorSystem | None = TRUECOLOR, *, erases: bool = False) -> Emulator:
    """A terminal on which only this screen was ever shown."""
    emulator = Emulator(erases=erases)
    emulator.show(ScreenDiff(erases=erases, remembers=False).frame(whole(rows), SIZE, CURSOR, system))
    return emulator


segments = st.tuples(st.lists(st.sampled_from(ATOMS), max_size=3).map("".join), st.sampled_from(STYLES))


@st.composite
def strips(draw: st.DrawFn, width: int) -> Strip:
    parts = [Segment(text, style) for text, style in draw(st.lists(segments, max_size=5))]
    if draw(st.booleans()):
        parts.append(Segment("", None, [(ControlType.BELL,)]))
    return Strip(parts).adjust_cell_length(width, draw(st.sampled_from(STYLES)))


@st.composite
def layouts(draw: st.DrawFn, cuts: list[int]) -> Frame:
    """A screen painted anew, or a rectangle of it."""
    if draw(st.booleans()):
        region = Region(0, 0, WIDTH, HEIGHT)
        widths = [end - begin for begin, end in itertools.pairwise(cuts)]
    else:
        x, y = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
        region = Region(x, y, draw(st.integers(1, WIDTH - x)), draw(st.integers(1, HEIGHT - y)))
        widths = [region.width]
    lines = [[draw(strips(width)) for width in widths] for _ in range(region.height)]
    pieces = []
    for y, line in enumerate(lines, region.y):
        x = region.x
        for strip in line:
            pieces.append((x, y, strip))
            x += strip.cell_length
    return Frame(LayoutUpdate(list(lines), region), pieces)


@st.composite
def chops(draw: st.DrawFn, cuts: list[int]) -> Frame:
    """Some pieces of some lines, the last of a span only as far as the span goes."""
    lines: list[dict[int, Strip | None]] = []
    spans: list[tuple[int, int, int]] = []
    pieces = []
    for y in range(HEIGHT):
        lines.append(dict.fromkeys(cuts[:-1]))
        if not draw(st.booleans()):
            continue
        begin = draw(st.integers(0, WIDTH - 1))
        end = draw(st.integers(begin + 1, WIDTH))
        spans.append((y, begin, end))
        for x, stop in itertools.pairwise(cuts):
            if x < end and stop > begin:
                lines[y][x] = strip = draw(strips(stop - x))
                pieces.append((x, y, strip.crop(0, min(stop, end) - x)))
    return Frame(ChopsUpdate(lines, spans, [cuts[1:]] * HEIGHT), pieces)


@st.composite
def films(draw: st.DrawFn) -> list[Frame]:
    """Frames that follow each other; the first one is a whole screen."""
    inner = draw(st.sets(st.integers(1, WIDTH - 1), max_size=3))
    cuts = [0, *sorted(inner), WIDTH]
    first = [draw(strips(WIDTH)) for _ in range(HEIGHT)]
    rest = draw(st.lists(layouts(cuts) | chops(cuts), min_size=1, max_size=5))
    return [Frame(whole(first), [(0, y, row) for y, row in enumerate(first)]), *rest]


def play(
    film: list[Frame], system: ColorSystem | None = TRUECOLOR, *, erases: bool = False, terminal_erases: bool = False
) -> list[str]:
    """Show frames through one display and compare each with a fresh start; gives what was sent."""
    display = ScreenDiff(erases=erases)
    emulator = Emulator(erases=terminal_erases)
    rows = rows_of()
    sent = []
    for update, pieces in film:
        for x, y, piece in pieces:
            put(rows, x, y, piece)
        data = display.frame(update, SIZE, CURSOR, system)
        emulator.show(data)
        expected = fresh(rows, system, erases=terminal_erases)
        assert emulator.text == expected.text
        assert emulator.visible == expected.visible
        if data:
            assert (emulator.cursor.x, emulator.cursor.y) == CURSOR
        sent.append(data)
    return sent


# What is on the screen.


@given(films())
def test_what_is_shown_is_what_a_fresh_start_shows(film: list[Frame]) -> None:
    play(film)


@given(films())
def test_erasing_shows_the_same(film: list[Frame]) -> None:
    play(film, erases=True, terminal_erases=True)


@given(films(), st.sampled_from([None, ColorSystem.STANDARD, ColorSystem.EIGHT_BIT]))
def test_fewer_colours_show_the_same(film: list[Frame], system: ColorSystem | None) -> None:
    play(film, system, erases=True, terminal_erases=True)


def test_text_and_colours_are_where_they_belong() -> None:
    emulator = fresh([strip_of("ab日", "c", style=Style(bold=True, color="#102030", bgcolor="blue")), *rows_of()[1:]])
    assert emulator.text[0].rstrip() == "ab日c"
    cell = emulator.buffer[0][2]
    assert (cell.data, cell.bold, cell.fg, cell.bg) == ("日", True, "102030", "blue")
    assert emulator.buffer[0][4].data == "c"


def test_no_colours_leave_the_attributes() -> None:
    emulator = fresh(rows_of("x", style=Style(bold=True, color="red", bgcolor="blue")), None)
    cell = emulator.buffer[0][0]
    assert (cell.bold, cell.fg, cell.bg) == (True, "default", "default")


def test_a_mark_stays_on_its_letter() -> None:
    assert fresh(rows_of("e\u0301x")).text[0].rstrip() == "e\u0301x"


def test_control_characters_take_no_room() -> None:
    assert fresh(rows_of("a\x07b\x1bc\u202ed")).text[0].rstrip() == "abcd"


def test_a_line_beyond_the_screen_is_not_sent() -> None:
    data = ScreenDiff().frame(
        LayoutUpdate([[strip_of("in")], [strip_of("out")]], Region(0, 3, WIDTH, 2)), SIZE, CURSOR, None
    )
    assert "in" in data
    assert "out" not in data


def test_a_strip_is_cut_at_the_edge_of_the_screen() -> None:
    size = Size(5, 1)
    emulator = Emulator(size)
    update = LayoutUpdate([[Strip([Segment("abcd日本")])]], Region(0, 0, 8, 1))
    emulator.show(ScreenDiff().frame(update, size, Offset(0, 0), None))
    assert emulator.text == ["abcd "]


# What of it is sent.


@given(films(), st.booleans(), st.sampled_from(["utf-8", "latin-1", "ascii"]))
def test_only_characters_and_the_programs_own_sequences_come_out(
    film: list[Frame], erases: bool, encoding: str
) -> None:
    display = ScreenDiff(encoding, erases=erases)
    for frame in film:
        data = display.frame(frame.update, SIZE, CURSOR, TRUECOLOR)
        assert ALLOWED.fullmatch(data)
        data.encode(encoding)


@given(st.text(st.characters(), max_size=40))
def test_no_text_brings_a_sequence(text: str) -> None:
    data = ScreenDiff().frame(LayoutUpdate([[Strip([Segment(text)])]], Region(0, 0, WIDTH, 1)), SIZE, CURSOR, None)
    assert ALLOWED.fullmatch(data)
    harmless = re.sub(r"\x1b\[[\d;]*[A-Z]|\r\n|\x1b\[[\d;]*m", "", data)
    assert all(category(character)[0] in "LMNPSZ" for character in harmless)


def test_a_link_is_not_sent() -> None:
    data = ScreenDiff().frame(
        whole(rows_of("here", style=Style(link="https://acme.example/"))), SIZE, CURSOR, TRUECOLOR
    )
    assert "here" in data
    assert "acme" not in data
    assert "]8" not in data


@given(films(), st.booleans())
def test_the_same_frame_again_sends_nothing(film: list[Frame], erases: bool) -> None:
    display = ScreenDiff(erases=erases)
    rows = rows_of()
    for update, pieces in film:
        for x, y, piece in pieces:
            put(rows, x, y, piece)
        display.frame(update, SIZE, CURSOR, TRUECOLOR)
    display.frame(whole(rows), SIZE, CURSOR, TRUECOLOR)
    assert display.frame(whole(rows), SIZE, CURSOR, TRUECOLOR) == ""


@pytest.mark.parametrize("erases", [False, True])
@given(x=st.integers(0, WIDTH - 1), y=st.integers(0, HEIGHT - 1), style=st.sampled_from(STYLES))
def test_a_change_of_one_character_is_small(x: int, y: int, style: Style | None, erases: bool) -> None:
    display = ScreenDiff(erases=erases)
    rows = [strip_of("abcdefghijklmnopqrstuvwxyz", style=style) for _ in range(HEIGHT)]
    display.frame(whole(rows), SIZE, CURSOR, TRUECOLOR)
    put(rows, x, y, Strip([Segment("#", style)]))
    data = display.frame(whole(rows), SIZE, CURSOR, TRUECOLOR)
    assert "#" in data
    assert len(data) <= SMALL


def test_after_forgetting_everything_is_sent() -> None:
    display = ScreenDiff()
    update = whole(rows_of("one", "two", "three", style=Style(bgcolor="blue")))
    first = display.frame(update, SIZE, CURSOR, TRUECOLOR)
    assert display.frame(update, SIZE, CURSOR, TRUECOLOR) == ""
    display.forget()
    assert display.frame(update, SIZE, CURSOR, TRUECOLOR) == first
    assert "\x1b[2J" in first


def test_without_memory_everything_is_sent_every_time() -> None:
    display = ScreenDiff(remembers=False)
    update = whole(rows_of("one", "two"))
    first = display.frame(update, SIZE, CURSOR, TRUECOLOR)
    assert display.frame(update, SIZE, CURSOR, TRUECOLOR) == first


def test_a_screen_of_another_size_is_painted_anew() -> None:
    display = ScreenDiff()
    display.frame(whole(rows_of("one", "two")), SIZE, CURSOR, TRUECOLOR)
    size = Size(WIDTH + 4, HEIGHT + 1)
    rows = [strip_of("one", width=size.width), *[strip_of("", width=size.width)] * HEIGHT]
    data = display.frame(whole(rows, size), size, CURSOR, TRUECOLOR)
    emulator = Emulator(size)
    emulator.show(data)
    assert "\x1b[2J" in data
    assert [line.rstrip() for line in emulator.text] == ["one", "", "", "", ""]


def test_blanks_are_erased_where_the_terminal_can() -> None:
    blank = whole(rows_of(style=Style(bgcolor="blue")))
    text = whole(rows_of("a" * WIDTH, "b" * WIDTH, style=Style(bgcolor="blue")))
    sizes = []
    for erases in (True, False):
        display = ScreenDiff(erases=erases)
        display.frame(text, SIZE, CURSOR, TRUECOLOR)
        sizes.append(len(display.frame(blank, SIZE, CURSOR, TRUECOLOR)))
    assert sizes[0] < sizes[1]


# Terminals with fewer characters.


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
@given(text=st.lists(st.sampled_from(ATOMS) | st.characters(categories=["L", "Mn", "N", "P", "Sm"])).map("".join))
def test_stand_ins_are_as_wide(text: str, encoding: str) -> None:
    if "\ufe0f" in text or "\u200d" in text or cell_len(text) >= WIDTH:
        return
    data = ScreenDiff(encoding).frame(whole([strip_of(text, "#"), *rows_of()[1:]]), SIZE, CURSOR, None)
    data.encode(encoding)
    emulator = Emulator()
    emulator.show(data)
    assert len(emulator.text[0]) == WIDTH
    assert emulator.text[0][cell_len(text)] == "#"


def test_marks_of_the_program_have_stand_ins() -> None:
    emulator = Emulator()
    emulator.show(ScreenDiff("ascii").frame(whole(rows_of("┌─┐ ● ✓ … 日é", "│x│")), SIZE, CURSOR, None))
    assert [line.rstrip() for line in emulator.text[:2]] == ["+-+ * v . ???", "|x|"]


def test_latin_1_keeps_what_it_has() -> None:
    emulator = Emulator()
    emulator.show(ScreenDiff("latin-1").frame(whole(rows_of("Zoë ─ ½")), SIZE, CURSOR, None))
    assert emulator.text[0].rstrip() == "Zoë - ½"


# Characters whose width is not the sum of their parts', or that are not drawn.


@pytest.mark.parametrize("text", ["\ue000", "a\u00adb", "x\ue0b0y", "\U000f0000"], ids=ascii)
def test_nothing_is_left_under_what_is_not_drawn(text: str) -> None:
    display, emulator = ScreenDiff(), Emulator()
    rows = rows_of(text)
    for screen in (rows_of("z" * WIDTH), rows):
        emulator.show(display.frame(whole(screen), SIZE, CURSOR, None))
    assert emulator.text == fresh(rows).text
    assert "z" not in emulator.text[0]


def test_what_follows_joined_characters_is_seen() -> None:
    assert "ab" in fresh(rows_of("👩\u200d💻ab")).text[0]


def test_joined_characters_leave_what_follows_alone() -> None:
    display, emulator = ScreenDiff(), Emulator()
    for first in (strip_of("xy", width=2), strip_of("👩\u200d💻", width=2)):
        update = LayoutUpdate([[first, strip_of("abcd", width=WIDTH - 2)]], Region(0, 0, WIDTH, 1))
        emulator.show(display.frame(update, SIZE, CURSOR, None))
    assert "abcd" in emulator.text[0]


def test_a_heart_that_is_drawn_narrow_leaves_nothing_beside_it() -> None:
    display, emulator = ScreenDiff(), Emulator()
    for text in ("xyzzy", "\u2764\ufe0f"):
        emulator.show(display.frame(whole(rows_of(text)), SIZE, CURSOR, None))
    assert "y" not in emulator.text[0]
