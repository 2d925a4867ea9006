"""Every error that SQLite can raise has a meaning, and the meaning says what to do."""

import inspect
import sqlite3
from pathlib import Path

import pytest

from inbox_tui.backends.sqlite.errors import BY_CODE, BY_EXTENDED_CODE, Meaning, sqlite_errors, translated
from inbox_tui.domain.errors import InboxError, Rejected, StoreBroken, StoreError, StoreUnavailable

PATH = Path("/home/dana/inbox.db")
EXCEPTIONS = {
    name: value for name, value in vars(sqlite3).items() if inspect.isclass(value) and issubclass(value, sqlite3.Error)
}


def carrying(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("words of SQLite")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize("code", range(1, 29))
def test_every_primary_code_has_a_meaning(code: int) -> None:
    assert code in BY_CODE


def test_python_knows_no_primary_code_beyond_the_table() -> None:
    assert max(BY_CODE) == sqlite3.SQLITE_WARNING


@pytest.mark.parametrize("meaning", [*BY_CODE.values(), *BY_EXTENDED_CODE.values()], ids=lambda m: m.message[:30])
def test_every_meaning_names_an_action(meaning: Meaning) -> None:
    assert meaning.hint


@pytest.mark.parametrize("name", sorted(EXCEPTIONS))
def test_every_class_without_a_code_is_translated(name: str) -> None:
    error = translated(EXCEPTIONS[name]("words of SQLite"), PATH)
    assert isinstance(error, StoreError)
    assert error.hint


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, StoreUnavailable),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreUnavailable),
        (sqlite3.SQLITE_FULL, StoreUnavailable),
        (sqlite3.SQLITE_IOERR_WRITE, StoreUnavailable),
        (sqlite3.SQLITE_READONLY_DIRECTORY, StoreUnavailable),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, StoreUnavailable),
        (sqlite3.SQLITE_CORRUPT, StoreBroken),
        (sqlite3.SQLITE_CORRUPT_VTAB, StoreBroken),
        (sqlite3.SQLITE_NOTADB, StoreBroken),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, Rejected),
        (sqlite3.SQLITE_TOOBIG, Rejected),
    ],
)
def test_extended_codes_belong_to_their_family(code: int, expected: type[InboxError]) -> None:
    error = translated(carrying(code), PATH)
    assert type(error) is expected
    assert str(PATH) in error.message + error.hint


def test_an_unknown_code_is_called_a_defect_with_sqlites_words() -> None:
    error = translated(carrying(77), PATH)
    assert type(error) is StoreError
    assert "words of SQLite" in error.message
    assert "report" in error.hint


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (sqlite3.OperationalError("x"), StoreError),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), Rejected),
        (OverflowError("too large"), Rejected),
        (OSError(5, "Input/output error"), StoreUnavailable),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_nothing_foreign_leaves_the_block(raised: Exception, expected: type[InboxError]) -> None:
    with pytest.raises(expected) as caught, sqlite_errors(PATH):
        raise raised
    assert caught.value.__cause__ is raised
