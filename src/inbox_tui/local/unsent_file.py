"""The file of what this user wrote and no store has: drafts, and writes on their way.

One small SQLite file for all stores and all windows of this user. Knows its tables and how to
open it; what the rows mean ``journal`` and ``outbox`` say.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

BUSY_TIMEOUT = 2.0
"""Seconds that a statement waits for another window's lock."""

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS draft (
    sender TEXT NOT NULL, conversation TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    begun INTEGER,
    PRIMARY KEY (sender, conversation, kind)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    sender TEXT NOT NULL,
    content BLOB NOT NULL,
    is_released INTEGER NOT NULL,
    tried_at INTEGER,
    begun INTEGER,
    is_reported INTEGER NOT NULL DEFAULT 0
) STRICT""",
    # What is copied out of an earlier version's files and not deleted there yet (``earlier_files``).
    "CREATE TABLE IF NOT EXISTS copied (item BLOB PRIMARY KEY) STRICT, WITHOUT ROWID",
)
"""``begun`` is in seconds since 1970, ``tried_at`` in microseconds."""


def prepared(file: Path) -> sqlite3.Connection:
    """A connection to the file, which is made if there is none. Raises sqlite3.Error, OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    database = connection(file)
    try:
        # A draft must survive the death of this program, not of the machine's power; the outbox asks for more.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        for statement in _SCHEMA:
            database.execute(statement)
        database.execute("SELECT sender, conversation, kind, body, begun FROM draft LIMIT 1").fetchone()
        database.execute("SELECT is_released, tried_at, is_reported FROM outbox LIMIT 1").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def connection(file: Path) -> sqlite3.Connection:
    """A connection that any thread may use; a text that is damaged does not hide the others."""
    opened = sqlite3.connect(file, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    opened.text_factory = _text
    return opened


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is no database, or a broken one."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def set_aside(file: Path) -> Path:
    """Rename a damaged file, and what belongs to it, to the first free name. Raises OSError."""
    number = 1
    while (aside := file.with_name(f"{file.name}.damaged-{number}")).exists():
        number += 1
    file.rename(aside)
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            file.with_name(file.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")
