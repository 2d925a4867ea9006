"""A log that is deleted, replaced, cut or overwritten under running programs: nothing confirmed is lost unnoticed."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox_tui.backends.sqlite.open_files import Loss, OpenFiles
from inbox_tui.backends.sqlite.store import SqliteStore, open_file
from inbox_tui.domain.errors import StoreBroken
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Author, ConversationId, IncomingConversation, IncomingMessage, ReplyDraft
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.registry import Identity, utc_now

DANA = Identity("dana@acme.example", "Dana Ortiz")
THEN = datetime(2026, 11, 3, 10, 2, tzinfo=timezone.utc)
ONE = ConversationId("c-1")
HAS_PROC = Path("/proc/self/fd").exists()

PROGRAM = """
import asyncio, sys
from pathlib import Path
from inbox_tui.backends.sqlite.store import open_file
from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.models import ConversationId, ReplyDraft
from inbox_tui.store.registry import Identity, utc_now

async def main():
    store = await open_file(Path(sys.argv[1]), Identity("dana@acme.example", "Dana Ortiz"), utc_now)
    print("open", flush=True)
    while key := (await asyncio.to_thread(sys.stdin.readline)).strip():
        try:
            if key == "follow":
                async for _ in store.changes():
                    print("following", flush=True)
            await store.reply(ConversationId("c-1"), ReplyDraft("On it. " + "x" * 3000, key))
        except InboxError as error:
            print(f"{type(error).__name__} {error.message} {error.hint}", flush=True)
        else:
            print("done", flush=True)
    await store.aclose()

asyncio.run(main())
"""


class Program:
    """A program of its own at the file, which does what it is told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.confirmed: list[str] = []

    def hear(self) -> str:
        """The next line that it says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, word: str) -> str:
        """Give it a word; gives what it answers."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self.hear()

    def reply(self, key: str) -> str:
        """Have it send a reply; "" if that is confirmed."""
        answer = self.tell(key)
        if answer == "done":
            self.confirmed.append(key)
            return ""
        return answer

    def kill(self) -> None:
        """With SIGKILL."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def quit(self) -> None:
        """In the ordinary way."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(20) == 0


@contextmanager
def program(file: Path) -> Iterator[Program]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        started = Program(process)
        assert started.hear() == "open"
        try:
            yield started
        finally:
            process.kill()


async def opened(path: Path) -> SqliteStore:
    return await open_file(path, DANA, utc_now, patience=0.5)


async def keys_in(path: Path) -> set[str]:
    """The keys of all replies that a new program finds; the file is sound."""
    store = await opened(path)
    keys = {
        message.key for message in (await store.thread(ONE, limit=10_000)).messages if message.key and message.member
    }
    await store.aclose()
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    return keys


