"""Writes that a remote store does not have yet, on disk: what was sent survives this program and the line.

One small SQLite file for all stores of this user. Rows leave it only when the store took or
refused them. A row that this program cannot read, or not wholly, is passed over and stays for the
newer one that wrote it, or for a person. Knows no store and sends nothing.
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

from inbox_tui.domain.models import ConversationId, Kind, ReplyDraft, StateChange

_BUSY = 2.0
_LONGEST_NAME = 255
_NAMED = 5
"""Rows that are named; of more only the number is told."""
_TOLD = "CREATE TABLE IF NOT EXISTS set_aside (id INTEGER PRIMARY KEY) STRICT"
"""Rows that cannot be read, and of which the user was told."""
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
    """Of earlier versions only, which delivered such a change in another way."""


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
        self.set_aside = ""
        """What ``take_over`` found that cannot be read and nobody was told of yet; "" if nothing."""
        self._file = file
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
        found: list[Undelivered] = []
        unreadable: list[int] = []
        try:
            rows = self._database.execute(
                "SELECT id, owner, content FROM undelivered WHERE sender = ? ORDER BY id", (self._sender,)
            ).fetchall()
            ended = {owner for owner in {owner for _, owner, _ in rows} if self._has_ended(owner)}
            for row, owner, content in rows:
                if owner not in ended:
                    continue
                write = _read(content)
                if write is None:
                    unreadable.append(row)
                    continue
                self._database.execute("UPDATE undelivered SET owner = ? WHERE id = ?", (self._owner, row))
                self._database.execute("DELETE FROM set_aside WHERE id = ?", (row,))
                found.append(Undelivered(row, write))
            self._tell_of(unreadable)
            for owner in filter(_is_file_name, ended):
                self._lock_file(owner).unlink(missing_ok=True)
        except (sqlite3.Error, OSError) as error:
            self.problem = f"What was sent earlier and not delivered cannot be read: {error}."
        return found

    def _tell_of(self, unreadable: Sequence[int]) -> None:
        """Say which rows cannot be read, of each once."""
        assert self._database is not None
        new = [
            row
            for row in unreadable
            if self._database.execute("INSERT OR IGNORE INTO set_aside VALUES (?)", (row,)).rowcount
        ]
        if new:
            rows = ", ".join(map(str, new[:_NAMED])) + (", …" if len(new) > _NAMED else "")
            one = len(new) == 1
            self.set_aside = (
                f"{len(new):,} earlier {'write' if one else 'writes'} cannot be read: a newer inbox-tui wrote"
                f" {'it' if one else 'them'}, or {'it is' if one else 'they are'} damaged."
                f" Kept in {self._file} ({'row' if one else 'rows'} {rows}); everything else is delivered."
            )

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
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            file.touch(mode=0o600)
            self._database = _prepared(file)
        except BaseException:
            os.close(self._lock)
            raise

    def _lock_file(self, owner: str) -> Path:
        assert self._folder is not None
        return self._folder / owner

    def _has_ended(self, owner: str) -> bool:
        """Whether the program that sent something lives no more."""
        if owner == self._owner:
            return False
        if not _is_file_name(owner):
            return True  # damaged: no program has such a lock
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


def _prepared(file: Path) -> sqlite3.Connection:
    """The outbox's file with its tables."""
    database = sqlite3.connect(file, timeout=_BUSY, isolation_level=None, check_same_thread=False)
    database.text_factory = _text
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(_SCHEMA)
        database.execute(_TOLD)
    except BaseException:
        database.close()
        raise
    return database


def _read(content: bytes) -> Write | None:
    """A write; None if it is damaged, of an unknown kind, or says more than this program would do."""
    try:
        write: Write = msgspec.json.decode(content, type=Write)
        everything = msgspec.json.decode(content)
    except (ValueError, RecursionError):  # also text that is not UTF-8
        return None
    if isinstance(write, ReplyWrite):
        is_sound = write.draft.kind in (Kind.MESSAGE, Kind.NOTE)
    else:
        is_sound = len(write.changes) == 1 or not write.is_single
    return write if is_sound and _says_no_more(everything, msgspec.to_builtins(write)) else None


def _says_no_more(everything: object, understood: object) -> bool:
    """Whether nothing was left out in understanding it: a newer program may have written a further field."""
    if isinstance(everything, dict) and isinstance(understood, dict):
        return all(key in understood and _says_no_more(part, understood[key]) for key, part in everything.items())
    if isinstance(everything, list) and isinstance(understood, (list, tuple)):
        return all(map(_says_no_more, everything, understood))
    return True


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")


def _is_file_name(owner: str) -> bool:
    return owner.isascii() and owner.isalnum() and len(owner) <= _LONGEST_NAME
