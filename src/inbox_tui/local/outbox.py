"""Writes that a remote store does not have yet, on disk: what was sent survives this program and the line.

One small SQLite file for all stores of this user. Rows leave it only when the store took or
refused them. Knows no store and sends nothing.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from inbox_tui.domain.models import ConversationId, ReplyDraft, StateChange

_BUSY = 2.0
_SCHEMA = """CREATE TABLE IF NOT EXISTS undelivered (
    id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, sender TEXT NOT NULL, content BLOB NOT NULL
) STRICT"""


class ReplyWrite(msgspec.Struct, frozen=True, tag="reply"):
    """A reply or note that was sent."""

    id: ConversationId
    draft: ReplyDraft
    and_resolve: bool = False
    """Mark the conversation resolved once this is sent."""


class ChangesWrite(msgspec.Struct, frozen=True, tag="changes"):
    """Assignments and changes of status that were decided."""

    changes: tuple[StateChange, ...]
    is_single: bool = False
    """Decided for one conversation: a refusal is an error, not an outcome."""


Write = ReplyWrite | ChangesWrite


class Undelivered(msgspec.Struct, frozen=True):
    """A write, and its place in the file."""

    row: int
    """0: it could not be kept on disk."""
    write: Write


class OutboxJournal:
    """What one member has sent to one store and the store has not answered yet.

    Each program holds a lock on a file of its own; what a program left that lives no more
    is taken over, once, by whoever opens the outbox next.

    Args:
        file: The file; None keeps nothing.
        sender: The store's name and the member: who shares an account does not share an outbox.
    """

    def __init__(self, file: Path | None, sender: str) -> None:
        self.problem = ""
        """Why what is sent may not survive this run; "" if all is well."""
        self._sender = sender
        self._owner = uuid.uuid4().hex
        self._database: sqlite3.Connection | None = None
        self._folder: Path | None = None
        self._lock = -1
        if file is not None:
            try:
                self._open(file)
            except (sqlite3.Error, OSError) as error:
                self.problem = f"What is sent while the line is down is kept in memory only: {file}: {error}."

    def add(self, write: Write) -> int:
        """Keep a write; gives its row, which is on disk by then, or 0 if it could not be kept."""
        if self._database is None:
            return 0
        try:
            cursor = self._database.execute(
                "INSERT INTO undelivered (owner, sender, content) VALUES (?, ?, ?)",
                (self._owner, self._sender, msgspec.json.encode(write)),
            )
        except (sqlite3.Error, UnicodeEncodeError) as error:
            self.problem = f"What is sent while the line is down is kept in memory only: {error}."
            return 0
        return cursor.lastrowid or 0

    def remove(self, row: int) -> None:
        """The store has answered. Sending it again by mistake would do no harm: it has its key."""
        if self._database is not None and row:
            with suppress(sqlite3.Error):
                self._database.execute("DELETE FROM undelivered WHERE id = ?", (row,))

    def take_over(self) -> Sequence[Undelivered]:
        """What earlier programs left, in the order in which it was sent; it is this program's from now on."""
        if self._database is None:
            return []
        found = []
        try:
            rows = self._database.execute(
                "SELECT id, owner, content FROM undelivered WHERE sender = ? ORDER BY id", (self._sender,)
            ).fetchall()
            ended = {owner for owner in {owner for _, owner, _ in rows} if self._has_ended(owner)}
            for row, owner, content in rows:
                if owner in ended:
                    self._database.execute("UPDATE undelivered SET owner = ? WHERE id = ?", (self._owner, row))
                    found.append(Undelivered(row, msgspec.json.decode(content, type=Write)))
            for owner in ended:
                self._lock_file(owner).unlink(missing_ok=True)
        except (sqlite3.Error, OSError, msgspec.DecodeError) as error:
            self.problem = f"What was sent earlier and not delivered cannot be read: {error}."
        return found

    def close(self) -> None:
        """Let go of the file. What is in it waits for the next start."""
        if self._database is None:
            return
        with suppress(sqlite3.Error):
            is_empty = not self._database.execute(
                "SELECT 1 FROM undelivered WHERE owner = ? LIMIT 1", (self._owner,)
            ).fetchone()
            if is_empty:
                self._lock_file(self._owner).unlink(missing_ok=True)
        self._database.close()
        self._database = None
        os.close(self._lock)

    def _open(self, file: Path) -> None:
        self._folder = file.with_name(f"{file.name}.owners")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(self._lock_file(self._owner), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        file.touch(mode=0o600)
        database = sqlite3.connect(file, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute(_SCHEMA)
        except BaseException:
            database.close()
            raise
        self._database = database

    def _lock_file(self, owner: str) -> Path:
        assert self._folder is not None
        return self._folder / owner

    def _has_ended(self, owner: str) -> bool:
        """Whether the program that sent something lives no more."""
        if owner == self._owner:
            return False
        try:
            handle = os.open(self._lock_file(owner), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(handle)
        return True
