"""Making a new file, recognising ours, and bringing an older one up to date.

A file is ours by its application id; ``user_version`` is the number of its last
migration. Each opening that finds nothing to do costs two small reads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from inbox_tui.backends.sql.migrations import Step, no_inbox, require_known, steps, take_steps, tell
from inbox_tui.backends.sqlite.connections import FileConnection
from inbox_tui.backends.sqlite.errors import sqlite_errors
from inbox_tui.backends.sqlite.search import Fts5
from inbox_tui.domain.errors import ConfigError, StoreBroken, StoreUnavailable
from inbox_tui.store.part_file import part_of
from inbox_tui.store.protocol import Schema

APPLICATION_ID = 0x494E4258
"""``INBX``: tells our files from other programs'."""

MIGRATIONS = Path(__file__).with_name("migrations")
_READ_AND_WRITE_BY_OWNER = 0o600
_WORDS_CHANGED = 8
"""The last migration after which other words are indexed."""
_OTHERS_BACKUP = 5.0
"""Seconds to wait for another process that copies the file before it migrates it."""


def make_file(path: Path) -> None:
    """Create an empty file that only its owner may read, unless there is a file.

    Raises:
        ConfigError: the path is, or leads through, something that is no folder.
        StoreUnavailable: the folder cannot be written.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a folder, not a file.", hint=f"Name a file in it: sqlite:///{path}/inbox.db")
    if not path.parent.is_dir():
        raise ConfigError(
            f"The folder {path.parent} does not exist.", hint="Create it, or choose another file with --store."
        )
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, _READ_AND_WRITE_BY_OWNER))
    except OSError as error:
        raise StoreUnavailable(
            f"{path} cannot be opened for writing: {error.strerror}.",
            hint="Make the file and its folder writable for you, or choose another store with --store URL.",
        ) from error


def require_file(path: Path) -> None:
    """Raise StoreUnavailable where ``make_file`` would make one."""
    if path.parent.is_dir() and not path.exists():
        raise no_inbox(f"at {path}")


def prepare(
    connection: FileConnection,
    path: Path,
    bootstrap: Callable[[FileConnection], None] | None,
    fix: Callable[[FileConnection], None],
) -> Schema:
    """Bring the file to this program's schema.

    In the same transaction ``settle`` fills a new one and ``mend`` repairs an older one.
    Without ``settle`` none is made. An older one is first copied to ``NAME.vN.bak`` beside it.

    Raises:
        StoreUnavailable: the file is empty, and none is to be made.
        StoreBroken: the file is another program's, or from a newer inbox-tui.
    """
    known = steps(MIGRATIONS)
    newest = known[-1].number
    version = _version(connection, path, known)
    if version == 0 and bootstrap is None:
        raise no_inbox(f"at {path}")
    connection.row("PRAGMA journal_mode = WAL")  # a backup has none yet
    if version == newest:
        return Schema(version, newest)
    if version != 0:
        tell(str(path), version, known)
        _back_up(connection, path, version)
    with connection.transaction():
        version = _version(connection, path, known)  # another process may have been faster
        take_steps(connection, known, version, bootstrap, fix)
        if 0 < version < _WORDS_CHANGED:
            Fts5().rebuild(connection)
        connection.run(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.run(f"PRAGMA user_version = {newest}")
    return Schema(version, newest)


def require_prepared(connection: FileConnection, path: Path) -> Schema:
    """The schema of a file that can only be read.

    Raises:
        StoreUnavailable: the file is empty, or older than this program.
        StoreBroken: the file is another program's, or from a newer inbox-tui.
    """
    known = steps(MIGRATIONS)
    newest = known[-1].number
    version = _version(connection, path, known)
    if version == 0:
        raise no_inbox(f"at {path}")
    if version < newest:
        raise StoreUnavailable(
            f"{path} is of an older inbox-tui (schema {version}, here {newest}) and cannot be written,"
            " so it cannot be brought up to date.",
            hint="Run inbox-tui migrate where it can be written, or copy it to a folder of yours.",
        )
    return Schema(version, newest)


def _version(connection: FileConnection, path: Path, known: list[Step]) -> int:
    version = connection.number("user_version")
    owner = connection.number("application_id")
    is_empty = owner == version == 0 and not connection.rows("SELECT 1 FROM sqlite_master LIMIT 1")
    if owner != APPLICATION_ID and not is_empty:
        raise StoreBroken(
            f"{path} is an SQLite file of another program.", hint="Choose another file with --store sqlite:///FILE."
        )
    require_known(version, known, str(path))
    return version


def _back_up(connection: FileConnection, path: Path, version: int) -> None:
    """Copy the file as it is to ``NAME.vN.bak`` beside it, for whoever must go back."""
    target = path.with_name(f"{path.name}.v{version}.bak")
    try:
        with part_of(target, patience=_OTHERS_BACKUP) as part, sqlite_errors(path, all_beside=True):
            if connection.number("user_version") != version:
                return  # another process migrated, and made this copy
            connection.run("VACUUM INTO :part", part=str(part.path))
            if connection.number("user_version") == version:
                part.finish()
    except BlockingIOError as error:
        raise StoreUnavailable(
            f"Another inbox-tui is bringing {path} up to date.", hint="Wait until it has done so, then start again."
        ) from error
    except FileExistsError as error:
        raise StoreUnavailable(
            f"{path} could not be backed up before it is brought up to date: {error.strerror}.",
            hint="Nothing was changed. Start again then.",
        ) from error
