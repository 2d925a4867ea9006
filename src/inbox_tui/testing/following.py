"""Following a store's feed in tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

from inbox_tui.domain.changes import FeedReport, Written


async def next_written(reports: AsyncIterator[FeedReport]) -> Written:
    """The next report, which must tell what was written. Raises AssertionError for one of the line."""
    report = await anext(reports)
    assert isinstance(report, Written), report
    return report
