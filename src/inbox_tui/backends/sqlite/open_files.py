"""The three files of an open database, and whether they are still those that were opened.

SQLite does not notice that its write-ahead log (``-wal``) or the log's index (``-shm``) was
deleted: it goes on writing into the lost log, and everything that it confirms ends with the
process. So their identities are noted when they are first used, and compared whenever
something is to be confirmed.

SQLite itself empties the log and starts it again when a checkpoint has moved it into the file.
It says so in the index first; a log that is shorter than the index says, or begins
otherwise, was cut or overwritten by somebody else. The layout of the index is that of
https://sqlite.org/walformat.html.
"""

from __future__ import annotations

import os
import struct
import threading
from enum import Enum, auto
from pathlib import Path

import msgspec

from inbox_tui.domain.errors import StoreBroken

_Identity = tuple[int, int]
_INDEX_HEADER = struct.Struct("=I8xBxHI12x8s8x")
"""Of it: the version, whether it is filled in, the page size, the frames in the log, the log's salts."""
_INDEX_VERSION = 3_007_000
_LARGEST_PAGE = 65_536
"""Written as 1, for it needs one bit more than there are."""
_LOG_HEADER = 32
_SALTS = slice(16, 24)
_FRAME_HEADER = 24


LOST = "The store's file, or its log, was deleted or replaced while it was open: nothing more is written."
"""What clients of a server may know of it."""
READ_AGAIN = "Start again to see what is new."


class Place(Enum):
    """Which of the files."""

    FILE = auto()
    LOG = auto()
    INDEX = auto()


class Loss(msgspec.Struct, frozen=True):
    """A file that is not what it was."""

    place: Place
    path: Path
    how: str
    """``deleted``, ``replaced``, ``written`` although it was not to change, or ``cut``: it holds less than it did."""


class OpenFiles:
    """The files of one database as the connections of one session know them. Safe to use from any thread."""

    def __init__(self, path: Path) -> None:
        self.paths = {
            Place.FILE: path,
            Place.LOG: path.with_name(f"{path.name}-wal"),
            Place.INDEX: path.with_name(f"{path.name}-shm"),
        }
        self.log = -1
        """The log, open for reading: what it holds stays within reach even if it has no name any more."""
        self.lock = threading.Lock()
        """Held while a loss is dealt with."""
        self.refusal = ("", "")
        """Message and hint that every write is answered since a log was lost."""
        self.refuses_reads = False
        self.must_not_close = False
        """SQLite would write what it takes for the log into the file when the last connection is closed."""
        self._noted: dict[Place, _Identity] = {}
        self._index = -1
        self._content: tuple[int, int] | None = None

    def note_file(self, *, is_unchanging: bool = False) -> None:
        """Note the file itself, which a connection has just opened; SQLite would not see that it is another.

        With ``is_unchanging`` SQLite would not see either that it was written.
        """
        if is_unchanging and self._content is None:
            self._content = _content(self.paths[Place.FILE])
        self._noted.setdefault(Place.FILE, _identity(self.paths[Place.FILE]) or (0, 0))

    def note_log(self) -> None:
        """Note the log and its index, which a connection uses by now. Without a log there is nothing to note."""
        if self.log >= 0 or not self.paths[Place.LOG].exists():
            return
        # Closing it later takes no lock from SQLite, which has none on the log; the other two must not be opened.
        self.log = os.open(self.paths[Place.LOG], os.O_RDONLY | os.O_CLOEXEC)
        self._noted[Place.LOG] = _of_descriptor(self.log)
        index = _identity(self.paths[Place.INDEX])
        if index is not None:
            self._noted[Place.INDEX] = index
            self._index = _open_descriptor_of(index)

    def loss(self) -> Loss | None:
        """What was lost since it was noted, the file itself first."""
        for place, noted in self._noted.items():
            found = _identity(self.paths[place])
            if found != noted:
                return Loss(place, self.paths[place], "deleted" if found is None else "replaced")
        if self._content is not None and self._is_written():
            return Loss(Place.FILE, self.paths[Place.FILE], "written")
        return Loss(Place.LOG, self.paths[Place.LOG], "cut") if self._is_cut() else None

    def is_same(self, place: Place) -> bool:
        """Whether the file under this name is the one that was noted."""
        return _identity(self.paths[place]) == self._noted.get(place)

    def require_whole(self) -> None:
        """Raises StoreBroken since a log was lost."""
        message, hint = self.refusal
        if message:
            raise StoreBroken(message, hint=hint, public=LOST)

    def require_readable(self) -> None:
        """Raises StoreBroken since others may go on without this session, or where a read could show what is old."""
        if self.refuses_reads:
            self.require_whole()
        if self._content is not None and self._is_written():
            raise StoreBroken(f"{self.paths[Place.FILE]} was written while it was open to read.", hint=READ_AGAIN)

    def close(self) -> None:
        """Let go of the log. The session has no connection any more."""
        log, self.log, self._index = self.log, -1, -1
        if log >= 0:
            os.close(log)

    def _is_written(self) -> bool:
        """Whether a file that was opened as one that does not change was changed, or is about to be."""
        log = self.paths[Place.LOG]
        return _content(self.paths[Place.FILE]) != self._content or (log.exists() and log.stat().st_size > 0)

    def _is_cut(self) -> bool:
        before = self._index_header()
        if before is None:
            return False
        _, _, page, frames, salts = _INDEX_HEADER.unpack(before)
        if not frames:
            return False
        frame = _FRAME_HEADER + (_LARGEST_PAGE if page == 1 else page)
        is_whole = (
            os.pread(self.log, _LOG_HEADER, 0)[_SALTS] == salts
            and os.fstat(self.log).st_size >= _LOG_HEADER + frames * frame
        )
        # A checkpoint of another process, in between, would have changed the index before the log.
        return not is_whole and self._index_header() == before

    def _index_header(self) -> bytes | None:
        """What SQLite says that the log holds; None where it cannot be read, or is being changed."""
        if self._index < 0:
            return None
        try:
            if _of_descriptor(self._index) != self._noted[Place.INDEX]:
                return None
            twice = os.pread(self._index, 2 * _INDEX_HEADER.size, 0)
        except OSError:  # closed with SQLite's last connection
            return None
        header, copy = twice[: _INDEX_HEADER.size], twice[_INDEX_HEADER.size :]
        if header != copy or len(header) != _INDEX_HEADER.size:
            return None
        version, is_filled, *_ = _INDEX_HEADER.unpack(header)
        return header if version == _INDEX_VERSION and is_filled else None


def _identity(path: Path) -> _Identity | None:
    try:
        status = os.stat(path)  # noqa: PTH116  # three times for each write
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _content(path: Path) -> tuple[int, int]:
    """What changes when the file is written."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _of_descriptor(descriptor: int) -> _Identity:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _open_descriptor_of(wanted: _Identity) -> int:
    """SQLite's own descriptor of the index, to read with; -1 where the system does not list them.

    To open and close another one would drop SQLite's locks: POSIX ties them to the process.
    """
    try:
        listed = os.listdir("/proc/self/fd")  # noqa: PTH208
    except OSError:
        return -1
    for name in listed:
        try:
            if _of_descriptor(int(name)) == wanted:
                return int(name)
        except OSError:
            continue  # the listing's own, closed by now
    return -1
