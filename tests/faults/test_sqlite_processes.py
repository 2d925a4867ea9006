"""Several programs at one file, a full disk, and a program that is killed."""

import asyncio
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from inbox_tui.backends.sqlite.store import SqliteStore, open_file
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Author, ConversationId, IncomingConversation, IncomingMessage, ReplyDraft
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.registry import Identity, utc_now

DANA = Identity("dana@acme.example", "Dana Ortiz")
THEN = datetime(2026, 11, 3, 10, 2, tzinfo=timezone.utc)

REPLY_FOR_EVER = """
import asyncio, itertools, sys
from pathlib import Path
from inbox_tui.backends.sqlite.store import open_file
from inbox_tui.domain.models import ConversationId, ReplyDraft
from inbox_tui.store.registry import Identity, utc_now

async def main():
    path, name = sys.argv[1:]
    store = await open_file(Path(path), Identity("dana@acme.example", "Dana Ortiz"), utc_now)
    for number in itertools.count():
        key = f"{name}-{number}"
        await store.reply(ConversationId(f"c-{number % 3}"), ReplyDraft("On it. " + "x" * 3000, key))
        print(key, flush=True)

asyncio.run(main())
"""


def conversation(id: str, body: str = "I need to change my flight") -> IncomingConversation:
    said = IncomingMessage(Author.VISITOR, body, THEN)
    return IncomingConversation(ConversationId(id), (said,), "Website assistant", THEN, needs_human=True)


async def opened(path: Path, patience: float = 5.0) -> SqliteStore:
    return await open_file(path, DANA, utc_now, patience=patience)


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A closed store with three conversations."""
    path = tmp_path / "inbox.db"
    store = await opened(path)
    await store.ingest([conversation(f"c-{number}") for number in range(3)])
    await store.aclose()
    return path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("this machine does not let root mount a file system")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


async def require_exact(store: SqliteStore) -> None:
    """The counters are what the filters say of each conversation."""
    me = (await store.me()).id
    everything = [row async for rows in store.scan(Query()) for row in rows]
    counts = await store.counts()
    for filter in Filter:
        assert counts.of(filter) == sum(filter.matches(row, me) for row in everything), filter


def require_sound(path: Path) -> None:
    """SQLite and its search index find nothing to complain of."""
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    db.execute("INSERT INTO message_fts(message_fts) VALUES ('integrity-check')")
    db.execute("INSERT INTO lead_fts(lead_fts) VALUES ('integrity-check')")
    db.close()


async def test_a_file_locked_for_long_is_named_and_can_be_read(file: Path) -> None:
    store = await opened(file, patience=0.2)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="locked by another program") as caught:
        await store.reply(ConversationId("c-1"), ReplyDraft("hello", "k-1"))
    assert 0.2 <= time.monotonic() - began < 2
    assert str(file) in caught.value.message
    assert caught.value.hint
    assert len((await store.list(Query(), PageRequest())).rows) == 3
    other.execute("ROLLBACK")
    other.close()
    sent = await store.reply(ConversationId("c-1"), ReplyDraft("hello", "k-1"))
    assert not sent.was_known
    await store.aclose()


async def test_a_write_waits_for_a_short_lock(file: Path) -> None:
    store = await opened(file)
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    reply = asyncio.create_task(store.reply(ConversationId("c-1"), ReplyDraft("hello", "k-1")))
    asyncio.get_running_loop().call_later(0.05, other.execute, "ROLLBACK")
    assert (await reply).message.body == "hello"
    other.close()
    await store.aclose()


async def test_opening_an_exclusively_locked_file_is_named(file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable, match="locked"):
        await opened(file, patience=0.05)
    other.close()


async def test_a_cancelled_write_is_done_all_the_same(file: Path) -> None:
    store = await opened(file)
    reply = asyncio.create_task(store.reply(ConversationId("c-1"), ReplyDraft("hello", "k-1")))
    await asyncio.sleep(0)  # handed over
    reply.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reply
    assert (await store.reply(ConversationId("c-1"), ReplyDraft("hello", "k-1"))).was_known
    await store.aclose()


async def test_processes_starting_together_make_one_store(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    stores = await asyncio.gather(*(opened(path) for _ in range(4)))
    for store in stores:
        assert [member.email for member in await store.members()] == [DANA.email]
        await store.aclose()


async def test_a_full_disk_is_named_and_nothing_is_lost(small_disk: Path) -> None:
    path = small_disk / "inbox.db"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 1_000_000)
    store = await opened(path)
    taken = 0
    with pytest.raises(StoreUnavailable, match=r"full|disk failed") as caught:
        while True:
            await store.ingest([conversation(f"c-{taken}", "word " * 2000)])
            taken += 1
    assert str(path) in caught.value.message
    assert "space" in caught.value.hint
    assert (await store.counts()).all == taken
    assert len((await store.list(Query(), PageRequest(limit=1000))).rows) == taken
    ballast.unlink()
    await store.reply(ConversationId("c-0"), ReplyDraft("There is room again", "k-1"))
    await require_exact(store)
    await store.aclose()
    require_sound(path)


async def test_a_file_size_limit_is_named(file: Path) -> None:
    store = await opened(file)
    big = [conversation(f"big-{number}", "word " * 5000) for number in range(100)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, hard))
    try:
        with pytest.raises(StoreUnavailable, match=r"full|disk failed") as caught:
            await store.ingest(big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(file) in caught.value.message
    went_in = (await store.counts()).all - 3
    assert went_in < 100
    taken = await store.ingest(big)
    assert (taken.unchanged, taken.added) == (went_in, 100 - went_in)
    await store.aclose()
    require_sound(file)


async def killed_writers_lose_nothing(file: Path, rounds: int) -> None:
    chance = random.Random(7)
    acknowledged: list[str] = []
    for number in range(rounds):
        process = subprocess.Popen(
            [sys.executable, "-c", REPLY_FOR_EVER, str(file), f"round-{number}"], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(chance.randint(1, 30)):
            acknowledged.append(process.stdout.readline().strip())
        process.send_signal(signal.SIGKILL)
        acknowledged += process.stdout.read().split()
        process.wait()
        process.stdout.close()
    store = await opened(file)
    kept: set[str] = set()
    for name in ("c-0", "c-1", "c-2"):
        kept |= {message.key for message in (await store.thread(ConversationId(name), limit=100_000)).messages}
    assert set(acknowledged) <= kept
    assert len(acknowledged) >= rounds
    await require_exact(store)
    await store.aclose()
    require_sound(file)


async def test_nothing_acknowledged_is_lost_when_a_writer_is_killed(file: Path) -> None:
    await killed_writers_lose_nothing(file, rounds=5)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_nothing_acknowledged_is_lost_when_writers_are_killed_often(file: Path) -> None:
    await killed_writers_lose_nothing(file, rounds=100)
