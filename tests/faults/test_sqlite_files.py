"""Files that cannot be a store, or stop being one: each says what, where and what to do."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from inbox_tui.backends.sql import statements
from inbox_tui.backends.sql.migrations import steps
from inbox_tui.backends.sqlite import connections
from inbox_tui.backends.sqlite.schema import MIGRATIONS
from inbox_tui.backends.sqlite.search import Fts5
from inbox_tui.backends.sqlite.store import SqliteStore, open_file
from inbox_tui.domain.errors import ConfigError, InboxError, StoreBroken, StoreUnavailable
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import (
    Author,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Kind,
    ReplyDraft,
)
from inbox_tui.domain.paging import PageRequest
from inbox_tui.domain.replies import BEGINNING
from inbox_tui.store.protocol import SearchGaps
from inbox_tui.store.registry import Identity, utc_now
from inbox_tui.testing.factories import incoming, said

DANA = Identity("dana@acme.example", "Dana Ortiz")
THEN = datetime(2026, 11, 3, 10, 2, tzinfo=timezone.utc)
PAGE = 4096
FIRST_INSERT = (
    "INSERT INTO message (conversation_id, author, kind, member_id, key, body, created_at)"
    " VALUES (:conversation, :author, :kind, :member, :key, :body, :created_at)"
)
"""As the first program wrote a message."""
BEFORE_OUR_WORDS = 7
"""The last schema in which FTS5 cut the words."""
FIRST_INDEX = "INSERT INTO message_fts (rowid, body) SELECT id, body FROM message_text WHERE id > :newest"
"""As it indexed what a transaction wrote."""


def conversation(id: str, body: str = "I need to change my flight", topic: str = "") -> IncomingConversation:
    said = IncomingMessage(Author.VISITOR, body, THEN)
    return IncomingConversation(ConversationId(id), (said,), "Website assistant", THEN, topic=topic, needs_human=True)


async def opened(path: Path) -> SqliteStore:
    return await open_file(path, DANA, utc_now, patience=0.05)


NEWEST = steps(MIGRATIONS)[-1].number


async def refusal(path: Path) -> InboxError:
    with pytest.raises(InboxError) as caught:
        await opened(path)
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A closed store with three conversations."""
    path = tmp_path / "inbox.db"
    store = await opened(path)
    await store.ingest([conversation(f"c-{number}") for number in range(3)])
    await store.aclose()
    return path


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, to be remounted read-only."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("this machine does not let root mount a file system")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


async def test_a_text_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("Shopping: bread, milk, and a good deal more text than a header has.\n" * 40)
    before = path.read_bytes()
    error = await refusal(path)
    assert isinstance(error, StoreBroken)
    assert "not an SQLite file" in error.message
    assert path.read_bytes() == before


async def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "places.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE bookmark (url TEXT)")
    db.commit()
    db.close()
    before = path.read_bytes()
    error = await refusal(path)
    assert isinstance(error, StoreBroken)
    assert "another program" in error.message
    assert path.read_bytes() == before


async def test_a_newer_schema_is_refused_and_left_alone(file: Path) -> None:
    db = sqlite3.connect(file)
    db.execute("PRAGMA user_version = 999")
    db.close()
    error = await refusal(file)
    assert isinstance(error, StoreBroken)
    assert "newer inbox-tui" in error.message
    assert "Update" in error.hint
    assert not list(file.parent.glob("*.bak"))


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    error = await refusal_of_address(tmp_path / "nowhere" / "inbox.db", tmp_path / "nowhere")
    assert "does not exist" in error.message


async def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    error = await refusal_of_address(tmp_path, tmp_path)
    assert "is a folder" in error.message


