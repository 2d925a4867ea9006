"""What a search looks for, as every store understands it.

All its terms must be there, each in one of its ways: a word as it is, a telephone number also in any other writing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from inbox_tui.domain.filters import may_begin
from inbox_tui.domain.phones import Number, looked_for, numbers
from inbox_tui.domain.words import is_spaceless, require_search, spoken


class Phrase(NamedTuple):
    """Words that follow each other."""

    words: tuple[str, ...]
    is_begun: bool = False
    """The last may be the beginning of a longer one."""


Way = tuple[Phrase, ...]
"""Phrases that must all be there."""
Term = tuple[Way, ...]
"""Ways of which one is enough."""


class _Part(NamedTuple):
    """A part of a search that is one number, or what stands between two."""

    phrases: tuple[Phrase, ...]
    """As it is written; one character of a script without spaces is always the beginning of a longer word."""
    ends_openly: bool
    """Its last word may go on."""
    others: tuple[Way, ...] = ()
    """Other ways to write the number."""


def sought(search: str, least: int) -> tuple[Term, ...]:
    """Read a search; empty if there is nothing to look for.

    Args:
        search: As it was typed.
        least: Bytes that the last word needs to be the beginning of a longer one.

    Raises:
        Rejected: the search is too long.
    """
    parts = _parts(search)
    terms: list[Term] = []
    for number, part in enumerate(parts, 1):
        phrases = _begun(part, least) if number == len(parts) else part.phrases
        terms += [(phrases, *part.others)] if part.others else [((phrase,),) for phrase in phrases]
    return tuple(terms)


@lru_cache(maxsize=64)
def _parts(search: str) -> tuple[_Part, ...]:
    """What has words in it. A search is read for messages, for what is known, and again with each page."""
    require_search(search)
    parts: list[_Part] = []
    place = 0
    for number in numbers(search):
        if _stands_alone(search, number):
            parts.append(_part(search[place : number.start]))
            parts.append(_part(search[number.start : number.end])._replace(others=_others(number)))
            place = number.end
    parts.append(_part(search[place:]))
    return tuple(part for part in parts if part.phrases)


def _stands_alone(search: str, number: Number) -> bool:
    before, after = search[: number.start][-1:], search[number.end :][:1]
    return (not before or before.isspace()) and (not after or after.isspace())


def _others(number: Number) -> tuple[Way, ...]:
    """As the end of a longer writing, or longer than a writing that it ends with."""
    beginning, shorter = looked_for(number)
    return (Phrase((beginning,), is_begun=True),), *((Phrase((word,)),) for word in shorter)


def _part(text: str) -> _Part:
    """Its words; one with a mark inside is several that follow each other."""
    found: list[Phrase] = []
    ends_openly = False
    for written in text.split():
        parts, may_go_on = spoken(written)
        if parts:
            found.append(Phrase(tuple(parts), is_begun=may_go_on and is_spaceless(parts[-1])))
            ends_openly = may_go_on
    return _Part(tuple(found), ends_openly)


def _begun(part: _Part, least: int) -> tuple[Phrase, ...]:
    """The last word as the beginning of one, if it may be."""
    *before, last = part.phrases
    if part.ends_openly and may_begin(last.words[-1], least):
        last = last._replace(is_begun=True)
    return *before, last
