"""A file on a read-only disk or in a read-only folder can be read; nothing old is shown for new."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from inbox_tui.backends.sqlite.read_only import Way, way_to
from inbox_tui.backends.sqlite.store import SqliteStore, open_file
from inbox_tui.domain.errors import StoreBroken, StoreUnavailable
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Author, ConversationId, IncomingConversation, IncomingMessage, ReplyDraft
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.registry import Identity, utc_now
from inbox_tui.testing.following import next_written

DANA = Identity("dana@acme.example", "Dana Ortiz")
THEN = datetime(2026, 11, 3, 10, 2, tzinfo=timezone.utc)
ONE = ConversationId("c-1")


async def opened(path: Path) -> SqliteStore:
    return await open_file(path, DANA, utc_now, patience=0.2)


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A closed store with one conversation, and one reply in it."""
    path = tmp_path / "writable" / "inbox.db"
    path.parent.mkdir()
    store = await opened(path)
    said = IncomingMessage(Author.VISITOR, "I need to change my flight", THEN)
    await store.ingest([IncomingConversation(ONE, (said,), "Website assistant", THEN, needs_human=True)])
    await store.reply(ONE, ReplyDraft("On it", "k-1"))
    await store.aclose()
    return path


@pytest.fixture
def read_only(file: Path, tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """The same file as a read-only mount shows it; what is written in the folder later is seen there."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount")
    place = tmp_path / "read-only"
    place.mkdir()

    def mount() -> Path:
        if subprocess.run(["mount", "--bind", str(file.parent), str(place)], check=False).returncode:
            pytest.skip("this machine does not let root mount")
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
        return place / "inbox.db"

    yield mount
    subprocess.run(["umount", "--lazy", str(place)], check=False)


async def replies_in(store: SqliteStore) -> list[str]:
    return [message.body for message in (await store.thread(ONE)).messages if message.author is Author.MEMBER]


async def require_only_readable(store: SqliteStore) -> None:
    assert len((await store.list(Query(), PageRequest())).rows) == 1
    assert (await store.list(Query(search="flight"), PageRequest())).total == 1
    assert [row.id async for rows in store.scan(Query()) for row in rows] == [ONE]
    assert not store.capabilities.reply and not store.capabilities.assign
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        await store.reply(ONE, ReplyDraft("No", "k-9"))


async def test_a_file_without_a_log_is_read(file: Path, read_only: Callable[[], Path]) -> None:
    store = await opened(read_only())
    await require_only_readable(store)
    assert await replies_in(store) == ["On it"]
    await store.aclose()
    assert [path.name for path in file.parent.iterdir()] == ["inbox.db"]


async def test_what_others_write_meanwhile_is_read_with_the_log(file: Path, read_only: Callable[[], Path]) -> None:
    writer = await opened(file)
    await writer.reply(ONE, ReplyDraft("In the log", "k-2"))
    store = await opened(read_only())
    await require_only_readable(store)
    assert await replies_in(store) == ["On it", "In the log"]
    reports = store.changes()
    await anext(reports)
    await writer.reply(ONE, ReplyDraft("And again", "k-3"))
    assert (await next_written(reports)).conversations == (ONE,)
    assert await replies_in(store) == ["On it", "In the log", "And again"]
    await store.aclose()
    await writer.aclose()


async def test_what_a_killed_program_left_in_the_log_is_read(file: Path, read_only: Callable[[], Path]) -> None:
    leave_a_log(file)
    store = await opened(read_only())
    assert await replies_in(store) == ["On it", "In the log"]
    await store.aclose()


async def test_a_log_that_cannot_be_read_is_said(file: Path, read_only: Callable[[], Path]) -> None:
    leave_a_log(file)
    file.with_name("inbox.db-shm").unlink()
    path = read_only()
    with pytest.raises(StoreUnavailable, match=r"newest changes, in inbox\.db-wal") as caught:
        await opened(path)
    assert "copy inbox.db and inbox.db-wal" in caught.value.hint


async def test_a_file_that_is_written_after_it_was_opened_is_not_shown_as_it_was(
    file: Path, read_only: Callable[[], Path]
) -> None:
    store = await opened(read_only())
    assert await replies_in(store) == ["On it"]
    writer = await opened(file)
    await writer.reply(ONE, ReplyDraft("Later", "k-2"))
    with pytest.raises(StoreBroken, match="was written while it was open") as caught:
        await store.thread(ONE)
    assert "Start again" in caught.value.hint
    with pytest.raises(StoreBroken, match="was written"):
        await anext(store.changes())
    await writer.aclose()
    with pytest.raises(StoreBroken, match="was written"):
        await store.counts()
    await store.aclose()


async def test_an_older_file_says_that_it_cannot_be_brought_up_to_date(
    file: Path, read_only: Callable[[], Path]
) -> None:
    db = sqlite3.connect(file)
    db.execute("PRAGMA user_version = 1")
    db.close()
    with pytest.raises(StoreUnavailable, match=r"older inbox-tui .* cannot be brought up to date") as caught:
        await opened(read_only())
    assert "migrate" in caught.value.hint


def test_the_commands_read_and_refuse_in_a_sentence(file: Path, read_only: Callable[[], Path], tmp_path: Path) -> None:
    path = read_only()

    def run(*arguments: str) -> tuple[int, str]:
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
        command = [sys.executable, "-m", "inbox_tui", "--store", f"sqlite:///{path}", *arguments]
        ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
        return ran.returncode, ran.stdout + ran.stderr

    for arguments in (["list"], ["show", "c-1"], ["export", "-o", "-"]):
        code, said = run(*arguments)
        assert code == 0 and "On it" in said, said
    for arguments in (["reply", "c-1", "No"], ["resolve", "c-1"], ["assign", "c-1", "me"]):
        code, said = run(*arguments)
        assert code == 1 and f"{path} cannot be written" in said and "Traceback" not in said
    assert "it can only be read" in run("doctor")[1]
    code, said = run("backup", str(tmp_path / "copy.db"))
    assert code == 0, said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write what modes forbid")
@pytest.mark.parametrize("mode", [0o400, 0o600])
async def test_a_folder_that_may_not_be_written_is_read(file: Path, mode: int) -> None:
    file.chmod(mode)
    file.parent.chmod(0o500)
    try:
        store = await opened(file)
        await require_only_readable(store)
        await store.aclose()
    finally:
        file.parent.chmod(0o700)


def test_a_folder_that_may_not_be_written_is_read_by_who_is_not_root(file: Path) -> None:
    """The same, by another user, where root runs the tests."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    for folder in (file.parent, *file.parent.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    file.parent.chmod(0o555)
    file.chmod(0o644)
    code = (
        "import asyncio, os, sys; from pathlib import Path\n"
        "from inbox_tui.backends.sqlite.store import open_file\n"
        "from inbox_tui.domain.filters import Query; from inbox_tui.domain.paging import PageRequest\n"
        "from inbox_tui.store.registry import Identity, utc_now\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "async def main():\n"
        "    store = await open_file(Path(sys.argv[1]), Identity('dana@acme.example'), utc_now)\n"
        "    print(len((await store.list(Query(), PageRequest())).rows), store.capabilities.reply)\n"
        "    await store.aclose()\n"
        "asyncio.run(main())\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "1 False", ran.stderr
    assert way_to(file) is Way.WRITE


def leave_a_log(file: Path) -> None:
    """Write a reply and be killed, so that it stands in the log alone."""
    code = (
        "import asyncio, os, sys; from pathlib import Path\n"
        "from inbox_tui.backends.sqlite.store import open_file\n"
        "from inbox_tui.domain.models import ConversationId, ReplyDraft\n"
        "from inbox_tui.store.registry import Identity, utc_now\n"
        "async def main():\n"
        "    store = await open_file(Path(sys.argv[1]), Identity('dana@acme.example'), utc_now)\n"
        "    await store.reply(ConversationId('c-1'), ReplyDraft('In the log', 'k-2'))\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    subprocess.run([sys.executable, "-c", code, str(file)], check=False)
    assert file.with_name("inbox.db-wal").stat().st_size
