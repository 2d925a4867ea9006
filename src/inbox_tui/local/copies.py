"""Up to where a copied store is known to hold nothing but the copy, for whoever copies into it again.

One small file for each pair of stores. Knows no store and copies nothing.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from inbox_tui.domain.errors import ConfigError
from inbox_tui.local.paths import make_folder


class CopyMark:
    """The number of the target's change that was a copy's last, of one source and one target.

    Args:
        folder: Where such marks are kept; made if need be.
        source: The name of the store that is copied.
        target: The name of the store that it is copied into.
    """

    def __init__(self, folder: Path, source: str, target: str) -> None:
        self._file = folder / hashlib.sha256(f"{source}\n{target}".encode()).hexdigest()[:32]

    def read(self) -> int | None:
        """The number; None if nothing is known of such a copy."""
        try:
            return int(self._file.read_text("ascii"))
        except (OSError, ValueError):  # then what the target holds is compared instead
            return None

    def write(self, seq: int) -> None:
        """Note the number. Raises ConfigError."""
        make_folder(self._file.parent)
        part = self._file.with_suffix(".part")
        try:
            part.write_text(f"{seq}\n", "ascii")
            part.replace(self._file)
        except OSError as error:
            raise ConfigError(
                f"{self._file} cannot be written: {error.strerror or error}.",
                hint="Without it a later copy could not tell what was written in the target meanwhile.",
            ) from error