def beside(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A closed store with one conversation."""
    path = tmp_path / "inbox.db"
    store = await opened(path)
    said = IncomingMessage(Author.VISITOR, "I need to change my flight", THEN)
    await store.ingest([IncomingConversation(ONE, (said,), "Website assistant", THEN, needs_human=True)])
    await store.aclose()
    return path


def delete_both(file: Path) -> None:
    beside(file, "-wal").unlink()
    beside(file, "-shm").unlink()


def move_log(file: Path) -> None:
    beside(file, "-wal").rename(beside(file, "-other"))


LOSSES: dict[str, Callable[[Path], None]] = {
    "the log deleted": lambda file: beside(file, "-wal").unlink(),
    "both deleted": delete_both,
    "the index deleted": lambda file: beside(file, "-shm").unlink(),
    "the log moved": move_log,
}


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_write_into_a_lost_log_is_not_confirmed_and_kill_loses_nothing(file: Path, loss: str) -> None:
    with program(file) as running:
        for number in range(5):
            assert running.reply(f"k-{number}") == ""
        LOSSES[loss](file)
        said = running.reply("late")
        assert said.startswith("StoreBroken") and "while it was open" in said
        assert "Nothing that was confirmed is lost" in said and "start again" in said
        assert running.reply("later").startswith("StoreBroken"), "it stays so, although the log is back"
        running.kill()
    assert await keys_in(file) >= set(running.confirmed) == {f"k-{number}" for number in range(5)}


@pytest.mark.parametrize("loss", LOSSES)
async def test_the_hint_is_right_when_all_programs_are_quit(file: Path, loss: str) -> None:
    with program(file) as first, program(file) as second:
        for number in range(4):
            assert (first, second)[number % 2].reply(f"k-{number}") == ""
        LOSSES[loss](file)
        for running in (first, second):
            assert "Nothing that was confirmed is lost" in running.reply("late")
            running.quit()
    assert await keys_in(file) >= {"k-0", "k-1", "k-2", "k-3"}


@pytest.mark.parametrize("loss", LOSSES)
async def test_another_program_may_go_on_before_the_first_is_quit(file: Path, loss: str) -> None:
    """Against the hint; and the first, which still has the lost log, must not spoil what the other writes."""
    with program(file) as first:
        assert first.reply("before") == ""
        LOSSES[loss](file)
        assert first.reply("late").startswith("StoreBroken")
        with program(file) as second:
            for number in range(30):
                assert second.reply(f"k-{number}") == ""
            second.quit()
        first.quit()
    assert await keys_in(file) >= {"before"} | set(second.confirmed)
    assert len(second.confirmed) == 30


async def test_who_only_follows_is_told_and_saves_it_too(file: Path) -> None:
    with program(file) as running:
        assert running.reply("before") == ""
        assert running.tell("follow") == "following"
        beside(file, "-wal").unlink()
        assert running.hear().startswith("StoreBroken")
        running.kill()
    assert await keys_in(file) == {"before"}


async def test_a_log_that_another_program_began_is_left_alone_and_ours_is_saved_as_a_copy(file: Path) -> None:
    with program(file) as first:
        assert first.reply("before") == ""
        LOSSES["both deleted"](file)
        with program(file) as second:
            assert second.reply("elsewhere") == ""
            said = first.reply("late")
            assert "was replaced while it was open" in said
            copy = file.with_name("inbox.db.saved-1")
            assert str(copy) in said
            assert first.reply("later").startswith("StoreBroken")
            assert [path.name for path in file.parent.glob("*.saved-*")] == [copy.name], "once"
            first.kill()
            second.quit()
    assert "before" in await keys_in(copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert await keys_in(file) == {"elsewhere"}


async def test_a_log_deleted_during_a_write_is_noticed_before_the_write_is_confirmed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opened(file)
    await store.reply(ONE, ReplyDraft("On it", "before"))
    looks = OpenFiles.loss
    seen: list[Loss | None] = []

    def look(files: OpenFiles) -> Loss | None:
        if len(seen) == 1:
            beside(file, "-wal").unlink(missing_ok=True)
        seen.append(looks(files))
        return seen[-1]

    monkeypatch.setattr(OpenFiles, "loss", look)
    with pytest.raises(StoreBroken, match="was deleted") as caught:
        await store.reply(ONE, ReplyDraft("On it", "during"))
    assert seen[0] is None and "look before you repeat it" in caught.value.hint
    with pytest.raises(StoreBroken) as caught:
        await store.reply(ONE, ReplyDraft("On it", "after"))
    assert "look before" not in caught.value.hint
    await store.aclose()
    monkeypatch.undo()
    assert await keys_in(file) == {"before", "during"}


async def test_what_cannot_be_saved_at_once_is_written_back_at_the_ordinary_end(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opened(file)
    await store.reply(ONE, ReplyDraft("On it", "before"))
    assert (await store.thread(ONE)).messages
    beside(file, "-wal").unlink()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inbox_tui.backends.sqlite.lost_log.part_of", full)
    with pytest.raises(StoreBroken, match="was deleted") as caught:
        await store.reply(ONE, ReplyDraft("On it", "late"))
    assert "ordinary way" in caught.value.hint and "No space left" in caught.value.hint
    assert (await store.thread(ONE)).messages, "so that it can be exported"
    await store.aclose()
    assert await keys_in(file) == {"before"}


@pytest.mark.skipif(not HAS_PROC, reason="only where a process can list its descriptors")
@pytest.mark.parametrize("size", [0, 1, 32, 4096])
async def test_a_log_that_is_cut_is_noticed_before_anything_is_written_over_the_file(file: Path, size: int) -> None:
    with program(file) as running:
        for number in range(5):
            assert running.reply(f"k-{number}") == ""
        os.truncate(beside(file, "-wal"), size)
        said = running.reply("late")
        assert said.startswith("StoreBroken") and "cut or overwritten" in said and "integrity_check" in said
        running.quit()
    assert await keys_in(file) == set(), "the state of the last checkpoint, and sound"


@pytest.mark.skipif(not HAS_PROC, reason="only where a process can list its descriptors")
async def test_a_log_that_is_overwritten_by_an_older_one_is_noticed(file: Path) -> None:
    with program(file) as running:
        assert running.reply("old") == ""
        shutil.copy(beside(file, "-wal"), beside(file, "-copy"))
        with closing(sqlite3.connect(file)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for number in range(3):
            assert running.reply(f"k-{number}") == ""
        shutil.copyfile(beside(file, "-copy"), beside(file, "-wal"))
        assert "cut or overwritten" in running.reply("late")


async def test_a_log_that_comes_with_the_file_is_fine(file: Path) -> None:
    with program(file) as killed:
        assert killed.reply("before") == ""
        killed.kill()
    assert beside(file, "-wal").stat().st_size
    with program(file) as running, program(file) as other:
        assert other.reply("other") == ""
        other.quit()
        assert running.reply("after") == ""
        running.quit()
    assert await keys_in(file) == {"before", "other", "after"}


MOVES = ("reply", "other", "passive", "restart", "truncate", "open", "vacuum")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(MOVES), max_size=25))
def test_no_checkpoint_of_anybody_is_taken_for_a_loss(
    tmp_path_factory: pytest.TempPathFactory, moves: list[str]
) -> None:
    import asyncio

    async def play(path: Path) -> None:
        store, other = await opened(path), await opened(path)
        said = IncomingMessage(Author.VISITOR, "Hello", THEN)
        await store.ingest([IncomingConversation(ONE, (said,), "Website assistant", THEN)])
        keeper = sqlite3.connect(path, isolation_level=None)
        expected = set()
        for number, move in enumerate(moves):
            if move in ("reply", "other"):
                await (store if move == "reply" else other).reply(ONE, ReplyDraft("x" * 5000, f"k-{number}"))
                expected.add(f"k-{number}")
            elif move == "open":
                await (await opened(path)).aclose()
            elif move == "vacuum":
                keeper.execute("VACUUM")
            else:
                keeper.execute(f"PRAGMA wal_checkpoint({move})").fetchall()
            assert (await store.list(Query(), PageRequest())).rows
        for one in (store, other):
            await one.aclose()
        keeper.close()
        assert await keys_in(path) == expected

    asyncio.run(play(tmp_path_factory.mktemp("moves") / "inbox.db"))
