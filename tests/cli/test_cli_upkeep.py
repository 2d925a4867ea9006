"""What the keeper of a store does: migrate, backup, copy."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from inbox_tui.backends.sql.migrations import steps
from inbox_tui.backends.sqlite.schema import MIGRATIONS

from .conftest import ME, RunCli, line, seed

NEWEST = steps(MIGRATIONS)[-1].number


@pytest.fixture
def filled(store_file: Path) -> Path:
    seed(store_file, [line(f"c-{number}", "hello", "again") for number in range(30)])
    return store_file


def test_migrate_makes_a_store_and_then_has_nothing_to_do(run_cli: RunCli, store_file: Path) -> None:
    ran = run_cli("migrate")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"{store_file}: made, schema {NEWEST}. {ME} is its first member.\n"
    assert run_cli("migrate").err == f"{store_file}: schema {NEWEST}, nothing to do.\n"


def test_migrate_brings_an_older_file_up_to_date(run_cli: RunCli, filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as db, db:
        db.execute("DROP TABLE token")
        db.execute("ALTER TABLE message DROP COLUMN imported_by")
        db.execute("DROP INDEX message_reply")
        db.execute("ALTER TABLE message DROP COLUMN reply_agent_id")
        db.execute("PRAGMA user_version = 1")
    assert run_cli("migrate").err == (
        f"Upgrading {filled} from schema 1 to {NEWEST}; this can take minutes.\n"
        f"{filled}: schema 1 brought to {NEWEST}.\n"
    )
    assert (filled.parent / "inbox.db.v1.bak").exists()


def test_a_backup_is_a_store_with_everything_that_was_written(run_cli: RunCli, filled: Path, tmp_path: Path) -> None:
    writer = sqlite3.connect(filled)  # what it wrote is still in the log, and it goes on
    writer.execute("UPDATE conversation SET topic = 'in the log'")
    writer.commit()
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE conversation SET topic = 'not yet'")
    ran = run_cli("backup", "copy.db")
    writer.close()
    assert ran.code == 0, ran.err
    assert ran.err.startswith("30 conversations are in copy.db, ")
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    listed = run_cli("--store", "sqlite:///copy.db", "list", "--limit", "0", "--json").objects
    assert {row["topic"] for row in listed} == {"in the log"}
    assert not list(tmp_path.glob("*.part"))
    assert run_cli("--store", "sqlite:///copy.db", "list", "--search", "again").lines


def test_a_backup_that_is_worked_with_lets_readers_and_writers_pass_each_other(run_cli: RunCli, filled: Path) -> None:
    assert run_cli("backup", "copy.db").code == 0
    reader = sqlite3.connect(filled.with_name("copy.db"))
    assert run_cli("--store", "sqlite:///copy.db", "list").code == 0
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM conversation").fetchone() == (30,)
    assert run_cli("--store", "sqlite:///copy.db", "resolve", "c-1").code == 0
    reader.close()


def test_a_backup_says_how_it_is_opened(run_cli: RunCli, filled: Path) -> None:
    ran = run_cli("backup", "what of it? 100%.db")
    address = ran.err.split()[-1]
    assert address == "sqlite:///what%20of%20it%3F%20100%25.db"
    assert len(run_cli("--store", address, "list", "--limit", "0").lines) == len(run_cli("list", "--limit", "0").lines)
    assert run_cli("backup", "-").code == 2
    assert not (filled.parent / "-").exists()


def test_a_backup_writes_over_nothing(run_cli: RunCli, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    ran = run_cli("backup", "copy.db")
    assert ran.code == 1
    assert "exists already" in ran.err
    assert (tmp_path / "copy.db").read_text() == "precious"
    ran = run_cli("backup", "nowhere/copy.db")
    assert ran.code == 1
    assert "No half file was left" in ran.err


def test_a_backup_onto_a_full_disk_leaves_no_half_file(
    filled: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, -1)); "
    limited += "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); sys.argv[0] = 'inbox-tui'; "
    limited += "runpy.run_module('inbox_tui', run_name='__main__')"
    ran = subprocess.run(
        [sys.executable, "-c", limited, "backup", "copy.db"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert f"{tmp_path / 'copy.db'}" in ran.stderr
    assert not list(tmp_path.glob("copy.db*"))
    assert not list(tmp_path.glob("copy.db*"))


def test_there_is_nothing_to_back_up(run_cli: RunCli, tmp_path: Path) -> None:
    ran = run_cli("backup", "copy.db")
    assert (ran.code, list(tmp_path.glob("*.db"))) == (1, [])
    assert "There is no inbox" in ran.err


def test_copy_says_what_it_did_and_proves_it(run_cli: RunCli, filled: Path) -> None:
    words = ("copy", "--from", f"sqlite:///{filled}", "--to", "sqlite:///other.db")
    first, second = run_cli(*words), run_cli(*words)
    assert first.code == second.code == 0, first.err + second.err
    head = "30 conversations with 60 messages and 1 member are the same in both stores; "
    assert first.err.startswith(f"{head}30 were written. Checksum sha256:")
    assert second.err == first.err.replace("30 were written", "0 were written")
    listed = run_cli("--store", "sqlite:///other.db", "list", "--limit", "0").out
    assert listed == run_cli("list", "--limit", "0").out


@pytest.mark.parametrize(
    ("source", "target", "complaint", "code"),
    [
        ("sqlite:///inbox.db", "sqlite:///inbox.db", "cannot be copied into itself", 2),
        ("sqlite:///none.db", "sqlite:///other.db", "There is no inbox at none.db", 1),
        ("sqlite:///inbox.db", "sqlite:///no/where.db", "does not exist", 2),
        ("sqlite:///inbox.db", "nonsense", "is not a store address", 2),
        ("sqlite:///inbox.db", "postgresql://127.0.0.1:1/inbox", "cannot be reached: Connection refused", 1),
    ],
)
def test_copies_that_cannot_be(
    run_cli: RunCli, filled: Path, source: str, target: str, complaint: str, code: int
) -> None:
    ran = run_cli("copy", "--from", source, "--to", target)
    assert (ran.code, complaint in ran.err) == (code, True), ran.err
    assert not (filled.parent / "none.db").exists()


def test_nobody_but_an_admin_copies(run_cli: RunCli, filled: Path, tmp_path: Path) -> None:
    assert run_cli("members", "add", "sam@acme.example", "--access", "edit").code == 0
    words = ("copy", "--from", f"sqlite:///{filled}", "--to", "sqlite:///other.db")
    ran = run_cli("--as", "sam@acme.example", *words)
    assert (ran.code, "Only an admin can copy a workspace" in ran.err) == (1, True), ran.err
    assert not (tmp_path / "other.db").exists()
