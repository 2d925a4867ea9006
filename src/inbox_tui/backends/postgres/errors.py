"""The one place where PostgreSQL's errors become ours, by their SQLSTATE (PostgreSQL's Appendix A).

A state that is not in the table is a defect of this program and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import psycopg

from inbox_tui.domain.errors import (
    ConfigError,
    CredentialError,
    InboxError,
    Rejected,
    StoreBroken,
    StoreError,
    StoreUnavailable,
)
from inbox_tui.domain.text import clean_line


class Meaning(msgspec.Struct, frozen=True):
    """What a state means to a person; ``{name}`` stands for the address, ``{why}`` for the words of libpq."""

    error: type[InboxError]
    message: str
    hint: str


_AWAY = Meaning(
    StoreUnavailable, "{name} does not answer.", "Check the address and the network; the server may be starting."
)
_UNREACHED = Meaning(StoreUnavailable, "{name} cannot be reached: {why}.", _AWAY.hint)
_AGAIN = Meaning(StoreUnavailable, "{name} could not do this beside what others do.", "Nothing was changed. Try again.")
_STOPPED = Meaning(StoreUnavailable, "{name} stopped the request.", "Nothing was changed. Try again.")
_BUSY = Meaning(StoreUnavailable, "{name} has no connection left.", "Try again; or put a pooler in front.")
_CROWDED = Meaning(StoreUnavailable, _UNREACHED.message, _BUSY.hint)
_EXHAUSTED = Meaning(
    StoreUnavailable, "{name} lacks memory for this.", "Nothing was changed. Try again; or ask who runs the database."
)
_FULL = Meaning(StoreUnavailable, "{name} has no space left.", "Nothing was changed. Ask who runs the database.")
_READ_ONLY = Meaning(
    StoreUnavailable, "{name} takes no writes now.", "It may be a replica; name the primary in the address."
)
_LOGIN = Meaning(CredentialError, "{name} does not accept the login.", "Check user and password, or ~/.pgpass.")
_NO_DATABASE = Meaning(ConfigError, "There is no database {name}.", "Create it with createdb, or correct the address.")
_RIGHTS = Meaning(
    StoreBroken, "{name} does not allow this to your role.", "Ask for the rights that docs/postgres.md names."
)
_UNREADABLE = Meaning(ConfigError, "{name} cannot be opened: {why}.", "Correct what follows the ? in the address.")
_NO_SCHEMA = Meaning(
    ConfigError, "{name} has no schema for the tables.", "Correct the search_path, or create the schema that it names."
)
_UNFIT = Meaning(
    Rejected, "This cannot be stored in {name}.", "It contains a character or a number that cannot be stored."
)
_DAMAGED = Meaning(StoreBroken, "{name} is damaged.", "Ask who runs the database; restore a backup.")
_DEFECT = Meaning(
    StoreError, "inbox-tui used {name} in a way that PostgreSQL refuses.", "This is a defect; please report it."
)

BY_CLASS = {
    "08": _AWAY,
    "0A": _DEFECT,
    "21": _DEFECT,
    "22": _UNFIT,
    "23": _UNFIT,
    "25": _DEFECT,
    "28": _LOGIN,
    "3D": _NO_DATABASE,
    "3F": _NO_SCHEMA,
    "40": _AGAIN,
    "42": _DEFECT,
    "53": _EXHAUSTED,
    "54": _UNFIT,
    "55": _AGAIN,
    "57": _AWAY,
    "58": _DAMAGED,
    "F0": _DAMAGED,
    "XX": _DAMAGED,
}
"""By the first two characters of the state."""

BY_STATE = {
    "25006": _READ_ONLY,
    "25P03": _STOPPED,
    "42501": _RIGHTS,
    "53100": _FULL,
    "53300": _BUSY,
    "57014": _STOPPED,
}
"""Those whose class says too little."""

_REFUSALS = (
    "authentication failed",
    "no password supplied",
    "pg_hba.conf",
    "is not permitted to log in",
    'FATAL:  role "',  # … does not exist
)
_NO_ROOM = ("too many clients already", "too many connections for", "connection slots are reserved")
_OPTION_AT_FAULT = re.compile("(?:connection is bad: )?(?P<why>(?:invalid|definition of service|bad value for) .+)")
"""What libpq and psycopg say of an address that they cannot use; they quote one option, and none of them a secret."""


def translated(error: psycopg.Error, name: str) -> InboxError:
    """Our error for one of PostgreSQL's."""
    state = error.sqlstate or ""
    words = str(error)
    meaning = BY_STATE.get(state) or BY_CLASS.get(state[:2])
    if meaning is None:
        is_of_the_line = isinstance(error, psycopg.OperationalError) or _OPTION_AT_FAULT.match(words)
        meaning = _of_the_line(words) if is_of_the_line else _DEFECT
    message = meaning.message.format(name=name, why=_reason(words))
    if meaning is _DEFECT:
        message = f"{message} ({clean_line(words)})"
    ours = meaning.error(message, hint=meaning.hint)
    ours.public = _public(meaning)
    return ours


@contextmanager
def postgres_errors(name: str) -> Iterator[None]:
    """Let nothing but errors of ours out of the block."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error, name) from error
    except (UnicodeEncodeError, OverflowError) as error:
        unfit = Rejected(_UNFIT.message.format(name=name), hint=_UNFIT.hint)
        unfit.public = _public(_UNFIT)
        raise unfit from error
    except OSError as error:
        raise StoreUnavailable(f"{name}: {error.strerror or error}.") from error


def _public(meaning: Meaning) -> str:
    """Without the address, and without the words of libpq, which quote hosts and users."""
    words = (_AWAY if "{why}" in meaning.message else meaning).message.format(name="the store")
    return words[0].upper() + words[1:]


def _of_the_line(words: str) -> Meaning:
    """A connection that was refused carries no state; what the server said of it is in the words."""
    if _OPTION_AT_FAULT.match(words):
        return _UNREADABLE
    if any(refusal in words for refusal in _REFUSALS):
        return _LOGIN
    if any(refusal in words for refusal in _NO_ROOM):
        return _CROWDED
    if 'database "' in words and "does not exist" in words:
        return _NO_DATABASE
    if "permission denied for database" in words:
        return _RIGHTS
    return _UNREACHED if _reason(words) else _AWAY


def _reason(words: str) -> str:
    """Why no connection was made, without the address: what follows libpq's last ``failed:``, its advice left out."""
    if at_fault := _OPTION_AT_FAULT.match(words):
        return clean_line(at_fault["why"])
    if words.startswith("failed to resolve host"):  # psycopg's own, who looks names up itself
        return clean_line(words)
    _, found, reason = words.rpartition("failed: ")
    return clean_line(reason.partition("\n")[0]).rstrip(".") if found else ""
