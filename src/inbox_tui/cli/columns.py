"""Readable columns on a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

_GAP = "  "
_LAST_LEAST = 20
"""Cells that the last column gets before any other has more than its least."""


class Column(NamedTuple):
    """A column of a table. The last one of a table takes what the others leave."""

    heading: str
    least: int
    """Cells it keeps on a narrow terminal, if its texts have so many."""
    most: int
    """Cells it takes on a wide one."""
    is_whole: bool = False
    """It is never cut, whatever the width: somebody copies it."""


def aligned(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """The rows under their headings, each on one line of at most ``width`` cells.

    Only a first column that is whole may take more, if it does not fit.
    """
    widths = _widths(columns, rows, width)
    for row in ([column.heading for column in columns], *rows):
        first, *others = (_fitted(text, size) for text, size in zip(row, widths, strict=True))
        rest = _GAP.join(["", *others]).rstrip()
        if columns[0].is_whole:
            yield (first + _cut(rest, max(0, width - widths[0]))).rstrip()
        else:
            yield _cut(first + rest, width)


def cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # only who has such text pays for the table of widths

    return cell_len(text)


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    longest = [
        max([cells(column.heading), *(cells(row[index]) for row in rows)]) for index, column in enumerate(columns)
    ]
    widths = [
        size if column.is_whole else min(size, column.most) for size, column in zip(longest, columns, strict=True)
    ]
    while sum(widths[:-1]) + len(_GAP) * (len(columns) - 1) + _LAST_LEAST > width:
        spare = [
            0 if column.is_whole else size - column.least for size, column in zip(widths[:-1], columns, strict=False)
        ]
        if max(spare, default=0) <= 0:
            break
        widths[spare.index(max(spare))] -= 1
    return widths


def _fitted(text: str, size: int) -> str:
    cut = _cut(text, size)
    return cut + " " * (size - cells(cut))


def _cut(text: str, size: int) -> str:
    if cells(text) <= size:
        return text
    if not size:
        return ""
    kept = text[:size]
    while cells(kept) > size - 1:
        kept = kept[:-1]
    return kept + "…"
