"""Nothing that is typed or pasted becomes a command, through the real program on a real terminal.

A terminal of which the test is the other end: every byte goes in as a keyboard, or a paste
without marks, would send it.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
import time
import unicodedata
from contextlib import closing

import pytest

from .conftest import Desk
from .harness import POLL, TIMEOUT
from .line import Line

CELLS = "SKU\tqty\teuro\rA-1\t2\texempt"
PAUSE = 0.7
"""Seconds after which what comes is not part of what came before: longer than any wait of the program's own."""


def opened(desk: Desk) -> Line:
    line = Line(desk)
    line.read_until(b"Enter sends")
    line.read_until_quiet()
    return line


def state(desk: Desk) -> list[str]:
    """Everything that a store says of its conversations."""
    with closing(sqlite3.connect(f"file:{desk.store}?mode=ro", uri=True)) as store:
        tables = ("conversation", "message")
        return [str(row) for table in tables for row in sorted(map(str, store.execute(f"SELECT * FROM {table}")))]


def bodies(desk: Desk) -> list[str]:
    """The texts of the conversation that is open at first, notes among them."""
    return [message["body"] for message in json.loads(desk.run("show", "c-0", "--json"))["thread"]]


def pause(line: Line) -> None:
    """Let so much time go by that nothing is taken for the rest of a burst."""
    until = time.monotonic() + PAUSE
    while time.monotonic() < until:
        line.read_until_quiet()


def said_soon(desk: Desk, wanted: tuple[str, str]) -> None:
    until = time.monotonic() + TIMEOUT
    while wanted not in desk.said("c-0"):
        assert time.monotonic() < until, desk.said("c-0")
        time.sleep(POLL)


def quit_from_list(line: Line) -> None:
    line.type(b"\x1b[27u")
    pause(line)
    line.type(b"\x1b[27u")
    pause(line)
    line.type(b"q")
    line.read_until_quiet()
    assert line.end() == 0
    line.hang_up()


@pytest.mark.parametrize("key", [b"r", b"m"], ids=["reply", "note"])
def test_cells_that_are_pasted_into_the_box_are_text(desk: Desk, key: bytes) -> None:
    before = state(desk)
    line = opened(desk)
    line.type(key)
    pause(line)
    line.type(CELLS.encode())
    screen = line.read_until_shown("exempt")
    assert "SKU     qty     euro" in screen
    assert "A-1     2       exempt" in screen
    pause(line)
    assert state(desk) == before
    line.type(b"\r")
    until = time.monotonic() + TIMEOUT
    while not (sent := [body for body in bodies(desk) if "exempt" in body]):
        assert time.monotonic() < until
        time.sleep(POLL)
    assert sent == [CELLS.replace("\r", "\n")]
    quit_from_list(line)


def test_tab_by_hand_stays_in_the_box(desk: Desk) -> None:
    before = state(desk)
    line = opened(desk)
    for piece in (b"r", b"Steps:", b"\n", b"\t", b"erase the cache"):
        line.type(piece)
        pause(line)
    line.read_until_shown("        erase the cache")
    assert state(desk) == before
    quit_from_list(line)


PLACES = {
    "reply": (b"r",),
    "note": (b"m",),
    "search": (b"/",),
    "assign": (b"a",),
    "agent": (b"A",),
    "export": (b"E",),
    "profile": (b",", b"\t", b"\t", b"\r"),
}
CONTROLS = bytes(range(0x1B)) + b"\x1c\x1d\x1e\x1f\x7f"


def pieces(dice: random.Random, *, enters: bool) -> list[bytes]:
    """Anything without ESC, in pieces of two keys and more: alone, a control character is a key that is pressed."""
    letters = [*"aegimnoqrzxjkXEA1234567,?/: ", *"\t\t", "é", "商", "\U0001fa77", "\u200c", "\u00a0", "\xad"]
    controls = [chr(byte) for byte in CONTROLS if enters or byte != 0x0D]
    many = [dice.choice((2, 3, 5, 8, 13, 40, 90)) for _ in range(dice.randrange(4, 9))]
    return [
        "".join(dice.choice(letters) if dice.random() < 0.7 else dice.choice(controls) for _ in range(size)).encode()
        for size in many
    ]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("place", PLACES)
def test_nothing_typed_in_a_field_is_a_command(desk: Desk, place: str, seed: int) -> None:
    dice = random.Random(f"{place} {seed}")
    before = state(desk)
    line = opened(desk)
    for key in PLACES[place]:
        line.type(key)
        pause(line)
    typed = pieces(dice, enters=place in ("reply", "note"))
    for piece in typed:
        line.type(piece)
        if dice.random() < 0.5:
            pause(line)
    pause(line)
    assert line.process.poll() is None, typed
    assert state(desk) == before, typed
    for _ in PLACES[place]:
        line.type(b"\x1b[27u")
        pause(line)
    quit_from_list(line)
    assert state(desk) == before, typed


def test_an_unmarked_paste_into_the_search_field_stays_there(desk: Desk) -> None:
    before = state(desk)
    line = opened(desk)
    line.type(b"/")
    pause(line)
    line.type(b"erase everything\r" * 4)
    line.read_until_shown("erase everything erase")
    pause(line)
    assert state(desk) == before
    quit_from_list(line)


def test_what_is_pasted_behind_a_field_that_closes_decides_nothing(desk: Desk) -> None:
    before = state(desk)
    line = opened(desk)
    line.type(b"/")
    pause(line)
    line.type(b"refund\rerase")
    line.read_until_shown("refund · 12 found")
    pause(line)
    assert state(desk) == before
    quit_from_list(line)


# In the list.


@pytest.mark.parametrize(
    "data",
    [b"hello", b"Dear team, please erase it", b"erase the cache", b"e" * 100, b"ejejkonejekoje", b"each of them\r"],
    ids=repr,
)
def test_a_text_that_comes_into_the_list_does_nothing_and_is_told(desk: Desk, data: bytes) -> None:
    before = state(desk)
    line = opened(desk)
    line.type(data)
    line.read_until_shown(f"{len(data)} keys came at once, like a paste. They were ignored.")
    assert state(desk) == before
    assert "▌● Ada Lund" in line.screen()
    quit_from_list(line)


def test_a_long_paste_into_the_list_does_nothing_however_it_is_cut(desk: Desk) -> None:
    before = state(desk)
    line = opened(desk)
    text = b"X" * 40 + b"ej" * 3000 + b"\re"
    for start in range(0, len(text), 1000):
        line.type(text[start : start + 1000])
    line.read_until_shown("like a paste.")
    pause(line)
    assert state(desk) == before
    quit_from_list(line)


def test_a_marked_paste_into_the_list_is_told(desk: Desk) -> None:
    line = opened(desk)
    line.type(b"\x1b[200~erase\x1b[201~")
    line.read_until_shown("A paste came outside a text field. It was ignored.")
    quit_from_list(line)


def test_moves_and_a_decision_may_be_typed_ahead(desk: Desk) -> None:
    line = opened(desk)
    line.type(b"jjj")
    line.read_until_shown("▌  Visitor c-3")
    line.type(b"kkk")
    line.read_until_shown("▌● Ada Lund")
    line.type(b"jje")
    until = time.monotonic() + TIMEOUT
    while "resolved" not in desk.run("list", "--search", "Cleo", "--json"):
        assert time.monotonic() < until
    quit_from_list(line)


def test_a_key_that_is_held_down_on_a_slow_line_moves(desk: Desk) -> None:
    line = opened(desk)
    line.type(b"j" * 60)
    line.read_until_quiet()
    pause(line)
    assert "ignored" not in line.screen()
    assert "▌● Ada Lund" not in line.screen()
    quit_from_list(line)


@pytest.mark.parametrize("key", [b"\x10", b"\x11", b"\x1b[Z"], ids=["ctrl+p", "ctrl+q", "shift+tab"])
def test_no_other_key_leaves_the_box(desk: Desk, key: bytes) -> None:
    line = opened(desk)
    for piece in (b"r", b"one ", key, b"two"):
        line.type(piece)
        pause(line)
    line.read_until_shown("one two")
    quit_from_list(line)


# Characters.

SAMPLES = "a \U0001fa77 b \U0001fae8 c\u3000d\u00a0e\u202ff\u200cg\u200dh\u00adi\u200fj\ufffdk\u2067l\u2069m\u0378n"


@pytest.mark.parametrize("how", ["by character", "at once", "kitty", "pasted"])
def test_what_is_typed_is_what_is_sent(desk: Desk, how: str) -> None:
    line = opened(desk)
    line.type(b"r")
    pause(line)
    if how == "by character":
        for character in SAMPLES:
            line.type(character.encode())
            line.read_until_quiet()
    elif how == "kitty":
        line.type("".join(f"\x1b[0;;{ord(character)}u" for character in SAMPLES).encode())
    else:
        line.type(SAMPLES.encode() if how == "at once" else b"\x1b[200~" + SAMPLES.encode() + b"\x1b[201~")
    pause(line)
    line.type(b"\r")
    said_soon(desk, ("member", SAMPLES))
    quit_from_list(line)
    rest = re.sub(rb"\x1b\[[0-9;?<>=]*[a-zA-Z$]p?", b"", line.seen).decode()
    assert not [c for c in rest if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") and c not in "\r\n"]
    assert "\U0001fa77" in rest
