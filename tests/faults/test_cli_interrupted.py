"""The command line when it is stopped, starved or locked out: a plain word, nothing half done."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from inbox_tui.domain.models import Author, ConversationId, IncomingConversation, IncomingMessage, Kind
from inbox_tui.local.journal import Journal
from inbox_tui.store.protocol import Intake
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

pytestmark = pytest.mark.xdist_group("large store")  # which one worker makes, once

ROWS = 20_000
AT = datetime(2026, 11, 3, 10, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def large_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose export takes long enough to be interrupted."""
    file = tmp_path_factory.mktemp("large") / "inbox.db"

    async def fill() -> None:
        store = await open_store(StoreUrl.parse(f"sqlite:///{file}"), Identity("dana@acme.example", "Dana", True))
        assert isinstance(store, Intake)
        for start in range(0, ROWS, 1000):
            await store.ingest([conversation(number) for number in range(start, start + 1000)])
        await store.aclose()

    asyncio.run(fill())
    return file


def conversation(number: int) -> IncomingConversation:
    body = f"Number {number} {'n' * 200}"  # few words: the search is not what is tested here
    message = IncomingMessage(Author.VISITOR, body, AT)
    return IncomingConversation(ConversationId(f"c-{number}"), (message,), "Website assistant", AT)


HELD_UP = """
import asyncio, runpy, signal
from inbox_tui.operations import exporting

# What a script or nohup starts in the background ignores them.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

async def held_up(*arguments, parts=exporting.csv_parts, **options):
    async for part, rows in parts(*arguments, **options):
        yield part, rows
        if rows:
            await asyncio.Event().wait()

exporting.csv_parts = held_up
runpy.run_module("inbox_tui", run_name="__main__")
"""
"""The program with a store that gives nothing after its first rows: on any machine its export never ends."""


def start(
    store: Path,
    folder: Path,
    *arguments: str,
    blocks: str = "unlimited",
    program: tuple[str, str] = ("-m", "inbox_tui"),
    **pipes: int,
) -> subprocess.Popen[bytes]:
    """Start a command. ``blocks`` of 512 bytes are the most that a file may have."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "INBOX_TUI_STORE": f"sqlite:///{store}",
        "INBOX_TUI_AS": "dana@acme.example",
    }
    limited = ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh"]
    command = [*limited, sys.executable, *program, *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=env, stderr=subprocess.PIPE, stdin=pipes.get("stdin"), stdout=pipes.get("stdout")
    )


def wait_for(file: Path, process: subprocess.Popen[bytes]) -> None:
    while not (file.exists() and file.stat().st_size):
        assert process.poll() is None, "the export was over before it could be interrupted"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_export_leaves_nothing(large_store: Path, tmp_path: Path, ending: signal.Signals) -> None:
    (tmp_path / "out.csv").write_text("older")
    process = start(large_store, tmp_path, "export", "-o", "out.csv", program=("-c", HELD_UP))
    wait_for(tmp_path / "out.csv.part", process)
    process.send_signal(ending)
    words = process.communicate(timeout=30)[1].strip()
    assert (process.returncode, words) == (130, b"inbox-tui: interrupted")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv"]
    assert (tmp_path / "out.csv").read_text() == "older"


def test_two_exports_to_one_file_do_not_mix(large_store: Path, tmp_path: Path) -> None:
    first = start(large_store, tmp_path, "export", "-o", "out.csv")
    wait_for(tmp_path / "out.csv.part", first)
    first.send_signal(signal.SIGSTOP)
    second = start(large_store, tmp_path, "export", "-o", "out.csv")
    _, words = second.communicate(timeout=30)
    assert second.returncode == 1
    assert b"Another export is writing" in words
    first.send_signal(signal.SIGCONT)
    first.communicate(timeout=30)
    assert first.returncode == 0
    assert len((tmp_path / "out.csv").read_bytes().split(b"\r\n")) == ROWS + 2


def test_a_full_disk_leaves_no_half_file(large_store: Path, tmp_path: Path) -> None:
    process = start(large_store, tmp_path, "export", "-o", "out.csv", blocks="2000")
    _, words = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"out.csv could not be written: File too large. No half file was left." in words
    assert b"Traceback" not in words and b"ignored" not in words
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small file system")
def test_a_really_full_disk(large_store: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(small)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine does not let root mount")
    try:
        process = start(large_store, tmp_path, "export", "-o", "small/out.csv")
        _, words = process.communicate(timeout=30)
        assert process.returncode == 1
        assert b"No space left on device" in words
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_reader_that_goes_away_is_no_error_message(large_store: Path, tmp_path: Path) -> None:
    for arguments in (["export"], ["list", "--limit", "0"]):
        process = start(large_store, tmp_path, *arguments, stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        words = process.stderr.read()
        process.stderr.close()
        assert process.wait(timeout=30) == 1
        assert words == b""


def test_an_import_that_waits_for_input_ends_at_once(large_store: Path, tmp_path: Path) -> None:
    process = start(large_store, tmp_path, "import", "-", stdin=subprocess.PIPE)
    assert process.stdin is not None
    # More bad lines than a pipe holds: when they are written, the import is reading.
    process.stdin.write(b"bad\n" * 50_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=30)
    assert process.returncode == 130
    assert words.endswith(b"inbox-tui: interrupted\n")


def test_a_store_that_is_locked(large_store: Path, tmp_path: Path) -> None:
    lock = sqlite3.connect(large_store, isolation_level=None)
    try:
        lock.execute("BEGIN IMMEDIATE")
        process = start(large_store, tmp_path, "resolve", "c-1")
        _, words = process.communicate(timeout=60)
    finally:
        lock.close()
    assert process.returncode == 1
    assert b"Traceback" not in words
    assert words.startswith(b"inbox-tui: ")


WRITER = """
import sys
from pathlib import Path
from inbox_tui.domain.models import ConversationId, Kind
from inbox_tui.local.journal import Journal
journal = Journal(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    journal.put("store", ConversationId("c-1"), Kind.MESSAGE, f"draft {number}")
    if journal.flush():
        print(number, flush=True)
"""


@pytest.mark.parametrize("round", range(3))
def test_a_killed_program_keeps_its_drafts(tmp_path: Path, round: int) -> None:
    file = tmp_path / "unsent.db"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    acknowledged = 0
    for _ in range(5 + round):
        acknowledged = int(process.stdout.readline())
    process.kill()
    process.stdout.close()
    process.wait(timeout=10)
    journal = Journal(file)
    kept = journal.get("store", ConversationId("c-1"), Kind.MESSAGE)
    journal.close()
    assert journal.problem == ""
    assert kept is not None and int(kept.removeprefix("draft ")) >= acknowledged
