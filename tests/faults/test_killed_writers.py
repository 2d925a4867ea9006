"""Programs that are killed while they write a file: what they leave is taken over by the next that writes it."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from inbox_tui.backends.sqlite.schema import MIGRATIONS
from inbox_tui.local import credentials
from inbox_tui.local.copies import Checkpoint, CopyJournal
from inbox_tui.local.settings_file import save_settings
from inbox_tui.store.part_file import part_of
from inbox_tui.store.url import StoreUrl

TIMEOUT = 30

HOLD = """
import sys
from pathlib import Path
from inbox_tui.store.part_file import part_of
with part_of(Path(sys.argv[1])) as part:
    part.stream.write(b"half" * 100_000)
    part.stream.flush()
    part.path.with_name(part.path.name + "-journal").write_bytes(b"hot")
    print("written", flush=True)
    sys.stdin.read()
"""


def holding(target: Path) -> subprocess.Popen[str]:
    """A process that is writing ``target`` now."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    return process


def killed(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def parts_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if ".part" in path.name or path.name.startswith("."))


def test_what_another_process_writes_is_left_alone_and_what_a_killed_one_left_is_taken_over(tmp_path: Path) -> None:
    target = tmp_path / "out.bin"
    process = holding(target)
    began = time.monotonic()
    with pytest.raises(BlockingIOError, match="another program is writing it"), part_of(target, patience=0.1):
        pass
    assert time.monotonic() - began >= 0.1
    killed(process)
    assert parts_in(tmp_path) == ["out.bin.part", "out.bin.part-journal"]
    with part_of(target) as part:
        assert part.path.stat().st_size == 0 and part.path.stat().st_mode & 0o777 == 0o600
        assert parts_in(tmp_path) == ["out.bin.part"]
        part.stream.write(b"whole")
        part.finish()
    assert target.read_bytes() == b"whole" and parts_in(tmp_path) == []


def test_a_part_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "out.part").symlink_to(victim)
    with pytest.raises(FileExistsError, match="in the way"), part_of(tmp_path / "out"):
        pass
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_in_the_way_of_a_part_is_named(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A pipe without a reader, a folder: whoever exports learns which, and what to do."""
    make(tmp_path / "out.csv.part")
    store = ["--store", f"sqlite:///{tmp_path / 'inbox.db'}", "--as", "dana@acme.example"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    for words in (["migrate"], ["export", "-o", "out.csv"], ["backup", "out.csv"]):
        done = subprocess.run(
            [sys.executable, "-m", "inbox_tui", *store, *words],
            cwd=tmp_path,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        assert done.returncode == (words[0] != "migrate")
        assert (
            words[0] == "migrate" or "out.csv.part is in the way and no regular file; move or remove it" in done.stderr
        )
    assert (tmp_path / "out.csv.part").exists() and not (tmp_path / "out.csv").exists()


def keep_a_token(folder: Path) -> Path:
    url = StoreUrl.parse("https://inbox.acme.example")
    credentials.keep_token(url, "inbox_m_abc")
    return credentials.kept_file(url)


def keep_a_setting(folder: Path) -> Path:
    save_settings(folder / "config.toml", {"theme": "light"})
    return folder / "config.toml"


def keep_a_mark(folder: Path) -> Path:
    journal = CopyJournal(folder, "here", "there")
    journal.write(Checkpoint({}))
    [file] = folder.glob("*.json")
    return file


@pytest.mark.parametrize("write", [keep_a_token, keep_a_setting, keep_a_mark])
def test_small_files_leave_nothing_behind_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], Path]
) -> None:
    monkeypatch.setattr("inbox_tui.local.paths.token_folder", lambda: tmp_path)
    monkeypatch.setattr(credentials, "_in_time", lambda ask: None)  # no keyring
    target = write(tmp_path)
    before = target.read_bytes()
    killed(holding(target))
    assert parts_in(tmp_path)
    assert write(tmp_path).read_bytes() == before
    assert parts_in(tmp_path) == []
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.fixture(scope="module")
def old_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the first schema that is large enough to be killed while it is copied: 60 MB."""
    path = tmp_path_factory.mktemp("old") / "inbox.db"
    folder = path.parent / "migrations"
    folder.mkdir()
    shutil.copy(MIGRATIONS / "0001_init.sql", folder)
    code = (
        "import sys, asyncio; from pathlib import Path\n"
        "from inbox_tui.backends.sqlite import schema\n"
        "schema.MIGRATIONS = Path(sys.argv[2])\n"
        "from inbox_tui.backends.sqlite.store import open_file\n"
        "from inbox_tui.store.registry import Identity, utc_now\n"
        "async def main():\n"
        "    store = await open_file(Path(sys.argv[1]), Identity('dana@acme.example', 'Dana', True), utc_now)\n"
        "    await store.aclose()\n"
        "asyncio.run(main())\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path), str(folder)], check=True)
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE ballast (x BLOB)")
    for _ in range(60):
        db.execute("INSERT INTO ballast VALUES (randomblob(1000000))")
    db.commit()
    db.close()
    return path


def command(home: Path, store: Path, *arguments: str) -> subprocess.Popen[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "INBOX_TUI_AS": "dana@acme.example"}
    return subprocess.Popen(
        [sys.executable, "-m", "inbox_tui", "--store", f"sqlite:///{store}", *arguments],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def kill_in_the_middle(process: subprocess.Popen[str], folder: Path) -> None:
    """As soon as there is a part with something in it."""
    until = time.monotonic() + TIMEOUT
    while not any(path.stat().st_size > 1_000_000 for path in folder.glob("*.part")):
        assert process.poll() is None and time.monotonic() < until
    killed(process)
    assert list(folder.glob("*.part"))


def test_migrations_and_backups_that_are_killed_leave_nothing_behind_for_long(old_store: Path, tmp_path: Path) -> None:
    store = tmp_path / "inbox.db"
    shutil.copy(old_store, store)
    for _ in range(2):
        kill_in_the_middle(command(tmp_path, store, "migrate"), tmp_path)
    ran = command(tmp_path, store, "migrate")
    words = ran.communicate(timeout=TIMEOUT * 2)[1]
    assert ran.returncode == 0, words
    assert (tmp_path / "inbox.db.v1.bak").exists() and parts_in(tmp_path) == []
    copy = tmp_path / "copy.db"
    for _ in range(2):
        kill_in_the_middle(command(tmp_path, store, "backup", str(copy)), tmp_path)
    ran = command(tmp_path, store, "backup", str(copy))
    words = ran.communicate(timeout=TIMEOUT * 2)[1]
    assert ran.returncode == 0, words
    assert parts_in(tmp_path) == []
    db = sqlite3.connect(copy)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
