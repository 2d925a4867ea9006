"""``clean``, held to its word over all of Unicode: safe, bounded, and the same when done twice."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hostile_texts import HOSTILE
from inbox_tui.domain.characters import category, is_text
from inbox_tui.domain.text import (
    BODY_LIMIT,
    BODY_LINES,
    NAME_LIMIT,
    clean,
    clean_body,
    clean_line,
    clean_name,
    clean_typed,
    folded,
    replace_unstorable,
    typed_line,
)

UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn"}  # of what is not assigned, only noncharacters
POINTS = 0x110000
REORDER = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
EVERYWHERE = "fbdb65ac3d0c162afe7df813cf9e6d586d7e333b01fc006caf18b72d4bfa7e16"

anything = st.text(st.characters())  # surrogates, unassigned and all
combining = st.text(st.sampled_from("ae \n\t\u0301\u0336\u034f\u200d\u180b\u1f3fe\ufe0f\u17b4◌…⏎\x1b\ud83d\u202e"))
limits = st.integers(1, 30)


def is_safe(shown: str) -> bool:
    return all(character == "\n" or category(character) not in UNSAFE for character in set(shown))


def require_clean(given_text: str, *, multiline: bool, limit: int) -> None:
    shown = clean(given_text, multiline=multiline, limit=limit)
    assert is_safe(shown)
    assert multiline or "\n" not in shown
    assert len(shown) <= limit
    assert shown.count("\n") < BODY_LINES
    assert clean(shown, multiline=multiline, limit=limit) == shown


@given(anything | combining, st.booleans(), limits | st.just(BODY_LIMIT))
@example(" \u0301", False, 5)
@example("a\u0301\u0301\u0301\u200b\u0301", False, BODY_LIMIT)
@example("\t\t\t", True, 5)
@example("\u00a0\u00a0\u00a0name", False, 3)
@example("\u200b\u00a0x", False, 3)
@example("abc       def\x00", False, 5)
@example("\u200b" * 50 + "words", False, 2)
def test_any_text_becomes_safe_bounded_and_stays_as_it_is(given_text: str, multiline: bool, limit: int) -> None:
    require_clean(given_text, multiline=multiline, limit=limit)


@pytest.mark.parametrize(
    "starts",
    [
        pytest.param([*range(0, 0x20000, 0x400), *range(0x20000, POINTS, 0x8000), 0xE0000, POINTS - 0x400], id="most"),
        pytest.param(range(0, POINTS, 0x400), id="all", marks=pytest.mark.slow),
    ],
)
def test_every_code_point_becomes_safe(starts: Sequence[int]) -> None:
    for start in starts:
        letters = "".join("a" + chr(point) for point in range(start, start + 0x400))
        require_clean(letters, multiline=True, limit=BODY_LIMIT)
        if start < 0x3000:  # all line breaks are there
            require_clean(letters, multiline=False, limit=BODY_LIMIT)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("multiline", [True, False])
def test_the_hostile_corpus_becomes_safe(name: str, multiline: bool) -> None:
    for limit in (NAME_LIMIT, BODY_LIMIT):
        require_clean(HOSTILE[name], multiline=multiline, limit=limit)


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("Is the table for 7 or 8 pm?", "Is the table for 7 or 8 pm?"),
        ("  around  ", "around"),
        ("two\r\nlines", "two ⏎ lines"),
        ("next\x85line\u2028sep", "next ⏎ line ⏎ sep"),
        ("a\tb", "a    b"),
        ("\x1b[2J", "␛[2J"),
        ("\x7f", "␡"),
        ("\x9b31m", "<9B>31m"),
        ("photo\u202egpj.exe", "photo<RLO>gpj.exe"),
        ("pay\u200bpal", "paypal"),
        ("\ud83d", "\ufffd"),
        ("\ue000\u3164", "□□"),
        ("\U0001f1f8\U0001f1ea", "SE"),
        ("\U0001f44b\U0001f3fd", "\U0001f44b"),
        ("\u0301x", "◌\u0301x"),
        ("e\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301"),
        ("em\u2003space", "em space"),
        ("שלום", "שלום"),
        ("[/bold] [@click=app.quit]x", "[/bold] [@click=app.quit]x"),
        ("日本語", "日本語"),
        ("é~~~", "é~~~"),
        ("", ""),
    ],
)
def test_what_becomes_of(given_text: str, shown: str) -> None:
    assert clean(given_text) == shown


def test_a_body_keeps_its_lines_and_its_margins() -> None:
    assert clean_body("  one\r\n\n  two\n") == "  one\n\n  two\n"


def test_a_body_has_no_more_lines_than_a_screen_can_bear() -> None:
    shown = clean_body("é" + "\n" * (BODY_LINES + 5))
    assert shown.count("\n") == BODY_LINES - 1
    assert shown.endswith("⏎ ")


def test_a_cut_text_says_so() -> None:
    assert clean_name("x" * 100) == "x" * (NAME_LIMIT - 1) + "…"
    assert clean_name("é" * 100) == "é" * (NAME_LIMIT - 1) + "…"
    assert clean_line("é\t" * 200).endswith("…")
    assert clean("\u200b" * 100 + "hidden far behind", limit=3) == "…"


def test_ends_are_trimmed_before_the_limit_counts() -> None:
    assert clean_name(" " * 500 + "Maya" + " " * 500) == "Maya"
    assert clean_name("\u00a0" * 500 + "Maya") == "Maya"


@given(anything)
def test_what_is_typed_keeps_everything_but_what_a_terminal_obeys(typed: str) -> None:
    kept = clean_typed(typed)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in kept)
    assert all(c in kept for c in typed if unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp"))
    assert clean_typed(kept) == kept


def test_what_is_typed_keeps_tabs_and_emoji() -> None:
    assert (
        clean_typed("a\tb\r\n\x1b[1mfamily \U0001f469\u200d\U0001f467") == "a\tb\n[1mfamily \U0001f469\u200d\U0001f467"
    )


def test_every_character_but_control_characters_is_text() -> None:
    for point in range(POINTS):
        character = chr(point)
        if unicodedata.category(character) in ("Cc", "Cs"):
            assert not is_text(character)
            assert clean_typed(character) in {"", "\n", "\t", "\ufffd"}
        else:
            assert is_text(character)
            assert clean_typed(character) == ("\n" if character in "\u2028\u2029" else character)
            assert replace_unstorable(character) == character


@given(anything)
def test_a_line_that_is_typed_is_one_line_in_its_order(typed: str) -> None:
    kept = typed_line(typed)
    assert not any(
        unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(c) in REORDER for c in kept
    )
    assert typed_line(kept) == kept


@pytest.mark.parametrize("point", [0x1FA77, 0x1FAE8, 0x0378, 0x1FFFD, 0x323AF])
def test_a_character_that_is_newer_than_this_python_is_shown(point: int) -> None:
    assert clean(f"a {chr(point)} b") == f"a {chr(point)} b"


@pytest.mark.parametrize("point", [0x0ECE, 0x0897, 0x11F00, 0x1E4EC])
def test_marks_that_are_newer_than_this_python_do_not_pile_up(point: int) -> None:
    assert clean("a" + chr(point) * 50) == "a" + chr(point) * 3


@pytest.mark.parametrize("point", [0x2065, 0xFFF0, 0x1343A, 0xE0080, 0xE0FFF])
def test_what_newer_tables_call_invisible_is_left_out(point: int) -> None:
    assert clean(f"a{chr(point)}b") == "ab"


@pytest.mark.parametrize("point", [0xFDD0, 0xFFFE, 0x10FFFF])
def test_what_will_never_be_a_character_is_replaced(point: int) -> None:
    assert clean(f"a{chr(point)}b") == "a\ufffdb"


def test_every_python_shows_and_types_the_same() -> None:
    """What all of Unicode becomes, as one number: it changes with the rules, never with Python's tables."""
    digest = hashlib.sha256()
    for start in range(0, POINTS, 0x400):
        letters = "".join("a" + chr(point) for point in range(start, start + 0x400))
        for result in (clean(letters, multiline=True), clean_typed(letters)):
            digest.update(result.encode("utf-8", "surrogatepass"))
    assert digest.hexdigest() == EVERYWHERE


@given(anything)
def test_what_is_stored_differs_only_in_what_databases_cannot_hold(written: str) -> None:
    kept = replace_unstorable(written)
    kept.encode("utf-8")
    assert len(kept) == len(written)
    assert all(
        a == b or (b == "\ufffd" and (a == "\0" or unicodedata.category(a) == "Cs"))
        for a, b in zip(written, kept, strict=True)
    )


def test_names_compare_without_case_and_accents() -> None:
    assert folded("Žofie ÅSTRÖM") == folded("zofie astrom")