async def refusal_of_address(path: Path, named: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        await opened(path)
    assert str(named) in caught.value.message
    assert caught.value.hint
    return caught.value


async def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    path.touch()
    store = await opened(path)
    assert (await store.me()).may_manage
    await store.aclose()


async def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    store = await opened(path)
    await store.ingest([conversation("c-1")])
    assert {name.stat().st_mode & 0o777 for name in tmp_path.iterdir()} == {0o600}
    await store.aclose()


async def test_damage_at_opening_is_named(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as raw:
        raw.seek(PAGE)
        raw.write(b"\xff" * (size - PAGE))
    error = await refusal(file)
    assert isinstance(error, StoreBroken)
    assert "damaged" in error.message
    assert "backup" in error.hint


async def test_damage_found_later_is_named_and_the_rest_can_be_read(file: Path) -> None:
    db = sqlite3.connect(file)
    (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'message'").fetchone()
    db.close()
    with file.open("r+b") as raw:
        raw.seek((root - 1) * PAGE)
        raw.write(b"\xff" * PAGE)
    store = await opened(file)
    assert len((await store.list(Query(), PageRequest())).rows) == 3
    with pytest.raises(StoreBroken, match="damaged"):
        await store.thread(ConversationId("c-1"))
    await store.aclose()


@pytest.mark.parametrize("index", ["message_fts", "lead_fts"])
async def test_a_damaged_search_index_says_that_the_messages_are_safe_and_is_rebuilt(file: Path, index: str) -> None:
    db = sqlite3.connect(file)
    db.execute(f"UPDATE {index}_data SET block = x'ffffffffffffffffffff'")
    db.commit()
    db.close()
    store = await opened(file)
    with pytest.raises(StoreBroken, match=r"search index .* the messages are not") as caught:
        await store.list(Query(search="flight"), PageRequest())
    assert "inbox-tui migrate --reindex" in caught.value.hint
    assert (await store.thread(ConversationId("c-1"))).messages
    assert (await store.search_gaps()).is_damaged
    await store.reindex()
    assert await store.search_gaps() == SearchGaps()
    assert (await store.list(Query(search="flight"), PageRequest())).total == 3
    await store.ingest([conversation("c-9")])
    await store.aclose()


async def test_a_read_only_file_system_is_named(read_only_disk: Path) -> None:
    path = read_only_disk / "inbox.db"
    await (await opened(path)).aclose()
    subprocess.run(["mount", "-o", "remount,ro", str(read_only_disk)], check=True)
    store = await opened(path)
    with pytest.raises(StoreUnavailable, match="cannot be written") as caught:
        await store.ingest([conversation("c-1")])
    assert str(path) in caught.value.message and "writable" in caught.value.hint
    await store.aclose()
    assert isinstance(await refusal(read_only_disk / "new.db"), StoreUnavailable)


async def test_a_file_deleted_while_open_is_noticed_by_the_next_write(file: Path) -> None:
    store = await opened(file)
    file.unlink()
    with pytest.raises(StoreBroken, match="was deleted while it was open"):
        await store.reply(ConversationId("c-1"), ReplyDraft("hello", "k-1"))
    await store.aclose()


async def test_a_file_replaced_while_open_is_noticed_by_whoever_watches(file: Path) -> None:
    store = await opened(file)
    reports = store.changes()
    await anext(reports)
    copy = file.with_name("copy.db")
    shutil.copy(file, copy)
    copy.replace(file)
    with pytest.raises(StoreBroken, match="was replaced while it was open"):
        await anext(reports)
    await store.aclose()


async def test_an_older_file_is_backed_up_before_it_is_migrated(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / f"{NEWEST + 1:04}_add.sql").write_text(
        "ALTER TABLE agent ADD COLUMN motto TEXT\n\nCREATE TABLE extra (id INTEGER)\n"
    )
    monkeypatch.setattr("inbox_tui.backends.sqlite.schema.MIGRATIONS", folder)
    store = await opened(file)
    assert (await store.counts()).all == 3
    await store.aclose()
    backup = file.with_name(f"inbox.db.v{NEWEST}.bak")
    assert backup.stat().st_mode & 0o777 == 0o600
    db = sqlite3.connect(backup)
    assert db.execute("PRAGMA user_version").fetchone() == (NEWEST,)
    assert db.execute("SELECT count(*) FROM conversation").fetchone() == (3,)
    db.close()
    db = sqlite3.connect(file)
    assert db.execute("PRAGMA user_version").fetchone() == (NEWEST + 1,)
    assert db.execute("SELECT count(*) FROM extra").fetchone() == (0,)
    db.close()


async def test_a_failing_migration_leaves_the_file_as_it_was(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / f"{NEWEST + 1:04}_half.sql").write_text(
        "CREATE TABLE extra (id INTEGER)\n\nCREATE TABLE extra (id INTEGER)\n"
    )
    with monkeypatch.context() as patch:
        patch.setattr("inbox_tui.backends.sqlite.schema.MIGRATIONS", folder)
        await refusal(file)
    store = await opened(file)
    assert (await store.counts()).all == 3
    await store.aclose()


async def test_a_file_of_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    """By every step there is, on a file that has never seen the later ones."""
    file = tmp_path / "old.db"
    folder = tmp_path / "migrations"
    folder.mkdir()
    shutil.copy(MIGRATIONS / "0001_init.sql", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inbox_tui.backends.sqlite.schema.MIGRATIONS", folder)
        patch.setattr(statements, "INSERT_MESSAGE", FIRST_INSERT)
        patch.setattr(Fts5, "index", lambda _, db, newest, __: db.run(FIRST_INDEX, newest=newest))
        store = await opened(file)
        await store.ingest(
            [
                conversation("c-1", "Thanks🤔 a lot", topic="Refund💸now"),
                incoming("c-3", said("Gladly", 1, Author.MEMBER), said("Ask Sam", 2, Author.MEMBER, kind=Kind.NOTE)),
            ]
        )
        await store.aclose()
    store = await opened(file)
    agent = (await store.get(ConversationId("c-3"))).agent
    replies = (await store.agent_replies(agent.id, BEGINNING)).replies
    assert [(id, message.body) for id, message in replies] == [("c-3", "Gladly")]
    assert list(await store.tokens()) == []
    await store.ingest([conversation("c-2", "Thanks🥰 a lot", topic="Refund")])
    threads = [await store.thread(ConversationId(id)) for id in ("c-1", "c-2")]
    assert [thread.messages[0].imported_by for thread in threads] == [None, await store.me()]
    for search in ("thanks lot", "refund"):
        assert (await store.list(Query(search=search), PageRequest())).total == 2
    await store.aclose()
    assert file.with_name("old.db.v1.bak").exists()


@pytest.mark.parametrize("index", ["message_fts", "lead_fts"])
async def test_a_damaged_search_index_does_not_keep_an_older_file_from_being_brought_up_to_date(
    tmp_path: Path, index: str
) -> None:
    file = tmp_path / "old.db"
    shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    for step in steps(tmp_path / "migrations"):
        if step.number > BEFORE_OUR_WORDS:
            step.path.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inbox_tui.backends.sqlite.schema.MIGRATIONS", tmp_path / "migrations")
        patch.setattr(Fts5, "index", lambda _, db, newest, __: db.run(FIRST_INDEX, newest=newest))
        store = await opened(file)
        await store.ingest([conversation("c-1", "Łódź, please", topic="Straße")])
        await store.aclose()
    db = sqlite3.connect(file)
    db.execute(f"UPDATE {index}_data SET block = x'ffffffffffffffffffff'")
    db.commit()
    db.close()
    store = await opened(file)
    assert store.schema.found == BEFORE_OUR_WORDS
    for search in ("lodz", "strasse", "c-1"):
        assert (await store.list(Query(search=search), PageRequest())).total == 1
    assert await store.search_gaps() == SearchGaps()
    await store.aclose()


async def test_a_copy_that_is_stopped_leaves_nothing(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_PAGES_AT_ONCE", 1)
    store = await opened(file)
    has_begun, is_stopped = threading.Event(), threading.Event()

    def look(_: float) -> None:
        has_begun.set()
        is_stopped.wait()

    copying = asyncio.create_task(store.back_up(tmp_path / "copy.db", look))
    await asyncio.to_thread(has_begun.wait)
    copying.cancel()
    asyncio.get_running_loop().call_later(0.05, is_stopped.set)  # by then it was told
    with pytest.raises(asyncio.CancelledError):
        await copying
    await store.aclose()
    assert not list(tmp_path.glob("copy.db*"))
