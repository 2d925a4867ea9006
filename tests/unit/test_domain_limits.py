"""The gates of rule 13, for any time in any offset and any text."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inbox_tui.domain import limits
from inbox_tui.domain.errors import Rejected, StoreUnavailable
from inbox_tui.domain.text import replace_unstorable
from inbox_tui.domain.times import clock_time, local
from inbox_tui.tui.presenters.times import age, day_label

NOW = datetime(2026, 11, 3, 10, 2, tzinfo=timezone.utc)
offsets = st.integers(-24 * 60 + 1, 24 * 60 - 1).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(timezones=offsets)
FIRST = datetime(1, 1, 1, tzinfo=timezone.utc)
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
ZONES = sorted(zoneinfo.available_timezones())


def microseconds(at: datetime) -> int:
    return (at - limits.EARLIEST) // timedelta(microseconds=1)


@given(moments)
@example(datetime.fromisoformat("0001-01-01T00:00:00+23:59"))
@example(datetime.fromisoformat("9999-12-31T23:59:59-23:59"))
@example(limits.EARLIEST)
@example(NOW + limits.AHEAD)
def test_a_time_is_accepted_from_1970_to_a_day_after_arrival(at: datetime) -> None:
    if 0 <= microseconds(at) <= microseconds(NOW + limits.AHEAD):
        accepted = limits.accepted(at, NOW)
        assert accepted == at
        assert accepted.tzinfo is timezone.utc
        assert limits.arrived(at, NOW) == min(at, NOW)
    else:
        with pytest.raises(Rejected, match="is not between 1970-01-01 and 2026-11-04 10:02 UTC"):
            limits.accepted(at, NOW)


@given(moments)
def test_a_clock_is_believed_while_its_times_can_be_shown(now: datetime) -> None:
    if limits.EARLIEST <= now <= limits.LATEST:
        assert limits.arrived(limits.present(now), now) == now
    else:
        with pytest.raises(StoreUnavailable, match="clock"):
            limits.present(now)


@pytest.mark.parametrize("at", [limits.EARLIEST, limits.LATEST, FIRST, LAST], ids=str)
def test_every_time_can_be_shown_in_every_zone(at: datetime) -> None:
    """Those beyond the gate too: a screen must not end for what an older server sends."""
    for zone in map(zoneinfo.ZoneInfo, ZONES):
        if limits.EARLIEST <= at <= limits.LATEST:
            assert local(at, zone).tzinfo is zone
        assert len(clock_time(at, zone)) == 5
        assert day_label(at, NOW, zone)
        assert day_label(NOW, at, zone)
    assert age(at, NOW)


@given(st.text() | st.sampled_from(("half \ud83d pair", "null \0")), st.integers(1, 40))
def test_lengths_are_bytes_as_they_are_stored(text: str, limit: int) -> None:
    size = len(replace_unstorable(text).encode())
    assert limits.size(text) == size
    assert limits.size(limits.shortened(text, limit)) <= limit
    assert replace_unstorable(text).startswith(limits.shortened(text, limit))
    if size > limit:
        with pytest.raises(Rejected, match=rf"^It has {size:,} bytes; {limit:,} is the most\.$"):
            limits.require_size(text, limit, "It")
    else:
        limits.require_size(text, limit, "It")
        assert limits.shortened(text, limit) == replace_unstorable(text)
