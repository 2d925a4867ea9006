"""A full disk of temporary files is told from a full disk of the inbox."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox_tui.backends.sqlite import full_disk
from inbox_tui.backends.sqlite.errors import translated
from inbox_tui.backends.sqlite.schema import MIGRATIONS
from inbox_tui.domain.errors import ConfigError
from inbox_tui.tui.terminal.external_editor import edit_text

SORT = """
import sqlite3, sys
from pathlib import Path
from random import Random
from inbox_tui.backends.sqlite.connections import FileConnection
from inbox_tui.backends.sqlite.errors import sqlite_errors
from inbox_tui.domain.errors import InboxError
path = Path(sys.argv[1])
path.touch()
db = FileConnection(path, patience=1, random=Random(1), is_reader=False)
db.run("CREATE TABLE t (x BLOB)")
db.run("PRAGMA cache_size = 10")
try:
    with sqlite_errors(path), db.transaction():
        if sys.argv[2] == "sort":
            series = "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 8000)"
            db.rows(series + " SELECT count(*) FROM (SELECT randomblob(2000) AS x FROM n ORDER BY x LIMIT -1 OFFSET 1)")
        else:
            for _ in range(200):
                db.run("INSERT INTO t VALUES (randomblob(100000))")
except InboxError as error:
    print(error.message, error.hint)
else:
    print("there was room")
"""


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


def done(*arguments: object, temporary: Path, stdin: bytes = b"") -> str:
    """What a program says whose temporary files lie there."""
    env = {**os.environ, "TMPDIR": str(temporary), "HOME": str(temporary.parent), "INBOX_TUI_AS": "dana@acme.example"}
    env.pop("SQLITE_TMPDIR", None)
    ran = subprocess.run(
        [sys.executable, *map(str, arguments)], env=env, input=stdin, capture_output=True, check=False, timeout=60
    )
    return (ran.stdout + ran.stderr).decode()


def test_the_disk_of_temporary_files_is_named(small_disk: Path, tmp_path: Path) -> None:
    said = done("-c", SORT, tmp_path / "inbox.db", "sort", temporary=small_disk)
    assert f"The disk for temporary files, {small_disk}, is full" in said
    assert "SQLITE_TMPDIR" in said
    assert "room" in done("-c", SORT, tmp_path / "inbox.db2", "sort", temporary=tmp_path)


def test_the_disk_of_the_inbox_is_named(small_disk: Path, tmp_path: Path) -> None:
    said = done("-c", SORT, small_disk / "inbox.db", "write", temporary=tmp_path)
    assert f"The disk that holds {small_disk / 'inbox.db'} is full" in said


def test_one_disk_for_both_is_the_inbox_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    assert full_disk.temporary_folder() == tmp_path
    assert full_disk.full_elsewhere(tmp_path / "inbox.db") is None
    error = sqlite3.OperationalError()
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_GETTEMPPATH
    assert "no folder for the temporary files" in translated(error, tmp_path / "inbox.db").message


def test_a_pipe_that_is_put_by_names_the_folder(small_disk: Path, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'inbox.db'}"
    said = done(
        "-m", "inbox_tui", "--store", store, "import", "--strict", "-", temporary=small_disk, stdin=b" " * 5_000_000
    )
    assert f"put by in {small_disk} for --strict" in said and "No space left" in said
    assert "TMPDIR" in said and "Traceback" not in said
    assert list(small_disk.iterdir()) == []


def test_an_editor_s_text_that_finds_no_room_is_kept(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (small_disk / "ballast").write_bytes(b"\0" * 2_900_000)
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    with pytest.raises(ConfigError, match="No space left") as caught:
        edit_text("x" * 500_000, {"EDITOR": "true"})
    assert str(small_disk) in caught.value.message
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_a_backup_before_a_migration_that_finds_no_room_names_the_disk_of_the_inbox(
    small_disk: Path, tmp_path: Path
) -> None:
    file = small_disk / "inbox.db"
    folder = tmp_path / "migrations"
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
    assert done("-c", code, file, folder, temporary=tmp_path) == ""
    db = sqlite3.connect(file)
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("CREATE TABLE ballast (x BLOB)")
    db.execute("INSERT INTO ballast VALUES (randomblob(1400000))")
    db.commit()
    db.close()
    said = done("-m", "inbox_tui", "--store", f"sqlite:///{file}", "migrate", temporary=tmp_path)
    assert f"The disk that holds {file} is full" in said
    assert not list(small_disk.glob("*.part*"))
