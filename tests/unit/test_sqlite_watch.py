"""How often an idle program looks whether its file was written, counted on a clock of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from inbox_tui.backends.sqlite.connections import FileConnection
from inbox_tui.backends.sqlite.feed import WriteSignal, follow
from inbox_tui.backends.sqlite.watch import Watch, Watched, watch
from inbox_tui.domain.changes import ChangeId, Written
from inbox_tui.domain.errors import StoreUnavailable

NOTICED_WITHIN = 0.3
LOOKS_A_SECOND = 5
SECONDS = 20


class File:
    """A connection to a file that others write at the seconds given, and delete at one."""

    def __init__(self, *written_at: float, deleted_at: float = 1e9) -> None:
        self.now = 0.0
        self.looks = self.file_checks = 0
        self.told_at: list[float] = []
        self._written_at = written_at
        self._deleted_at = deleted_at

    def number(self, pragma: str) -> int:
        assert pragma == "data_version"
        self.looks += 1
        return sum(at <= self.now for at in self._written_at)

    def has_same_files(self) -> bool:
        self.file_checks += 1
        return self.now < self._deleted_at

    def tell(self) -> None:
        self.told_at.append(self.now)

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return self.now > SECONDS

    def watch(self) -> None:
        watch(self, self.tell, self.wait)


def test_a_file_that_nobody_writes_is_looked_at_a_few_times_a_second_and_wakes_nobody() -> None:
    file = File()
    file.watch()
    assert file.looks <= LOOKS_A_SECOND * SECONDS + 1
    assert file.file_checks <= SECONDS + 1
    assert file.told_at == [0.0]  # what was written before the watch began


@pytest.mark.parametrize("at", [0.05, 0.2, 0.25, 7.31, 7.4])
def test_anothers_write_is_noticed_in_time(at: float) -> None:
    file = File(at)
    file.watch()
    _, told_at = file.told_at
    assert at <= told_at < at + NOTICED_WITHIN


def test_a_file_that_is_gone_is_noticed_although_nothing_writes_to_it_any_more() -> None:
    file = File(deleted_at=3.3)
    file.watch()
    assert 3.3 <= file.told_at[1] < 4.4


async def test_a_follower_reads_when_the_bell_rings_and_at_no_other_time() -> None:
    bell, closing, reads = WriteSignal(), asyncio.Event(), 0
    woken = asyncio.Event()

    async def read(look: Callable[[FileConnection], Written | None]) -> Written | None:
        nonlocal reads
        reads += 1
        woken.set()
        return None

    async def never() -> None:
        async for _ in follow(read, bell, closing, ChangeId("1")):
            raise AssertionError("Nothing was written.")

    following = asyncio.create_task(never())
    for expected in (1, 2, 3):
        await asyncio.wait_for(woken.wait(), 5)
        woken.clear()
        for _ in range(20):
            await asyncio.sleep(0)
        assert reads == expected
        bell.ring()
    closing.set()
    bell.ring()
    await asyncio.wait_for(following, 5)


async def test_a_watch_that_fails_wakes_who_follows_and_goes_on() -> None:
    rings = 0
    rang = asyncio.Event()
    errors = [StoreUnavailable("The file is locked.", hint="Wait.")]

    def ring() -> None:
        nonlocal rings
        rings += 1
        rang.set()

    async def run(work: Callable[[Watched], None]) -> None:
        if errors:
            raise errors.pop()
        await asyncio.to_thread(work, File())
        await asyncio.Event().wait()

    watching = Watch(run, ring)
    watching.begin()
    watching.begin()
    for expected in (1, 2):
        await asyncio.wait_for(rang.wait(), 5)
        rang.clear()
        assert rings == expected
    watching.end()
