"""One follower for all: what was written is read once for many, and again where that failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from inbox_tui.domain.changes import NO_CHANGE, ChangeId, FeedReport, Written
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.server import hub as hub_module
from inbox_tui.server.hub import PLACES_SHARED, Hub
from inbox_tui.store.registry import utc_now
from inbox_tui.testing.contract.base import C1, reply
from inbox_tui.testing.factories import DANA, incoming, member
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.workspace import ModelWorkspace
from server.harness import SOON

PATIENCE = 60.0
"""Seconds of silence that no test waits for."""


class CountedStore(ModelStore):
    """Counts how often it is followed and read, and cannot be read for a while."""

    followed = read = failing = at_once = most_at_once = 0

    async def changes(self, since: ChangeId | None = None) -> AsyncIterator[FeedReport]:
        self.followed += 1
        async for report in super().changes(since):
            yield report

    async def changes_after(self, since: ChangeId | None) -> Written:
        self.read += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.failing:
            self.failing -= 1
            raise StoreUnavailable("Not just now.")
        return await super().changes_after(since)


@pytest.fixture
async def store() -> CountedStore:
    store = CountedStore(ModelWorkspace(utc_now, member("Dana Ortiz", email=DANA)), DANA)
    await store.ingest([incoming("c-1")])
    return store


@pytest.fixture
async def hub(store: CountedStore, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    monkeypatch.setattr(hub_module, "TRY_AGAIN", 0.01)
    hub = Hub(store, store)
    hub.start()
    yield hub
    await hub.aclose()


async def next_of(reports: AsyncIterator[Written | None]) -> Written | None:
    async with asyncio.timeout(SOON):
        return await anext(reports)


async def test_what_was_written_is_read_once_for_all(hub: Hub, store: CountedStore) -> None:
    everybody = [hub.listen(None, PATIENCE) for _ in range(50)]
    await asyncio.gather(*(next_of(reports) for reports in everybody))
    store.read = 0
    for turn in range(3):
        await reply(store, f"Number {turn}", f"k-{turn}")
        told = await asyncio.gather(*(next_of(reports) for reports in everybody))
        assert {report.conversations for report in told if report} == {(C1,)}
    assert (store.followed, store.read) == (1, 3)


async def test_a_read_that_fails_is_tried_again_and_nothing_is_missed(hub: Hub, store: CountedStore) -> None:
    both = [hub.listen(None, PATIENCE) for _ in range(2)]
    start = [await next_of(reports) for reports in both]
    store.read, store.failing = 0, 3
    await reply(store)
    told = await asyncio.gather(*(next_of(reports) for reports in both))
    assert [report and report.conversations for report in told] == [(C1,), (C1,)]
    assert start != told
    assert 4 <= store.read <= 6, "once after each failure, and by whoever comes too late for what another reads"


async def test_whoever_joins_when_nothing_can_be_read_is_told_why_and_the_next_one_joins(
    hub: Hub, store: CountedStore
) -> None:
    for since in (None, NO_CHANGE):
        store.failing = 1
        with pytest.raises(StoreUnavailable, match="Not just now"):
            await next_of(hub.listen(since, PATIENCE))
        assert await next_of(hub.listen(since, PATIENCE))


async def test_who_comes_from_long_ago_is_served_one_after_the_other_and_nothing_is_kept(
    hub: Hub, store: CountedStore
) -> None:
    for number in range(60):
        await reply(store, f"Number {number}", f"k-{number}")
    current = hub.listen(None, PATIENCE)
    assert await next_of(current)
    store.most_at_once = 0
    everybody = [hub.listen(ChangeId(str(number)), PATIENCE) for number in range(1, 61)]
    told = await asyncio.gather(*(next_of(reports) for reports in everybody))
    assert {report.conversations for report in told if report} == {(C1,)}
    assert store.most_at_once == 1
    assert len(hub._reads) <= PLACES_SHARED
    store.read = 0
    await reply(store, "Later", "later")
    told = await asyncio.gather(*(next_of(reports) for reports in (current, *everybody)))
    assert {report.conversations for report in told if report} == {(C1,)}
    assert store.read == 1, "they are where everybody is by now"


async def test_silence_is_told_and_no_report(hub: Hub, store: CountedStore) -> None:
    reports = hub.listen(None, 0.01)
    assert await next_of(reports)
    assert [await next_of(reports) for _ in range(3)] == [None] * 3
    await reply(store)
    while (report := await next_of(reports)) is None:
        pass
    assert report.conversations == (C1,)


async def test_the_hub_s_end_is_everybody_s(hub: Hub) -> None:
    reports = hub.listen(None, PATIENCE)
    await next_of(reports)
    waiting = asyncio.create_task(next_of(reports))
    await asyncio.sleep(0)
    await hub.aclose()
    with pytest.raises(StopAsyncIteration):
        await waiting
    with pytest.raises(StopAsyncIteration):
        await next_of(hub.listen(None, PATIENCE))
