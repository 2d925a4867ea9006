"""The journal of drafts: whatever was typed and not yet taken by a store, kept on disk.

One small SQLite file for all stores and all windows of this user. Typing never waits
for the disk: a thread writes a moment later. A journal that cannot be used must not
stop anybody from working; then texts are kept in memory and ``problem`` says so.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import msgspec

from inbox_tui.domain.models import ConversationId, Kind
from inbox_tui.store.registry import utc_now

WRITE_TIMEOUT = 0.2
"""Seconds that keys are gathered before they are written together."""
RETRY_AFTER = 1.0
"""Seconds after which a write that failed is tried again."""
_BUSY = 2.0
_SCHEMA = """CREATE TABLE IF NOT EXISTS draft (
    store TEXT NOT NULL, conversation TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (store, conversation, kind)
) STRICT, WITHOUT ROWID"""

_TIMES = (
    # Apart from the texts: a window of an older program that is still open writes four columns a draft.
    """CREATE TABLE IF NOT EXISTS begun (
    store TEXT NOT NULL, conversation TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (store, conversation, kind)
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER IF NOT EXISTS draft_ends AFTER DELETE ON draft BEGIN
    DELETE FROM begun WHERE store = OLD.store AND conversation = OLD.conversation AND kind = OLD.kind;
END""",
)
"""When each draft was begun, in seconds since 1970. A draft of an older program has no such row."""
_BEGUN = """SELECT begun.at FROM draft LEFT JOIN begun USING (store, conversation, kind)
    WHERE draft.store = ? AND draft.conversation = ? AND draft.kind = ?"""

_KINDS = {kind.value for kind in Kind}

_Key = tuple[str, str, str]


class Draft(msgspec.Struct, frozen=True):
    """A text that was typed and not sent."""

    store: str
    conversation: ConversationId
    kind: Kind
    body: str


class _Text(NamedTuple):
    """A draft as it is to be written."""

    body: str
    begun: datetime | None


class DraftJournal:
    """Drafts by store, conversation and kind. Safe to use from any thread."""

    def __init__(self, file: Path | None, clock: Callable[[], datetime] = utc_now) -> None:
        """Open the journal; never raises. Without a file drafts live in memory only."""
        self._clock = clock
        self.problem = ""
        """Why drafts may not survive this run, or what happened to older ones; "" if all is well."""
        self._lock = threading.Condition()
        self._unwritten: dict[_Key, _Text | None] = {}
        self._kept: dict[_Key, _Text] = {}
        self._closing = False
        self._hurry = False
        self._failures = 0
        self._thread: threading.Thread | None = None
        # Two connections: a reader must not wait while the writer waits for another window.
        self._writer = self._open(file) if file is not None else None
        self._reader = _connection(file) if file is not None and self._writer is not None else None

    def get(self, store: str, conversation: ConversationId, kind: Kind) -> str | None:
        """The draft, whichever window of this user wrote it last."""
        key = (store, str(conversation), kind.value)
        with self._lock:
            if key in self._unwritten:
                return _body(self._unwritten[key])
            if self._reader is None:
                return _body(self._kept.get(key))
            try:
                row = self._reader.execute(
                    "SELECT body FROM draft WHERE store = ? AND conversation = ? AND kind = ?", key
                ).fetchone()
            except sqlite3.Error:
                return _body(self._kept.get(key))
            return str(row[0]) if row else None

    def begun(self, store: str, conversation: ConversationId, kind: Kind) -> datetime | None:
        """When the draft was begun, in UTC; None if there is none, or an older program wrote it."""
        with self._lock:
            known = self._known((store, str(conversation), kind.value))
        return known.begun if known is not None else None

    def drafted(self, store: str) -> set[tuple[ConversationId, Kind]]:
        """What of one store has a draft with more than blanks in it."""
        with self._lock:
            found = {key for key, text in self._kept.items() if text.body.strip()}
            if self._reader is not None:
                with suppress(sqlite3.Error):
                    rows = self._reader.execute("SELECT conversation, kind, body FROM draft WHERE store = ?", (store,))
                    found = {(store, id, kind) for id, kind, body in rows if body.strip()}
            for key, text in self._unwritten.items():
                (found.add if text is not None and text.body.strip() else found.discard)(key)
        return {(ConversationId(key[1]), Kind(key[2])) for key in found if key[0] == store and key[2] in _KINDS}

    def put(self, store: str, conversation: ConversationId, kind: Kind, body: str) -> None:
        """Keep a draft. Returns at once; it is on disk within a quarter of a second."""
        self._change((store, str(conversation), kind.value), body)

    def discard(self, store: str, conversation: ConversationId, kind: Kind) -> None:
        """Forget a draft: it was sent, or its author emptied it."""
        self._change((store, str(conversation), kind.value), None)

    def all(self) -> list[Draft]:
        """Every draft there is, of all stores; those of kinds that a newer program may know stay in the file."""
        with self._lock:
            found = {key: text.body for key, text in self._kept.items()}
            if self._reader is not None:
                with suppress(sqlite3.Error):
                    rows = self._reader.execute("SELECT store, conversation, kind, body FROM draft").fetchall()
                    found = {(row[0], row[1], row[2]): row[3] for row in rows}
            for key, text in self._unwritten.items():
                if text is None:
                    found.pop(key, None)
                else:
                    found[key] = text.body
        return [
            Draft(key[0], ConversationId(key[1]), Kind(key[2]), body)
            for key, body in sorted(found.items())
            if key[2] in _KINDS
        ]

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until everything is on disk; False if it is not in time."""
        deadline = monotonic() + timeout
        with self._lock:
            self._hurry = True
            self._lock.notify_all()
            while self._unwritten and self._thread is not None and monotonic() < deadline:
                self._lock.wait(deadline - monotonic())
            self._hurry = False
            return not self._unwritten

    def close(self) -> None:
        """Write what is left and let go of the file. May be called again."""
        with self._lock:
            self._closing = True
            self._lock.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()
        with self._lock:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()
            self._reader = self._writer = None

    def _change(self, key: _Key, body: str | None) -> None:
        with self._lock:
            text: _Text | None = None
            if body is None:
                self._kept.pop(key, None)
            else:
                known = self._known(key)
                begun = known.begun if known is not None else self._clock()
                text = self._kept[key] = _Text(body.encode("utf-8", "replace").decode(), begun)
            if self._writer is None:
                return
            self._unwritten[key] = text
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_on, name="drafts", daemon=True)
                self._thread.start()
            self._lock.notify_all()

    def _known(self, key: _Key) -> _Text | None:
        """The draft that there is already, with the lock held; its text is left out where only the file has it."""
        if key in self._unwritten:
            return self._unwritten[key]
        if self._reader is None:
            return self._kept.get(key)
        try:
            row = self._reader.execute(_BEGUN, key).fetchone()
        except sqlite3.Error:
            return self._kept.get(key)
        return _Text("", _time(row[0])) if row else None

    def _write_on(self) -> None:
        """The thread: gather a moment, write, until the journal is closed."""
        with self._lock:
            while True:
                self._lock.wait_for(lambda: self._unwritten or self._closing)
                if not self._unwritten:
                    return
                pause = RETRY_AFTER if self._failures else WRITE_TIMEOUT
                self._lock.wait_for(lambda: self._closing or self._hurry, timeout=pause)
                batch = dict(self._unwritten)
                self._lock.release()
                try:
                    written = self._write(batch)
                finally:
                    self._lock.acquire()
                if written:
                    self._unwritten = {
                        key: text for key, text in self._unwritten.items() if key not in batch or batch[key] != text
                    }
                self._lock.notify_all()
                if self._closing and not written:
                    return

    def _write(self, batch: dict[_Key, _Text | None]) -> bool:
        database = self._writer
        if database is None:
            return False
        try:
            database.execute("BEGIN IMMEDIATE")
            for key, text in batch.items():
                if text is None:
                    database.execute("DELETE FROM draft WHERE store = ? AND conversation = ? AND kind = ?", key)
                    continue
                database.execute("INSERT OR REPLACE INTO draft VALUES (?, ?, ?, ?)", (*key, text.body))
                if text.begun is not None:
                    at = int(text.begun.timestamp())
                    database.execute("INSERT OR REPLACE INTO begun VALUES (?, ?, ?, ?)", (*key, at))
            database.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                database.execute("ROLLBACK")
            self._failures += 1
            self.problem = f"Drafts cannot be written to disk right now ({error}); they are kept in memory."
            return False
        if self._failures:
            self._failures, self.problem = 0, ""
        return True

    def _open(self, file: Path) -> sqlite3.Connection | None:
        try:
            return _prepared(file)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                self.problem = f"Drafts are kept in memory only: {file} cannot be used ({error})."
                return None
        except OSError as error:
            self.problem = f"Drafts are kept in memory only: {file} cannot be used ({error.strerror or error})."
            return None
        try:
            aside = _set_aside(file)
            self.problem = f"The file of drafts was damaged and was set aside as {aside}."
            return _prepared(file)
        except (sqlite3.Error, OSError) as error:
            self.problem = f"Drafts are kept in memory only: {file} is damaged ({error})."
            return None


def _prepared(file: Path) -> sqlite3.Connection:
    """The journal's file, made if there is none."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    database = _connection(file)
    try:
        # A draft must survive the death of this program, not of the machine's power.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(_SCHEMA)
        _add_times(database)
        database.execute("SELECT store, conversation, kind, body FROM draft LIMIT 1").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def _add_times(database: sqlite3.Connection) -> None:
    """Let a file of an older program say when its drafts are begun from now on."""
    try:
        for statement in _TIMES:
            database.execute(statement)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
            raise
        # Nothing can be written there, but what was typed earlier can still be read.


def _connection(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=_BUSY, isolation_level=None, check_same_thread=False)
    connection.text_factory = _text  # one text that is damaged must not hide the others
    return connection


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")


def _body(text: _Text | None) -> str | None:
    return text.body if text is not None else None


def _time(seconds: int | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _set_aside(file: Path) -> Path:
    """Rename a damaged file, and what belongs to it, to the first free name."""
    number = 1
    while (aside := file.with_name(f"{file.name}.damaged-{number}")).exists():
        number += 1
    file.rename(aside)
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            file.with_name(file.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside
