"""The steps that lead from any earlier schema to this program's.

A step is a file ``NNNN_words.sql`` in the backend's folder, its statements separated by
blank lines; ``\\u{20AC 1F600-1F64F}`` in one stands for all these characters, the highest first.
Steps are only ever added. In what transaction, and where the version is kept, is the adapter's.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from inbox_tui.backends.sql.database import Database
from inbox_tui.domain.errors import StoreBroken, StoreUnavailable

_log = logging.getLogger("inbox_tui.store")

D = TypeVar("D", bound=Database)

_STEP = re.compile(r"(\d{4})_\w+\.sql")
_CHARACTERS = re.compile(r"\\u\{([0-9A-F\s-]+)\}")


class Step(msgspec.Struct, frozen=True):
    """One migration."""

    number: int
    path: Path

    def statements(self) -> list[str]:
        """The step's statements in order."""
        parts = self.path.read_text("utf-8").split("\n\n")
        return [_CHARACTERS.sub(_characters, part.strip()) for part in parts if _says_something(part)]


def steps(folder: Path) -> list[Step]:
    """All steps in the folder, by number."""
    matches = ((_STEP.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((Step(int(match[1]), path) for match, path in matches if match), key=lambda step: step.number)


def require_known(version: int, known: list[Step], name: str) -> None:
    """Raise StoreBroken for a store that a newer program made."""
    newest = known[-1].number
    if version > newest:
        raise StoreBroken(
            f"{name} was written by a newer inbox-tui (schema {version}; this one knows {newest}).",
            hint="Update inbox-tui. Nothing was changed.",
        )


def require_same_schema(found: int, expected: int, name: str) -> None:
    """Raise StoreBroken if the store's schema is not the one for which this program opened it."""
    if found > expected:
        raise StoreBroken(
            f"{name} was brought to schema {found} by a newer inbox-tui while it was open; this one writes schema"
            f" {expected}.",
            hint="Nothing was changed. Update inbox-tui, then quit and start again.",
            public="The store was changed by a newer inbox-tui; this server writes nothing into it.",
        )
    if found < expected:
        raise StoreBroken(
            f"{name} was put back to schema {found} while it was open; this inbox-tui writes schema {expected}.",
            hint="Nothing was changed. Quit and start again: then it is brought up to date.",
            public="The store was put back to an older version; this server writes nothing into it.",
        )


def tell(name: str, version: int, known: list[Step]) -> None:
    """Have whoever waits know what for: without a log of their own, Python's shows it on stderr."""
    _log.warning("Upgrading %s from schema %s to %s; this can take minutes.", name, version, known[-1].number)


def take_steps(
    db: D, known: list[Step], version: int, bootstrap: Callable[[D], None] | None, fix: Callable[[D], None]
) -> None:
    """Take all steps that come after ``version``, in a transaction.

    Args:
        db: Where.
        known: All steps.
        version: The number of the last that was taken.
        settle: Fills tables that did not exist before.
        mend: Repairs what older versions wrote.
    """
    for step in known:
        if step.number > version:
            for statement in step.statements():
                db.run(statement)
    if version == 0 and bootstrap is not None:
        bootstrap(db)
    elif 0 < version < known[-1].number:
        fix(db)


def no_inbox(place: str) -> StoreUnavailable:
    """The error for a store that is not there yet; ``place`` is ``at FILE`` or ``in DATABASE``."""
    return StoreUnavailable(
        f"There is no inbox {place}.", hint="inbox-tui migrate makes one, and inbox-tui import FILE fills it."
    )


def _characters(listed: re.Match[str]) -> str:
    ends = (part.split("-") for part in listed[1].split())
    points = (point for end in ends for point in range(int(end[0], 16), int(end[-1], 16) + 1))
    return "".join(map(chr, sorted(points, reverse=True)))


def _says_something(part: str) -> bool:
    return any(line.strip() and not line.startswith("--") for line in part.splitlines())
