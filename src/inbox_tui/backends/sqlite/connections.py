"""Connections to the file, and the threads that own them.

A connection is used by its own thread only, except for ``interrupt``. Work is handed
over as whole functions, so that an act costs one hop however many statements it has.
SQLite's own waiting for a lock sleeps too long and unfairly between attempts; a writer
tries again by itself after short random pauses.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from random import Random

from inbox_tui.backends.sql.database import Row, Value
from inbox_tui.backends.sql.roster import Roster
from inbox_tui.backends.sqlite.errors import primary_code
from inbox_tui.backends.sqlite.lost_log import give_up, refuse_to_open
from inbox_tui.backends.sqlite.open_files import OpenFiles
from inbox_tui.backends.sqlite.read_only import Way
from inbox_tui.backends.sqlite.search import VOCABULARIES, words_of
from inbox_tui.domain.errors import StoreBroken, StoreUnavailable
from inbox_tui.domain.limits import size

_SHORTEST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.003
_SECONDS_TO_MS = 1000
_PAGES_AT_ONCE = 2_000
"""Of a backup: 8 MB, after which it can be told how far it is."""


class FileConnection:
    """One connection; a ``Database`` for the shared code.

    Args:
        path: The file; it must exist.
        patience: Seconds to wait for a lock.
        random: Spreads the attempts of several writers.
        is_reader: Refuse writes.
        files: The files that all connections of a session must have in common.
        way: How the file is opened.
    """

    def __init__(
        self,
        path: Path,
        *,
        patience: float,
        random: Random,
        is_reader: bool,
        files: OpenFiles | None = None,
        way: Way = Way.WRITE,
    ) -> None:
        self.roster: Roster | None = None
        self.is_lost = False
        self._files = files or OpenFiles(path)
        self._patience = patience
        self._random = random
        self._is_cut = False
        loss = self._files.loss()
        if loss is not None:  # a new connection would begin a new log
            raise refuse_to_open(self._files, loss)
        self._raw = sqlite3.connect(
            f"{path.absolute().as_uri()}?{way.value}",
            uri=True,
            timeout=patience,
            isolation_level=None,
            check_same_thread=False,  # for interrupt and for the last close
        )
        try:
            self._files.note_file(is_unchanging=way is Way.READ_UNCHANGING)
            self._raw.create_function("words_of", -1, words_of, deterministic=True)
            self._raw.execute("PRAGMA foreign_keys = ON")
            self._raw.execute("PRAGMA synchronous = FULL")
            self._raw.execute("PRAGMA cache_size = -16000")
            self._raw.execute("PRAGMA wal_autocheckpoint = 4000")
            if is_reader:
                for statement in VOCABULARIES:
                    self._raw.execute(statement)
                self._raw.execute("PRAGMA query_only = ON")
        except BaseException:
            self._raw.close()
            raise

    def rows(self, statement: str, **values: Value) -> list[Row]:
        """All rows that the statement gives."""
        return self._readable(statement, lambda: self._raw.execute(statement, values).fetchall())

    def rows_within(self, room: int, statement: str, order: str, **values: Value) -> list[Row]:
        """The first rows, up to the one whose column ``body`` goes beyond ``room`` bytes."""

        def read() -> list[Row]:
            cursor = self._raw.execute(statement, values)
            body = [column[0] for column in cursor.description].index("body")
            found: list[Row] = []
            left = room
            for row in cursor:  # one after the other: what is not taken is not read
                found.append(row)
                left -= size(row[body])
                if left < 0:
                    break
            cursor.close()
            return found

        return self._readable(statement, read)

    def row(self, statement: str, **values: Value) -> Row | None:
        """The first row, if there is one."""
        found = self.rows(statement, **values)
        return found[0] if found else None

    def run(self, statement: str, **values: Value) -> None:
        """Execute a statement whose result does not matter."""
        self._raw.execute(statement, values)

    def run_each(self, statement: str, values: Sequence[Mapping[str, Value]]) -> None:
        """Execute a statement once for each of the values."""
        self._raw.executemany(statement, values)

    def pipeline(self) -> AbstractContextManager[None]:
        """A block of statements; each reaches the file at once."""
        return nullcontext()

    def begin(self) -> None:
        """Begin to see one state of the workspace, until the connection is closed."""
        self._files.require_readable()
        self._raw.execute("BEGIN")

    def cursor(self, statement: str, values: Mapping[str, int | str]) -> sqlite3.Cursor:
        """The rows of a statement, to be fetched little by little."""
        self._raw.text_factory = _decoded
        return self._raw.execute(statement, values)

    def copy_to(self, file: Path, progress: Callable[[float], None] | None) -> None:
        """Copy everything into an empty file, all of it from one state of the workspace.

        Args:
            file: Where to.
            progress: Is told which part is done, 0 to 1.
        """

        def tell(_: int, remaining: int, total: int) -> None:
            if self._is_cut:  # SQLite's own interruption does not reach a copy
                raise StoreUnavailable("The copy was stopped.", hint="Begin it again.")
            if progress is not None:
                progress(1 - remaining / total if total else 1.0)

        copy = sqlite3.connect(file, isolation_level=None)
        try:
            copy.execute(
                "PRAGMA journal_mode = OFF"
            )  # a copy that breaks off is thrown away, and so nothing lies beside
            self._raw.execute("BEGIN")
            self._raw.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on it sees one state
            self._raw.backup(copy, pages=_PAGES_AT_ONCE, progress=tell, sleep=0)
            copy.execute("PRAGMA synchronous = FULL")
            copy.execute("PRAGMA journal_mode = DELETE")  # so that it is one file; opening it makes a log again
        finally:
            self._undo()
            copy.close()

    def number(self, pragma: str) -> int:
        """The value of a pragma that is a number."""
        return int(self._raw.execute(f"PRAGMA {pragma}").fetchone()[0])

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A block whose reads all see the same state of the workspace."""
        self._files.require_readable()
        self._raw.execute("BEGIN")
        try:
            yield
        finally:
            self._undo()

    @contextmanager
    def transaction(self) -> Iterator[int]:
        """A block whose writes happen all or not at all. Gives the number of the schema."""
        self._begin()
        try:
            self.require_same_files()
            yield self.schema_number()
            self._raw.execute("COMMIT")
            self._require_confirmed()
        except BaseException:
            self.roster = None
            self._undo()
            raise

    def schema_number(self) -> int:
        """The number of the file's last migration."""
        return self.number("user_version")

    def note_log(self) -> None:
        """Watch the log from now on; the connection must have read something."""
        self._files.note_log()

    def require_same_files(self) -> None:
        """Raises StoreBroken if the file, its log or the log's index was deleted or replaced.

        SQLite would go on writing to the lost one. What can be saved is saved first; the hint tells what was.
        """
        loss = self._files.loss()
        if loss is not None:
            self._undo()
            raise give_up(self._files, loss, self)
        self._files.require_whole()

    def has_same_files(self) -> bool:
        """Whether the file, its log and the log's index are still those that were opened."""
        return self._files.loss() is None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep everybody else from writing, without writing."""
        self._raw.execute("PRAGMA query_only = OFF")
        self._begin()
        try:
            yield
        finally:
            self._undo()

    def interrupt(self) -> None:
        """Stop the statement that is running now. From any thread."""
        self._raw.interrupt()

    def disconnect(self) -> None:
        """Stop the statement or the copy that is running now. From any thread."""
        self._is_cut = True
        self._raw.interrupt()

    def close(self) -> None:
        """Let go of the file."""
        with suppress(OSError):
            loss = self._files.loss()
            if loss is not None:
                self._undo()
                give_up(self._files, loss, self)
        if self._files.must_not_close:
            self._undo()
            _leave_open(self._raw)
        else:
            self._raw.close()

    def _readable(self, statement: str, read: Callable[[], list[Row]]) -> list[Row]:
        """What a statement reads: one text that is not UTF-8 must not hide the others."""
        try:
            return read()
        except sqlite3.OperationalError as error:
            if primary_code(error) or not statement.startswith("SELECT"):
                raise
            self._raw.text_factory = _decoded
            return read()

    def _begin(self) -> None:
        deadline = time.monotonic() + self._patience
        self._raw.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    self._raw.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                        raise
                    time.sleep(self._random.uniform(_SHORTEST_PAUSE, _LONGEST_PAUSE))
                else:
                    return
        finally:
            self._raw.execute(f"PRAGMA busy_timeout = {int(self._patience * _SECONDS_TO_MS)}")

    def _require_confirmed(self) -> None:
        """Raises StoreBroken if what was just committed went into a log that is lost."""
        try:
            self.require_same_files()
        except StoreBroken as error:
            hint = f"{error.hint} What was just written may be saved as well: look before you repeat it."
            raise StoreBroken(error.message, hint=hint) from error

    def _undo(self) -> None:
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")


def _decoded(text: bytes) -> str:
    return text.decode(errors="replace")


def _leave_open(connection: sqlite3.Connection) -> None:
    """Let the system close it, with the process: SQLite would write its idea of the log into the file."""
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
