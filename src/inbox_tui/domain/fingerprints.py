"""Ids with a fingerprint, so that a number stays unambiguous after a store reuses it.

A store that is restored from an older backup counts on from there and gives numbers out a second time, for other
things. So an id carries a fingerprint of the thing that it names: ``1234.9f8e7d6c``. The fingerprint reveals an id
from before the restore.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from zlib import crc32

_FORM = re.compile(r"([0-9]{1,18})(?:\.([0-9a-f]{8}))?")
_BETWEEN = "\0"
"""Separates the inputs of a fingerprint; no store keeps this character."""


class Numbered(NamedTuple):
    """The parts of an id."""

    number: int
    fingerprint: str = ""
    """Empty in a bare number, the form of earlier versions; such an id counts as valid."""

    def names(self, *content: str | int) -> bool:
        """Whether the fingerprint fits this content; a bare number fits any."""
        return self.fingerprint in ("", fingerprint(*content))


def fingerprint(*content: str | int) -> str:
    """Eight hexadecimal digits; other content has the same ones with a chance of one in four billion."""
    return f"{crc32(_BETWEEN.join(map(str, content)).encode('utf-8', 'surrogatepass')):08x}"


def numbered_id(number: int, *content: str | int) -> str:
    """Make an id from a number and the content that it names."""
    return f"{number}.{fingerprint(*content)}"


def read_id(text: str) -> Numbered | None:
    """Parse an id; None if the text is not one."""
    found = _FORM.fullmatch(text)
    return Numbered(int(found[1]), found[2] or "") if found else None


def may_be_same(one: str, other: str) -> bool:
    """Whether two ids can name the same thing: they are equal, or one is the bare number of the other."""
    first, second = read_id(one), read_id(other)
    if first is None or second is None:
        return one == other
    return first.number == second.number and (
        first.fingerprint == second.fingerprint or "" in (first.fingerprint, second.fingerprint)
    )
