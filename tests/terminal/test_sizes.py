"""From a wide screen to the smallest one: nothing is cut that matters, and no text is lost on the way.

And on terminals of few colours, or none: what colour shows is shown by a character too.
"""

from __future__ import annotations

import re
import signal

import pytest
from rich.cells import cell_len

from .conftest import Desk
from .harness import Terminal, needs_tmux
from .line import Line

pytestmark = needs_tmux

WIDE, USUAL, SMALLEST = (120, 36), (80, 24), (40, 10)
COUNTED = {
    WIDE: "[1 All 36] 2 Your inbox 6  3 Unresolved 30  4 Resolved 6  5 Pending human reply 6  6 Has lead 27",
    USUAL: "[1 All 36] 2 Mine 6  3 Open 30  4 Done 6  5 Waiting 6  6 Leads 27",
    SMALLEST: "[1 All 36] 2:6  3:30  4:6  5:6  6:27",
}
ROW = {
    WIDE: "▌● Ada Lund                            waiting 1h ＋  ▐│",
    USUAL: "▌● Ada Lund                                                     waiting 1h ＋  ▐",
    SMALLEST: "▌● Ada Lund             waiting 1h ＋  ▐",
}
TRUECOLOR_OR_256 = re.compile(r"\x1b\[[\d;]*[34]8[;:][25]")
GREYS = {"0", "7", "8", "15", "16", "231", *(str(number) for number in range(232, 256))}
COLOR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")


@pytest.mark.parametrize("size", [WIDE, USUAL, SMALLEST], ids=["120x36", "80x24", "40x10"])
def test_nothing_is_cut_that_matters(desk: Desk, size: tuple[int, int]) -> None:
    terminal = desk.open(size=size)
    lines = terminal.lines()
    assert len(lines) == size[1]
    assert all(cell_len(line) <= size[0] for line in lines)
    assert "Dana Ortiz" in lines[0]
    assert lines[1] == COUNTED[size]
    assert "⌕ search · newest first" in lines[2] and "⤓ Export CSV" in lines[2]
    assert lines[3].startswith(ROW[size])
    assert lines[4].startswith("▌  Thank you. My number is 1000.")
    assert lines[-1].startswith(" LIST  r reply") and lines[-1].endswith("? help")

    terminal.keys("Enter")
    shown = (
        r"(│|^) Ada Lund +Assign ＋  ✓ Mark resolved *$",
        r"(│|^)   Thank you. My number is 1000.",
        r"─ Reply as Dana Ortiz ─",
        r"─ Enter sends .*─ Send reply ─╯$",
    )
    terminal.wait_for(lambda screen: all(re.search(words, screen, re.MULTILINE) for words in shown))


def test_the_screen_is_as_large_as_the_terminal_where_python_does_not_buffer(desk: Desk) -> None:
    """Images of containers set PYTHONUNBUFFERED, and shutil falls back to 80x24 where it cannot ask."""
    terminal = desk.open(size=WIDE, PYTHONUNBUFFERED="1")
    assert terminal.lines()[1] == COUNTED[WIDE]
    terminal.resize(*USUAL)
    terminal.wait_for(COUNTED[USUAL])


@pytest.mark.parametrize("key", ["a", "E", "?", ","])
def test_what_opens_fits_the_smallest(desk: Desk, key: str) -> None:
    terminal = desk.open(size=SMALLEST)
    terminal.keys(key)
    screen = terminal.wait_for(lambda screen: any(corner in screen for corner in "┌╭╔"))
    assert all(cell_len(line) <= SMALLEST[0] for line in screen.splitlines())
    terminal.escape()
    terminal.wait_for(ROW[SMALLEST])


def test_a_text_survives_every_size(desk: Desk) -> None:
    terminal = desk.open()
    terminal.text("rFirst line\nSecond line")
    terminal.wait_for("│ Second line")
    for size in (SMALLEST, USUAL, (30, 8), WIDE):
        terminal.resize(*size)
        if size == (30, 8):
            terminal.wait_for("Window too small: 40×10")
        else:
            terminal.wait_for(lambda screen: "│ Second line" in screen and is_fitted(terminal, screen))
    assert "│ First line" in terminal.screen()
    terminal.text(".")
    terminal.enter()
    terminal.wait_for("✓ Sent to Ada Lund")
    assert ("member", "First line\nSecond line.") in desk.said("c-0")


def is_fitted(terminal: Terminal, screen: str) -> bool:
    """The program has drawn itself at the size that the terminal has now."""
    columns, lines = terminal.size
    shown = screen.splitlines()
    frame = next((line for line in shown if "Send reply ─╯" in line), "")
    return len(shown) == lines and cell_len(frame.rstrip()) == columns


def test_sixteen_colours(desk: Desk) -> None:
    terminal = desk.open(TERM="xterm")
    assert ROW[WIDE] in terminal.screen()
    styled = terminal.screen(styled=True)
    assert COLOR.search(styled)
    assert not TRUECOLOR_OR_256.search(styled)


def test_no_colour(desk: Desk) -> None:
    terminal = desk.open(NO_COLOR="1")
    assert ROW[WIDE] in terminal.screen()
    styled = terminal.screen(styled=True)
    assert all(code in GREYS for code in re.findall(r"[34]8[;:]5[;:](\d+)", styled))
    assert not re.search(r"\x1b\[(?:\d+;)*(?:3[1-6]|4[1-6]|9[1-6]|10[1-6])[;m]", styled)
    terminal.keys("j")
    assert "\n ● Ada Lund" in terminal.wait_for("▌✓ Bo Lund")


def test_a_storm_of_resizes_ends_where_it_began(desk: Desk) -> None:
    line = Line(desk)
    line.read_until(b"Enter sends")
    line.type(b"r")
    line.type(b"Kept through it all")
    before = line.read_until_shown("│ Kept through it all")
    for number in range(200):
        line.resize(1 + number * 37 % 220, 1 + number * 13 % 60)
        if number % 20 == 0:
            line.read_until_quiet()
    line.resize(119, 36)
    line.read_until_quiet()
    line.resize(120, 36)
    line.read_until_shown(before)
    line.hang_up()
    assert line.end() == 128 + signal.SIGHUP
