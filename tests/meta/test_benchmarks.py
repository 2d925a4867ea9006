"""The benchmarks run: a generated workspace is a true one, and a key can be measured on it."""

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest
from benchmarks import line, runs, server
from benchmarks.generate import ME, size, workspace
from benchmarks.pty import NotShown, Terminal
from benchmarks.truth import look_up

from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

COUNT = 1_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace(COUNT, tmp_path_factory.mktemp("workspaces"))


def test_sizes_are_read_as_they_are_spoken() -> None:
    assert [size(text) for text in ("1k", "100k", "1M", "250")] == [1_000, 100_000, 1_000_000, 250]


def test_the_same_seed_gives_the_same_workspace(file: Path, tmp_path: Path) -> None:
    def said(path: Path) -> list[tuple[object, ...]]:
        db = sqlite3.connect(path)
        try:
            return db.execute("SELECT id, conversation_id, author, body, created_at FROM message").fetchall()
        finally:
            db.close()

    assert said(workspace(COUNT, tmp_path)) == said(file)


def test_a_workspace_is_sound_and_mixed(file: Path) -> None:
    db = sqlite3.connect(file)
    try:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("SELECT count(*) FROM message WHERE kind = 'message'").fetchone()[0] >= 5 * COUNT
        late = (
            "SELECT count(*) FROM message AS a JOIN message AS b ON b.id = a.id + 1 WHERE b.created_at < a.created_at"
        )
        assert db.execute(late).fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM conversation WHERE message_count >= 1000").fetchone() == (10,)
    finally:
        db.close()


async def test_the_store_opens_it_and_counts_what_is_there(file: Path) -> None:
    store = await open_store(StoreUrl.parse(f"sqlite:///{file}"), Identity(ME, is_given=True))
    try:
        counts = await store.counts(None)
        for filter in Filter:
            page = await store.list(Query(filter), PageRequest(limit=2 * COUNT))
            assert len(page.rows) == filter.count_in(counts), filter
        assert 0.1 < counts.unresolved / counts.all < 0.2
        assert 0.3 < counts.has_lead / counts.all < 0.4
        assert counts.pending
    finally:
        await store.aclose()


def test_a_key_is_measured(file: Path, tmp_path: Path) -> None:
    truth = look_up(file)
    with Terminal(runs.command(file), runs.surroundings(tmp_path)) as terminal:
        start = terminal.start(truth.newest.is_first)
        terminal.pause()
        key = terminal.press(b"j", runs.pane_follows)
        assert 0 < start.first <= start.shown
        assert 0 < key.first <= key.shown <= key.last
        assert key.size
        assert terminal.peak_memory() > 1_000_000


def test_a_program_that_ends_is_told_from_a_slow_one(tmp_path: Path) -> None:
    with (
        Terminal(["/bin/echo", "done"], runs.surroundings(tmp_path)) as terminal,
        pytest.raises(NotShown, match="done"),
    ):
        terminal.start(lambda _: False)


@pytest.mark.slow
def test_bytes_are_counted_beside_the_toolkits_own_display(file: Path, tmp_path: Path) -> None:
    truth, program = look_up(file), runs.command(file)
    environment = runs.surroundings(tmp_path)
    ours = line.inbox(program, environment, truth, moves=3, idle=0.1)
    theirs = line.inbox(line.stock(program), environment, truth, moves=3, idle=0.1)
    assert ours.keys() == theirs.keys()
    for done, sizes in theirs.items():
        assert max(ours[done]) <= max(sizes), done
    assert line.table({"ours": ours}).count("\n") == 1 + len(ours)


@pytest.mark.slow
async def test_a_server_is_measured(file: Path, tmp_path: Path) -> None:
    shutil.copy(file, tmp_path / "inbox.db")
    served = server.Server(tmp_path / "inbox.db", tmp_path)
    member, bot = served.token(ME), served.token("--agent", "Website assistant")
    with served.serving() as address:
        table = await server.requests_table(address, member, [1, 2], 0.2)
        seen = await asyncio.to_thread(server.painted, address, member, bot, tmp_path, 2)
        each, last = await server.heard(address, [member], bot, 2, feeds=5)
    assert [row.split(" | ")[0] for row in table.splitlines()[2:]] == ["| list", "| counts", "| thread", "| reply"]
    assert (len(seen), len(each), len(last)) == (2, 10, 2)
    assert min(seen + each) > 0
