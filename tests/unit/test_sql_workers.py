"""The threads that own the connections."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from inbox_tui.backends.sql.workers import Worker
from inbox_tui.backends.sqlite.connections import FileConnection
from inbox_tui.domain.errors import StoreUnavailable

# One row at once, then none for ever.
FOR_EVER = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i = 1"


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[Worker[FileConnection]]:
    path = tmp_path / "any.db"
    path.touch()
    worker = Worker("test", lambda: FileConnection(path, patience=1, random=Random(1), is_reader=True), can_stop=True)
    yield worker
    await worker.aclose()


async def test_a_read_nobody_waits_for_is_stopped_and_the_next_is_not_disturbed(worker: Worker[FileConnection]) -> None:
    started = threading.Event()

    def read_for_ever(db: FileConnection) -> None:
        rows = db.cursor(FOR_EVER, {})  # makes the first step
        started.set()
        rows.fetchone()  # makes the second

    endless = asyncio.create_task(worker.run(read_for_ever))
    await asyncio.to_thread(started.wait)
    waiting = asyncio.create_task(worker.run(lambda db: db.rows("SELECT 1")))
    endless.cancel()
    assert await waiting == [(1,)]
    with pytest.raises(asyncio.CancelledError):
        await endless


async def test_jobs_are_done_in_order_and_errors_come_back(worker: Worker[FileConnection]) -> None:
    done: list[int] = []

    def fail(_: FileConnection) -> None:
        raise StoreUnavailable("no")

    jobs = [asyncio.create_task(worker.run(lambda _, n=number: done.append(n))) for number in range(5)]  # type: ignore[misc]
    with pytest.raises(StoreUnavailable, match="no"):
        await worker.run(fail)
    await asyncio.gather(*jobs)
    assert done == [0, 1, 2, 3, 4]


async def test_closing_finishes_what_was_handed_over(worker: Worker[FileConnection]) -> None:
    last = asyncio.create_task(worker.run(lambda db: db.rows("SELECT 1")))
    await asyncio.sleep(0)
    await worker.aclose()
    assert await last == [(1,)]
    with pytest.raises(StoreUnavailable, match="closed"):
        await worker.run(lambda db: db.rows("SELECT 1"))
