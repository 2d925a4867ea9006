"""An open file: a session whose connections are SQLite's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from random import Random

from inbox_tui.backends.sql.session import StoreSession
from inbox_tui.backends.sqlite.connections import FileConnection
from inbox_tui.backends.sqlite.errors import sqlite_errors
from inbox_tui.backends.sqlite.feed import WriteSignal
from inbox_tui.backends.sqlite.open_files import OpenFiles
from inbox_tui.backends.sqlite.read_only import Way
from inbox_tui.backends.sqlite.schema import make_file, prepare, require_prepared
from inbox_tui.backends.sqlite.search import Fts5
from inbox_tui.backends.sqlite.watch import Watch
from inbox_tui.store.protocol import Clock, Schema


class FileSession(StoreSession[FileConnection]):
    """One member at one file.

    Args:
        path: The file; made with the first use of the writer if there is none.
        clock: Says when writes happen.
        patience: Seconds to wait for another program's lock.
        random: Spreads the attempts of several writers.
        way: How the file is opened.
    """

    def __init__(self, path: Path, clock: Clock, *, patience: float, random: Random, way: Way = Way.WRITE) -> None:
        super().__init__(str(path), clock, Fts5())
        self.path = path
        self.bell = WriteSignal()
        self.way = way
        self._files = OpenFiles(path)
        self._patience = patience
        self._random = random
        self._watcher = self.new_reader("inbox-watcher")
        self.watch = Watch(partial(self.run_on, self._watcher), self.bell.ring)

    @property
    def can_write(self) -> bool:
        """The file was not opened for reading only."""
        return self.way is Way.WRITE

    def errors(self) -> AbstractContextManager[None]:
        """Translates SQLite's."""
        return sqlite_errors(self.path)

    async def aclose(self) -> None:
        """Finish writes under way, unless they take long, and let go of the file."""
        if self._is_guest:
            return
        self.watch.end()
        await self._watcher.aclose()
        await super().aclose()
        self._files.close()

    def wake_followers(self) -> None:
        """Rings their bell."""
        self.bell.ring()

    def _connect(self, *, is_reader: bool, is_patient: bool) -> FileConnection:
        is_reader = is_reader or not self.can_write
        if not is_reader:
            make_file(self.path)
        return FileConnection(
            self.path,
            patience=self._patience,
            random=self._random,
            is_reader=is_reader,
            files=self._files,
            way=self.way,
        )

    def _prepare(
        self,
        db: FileConnection,
        bootstrap: Callable[[FileConnection], None] | None,
        fix: Callable[[FileConnection], None],
    ) -> Schema:
        if not self.can_write:
            return require_prepared(db, self.path)
        schema = prepare(db, self.path, bootstrap, fix)
        db.rows("SELECT 1 FROM sqlite_master LIMIT 1")  # a new file's log is made by the first that uses it
        db.note_log()
        return schema
