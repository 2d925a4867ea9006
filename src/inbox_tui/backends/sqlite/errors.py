"""The one place where SQLite's errors become ours.

SQLite tells by a number what went wrong; the Python class alone says little. A number
that is not in the table is a defect of this program and says so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from inbox_tui.backends.sqlite.full_disk import full_elsewhere
from inbox_tui.domain.errors import Rejected, StoreBroken, StoreError, StoreUnavailable


class Meaning(msgspec.Struct, frozen=True):
    """What an SQLite error means to a person; ``{path}`` stands for the file."""

    error: type[StoreError]
    message: str
    hint: str


_DAMAGED = Meaning(
    StoreBroken,
    "{path} is damaged.",
    "Restore a backup of it. To save what can be read: sqlite3 {path} .recover",
)
_SEARCH_DAMAGED = Meaning(
    StoreBroken,
    "The search index in {path} is damaged; the messages are not.",
    "Rebuild it, as an admin: inbox-tui migrate --reindex",
)
_FOREIGN = Meaning(StoreBroken, "{path} is not an SQLite file.", "Choose another file with --store sqlite:///FILE.")
_LOCKED = Meaning(
    StoreUnavailable,
    "{path} is locked by another program.",
    "Nothing was changed. Try again; if it stays locked, 'fuser {path}' names the program.",
)
_READ_ONLY = Meaning(
    StoreUnavailable,
    "{path} cannot be written.",
    "Make the file and its folder writable for you, or choose another store with --store URL.",
)
_UNOPENABLE = Meaning(
    StoreUnavailable,
    "{path} cannot be opened.",
    "Check that it exists and that you may read and write it and its folder.",
)
_FULL = Meaning(
    StoreUnavailable, "The disk that holds {path} is full.", "Nothing was changed. Free some space, then try again."
)
_TEMPORARY_FULL = Meaning(
    StoreUnavailable,
    "The disk for temporary files, {folder}, is full; that of {path} is not.",
    "Nothing was changed. Free some space there, or name a folder with room in SQLITE_TMPDIR, then try again.",
)
_NO_TEMPORARY = Meaning(
    StoreUnavailable,
    "There is no folder for the temporary files that {path} needs.",
    "Nothing was changed. Name one that you may write in SQLITE_TMPDIR, then try again.",
)
_DISK = Meaning(
    StoreUnavailable,
    "The disk failed while {path} was read or written.",
    "Nothing was changed. Check the disk and its space, then try again.",
)
_STOPPED = Meaning(StoreUnavailable, "The request was stopped.", "Ask again.")
_MEMORY = Meaning(StoreUnavailable, "There is not enough memory.", "Close other programs, then try again.")
_UNFIT = Meaning(Rejected, "{path} cannot hold this value.", "Change what you entered and try again.")
_DEFECT = Meaning(
    StoreError, "inbox-tui used {path} in a way that SQLite refuses.", "This is a defect; please report it."
)

BY_CODE = {
    sqlite3.SQLITE_ERROR: _DEFECT,
    sqlite3.SQLITE_INTERNAL: _DEFECT,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_ABORT: _STOPPED,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_NOMEM: _MEMORY,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_INTERRUPT: _STOPPED,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTFOUND: _DEFECT,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CANTOPEN: _UNOPENABLE,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_EMPTY: _DEFECT,
    sqlite3.SQLITE_SCHEMA: _LOCKED,
    sqlite3.SQLITE_TOOBIG: _UNFIT,
    sqlite3.SQLITE_CONSTRAINT: _UNFIT,
    sqlite3.SQLITE_MISMATCH: _UNFIT,
    sqlite3.SQLITE_MISUSE: _DEFECT,
    sqlite3.SQLITE_NOLFS: _DISK,
    sqlite3.SQLITE_AUTH: _READ_ONLY,
    sqlite3.SQLITE_FORMAT: _DAMAGED,
    sqlite3.SQLITE_RANGE: _DEFECT,
    sqlite3.SQLITE_NOTADB: _FOREIGN,
    sqlite3.SQLITE_NOTICE: _DEFECT,
    sqlite3.SQLITE_WARNING: _DEFECT,
}
"""What each primary result code means."""

BY_EXTENDED_CODE = {
    sqlite3.SQLITE_CORRUPT_VTAB: _SEARCH_DAMAGED,
    sqlite3.SQLITE_IOERR_GETTEMPPATH: _NO_TEMPORARY,
}
"""Those whose primary code says too little."""

_PRIMARY = 0xFF


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 if Python raised the error by itself."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY


def translated(error: sqlite3.Error, path: Path, *, all_beside: bool = False) -> StoreError:
    """Our error for one of SQLite's. ``all_beside``: nothing was written to temporary files."""
    extended = getattr(error, "sqlite_errorcode", 0)
    meaning = BY_EXTENDED_CODE.get(extended) or BY_CODE.get(primary_code(error)) or _by_class(error)
    folder = full_elsewhere(path) if meaning is _FULL and not all_beside else None
    if folder is not None:
        meaning = _TEMPORARY_FULL
    message = meaning.message.format(path=path, folder=folder)
    if meaning is _DEFECT:
        message = f"{message} ({error})"
    ours = meaning.error(message, hint=meaning.hint.format(path=path))
    ours.public = _public(meaning)
    return ours


@contextmanager
def sqlite_errors(path: Path, *, all_beside: bool = False) -> Iterator[None]:
    """Let nothing but errors of ours out of the block. ``all_beside``: it writes to no temporary files."""
    try:
        yield
    except sqlite3.Error as error:
        raise translated(error, path, all_beside=all_beside) from error
    except (UnicodeEncodeError, OverflowError) as error:
        unfit = Rejected(
            _UNFIT.message.format(path=path), hint="It contains a character or a number that cannot be stored."
        )
        unfit.public = _public(_UNFIT)
        raise unfit from error
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error.strerror or error}.") from error


def _public(meaning: Meaning) -> str:
    words = meaning.message.format(path="the store", folder="on the server")
    return words[0].upper() + words[1:]


def _by_class(error: sqlite3.Error) -> Meaning:
    return _UNFIT if isinstance(error, (sqlite3.DataError, sqlite3.IntegrityError)) else _DEFECT
