"""The steps that lead from any earlier schema to this program's.

A step is a file ``NNNN_words.sql`` in the backend's folder, its statements separated by
blank lines. Steps are only ever added. How a step becomes one transaction, and where the
version is kept, is the adapter's.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

_STEP = re.compile(r"(\d{4})_\w+\.sql")


class Step(msgspec.Struct, frozen=True):
    """One migration."""

    number: int
    path: Path

    def statements(self) -> list[str]:
        """The step's statements in order."""
        return [part.strip() for part in self.path.read_text("utf-8").split("\n\n") if _says_something(part)]


def steps(folder: Path) -> list[Step]:
    """All steps in the folder, by number."""
    matches = ((_STEP.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((Step(int(match[1]), path) for match, path in matches if match), key=lambda step: step.number)


def _says_something(part: str) -> bool:
    return any(line.strip() and not line.startswith("--") for line in part.splitlines())
