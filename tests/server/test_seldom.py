"""Lines that come in floods are written once a second, and none is lost to the count."""

from __future__ import annotations

import asyncio
import itertools
import logging

from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.server.seldom import Seldom, is_news


def record(template: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("server", logging.WARNING, __file__, 1, template, args, None)


@given(gaps=st.lists(st.floats(0, 0.9), min_size=1, max_size=60))
def test_once_a_second_with_how_many_were_left_out(gaps: list[float]) -> None:
    now = 50.0
    seldom = Seldom(clock=lambda: now)
    written: list[tuple[float, str]] = []
    offered = 0
    for gap in [*gaps, 1.0]:
        now += gap
        line = record("refused from %s (100%% sure)", offered)
        offered += 1
        if seldom.filter(line):
            written.append((now, line.getMessage()))
    times = [at for at, _ in written]
    assert all(later - sooner >= 1 for sooner, later in itertools.pairwise(times))
    left_out = sum(int(text.partition(") (")[2].partition(" ")[0] or 0) for _, text in written)
    assert left_out + len(written) == offered


def test_kinds_are_told_apart_and_not_without_end() -> None:
    seldom = Seldom(clock=lambda: 1.0)
    for number in range(1_000):
        assert seldom.filter(record(f"kind {number}\nand more"))
        assert not seldom.filter(record(f"kind {number}\nand other"))
    assert len(seldom._told) <= 100


def test_what_the_server_itself_ended_is_no_news() -> None:
    line = record("failed")
    line.exc_info = (asyncio.CancelledError, asyncio.CancelledError(), None)
    assert not is_news(line)
    assert is_news(record("failed"))
