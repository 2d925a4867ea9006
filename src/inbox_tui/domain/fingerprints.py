"""Ids that tell a number from the same number given out again.

A store that is restored from an older backup counts on from there and gives numbers out a second time, for other
things. So an id carries a fingerprint of what it names: ``1234.9f8e7d6c``. Whoever comes with an id from before the
restore is recognised by it.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from zlib import crc32

_FORM = re.compile(r"([0-9]{1,18})(?:\.([0-9a-f]{8}))?")
_BETWEEN = "\0"
"""Separates what a fingerprint is made of; no store keeps this character."""


class Numbered(NamedTuple):
    """What an id says."""

    number: int
    fingerprint: str = ""
    """Empty in a bare number, as earlier versions gave it; it is believed."""

    def names(self, *content: str | int) -> bool:
        """Whether the id was made for this content, as far as it tells."""
        return self.fingerprint in ("", fingerprint(*content))


def fingerprint(*content: str | int) -> str:
    """Eight hexadecimal digits that other content has by a chance of one in four billion."""
    return f"{crc32(_BETWEEN.join(map(str, content)).encode('utf-8', 'surrogatepass')):08x}"


def numbered_id(number: int, *content: str | int) -> str:
    """The id of a number that stands for this content."""
    return f"{number}.{fingerprint(*content)}"


def read_id(text: str) -> Numbered | None:
    """What an id says; None for a text that is no such id."""
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
