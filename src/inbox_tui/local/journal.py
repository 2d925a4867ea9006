"""The journal: drafts, and the thread that puts them and the outbox's rows on disk.

Typing never waits for the disk: a thread writes a moment later, all that has gathered in one
transaction. A journal that cannot be used must not stop anybody from working; then texts are
kept in memory and ``problem`` says so.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import NamedTuple, TypeVar

import msgspec

from inbox_tui.domain.models import ConversationId, Kind
from inbox_tui.local import unsent_file
from inbox_tui.local.earlier_files import take_over_earlier
from inbox_tui.local.owners import Owners
from inbox_tui.store.registry import utc_now

WRITE_DELAY = 0.2
"""Seconds that keys are gathered before they are written together."""
RETRY_AFTER = 1.0
"""Seconds after which a write that failed is tried again."""

_KINDS = {kind.value for kind in Kind}
_READ = "SELECT body, begun FROM draft WHERE sender = ? AND conversation = ? AND kind = ?"
_DELETE = "DELETE FROM draft WHERE sender = ? AND conversation = ? AND kind = ?"

T = TypeVar("T")
_Key = tuple[str, str, str]


class Draft(msgspec.Struct, frozen=True):
    """A text that was typed and not sent."""

    conversation: ConversationId
    kind: Kind
    body: str


class Text(NamedTuple):
    """A draft as the file holds it."""

    body: str
    begun: datetime | None
    """When its first key was typed; None if an earlier version wrote it."""


class DraftChange(NamedTuple):
    """A draft's new text; None deletes it."""

    sender: str
    conversation: ConversationId
    kind: Kind
    text: Text | None


class RowChange(NamedTuple):
    """A statement on the outbox."""

    statement: str
    values: tuple[object, ...]
    is_durable: bool = True
    """It must survive the machine's power, too."""


