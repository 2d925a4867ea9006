"""Times for people."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from inbox_tui.domain.times import clock_time
from inbox_tui.tui.presenters.times import age, day_label

NOW = datetime(2026, 11, 3, 10, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(seconds=60), "1m"),
        (timedelta(minutes=59, seconds=59), "59m"),
        (timedelta(hours=1), "1h"),
        (timedelta(hours=23, minutes=59), "23h"),
        (timedelta(days=1), "1d"),
        (timedelta(days=6, hours=23), "6d"),
        (timedelta(days=7), "1w"),
        (timedelta(days=364), "52w"),
        (timedelta(days=365), "1y"),
        (timedelta(days=800), "2y"),
        (timedelta(minutes=-5), "now"),
    ],
)
def test_age_is_one_unit_rounded_down(ago: timedelta, text: str) -> None:
    assert age(NOW - ago, NOW) == text


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (datetime(2026, 11, 3, 0, 0, tzinfo=UTC), "Today"),
        (datetime(2026, 11, 2, 23, 59, tzinfo=UTC), "Yesterday"),
        (datetime(2026, 11, 1, 12, 0, tzinfo=UTC), "Sun 1 Nov"),
        (datetime(2025, 12, 31, 12, 0, tzinfo=UTC), "Wed 31 Dec 2025"),
    ],
)
def test_a_day_is_named_as_briefly_as_it_is_clear(when: datetime, text: str) -> None:
    assert day_label(when, NOW, UTC) == text


def test_day_and_time_are_those_of_the_reader() -> None:
    late = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)
    tokyo = ZoneInfo("Asia/Tokyo")
    assert day_label(late, late, UTC) == "Today"
    assert day_label(NOW, late, tokyo) == "Yesterday"
    assert clock_time(late, tokyo) == "08:30"
    assert clock_time(late, timezone(timedelta(hours=-3))) == "20:30"
    assert clock_time(NOW) == NOW.astimezone().strftime("%H:%M")
