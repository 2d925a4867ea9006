"""What a terminal's bytes become: keys, clicks and pastes, however the bytes are cut, and never anything else."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from inbox_tui.tui.terminal.decoder import AFTER_PASTE, MIN_PASTE, InputDecoder
from inbox_tui.tui.terminal.events import Burst, UnconfirmedEnter
from inbox_tui.tui.terminal.lexer import ESCAPE_WAIT, PASTE_LIMIT, PASTE_QUIET, PASTE_WAIT, SEQUENCE_LIMIT

START = 100.0
LATER = 0.01
"""Seconds after which the second half of something comes."""
BEGIN, END = b"\x1b[200~", b"\x1b[201~"
BYTES_AT_LEAST = 10**6

Seen = tuple[str, str | None, str | None]
"""The name of an event's class, its key and its character."""


def key(name: str, character: str | None = None) -> list[Seen]:
    return [("Key", name, character)]


def other(name: str) -> list[Seen]:
    return [(name, None, None)]


NOTHING: list[Seen] = []

CASES: dict[bytes, list[Seen]] = {
    # letters and control characters
    b"a": key("a", "a"),
    b"Z": key("Z", "Z"),
    b"+": key("plus", "+"),
    b" ": key("space", " "),
    "é".encode(): key("é", "é"),
    "日".encode(): key("日", "日"),
    b"\r": key("enter", "\r"),
    b"\n": key("ctrl+j", "\n"),
    b"\t": key("tab", "\t"),
    b"\x7f": key("backspace", "\x7f"),
    b"\x08": key("backspace", "\x08"),
    b"\x01": key("ctrl+a", "\x01"),
    b"ab": [*key("a", "a"), *key("b", "b")],
    # Escape, and Alt with something
    b"\x1b": key("escape", "\x1b"),
    b"\x1b\x1b": key("escape", "\x1b") * 2,
    b"\x1b\r": key("alt+enter"),
    b"\x1b\n": key("alt+enter"),
    b"\x1ba": key("alt+a"),
    b"\x1bA": key("alt+shift+a"),
    b"\x1bO": key("alt+shift+o"),
    b"\x1bP": key("alt+shift+p"),
    b"\x1bX": key("alt+shift+x"),
    "\x1bé".encode(): key("é", "é"),
    # kitty's protocol
    b"\x1b[13u": key("enter", "\r"),
    b"\x1b[13;2u": key("shift+enter"),
    b"\x1b[13;3u": key("alt+enter"),
    b"\x1b[13;5u": key("ctrl+enter"),
    b"\x1b[9;2u": key("shift+tab"),
    b"\x1b[27u": key("escape"),
    b"\x1b[127u": key("backspace", "\x7f"),
    b"\x1b[99;5u": key("ctrl+c"),
    b"\x1b[97;3u": key("alt+a"),
    b"\x1b[57399u": key("0", "0"),
    b"\x1b[57414u": key("enter", "\r"),
    b"\x1b[97;1:1u": key("a", "a"),
    b"\x1b[97;1:2u": key("a", "a"),  # held down
    b"\x1b[97;1:3u": NOTHING,  # let go of
    b"\x1b[13;1:3u": NOTHING,
    b"\x1b[1;1:3A": NOTHING,
    b"\x1b[5;1:3~": NOTHING,
    b"\x1b[97;;97u": key("a", "a"),
    b"\x1b[97;2;65u": key("A", "A"),
    b"\x1b[97:65;2;65u": key("A", "A"),
    b"\x1b[0;;228u": key("ä", "ä"),
    b"\x1b[97;;97:98u": key("a", "a"),
    b"\x1b[97;1;7u": key("a", "a"),  # a control character is no text
    b"\x1b[1114112u": NOTHING,
    b"\x1b[55296u": NOTHING,
    b"\x1b[97;;1114112u": NOTHING,
    b"\x1b[97;;55296u": NOTHING,
    b"\x1b[99999999999u": NOTHING,
    b"\x1b[97;999u": NOTHING,
    b"\x1b[97;0u": NOTHING,
    b"\x1b[1;9999999A": NOTHING,
    b"\x1b[" + b"1" * (SEQUENCE_LIMIT - 8) + b"u": NOTHING,
    b"\x1b[57441u": NOTHING,  # Shift alone
    b"\x1b[57441;2u": NOTHING,
    b"\x1b[57442;5u": NOTHING,
    b"\x1b[57443;3u": NOTHING,
    # xterm's modifyOtherKeys
    b"\x1b[27;2;13~": key("shift+enter"),
    b"\x1b[27;5;13~": key("ctrl+enter"),
    b"\x1b[27;5;99~": key("ctrl+c"),
    b"\x1b[27;5;9999999~": NOTHING,
    # arrows, function keys, paging
    b"\x1b[A": key("up"),
    b"\x1bOA": key("up"),
    b"\x1b[B": key("down"),
    b"\x1bOB": key("down"),
    b"\x1b[C": key("right"),
    b"\x1bOC": key("right"),
    b"\x1b[D": key("left"),
    b"\x1bOD": key("left"),
    b"\x1b[1;2A": key("shift+up"),
    b"\x1b[1;5C": key("ctrl+right"),
    b"\x1b[H": key("home"),
    b"\x1bOH": key("home"),
    b"\x1b[1~": key("home"),
    b"\x1b[F": key("end"),
    b"\x1bOF": key("end"),
    b"\x1b[4~": key("end"),
    b"\x1b[2~": key("insert"),
    b"\x1b[3~": key("delete"),
    b"\x1b[5~": key("pageup"),
    b"\x1b[6~": key("pagedown"),
    b"\x1b[5;5~": key("ctrl+pageup"),
    b"\x1b[P": key("f1"),
    b"\x1bOP": key("f1"),
    b"\x1bOS": key("f4"),
    b"\x1b[11~": key("f1"),
    b"\x1b[15~": key("f5"),
    b"\x1b[24~": key("f12"),
    b"\x1b[1;2P": key("shift+f1"),
    b"\x1b[[A": key("f1"),
    b"\x1b[[E": key("f5"),
    b"\x1b[Z": key("shift+tab"),
    # the mouse
    b"\x1b[<0;3;4M": other("MouseDown"),
    b"\x1b[<0;3;4m": other("MouseUp"),
    b"\x1b[<2;3;4M": other("MouseDown"),
    b"\x1b[<64;3;4M": other("MouseScrollUp"),
    b"\x1b[<65;3;4M": other("MouseScrollDown"),
    b"\x1b[<35;3;4M": NOTHING,  # motion
    b"\x1b[<32;3;4M": NOTHING,
    b"\x1b[<0;99999;1M": NOTHING,
    b"\x1b[<0;0;0M": NOTHING,
    b"\x1b[M !!": NOTHING,
    b"\x1b[M\x20\xff\xffa": key("a", "a"),
    # not UTF-8
    b"\xff": NOTHING,
    b"\xc0\x80": NOTHING,
    b"\xed\xa0\x80": NOTHING,
    b"\x9b": NOTHING,
    b"\xc2\x9b": NOTHING,
    b"\xffa": key("a", "a"),
    b"\xe6\x97a": key("a", "a"),
    b"\x1b\xff": NOTHING,
    # what terminals answer and report
    b"\x1b[?25u": other("KittyKeyboardDetected"),
    b"\x1b[?0u": other("KittyKeyboardDetected"),
    b"\x1b[?62;22c": other("TerminalReplied"),
    b"\x1b[?6c": other("TerminalReplied"),
    b"\x1b[>0;276;0c": NOTHING,
    b"\x1b[?2026;2$y": other("TerminalSupportsSynchronizedOutput"),
    b"\x1b[?2026;0$y": NOTHING,
    b"\x1b[?2048;2$y": NOTHING,
    b"\x1b[0n": NOTHING,
    b"\x1b[12;40R": NOTHING,
    b"\x1b[48;24;80;480;800t": NOTHING,
    b"\x1b[I": NOTHING,
    b"\x1b[O": NOTHING,
    b"\x1bP>|xterm(390)\x1b\\": NOTHING,
    b"\x1b]11;rgb:0000/0000/0000\x07": NOTHING,
    b"\x1b]11;rgb:0000/0000/0000\x1b\\": NOTHING,
    b"\x1b_Gi=1;OK\x1b\\": NOTHING,
    b"\x1b^abc\x1b\\a": key("a", "a"),
    b"\x1b]0;title\x1b[A": key("up"),  # never ended
}

