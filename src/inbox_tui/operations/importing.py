"""Bringing conversations in from JSON Lines: any size, plain or compressed, again and again.

Streams: memory does not grow with the file, except by the ids that were seen. A bad
line is reported and passed over, or with ``strict`` nothing goes in at all. What makes
a line bad is in ``import_lines``; what is already known is the store's to tell.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import IO

import msgspec

from inbox_tui.domain.errors import BadImport, Rejected
from inbox_tui.domain.models import ImportResult, IncomingConversation
from inbox_tui.operations.import_lines import CutLine, WrongLine, read_line
from inbox_tui.store.protocol import Intake

LINE_LIMIT = 64 * 1024 * 1024
"""Bytes that one line may have."""
BATCH = 250
"""Conversations that go in together."""
BATCH_BYTES = 4 * 1024 * 1024
"""A batch ends at this size even if it is shorter: a colleague's write waits for it."""
_PUT_BY = "inbox-tui-import-"
_AT_ONCE = 1 << 20
_GZIP = b"\x1f\x8b"
_OTHER_ENCODINGS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
"""How a file begins that is not UTF-8."""


class ImportSource(msgspec.Struct, frozen=True):
    """A file to import. ``stream`` stands in for the path where there is none (standard input)."""

    name: str
    path: Path | None = None
    stream: BufferedReader | None = None


class BadLine(msgspec.Struct, frozen=True):
    """A line that does not go in."""

    source: str
    number: int
    """Counted from 1."""
    why: str

    def __str__(self) -> str:
        return f"{self.source}: line {self.number:,}: {self.why}"


class ImportProgress(msgspec.Struct, frozen=True):
    """How far an import is."""

    bytes_done: int
    bytes_total: int | None
    """None while reading from a pipe."""
    taken: ImportResult


class Imported(msgspec.Struct, frozen=True):
    """What an import came to."""

    taken: ImportResult
    bad_lines: int
    """How many lines did not go in; with ``strict`` and any of them, none did."""
    ahead: int = 0
    """Conversations with a time that is ahead of this machine's clock, by up to a day: it counts as arrival."""


class _Read(msgspec.Struct, frozen=True):
    """A good line."""

    source: str
    number: int
    size: int
    conversation: IncomingConversation


class Import:
    """One run over one or several sources."""

    def __init__(
        self,
        sources: Sequence[ImportSource],
        now: datetime,
        *,
        on_bad: Callable[[BadLine], None],
        on_progress: Callable[[ImportProgress], None] | None = None,
    ) -> None:
        self._sources = sources
        self._now = now
        self._on_bad = on_bad
        self._on_progress = on_progress
        self._taken = ImportResult()
        self._bad = 0
        self._ahead = 0
        self._bytes_before = 0
        self._bytes_done = 0
        self._bytes_total = _total(sources)

    async def run(self, store: Intake, *, strict: bool = False) -> Imported:
        """Read everything and take it in.

        Raises:
            BadImport: a source cannot be read. What was taken in before stays, and is
                not doubled by importing again.
            InboxError: whatever the store says.
        """
        if not strict:
            await self._take_in(store, self._sources)
            return Imported(self._taken, self._bad, self._ahead)
        with _rereadable(self._sources) as sources:
            for _ in self._lines(sources):
                pass
            if not self._bad:
                self._bytes_before = self._bytes_done = 0
                await self._take_in(store, sources)
        return Imported(self._taken, self._bad, self._ahead)

    async def _take_in(self, store: Intake, sources: Sequence[ImportSource]) -> None:
        batch: list[_Read] = []
        size = 0
        for line in self._lines(sources):
            batch.append(line)
            size += line.size
            if len(batch) >= BATCH or size >= BATCH_BYTES:
                await self._take_batch(store, batch)
                batch, size = [], 0
        if batch:
            await self._take_batch(store, batch)

    async def _take_batch(self, store: Intake, batch: Sequence[_Read]) -> None:
        try:
            self._taken += await store.ingest([line.conversation for line in batch])
            self._ahead += sum(_is_ahead(line.conversation, self._now) for line in batch)
        except Rejected:
            # One that the store refuses must not keep its neighbours out.
            for line in batch:
                try:
                    self._taken += await store.ingest([line.conversation])
                    self._ahead += _is_ahead(line.conversation, self._now)
                except Rejected as refusal:
                    self._report(BadLine(line.source, line.number, refusal.message))
        if self._on_progress is not None:
            self._on_progress(ImportProgress(self._bytes_done, self._bytes_total, self._taken))

    def _lines(self, sources: Sequence[ImportSource]) -> Iterator[_Read]:
        seen: set[str] = set()
        for source in sources:
            with _opened(source) as (raw, stream):
                is_measured = raw.seekable()
                is_cut = False
                for number, line in enumerate(_split(stream), 1):
                    self._bytes_done = self._bytes_before + raw.tell() if is_measured else self._bytes_done + len(line)
                    if not line.strip():
                        continue
                    if number == 1 and (encoding := _other_encoding(line)):
                        self._report(BadLine(source.name, 1, f"the file is {encoding}; convert it to UTF-8 (iconv)"))
                        break
                    try:
                        conversation = self._read(line, seen)
                    except WrongLine as wrong:
                        # The rest of a conversation over several lines is wrong for the same reason.
                        if not (is_cut and _goes_on(line, wrong)):
                            self._report(BadLine(source.name, number, str(wrong)))
                        is_cut = is_cut or isinstance(wrong, CutLine)
                    else:
                        is_cut = False
                        yield _Read(source.name, number, len(line), conversation)
            self._bytes_before = self._bytes_done

    def _read(self, line: bytes, seen: set[str]) -> IncomingConversation:
        if len(line) > LINE_LIMIT:
            raise WrongLine(f"it is longer than {LINE_LIMIT // 1024 // 1024} MB")
        conversation = read_line(line, self._now)
        if conversation.id in seen:
            raise WrongLine(f"the conversation id {conversation.id!r} was used by an earlier line")
        seen.add(conversation.id)
        return conversation

    def _report(self, bad: BadLine) -> None:
        self._bad += 1
        self._on_bad(bad)


