"""The threads that own the connections."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from inbox_tui.backends.sql import workers
from inbox_tui.backends.sql.turns import TurnQueue
from inbox_tui.backends.sql.workers import ConnectionThread
from inbox_tui.backends.sqlite.connections import FileConnection
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.store.client import CLIENT

# One row at once, then none for ever.
FOR_EVER = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i = 1"


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[ConnectionThread[FileConnection]]:
    """One that reads."""
    worker = on_a_file(tmp_path, can_stop=True)
    yield worker
    await worker.aclose()


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[ConnectionThread[FileConnection]]:
    """One that writes."""
    writer = on_a_file(tmp_path, can_stop=False)
    yield writer
    await writer.aclose()


def on_a_file(folder: Path, *, can_stop: bool) -> ConnectionThread[FileConnection]:
    path = folder / "any.db"
    path.touch()
    return ConnectionThread(
        "test", lambda: FileConnection(path, patience=1, random=Random(1), is_reader=can_stop), can_stop=can_stop
    )


async def test_a_read_nobody_waits_for_is_stopped_and_the_next_is_not_disturbed(
    worker: ConnectionThread[FileConnection],
) -> None:
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


async def test_jobs_are_done_in_order_and_errors_come_back(worker: ConnectionThread[FileConnection]) -> None:
    done: list[int] = []

    def fail(_: FileConnection) -> None:
        raise StoreUnavailable("no")

    jobs = [asyncio.create_task(worker.run(lambda _, n=number: done.append(n))) for number in range(5)]  # type: ignore[misc]
    with pytest.raises(StoreUnavailable, match="no"):
        await worker.run(fail)
    await asyncio.gather(*jobs)
    assert done == [0, 1, 2, 3, 4]


async def test_closing_finishes_writes_that_were_handed_over(writer: ConnectionThread[FileConnection]) -> None:
    last = asyncio.create_task(writer.run(lambda db: db.rows("SELECT 1")))
    await asyncio.sleep(0)
    await writer.aclose()
    assert await last == [(1,)]
    with pytest.raises(StoreUnavailable, match="closed"):
        await writer.run(lambda db: db.rows("SELECT 1"))


async def test_closing_ends_reads_at_once_and_begins_no_more(
    worker: ConnectionThread[FileConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "FINISH_TIMEOUT", 60)
    await require_cut(worker)


async def test_closing_cuts_a_write_that_takes_long(
    writer: ConnectionThread[FileConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "FINISH_TIMEOUT", 0.05)
    await require_cut(writer)


async def require_cut(worker: ConnectionThread[FileConnection]) -> None:
    """Closing ends what would take for ever, and what would come after."""
    started = threading.Event()

    def work_for_ever(db: FileConnection) -> None:
        rows = db.cursor(FOR_EVER, {})
        started.set()
        rows.fetchone()

    endless = asyncio.create_task(worker.run(work_for_ever))
    waiting = asyncio.create_task(worker.run(lambda db: db.rows("SELECT 1")))
    await asyncio.to_thread(started.wait)
    await worker.aclose()
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await endless
    with pytest.raises(StoreUnavailable, match="closed"):
        await waiting


async def test_closing_leaves_behind_what_cannot_be_cut(
    worker: ConnectionThread[FileConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "RELEASE_TIMEOUT", 0.05)
    started, released = threading.Event(), threading.Event()

    def hang(_: FileConnection) -> None:
        started.set()
        released.wait()

    hanging = asyncio.create_task(worker.run(hang))
    await asyncio.to_thread(started.wait)
    await worker.aclose()
    assert not hanging.done()
    released.set()
    await hanging


async def hold(writer: ConnectionThread[FileConnection]) -> tuple[asyncio.Task[None], threading.Event]:
    """Have the writer be busy until the event is set."""
    started, released = threading.Event(), threading.Event()

    def work(_: FileConnection) -> None:
        started.set()
        released.wait()

    holding = asyncio.create_task(writer.run(work))
    await asyncio.to_thread(started.wait)
    return holding, released


def written(
    writer: ConnectionThread[FileConnection], into: list[str], name: str, client: str | None
) -> asyncio.Task[None]:
    """A write for a client, handed over with the loop's next step."""

    async def write() -> None:
        CLIENT.set(client)
        await writer.run(lambda _: into.append(name))

    return asyncio.create_task(write())


async def test_a_write_whose_client_hung_up_is_not_begun_and_one_of_the_programs_own_is_done(
    writer: ConnectionThread[FileConnection],
) -> None:
    done: list[str] = []
    holding, released = await hold(writer)
    writes = [written(writer, done, name, name) for name in ("gone", "stays")]
    own = written(writer, done, "own", None)
    await asyncio.sleep(0)
    writes[0].cancel()
    own.cancel()
    await asyncio.sleep(0)
    released.set()
    await asyncio.gather(holding, writes[1])
    await writer.run(lambda _: None)
    assert done == ["stays", "own"]


async def test_a_write_that_has_begun_is_finished_though_its_client_hung_up(
    writer: ConnectionThread[FileConnection],
) -> None:
    CLIENT.set("gone")
    holding, released = await hold(writer)
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    released.set()
    CLIENT.set(None)
    assert await writer.run(lambda db: db.rows("SELECT 1")) == [(1,)]


async def test_one_client_with_many_writes_does_not_delay_another_with_one(
    writer: ConnectionThread[FileConnection],
) -> None:
    done: list[str] = []
    holding, released = await hold(writer)
    many = [written(writer, done, f"many-{number}", "many") for number in range(50)]
    one = written(writer, done, "one", "one")
    await asyncio.sleep(0)
    released.set()
    await asyncio.gather(holding, one, *many)
    assert done.index("one") <= 1
    assert [name for name in done if name != "one"] == [f"many-{number}" for number in range(50)]


@given(some.lists(some.sampled_from("abc")))
def test_between_two_jobs_of_a_client_everybody_else_who_waits_has_one(clients: list[str]) -> None:
    queue: TurnQueue[tuple[str, int]] = TurnQueue()
    for number, client in enumerate(clients):
        queue.put((client, number), client)
    queue.close()
    taken: list[tuple[str, int]] = []
    while job := queue.get():
        taken.append(job)
    for client in set(clients):
        places = [place for place, (whose, _) in enumerate(taken) if whose == client]
        assert [taken[place][1] for place in places] == sorted(taken[place][1] for place in places)
        for place, following in pairwise(places):
            still_waiting = {whose for whose, _ in taken[following:]} - {client}
            assert still_waiting <= {whose for whose, _ in taken[place + 1 : following]}
