"""The one place where PostgreSQL's errors become ours, by their SQLSTATE (PostgreSQL's Appendix A).

A state that is not in the table is a defect of this program and says so.
"""

from __future__ import annotations

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
_FULL = Meaning(StoreUnavailable, "{name} has no space left.", "Nothing was changed. Ask who runs the database.")
_READ_ONLY = Meaning(
    StoreUnavailable, "{name} takes no writes now.", "It may be a replica; name the primary in the address."
)
_LOGIN = Meaning(CredentialError, "{name} does not accept the login.", "Check user and password, or ~/.pgpass.")
_NO_DATABASE = Meaning(ConfigError, "There is no database {name}.", "Create it with createdb, or correct the address.")
_RIGHTS = Meaning(
    StoreBroken, "{name} does not allow this to your role.", "Ask for the rights that docs/postgres.md names."
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
    "40": _AGAIN,
    "42": _DEFECT,
    "53": _BUSY,
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
    "42501": _RIGHTS,
    "53100": _FULL,
    "57014": _STOPPED,
}
"""Those whose class says too little."""


def translated(error: psycopg.Error, name: str) -> InboxError:
    """Our error for one of PostgreSQL's."""
    state = error.sqlstate or ""
    words = str(error)
    meaning = BY_STATE.get(state) or BY_CLASS.get(state[:2])
    if meaning is None:
        meaning = _of_the_line(words) if isinstance(error, psycopg.OperationalError) else _DEFECT
    message = meaning.message.format(name=name, why=_reason(words))
    if meaning is _DEFECT:
        message = f"{message} ({clean_line(words)})"
    return meaning.error(message, hint=meaning.hint)


@contextmanager
def postgres_errors(name: str) -> Iterator[None]:
    """Let nothing but errors of ours out of the block."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error, name) from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise Rejected(_UNFIT.message.format(name=name), hint=_UNFIT.hint) from error
    except OSError as error:
        raise StoreUnavailable(f"{name}: {error.strerror or error}.") from error


def _of_the_line(words: str) -> Meaning:
    """A connection that was refused carries no state; what the server said of it is in the words."""
    if "authentication failed" in words or "no password supplied" in words or "pg_hba.conf" in words:
        return _LOGIN
    if 'database "' in words and "does not exist" in words:
        return _NO_DATABASE
    return _UNREACHED if _reason(words) else _AWAY


def _reason(words: str) -> str:
    """Why no connection was made, without the address: what follows libpq's last ``failed:``, its advice left out."""
    _, found, reason = words.rpartition("failed: ")
    return clean_line(reason.partition("\n")[0]).rstrip(".") if found else ""