def _is_ahead(conversation: IncomingConversation, now: datetime) -> bool:
    """Whether a time of it has not come yet."""
    return conversation.created_at > now or any(message.created_at > now for message in conversation.messages)


def _goes_on(line: bytes, wrong: WrongLine) -> bool:
    """Whether a line that is wrong may be a further one of the conversation that began before it."""
    return isinstance(wrong, CutLine) or not line.startswith(b"{") or line.rstrip().endswith(b",")


def _other_encoding(line: bytes) -> str:
    """The encoding of a file that begins with this line, if it is one that cannot be read."""
    for mark, name in _OTHER_ENCODINGS:
        if line.startswith(mark):
            return name
    return "UTF-16" if b"\0" in line[:4] else ""


def _split(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines; of one that is too long only its beginning, one byte longer than the limit."""
    first = True
    while line := stream.readline(LINE_LIMIT + 1):
        if len(line) > LINE_LIMIT:
            while (rest := stream.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
                pass
        yield line.removeprefix(b"\xef\xbb\xbf") if first else line
        first = False


@contextmanager
def _opened(source: ImportSource) -> Iterator[tuple[BufferedReader, IO[bytes]]]:
    """The source's bytes as they lie there, and as they read when unpacked."""
    raw = source.stream
    try:
        if source.path is not None:
            raw = source.path.open("rb")
        if raw is None:
            raise BadImport(f"{source.name} names neither a file nor standard input.")
        yield raw, _unpacked(raw)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadImport(
            f"{source.name} cannot be read: {reason}.", hint="Check the name and your rights to it."
        ) from error
    except (EOFError, zlib.error) as error:
        raise BadImport(
            f"{source.name} is compressed, but cut off or damaged.",
            hint="Copy it again and import again; what went in is not doubled.",
        ) from error
    finally:
        if raw is not None and source.path is not None:
            raw.close()


def _unpacked(raw: BufferedReader) -> IO[bytes]:
    if not raw.peek(len(_GZIP)).startswith(_GZIP):
        return raw
    import gzip  # only compressed files pay for it

    return BufferedReader(gzip.GzipFile(fileobj=raw))


@contextmanager
def _rereadable(sources: Sequence[ImportSource]) -> Iterator[Sequence[ImportSource]]:
    """The same sources such that they can be read twice: what comes through a pipe is put by."""
    with ExitStack() as kept:
        yield [_put_by(source, kept) if _is_pipe(source) else source for source in sources]


def _put_by(source: ImportSource, kept: ExitStack) -> ImportSource:
    with _opened(source) as (raw, _):
        try:
            # Without a buffer, which would be written again, and in vain, when it is closed.
            copy = kept.enter_context(tempfile.NamedTemporaryFile(prefix=_PUT_BY, buffering=0))  # noqa: SIM115
            while piece := memoryview(_read_on(source.name, raw)):
                while piece := piece[copy.write(piece) :]:
                    pass
        except OSError as error:
            raise BadImport(
                f"{source.name} is put by in {_temporary()} for --strict, which failed: {error.strerror or error}.",
                hint="Free some space there, or name another folder in TMPDIR; or import a file instead of a pipe.",
            ) from error
    return ImportSource(source.name, Path(copy.name))


def _read_on(name: str, raw: BufferedReader) -> bytes:
    try:
        return raw.read1(_AT_ONCE)
    except OSError as error:
        raise BadImport(f"{name} cannot be read: {error.strerror or error}.") from error


def _temporary() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:  # there is none that can be written
        return "a temporary folder"


def _is_pipe(source: ImportSource) -> bool:
    return source.path is None or (source.path.exists() and not source.path.is_file() and not source.path.is_dir())


def _total(sources: Sequence[ImportSource]) -> int | None:
    paths = [source.path for source in sources]
    if any(path is None or not path.is_file() for path in paths):
        return None
    return sum(path.stat().st_size for path in paths if path is not None)