PASTES = [
    b"",
    b"hello",
    b"one\rtwo\nthree\r\n",
    b"\x1b",
    b"\x1b\x1b[A\x1b[13u\x1bOP\r",
    b"\x1b]0;title\x07\x1bP1\x1b\\",
    b"\x1b[M !!\x1b[<0;1;1M",
    b"\x1b[20",
    "Grüße, 日本 🎉".encode(),
    b"\xff\x9b\xc0\x80",
    b"before" + END + b"\rq\x1b[A" + END + b"y\r",
]


def seen(found: list[Message]) -> list[Seen]:
    return [
        (type(event).__name__, event.key, event.character)
        if isinstance(event, events.Key)
        else (type(event).__name__, None, None)
        for event in found
    ]


def fed(*pieces: bytes, gap: float = LATER) -> list[Message]:
    """What an input makes of pieces, and of nothing coming afterwards."""
    reader = InputDecoder()
    found: list[Message] = []
    now = START
    for piece in pieces:
        now += gap
        found += reader.tick(now)
        found += reader.feed(piece, now)
    for wait in (ESCAPE_WAIT, PASTE_WAIT, 2 * PASTE_WAIT):
        found += reader.tick(now + wait + LATER)
    assert not reader.waits
    return found


def halves(data: bytes) -> list[tuple[bytes, bytes]]:
    return [(data[:cut], data[cut:]) for cut in range(1, len(data))]


