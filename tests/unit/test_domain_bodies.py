"""Messages of any length, with tabs, and at hours that the clock shows twice."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.domain.characters import category
from inbox_tui.domain.text import BODY_LIMIT, BODY_LINES, TAB_STOP, clean_piece, clean_whole, with_tabs_spread
from inbox_tui.domain.times import clock_time
from inbox_tui.tui.presenters.times import day_label

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NEW_YORK = ZoneInfo("America/New_York")


def test_a_whole_message_is_whole() -> None:
    long = "a" * 1_000_000
    assert clean_whole(long) == long
    many = "\n".join(map(str, range(10_000)))
    assert clean_whole(many) == many
    assert clean_whole("\x85" * 3_000).count("\n") == 3_000


@pytest.mark.parametrize(
    ("body", "shown", "characters", "lines"),
    [
        ("x" * BODY_LIMIT, BODY_LIMIT, 0, 0),
        ("x" * (BODY_LIMIT + 1), BODY_LIMIT, 1, 1),
        ("x\n" * BODY_LINES, 2 * BODY_LINES - 1, 1, 1),
        ("x\n" * BODY_LINES + "y\nz", 2 * BODY_LINES - 1, 4, 2),
    ],
)
def test_a_piece_says_how_much_more_there_is(body: str, shown: int, characters: int, lines: int) -> None:
    piece = clean_piece(body)
    assert (len(piece.text), piece.characters_left, piece.lines_left) == (shown, characters, lines)


@given(st.text(alphabet="ab\t é"))
def test_tabs_lead_to_the_next_column_of_eight(line: str) -> None:
    assert with_tabs_spread(line) == line.expandtabs(TAB_STOP)


def test_control_characters_before_a_tab_count_as_they_are_shown() -> None:
    assert clean_whole("\x9b\tx") == "<9B>    x"


def test_tabs_count_cells_and_begin_anew_on_each_line() -> None:
    assert clean_whole("日本\tx\r\na\ty") == "日本    x\na       y"
    assert clean_piece("\tx").text == " " * 8 + "x"


@given(st.text(max_size=50))
def test_nothing_that_a_terminal_acts_on_is_left(body: str) -> None:
    assert all(
        character == "\n" or category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn")
        for character in clean_whole(body)
    )


def test_an_hour_that_comes_twice_names_its_zone() -> None:
    for zone, first, names in (
        (STOCKHOLM, datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc), ("CEST", "CET")),
        (NEW_YORK, datetime(2026, 11, 1, 5, 30, tzinfo=timezone.utc), ("EDT", "EST")),
    ):
        now = datetime(2026, 12, 1, tzinfo=timezone.utc)
        for at, name in zip((first, first + timedelta(hours=1)), names, strict=True):
            assert clock_time(at, zone).endswith(f":30 {name}")
            assert day_label(at, now, zone).endswith(f" · {name}")
        for at in (first - timedelta(hours=1), first + timedelta(hours=2)):
            assert clock_time(at, zone)[-1].isdigit()
            assert day_label(at, now, zone).endswith(names)
        spring = first.replace(month=3, day=29 if zone is STOCKHOLM else 8)
        for minutes in range(0, 24 * 60, 30):
            at = spring + timedelta(minutes=minutes)
            assert clock_time(at, zone)[-1].isdigit()
            assert "·" not in day_label(at, now, zone)
