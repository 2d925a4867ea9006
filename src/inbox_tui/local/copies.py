"""What is known of a store that was copied into, for whoever copies into it again.

One small file for each pair of stores. Knows no store and copies nothing.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from inbox_tui.domain.changes import NO_CHANGE, ChangeId
from inbox_tui.domain.errors import ConfigError
from inbox_tui.local.paths import make_folder
from inbox_tui.store.part_file import part_of

_ANOTHER_COPY = 2.0
"""Seconds to wait for another program that writes the same mark."""


class Fingerprint(msgspec.Struct, frozen=True):
    """A conversation that stands in both stores, by numbers that no other store gave it."""

    id: str
    here: str
    """Its first message's id in the source."""
    there: str
    """The same in the target."""


class Checkpoint(msgspec.Struct, frozen=True):
    """Up to where a target is known to hold nothing but the copy."""

    team: dict[str, str]
    """A checksum of each member of the target as they were then, by address."""
    witness: Fingerprint | None = None
    """Tells whether the stores are still the ones that had these names."""
    change: ChangeId = NO_CHANGE
    """The target's last change that was the copy's."""
    seq: int = 0
    """Its number alone, in a mark of an earlier version."""

    def __post_init__(self) -> None:
        """Take the number where there is no more."""
        if self.seq and self.change == NO_CHANGE:
            msgspec.structs.force_setattr(self, "change", ChangeId(str(self.seq)))


class CopyJournal:
    """The mark of one source and one target.

    Args:
        folder: Where marks are kept; made if need be.
        source: The name of the store that is copied.
        target: The name of the store that it is copied into.
    """

    def __init__(self, folder: Path, source: str, target: str) -> None:
        pair = hashlib.sha256(f"{source}\n{target}".encode()).hexdigest()
        self._file = folder / f"{pair[:32]}.json"

    def read(self) -> Checkpoint | None:
        """The mark; None if nothing is known of such a copy."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Checkpoint)
        except (OSError, msgspec.DecodeError):  # then what the target holds is compared instead
            return None

    def write(self, mark: Checkpoint) -> None:
        """Keep the mark. Raises ConfigError."""
        make_folder(self._file.parent)
        try:
            with part_of(self._file, patience=_ANOTHER_COPY) as part:
                part.stream.write(msgspec.json.encode(mark))
                part.finish()
        except OSError as error:
            raise ConfigError(
                f"{self._file} cannot be written: {error.strerror or error}.",
                hint="Without it a later copy could not tell what was written in the target meanwhile.",
            ) from error