def pasted(found: list[Message]) -> str:
    """The text of the one paste that there is, and nothing else."""
    assert [type(event) for event in found] == [events.Paste]
    event = found[0]
    assert isinstance(event, events.Paste)
    return event.text


@pytest.mark.parametrize(("data", "expected"), CASES.items(), ids=repr)
def test_every_sequence_is_what_it_means(data: bytes, expected: list[Seen]) -> None:
    assert seen(fed(data)) == expected


@pytest.mark.parametrize(("data", "expected"), CASES.items(), ids=repr)
def test_a_sequence_in_two_pieces_is_the_same(data: bytes, expected: list[Seen]) -> None:
    for first, second in halves(data):
        assert seen(fed(first, second)) == expected, (first, second)


@pytest.mark.parametrize(("data", "expected"), CASES.items(), ids=repr)
def test_a_sequence_leaves_nothing_behind_for_the_next_key(data: bytes, expected: list[Seen]) -> None:
    if data[-1:] in (b"\x1b", b"O", b"P", b"X"):
        return  # what comes next belongs to it
    assert seen(fed(data + b"\x1b[B")) == [*expected, *key("down")]


def test_the_mouse_counts_from_zero() -> None:
    found = fed(b"\x1b[<0;3;4M")[0]
    assert isinstance(found, events.MouseDown)
    assert (found.x, found.y, found.button) == (2, 3, 1)


def test_a_text_of_many_bytes_may_come_one_by_one() -> None:
    text = "Grüße, 日本 🎉"
    found = fed(*(bytes([byte]) for byte in text.encode()))
    assert "".join(event.character or "" for event in found if isinstance(event, events.Key)) == text


def test_escape_waits_for_what_may_follow() -> None:
    reader = InputDecoder()
    assert reader.feed(b"\x1b", START) == []
    assert reader.waits
    assert reader.tick(START + ESCAPE_WAIT / 2) == []
    assert seen(reader.tick(START + ESCAPE_WAIT + LATER)) == key("escape", "\x1b")
    assert not reader.waits


def test_a_key_after_escape_has_waited_is_a_key_of_its_own() -> None:
    assert seen(fed(b"\x1b", b"[", b"A", gap=2 * ESCAPE_WAIT)) == [
        *key("escape", "\x1b"),
        *key("left_square_bracket", "["),
        *key("A", "A"),
    ]


# Pastes.


@pytest.mark.parametrize("body", PASTES, ids=repr)
def test_a_paste_is_one_paste_whatever_stands_in_it(body: bytes) -> None:
    expected = body.replace(END, b"").replace(BEGIN, b"").decode("utf-8", "replace")
    assert pasted(fed(BEGIN + body + END)) == expected