class Journal:
    """Drafts by sender, conversation and kind, and the way of the outbox's rows to disk. Safe to use from any thread.

    Args:
        file: The file; None keeps texts in memory only.
        clock: Gives the present as aware UTC.
        earlier: The folder of an earlier version's files, whose texts are taken over.
    """

    def __init__(self, file: Path | None, clock: Callable[[], datetime] = utc_now, earlier: Path | None = None) -> None:
        """Open the journal; never raises."""
        self.clock = clock
        self.problem = ""
        """Why texts may not survive this run, or what happened to older ones; "" if all is well."""
        self.file = file
        self.owners: Owners | None = None
        """Who else writes into the file; None if this program cannot."""
        self._lock = threading.Condition()
        self._using_writer = threading.Lock()
        self._drafts: dict[_Key, Text | None] = {}
        """Changes of drafts that are not on disk yet."""
        self._rows: list[RowChange] = []
        """Changes of the outbox that are not on disk yet, in order."""
        self._waiters: list[tuple[int, Future[bool]]] = []
        """Who waits until so many changes of the outbox were written, counted from the first."""
        self._rows_done = 0
        self._in_memory: dict[_Key, Text] = {}
        self._is_closing = False
        self._is_urgent = False
        self._failures = 0
        self._thread: threading.Thread | None = None
        # Two connections: a reader must not wait while the writer waits for another window.
        self._writer = self._open(file, earlier) if file is not None else None
        self._reader = unsent_file.connection(file) if file is not None and self._writer is not None else None

    @property
    def is_on_disk(self) -> bool:
        """There is a file, and it can be written."""
        return self._writer is not None and not self._failures

    # Drafts

    def get(self, sender: str, conversation: ConversationId, kind: Kind) -> str | None:
        """The draft, whichever window of this user wrote it last."""
        text = self._text((sender, str(conversation), kind.value))
        return text.body if text is not None else None

    def begun(self, sender: str, conversation: ConversationId, kind: Kind) -> datetime | None:
        """When the draft was begun, in UTC; None if there is none, or an earlier version wrote it."""
        text = self._text((sender, str(conversation), kind.value))
        return text.begun if text is not None else None

    def drafts(self, sender: str) -> list[Draft]:
        """Every draft of one sender with more than blanks in it. Kinds of a newer version stay in the file."""
        with self._lock:
            found = {key: text.body for key, text in self._in_memory.items()}
            if self._reader is not None:
                with suppress(sqlite3.Error):
                    rows = self._reader.execute(
                        "SELECT conversation, kind, body FROM draft WHERE sender = ?", (sender,)
                    )
                    found = {(sender, id, kind): body for id, kind, body in rows}
            for key, text in self._drafts.items():
                if text is None:
                    found.pop(key, None)
                else:
                    found[key] = text.body
        return [
            Draft(ConversationId(key[1]), Kind(key[2]), body)
            for key, body in sorted(found.items())
            if key[0] == sender and key[2] in _KINDS and body.strip()
        ]

    def put(self, sender: str, conversation: ConversationId, kind: Kind, body: str) -> None:
        """Keep a draft; "" forgets it. Returns at once; it is on disk within a quarter of a second."""
        if not body:
            self.change([DraftChange(sender, conversation, kind, None)])
            return
        known = self._text((sender, str(conversation), kind.value))
        begun = known.begun if known is not None else self.clock()
        self.change([DraftChange(sender, conversation, kind, Text(body, begun))])

    # The way to disk

    def change(self, drafts: Sequence[DraftChange], rows: Sequence[RowChange] = ()) -> Future[bool]:
        """Write all of it in one transaction, soon.

        Returns:
            Whether the rows came to disk at the first attempt; a journal that failed goes on trying.
        """
        done: Future[bool] = Future()
        done.set_running_or_notify_cancel()  # whoever waits may be cancelled, the writing is not
        with self._lock:
            for sender, conversation, kind, text in drafts:
                self._remember((sender, str(conversation), kind.value), text)
            if self._writer is None or self._is_closing:
                done.set_result(False)
                return done
            if rows:
                self._rows += rows
                self._waiters.append((self._rows_done + len(self._rows), done))
            else:
                done.set_result(True)
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_on, name="journal", daemon=True)
                self._thread.start()
            self._lock.notify_all()
        return done

    def transact(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do something with the file in one transaction, now; None if there is no file. Raises sqlite3.Error, OSError.

        It waits for the disk: call it before the first key, or in a thread.
        """
        with self._using_writer:
            return _in_transaction(self._writer, work) if self._writer is not None else None

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until everything is on disk; False if it is not in time."""
        deadline = monotonic() + timeout
        with self._lock:
            self._is_urgent = True
            self._lock.notify_all()
            while self._has_unwritten() and self._thread is not None and monotonic() < deadline:
                self._lock.wait(deadline - monotonic())
            self._is_urgent = False
            return not self._has_unwritten()

    def close(self) -> None:
        """Write what is left and let go of the file. May be called again."""
        with self._lock:
            self._is_closing = True
            self._lock.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()
        with self._lock, self._using_writer:
            if self._writer is not None and self.owners is not None:
                self.owners.close(owns_nothing=_owns_nothing(self._writer, self.owners.mine))
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()
            self._reader = self._writer = self.owners = None

    def _has_unwritten(self) -> bool:
        return bool(self._drafts or self._rows)

    def _remember(self, key: _Key, text: Text | None) -> None:
        if text is None:
            self._in_memory.pop(key, None)
        else:
            text = text._replace(body=text.body.encode("utf-8", "replace").decode())
            self._in_memory[key] = text
        if self._writer is not None:
            self._drafts[key] = text

    def _text(self, key: _Key) -> Text | None:
        with self._lock:
            if key in self._drafts:
                return self._drafts[key]
            if self._reader is None:
                return self._in_memory.get(key)
            try:
                return read_draft(self._reader, key)
            except sqlite3.Error:
                return self._in_memory.get(key)

    def _write_on(self) -> None:
        """The thread: gather a moment, write, until the journal is closed."""
        with self._lock:
            while True:
                self._lock.wait_for(lambda: self._has_unwritten() or self._is_closing)
                if not self._has_unwritten():
                    self._tell(is_written=True)
                    return
                pause = RETRY_AFTER if self._failures else WRITE_DELAY
                self._lock.wait_for(self._cannot_wait, timeout=pause)
                drafts, rows = dict(self._drafts), list(self._rows)
                self._lock.release()
                try:
                    is_written = self._write(drafts, rows)
                finally:
                    self._lock.acquire()
                if is_written:
                    del self._rows[: len(rows)]
                    self._rows_done += len(rows)
                    self._drafts = {
                        key: text for key, text in self._drafts.items() if key not in drafts or drafts[key] != text
                    }
                self._tell(is_written=is_written)
                self._lock.notify_all()
                if self._is_closing and not is_written:
                    return

    def _cannot_wait(self) -> bool:
        return self._is_closing or self._is_urgent or (bool(self._rows) and not self._failures)

    def _tell(self, *, is_written: bool) -> None:
        """Answer those who wait: all of them after a failure, for it may last."""
        waiters, self._waiters = self._waiters, []
        for number, future in waiters:
            if not is_written or number <= self._rows_done:
                future.set_result(is_written)
            else:
                self._waiters.append((number, future))

    def _write(self, drafts: Mapping[_Key, Text | None], rows: Sequence[RowChange]) -> bool:
        def work(database: sqlite3.Connection) -> None:
            for key, text in drafts.items():
                write_draft(database, key, text)
            for row in rows:
                database.execute(row.statement, row.values)

        try:
            with self._using_writer:
                if self._writer is None:
                    return False
                is_durable = any(row.is_durable for row in rows)
                self._writer.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
                _in_transaction(self._writer, work)
        except sqlite3.Error as error:
            self._failures += 1
            self.problem = f"What you write cannot be written to disk right now ({error}); it is kept in memory only."
            return False
        if self._failures:
            self._failures, self.problem = 0, ""
        return True

    def _open(self, file: Path, earlier: Path | None) -> sqlite3.Connection | None:
        try:
            return self._opened(file, earlier)
        except sqlite3.DatabaseError as error:
            if not unsent_file.is_damage(error):
                self.problem = f"What you write is kept in memory only: {file} cannot be used ({error})."
                return None
        except OSError as error:
            self.problem = f"What you write is kept in memory only: {file} cannot be used ({error.strerror or error})."
            return None
        try:
            aside = unsent_file.set_aside(file)
            self.problem = f"The file of drafts was damaged and was set aside as {aside}."
            return self._opened(file, earlier)
        except (sqlite3.Error, OSError) as error:
            self.problem = f"What you write is kept in memory only: {file} is damaged ({error})."
            return None

    def _opened(self, file: Path, earlier: Path | None) -> sqlite3.Connection:
        database = unsent_file.prepared(file)
        try:
            self.owners = Owners(file)
        except BaseException:
            database.close()
            raise
        if earlier is not None:
            self.problem = take_over_earlier(database, earlier) or self.problem
        return database


def write_draft(database: sqlite3.Connection, key: _Key, text: Text | None) -> None:
    """Put one draft into the file."""
    if text is None:
        database.execute(_DELETE, key)
        return
    begun = int(text.begun.timestamp()) if text.begun is not None else None
    database.execute("INSERT OR REPLACE INTO draft VALUES (?, ?, ?, ?, ?)", (*key, text.body, begun))


def read_draft(database: sqlite3.Connection, key: _Key) -> Text | None:
    """Take one draft out of the file."""
    row = database.execute(_READ, key).fetchone()
    return Text(str(row[0]), read_time(row[1])) if row else None


def joined(earlier: str, later: str | None) -> str:
    """Two texts for one box, one below the other."""
    return f"{earlier}\n{later}" if later else earlier


def read_time(seconds: int | None) -> datetime | None:
    """A stored time; None where there is none, or none that a calendar knows."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _owns_nothing(database: sqlite3.Connection, owner: str) -> bool:
    try:
        return database.execute("SELECT 1 FROM outbox WHERE owner = ? LIMIT 1", (owner,)).fetchone() is None
    except sqlite3.Error:
        return False


def _in_transaction(database: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    try:
        database.execute("BEGIN IMMEDIATE")
        result = work(database)
        database.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise
    return result
