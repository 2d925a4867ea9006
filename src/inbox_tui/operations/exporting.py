"""CSV of everything a query matches, written so that no half file is ever left.

Streams from the store's own consistent view; memory does not grow with the inbox.
Knows nothing of screens: progress is a callback.
"""

from __future__ import annotations

import asyncio
import csv
import errno
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from io import StringIO
from pathlib import Path
from typing import IO

from inbox_tui.domain.errors import ExportError
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation
from inbox_tui.domain.text import clean_body
from inbox_tui.operations.formulas import escape_formula
from inbox_tui.operations.records import COLUMNS, Cell, cells
from inbox_tui.store.part_file import part_of
from inbox_tui.store.protocol import Scan

Progress = Callable[[int], None]
"""Is told how many rows are written, after each batch."""

_TRUTH = {True: "true", False: "false"}


async def count_rows(store: Scan, query: Query) -> int:
    """How many conversations an export of the query writes, where a list stops before its end. Raises InboxError."""
    return sum([len(rows) async for rows in store.scan(query)])


async def export_to_file(
    store: Scan,
    query: Query,
    target: Path,
    *,
    raw: bool = False,
    bom: bool = False,
    delimiter: str = ",",
    progress: Progress | None = None,
) -> int:
    """Write the query's CSV to ``target`` (mode 0600, replaced at once when complete).

    Args:
        raw: Leave cells that a spreadsheet would run as they are.
        bom: Begin with a byte order mark.
        delimiter: What separates the cells; one of ``formulas.DELIMITERS``.

    Returns the number of conversations. Whatever ends it early leaves no file behind and
    an older ``target`` as it was. A pipe or device is written to directly.

    Raises:
        ExportError: the file cannot be written; nothing was left.
        InboxError: whatever the store says.
    """
    write = partial(export_to_stream, store, query, raw=raw, bom=bom, delimiter=delimiter, progress=progress)
    with _translated(target):
        # /dev/stdout may lead to a file, which is somebody else's output: written to, not replaced.
        is_outlet = any(target.is_relative_to(folder) for folder in ("/dev", "/proc"))
        if is_outlet or (target.exists() and not target.is_file()):
            with target.open("ab") as stream:  # a folder refuses
                return await write(stream)
        target = Path(os.path.realpath(target))
        with part_of(target) as part:
            rows = await write(part.stream)
            await asyncio.to_thread(part.finish)
        return rows


async def export_to_stream(
    store: Scan,
    query: Query,
    stream: IO[bytes],
    *,
    raw: bool = False,
    bom: bool = False,
    delimiter: str = ",",
    progress: Progress | None = None,
) -> int:
    """Write the query's CSV to an open file. Raises OSError from writing, InboxError from the store.

    On a terminal the texts are cleaned: whoever looks at them wants them harmless, whoever keeps them wants them whole.
    """
    rows = 0
    is_looked_at = stream.isatty()
    async for part, rows in csv_parts(store, query, raw=raw, bom=bom, delimiter=delimiter, is_looked_at=is_looked_at):
        stream.write(part)
        if progress is not None and rows:
            progress(rows)
    stream.flush()
    return rows


async def csv_parts(
    store: Scan,
    query: Query,
    *,
    raw: bool = False,
    bom: bool = False,
    delimiter: str = ",",
    is_looked_at: bool = False,
    batch: int = 1000,
) -> AsyncIterator[tuple[bytes, int]]:
    """The CSV piece by piece, each with the number of conversations up to its end. Raises InboxError from the store.

    Args:
        raw: Leave cells that a spreadsheet would run as they are.
        bom: Begin with a byte order mark.
        delimiter: What separates the cells; one of ``formulas.DELIMITERS``.
        is_looked_at: Clean the texts, for a terminal.
        batch: Rows of a piece.
    """
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(COLUMNS)
    yield ("\ufeff" if bom else "").encode() + _taken(text), 0
    rows = 0
    async for conversations in store.scan(query, batch):
        writer.writerows(_lines(conversations, delimiter, raw=raw, is_looked_at=is_looked_at))
        rows += len(conversations)
        yield _taken(text), rows


def _taken(text: StringIO) -> bytes:
    """What was written, which is then forgotten."""
    written = text.getvalue().encode("utf-8", "replace")
    text.seek(0)
    text.truncate()
    return written


def _lines(batch: Iterable[Conversation], delimiter: str, *, raw: bool, is_looked_at: bool) -> Iterator[Iterable[Cell]]:
    def kept(text: str) -> str:
        text = text if raw else escape_formula(text, delimiter)
        return clean_body(text) if is_looked_at else text

    for conversation in batch:
        yield [
            kept(cell) if isinstance(cell, str) else _TRUTH[cell] if isinstance(cell, bool) else cell
            for cell in cells(conversation)
        ]


@contextmanager
def _translated(target: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except BlockingIOError as error:
        if error.filename is None:  # of a pipe that takes nothing just now
            raise ExportError(f"{target} could not be written: {error.strerror}.") from error
        raise ExportError(f"Another export is writing {target} right now.", hint="Wait for it to end.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        hint = ""
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            hint = "Make room there, or choose another place with -o FILE."
        raise ExportError(f"{target} could not be written: {reason}. No half file was left.", hint=hint) from error