@pytest.mark.parametrize("body", PASTES, ids=repr)
def test_a_paste_in_two_pieces_is_the_same(body: bytes) -> None:
    data = BEGIN + body + END
    whole = pasted(fed(data))
    for first, second in halves(data):
        assert pasted(fed(first, second)) == whole, (first, second)


@pytest.mark.parametrize("body", PASTES, ids=repr)
def test_a_paste_byte_by_byte_is_the_same(body: bytes) -> None:
    data = BEGIN + body + END
    assert pasted(fed(*(bytes([byte]) for byte in data))) == pasted(fed(data))


@given(st.binary(max_size=60), st.binary(max_size=60), st.integers(0, 200))
def test_nothing_after_a_forged_end_is_ever_a_key(before: bytes, after: bytes, cut: int) -> None:
    data = BEGIN + before + END + after + END
    assert [type(event) for event in fed(data[:cut], data[cut:])] == [events.Paste]


def test_a_paste_without_an_end_is_over_after_a_while() -> None:
    reader = InputDecoder()
    assert reader.feed(BEGIN + b"half a te\x1b[20", START) == []
    assert reader.tick(START + PASTE_WAIT - LATER) == []
    assert pasted(reader.tick(START + PASTE_WAIT + LATER)) == "half a te\x1b[20"
    assert not reader.waits
    assert seen(reader.feed(b"q", START + 2 * PASTE_WAIT)) == key("q", "q")


def test_a_paste_goes_on_as_long_as_it_comes() -> None:
    pieces = [BEGIN, *[b"x"] * 10, END]
    assert pasted(fed(*pieces, gap=PASTE_WAIT - LATER)) == "x" * 10


def test_keys_that_come_later_than_a_paste_are_keys() -> None:
    reader = InputDecoder()
    found = reader.feed(BEGIN + b"text" + END, START)
    found += reader.tick(START + PASTE_QUIET + LATER)
    found += reader.feed(b"q\x1b[A", START + 0.2)
    assert seen(found) == [*other("Paste"), *key("q", "q"), *key("up")]


def test_keys_right_behind_a_paste_come_after_it() -> None:
    assert seen(fed(BEGIN + b"text" + END + b"q")) == [*other("Paste"), *key("q", "q")]


def test_a_mark_of_a_paste_in_a_paste_is_no_part_of_it() -> None:
    assert pasted(fed(BEGIN + b"in" + BEGIN + b"side" + END)) == "inside"


def test_a_mark_of_a_paste_in_a_paste_may_come_in_two_pieces() -> None:
    for first, second in halves(BEGIN + b"in" + BEGIN + b"side" + END):
        assert pasted(fed(first, second)) == "inside", (first, second)


@pytest.mark.parametrize("data", [END, b"\x1b[113~", b"\x1b[200;5~"], ids=repr)
def test_a_numbered_key_that_does_not_exist_is_no_letter(data: bytes) -> None:
    assert seen(fed(data + b"q")) == key("q", "q")


def test_a_sequence_that_is_too_long_is_nothing() -> None:
    assert seen(fed(b"\x1b[" + b"1" * 2 * SEQUENCE_LIMIT + b"uq")) == key("q", "q")


@pytest.mark.parametrize("end", [b"25u", b"6c"])
def test_the_end_of_a_sequence_that_is_too_long_is_nothing(end: bytes) -> None:
    assert fed(b"\x1b[" + b"1" * 2 * SEQUENCE_LIMIT, end) == []


@pytest.mark.parametrize("data", [b"\x1b/", b"\x1b?", b"\x1b+", b"\x1b "], ids=repr)
def test_alt_and_a_sign_is_not_the_sign(data: bytes) -> None:
    assert fed(data)
    assert all(name.startswith("alt+") for _, name, _ in seen(fed(data)) if name)


def test_two_pastes_are_two() -> None:
    found = fed(BEGIN + b"one" + END, BEGIN + b"two" + END, gap=1.0)
    assert [event.text for event in found if isinstance(event, events.Paste)] == ["one", "two"]


def test_a_long_paste_is_cut() -> None:
    pieces = [BEGIN, *[b"x" * 65_536] * (PASTE_LIMIT // 65_536 + 3), END]
    assert len(pasted(fed(*pieces))) == PASTE_LIMIT
    assert len(pasted(fed(b"".join(pieces)))) == PASTE_LIMIT


# An Enter that nobody pressed.


@pytest.mark.parametrize(
    "data",
    [b"ok\r", b"\r\r", b"\rok", b"ok\x1b[13u", b"\x1b[13u\x1b[13u", b"\x1b[111;;111u\x1b[13u", b"x" * 40 + b"\r"],
    ids=repr,
)
def test_enter_in_one_piece_with_other_keys_is_hasty(data: bytes) -> None:
    enters = [event for event in fed(data) if isinstance(event, events.Key) and event.key == "enter"]
    assert enters
    assert {type(event) for event in enters} == {UnconfirmedEnter}


def test_a_hasty_enter_is_still_an_enter() -> None:
    assert seen(fed(b"ok\r"))[-1] == ("UnconfirmedEnter", "enter", "\r")
    assert UnconfirmedEnter.handler_name == events.Key.handler_name


def test_enter_soon_after_a_letter_is_hasty() -> None:
    assert seen(fed(b"k", b"\r", gap=0.01)) == [*key("k", "k"), ("UnconfirmedEnter", "enter", "\r")]


def test_enter_soon_after_another_is_hasty() -> None:
    assert seen(fed(b"\r", b"\r", gap=0.01)) == [*key("enter", "\r"), ("UnconfirmedEnter", "enter", "\r")]


def test_enter_after_letters_that_were_typed_is_meant() -> None:
    assert seen(fed(b"o", b"k", b"\r", gap=0.03)) == [*key("o", "o"), *key("k", "k"), *key("enter", "\r")]


def test_enter_with_an_arrow_is_meant() -> None:
    assert seen(fed(b"\x1b[B\r")) == [*key("down"), *key("enter", "\r")]


@pytest.mark.parametrize(
    ("wait", "name"), [(0.15, "UnconfirmedEnter"), (AFTER_PASTE, "UnconfirmedEnter"), (0.7, "Key")]
)
def test_enter_soon_after_a_paste_is_hasty(wait: float, name: str) -> None:
    reader = InputDecoder()
    found = reader.feed(BEGIN + b"text" + END, START)
    found += reader.tick(START + PASTE_QUIET + LATER)
    found += reader.feed(b"\r", START + wait)
    assert seen(found) == [*other("Paste"), (name, "enter", "\r")]


@pytest.mark.parametrize(("wait", "name"), [(0.1, "UnconfirmedEnter"), (0.4, "UnconfirmedEnter"), (0.6, "Key")])
def test_enter_soon_after_a_paste_without_marks_is_hasty(wait: float, name: str) -> None:
    reader = InputDecoder()
    reader.feed(b"x" * MIN_PASTE, START)
    assert seen(reader.feed(b"\r", START + wait)) == [(name, "enter", "\r")]


# Characters, whatever this Python's Unicode tables know of them.


def is_taken(found: list[Message], character: str) -> bool:
    return [(event.character, event.is_printable) for event in found if isinstance(event, events.Key)] == [
        (character, True)
    ]


@pytest.mark.slow
def test_every_character_but_control_characters_is_a_key_that_is_text() -> None:
    reader, now = InputDecoder(), START
    for point in range(0xA0, 0x110000):
        if 0xD800 <= point < 0xE000:
            continue
        now += 1.0
        assert is_taken(reader.feed(chr(point).encode(), now), chr(point)), hex(point)


@pytest.mark.parametrize("point", [0x200C, 0xAD, 0x3000, 0x1FA77, 0x0378, 0xE000, 0xFFFD])
def test_the_same_in_kittys_protocol(point: int) -> None:
    assert is_taken(fed(b"\x1b[0;;%du" % point), chr(point))
    assert is_taken(fed(b"\x1b[32;2;%du" % point), chr(point))


def test_a_text_of_several_characters_in_kittys_protocol() -> None:
    found = fed(b"\x1b[0;;12459:12441u")
    assert [event.character for event in found if isinstance(event, events.Key)] == ["\u30ab", "\u3099"]


# Keys that came together.


def bursts(*pieces: bytes, gap: float) -> list[bool | None]:
    """For each message whether it is a paste without marks; None for a key of its own."""
    reader = InputDecoder()
    found = [
        message for n, piece in enumerate(pieces) for message in reader.messages(reader.feed(piece, START + n * gap))
    ]
    return [message.is_pasted if isinstance(message, Burst) else None for message in found]


def test_keys_one_by_one_are_keys() -> None:
    assert bursts(b"j", b"j", b"e", gap=0.03) == [None, None, None]


def test_keys_in_one_piece_are_a_burst() -> None:
    assert bursts(b"jje", gap=1.0) == [False]
    assert bursts(b"x" * (MIN_PASTE - 1), gap=1.0) == [False]
    assert bursts(b"x" * MIN_PASTE, gap=1.0) == [True]


def test_a_key_right_behind_another_is_a_burst() -> None:
    assert bursts(b"j", b"\t", gap=0.01) == [None, False]


def test_a_paste_without_marks_is_one_however_it_is_cut() -> None:
    assert bursts(*[b"0123456789"] * 5, gap=0.005) == [False, False, False, True, True]


def test_the_rest_of_a_paste_without_marks_belongs_to_it() -> None:
    assert bursts(b"x" * 4000, b"e", b"\r", gap=0.05) == [True, True, True]
    assert bursts(b"x" * 4000, b"e", gap=0.2) == [True, None]


def test_clicks_keep_their_place_among_keys() -> None:
    reader = InputDecoder()
    found = list(reader.messages(reader.feed(b"ab\x1b[<0;3;4Mcd", START)))
    assert [type(message).__name__ for message in found] == ["Burst", "MouseDown", "Burst"]


# Whatever comes.

FRAGMENTS = [
    *CASES,
    *(BEGIN, END, b"\x1b", b"\x1b[", b"\x1b[<", b"\x1b[M", b"\x1b[[", b"\x1bO", b"\x1b]", b"\x1bP", b"\x1b_", b"\x07"),
    *(b"\x1b\\", b"0", b"13", b"57441", b";", b":", b"u", b"~", b"?", b"$y", b"R", b"\xe6", b"\xf0\x9f", b"\x9c"),
]


def check(found: list[Message]) -> None:
    for event in found:
        if isinstance(event, events.Key):
            assert event.key
            assert event.key.isprintable()
            assert event.character is None or len(event.character) == 1


@given(st.lists(st.tuples(st.binary(max_size=24) | st.sampled_from(FRAGMENTS), st.floats(0, 3))))
def test_nothing_that_comes_is_too_much(pieces: list[tuple[bytes, float]]) -> None:
    reader = InputDecoder()
    now = START
    for piece, gap in pieces:
        now += gap
        check(reader.tick(now))
        check(reader.feed(piece, now))
    check(reader.tick(now + PASTE_WAIT))
    check(reader.tick(now + 2 * PASTE_WAIT))
    check(reader.tick(now + 3 * PASTE_WAIT))
    assert not reader.waits
    assert seen(reader.feed(b"q", now + 10 * PASTE_WAIT)) == key("q", "q")


@given(st.lists(st.sampled_from(FRAGMENTS)), st.lists(st.integers(0, 400), max_size=6))
def test_a_mixture_is_the_same_however_it_is_cut(fragments: list[bytes], cuts: list[int]) -> None:
    data = b"".join(fragments)
    places = [0, *sorted({min(cut, len(data)) for cut in cuts}), len(data)]
    pieces = [data[begin:end] for begin, end in pairwise(places)]
    whole = [(name.replace("UnconfirmedEnter", "Key"), *rest) for name, *rest in seen(fed(data))]
    assert [(name.replace("UnconfirmedEnter", "Key"), *rest) for name, *rest in seen(fed(*pieces))] == whole


def test_a_million_bytes_are_not_too_much() -> None:
    dice = random.Random(20_261_103)
    reader = InputDecoder()
    now, size = START, 0
    while size < BYTES_AT_LEAST:
        parts = [
            dice.choice(FRAGMENTS) if dice.random() < 0.7 else dice.randbytes(dice.randrange(24))
            for _ in range(dice.randrange(40))
        ]
        data = b"".join(parts)
        size += len(data)
        while data:
            cut = dice.randrange(1, len(data) + 1)
            now += dice.choice((0.0, 0.001, 0.03, ESCAPE_WAIT, PASTE_QUIET, PASTE_WAIT))
            check(reader.tick(now))
            check(reader.feed(data[:cut], now))
            data = data[cut:]
