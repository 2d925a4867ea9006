"""Parses a search into terms, the same for every store.

A text matches if it has every term in one of its variants: a word as typed, a telephone number in any notation.
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
    """The last word also matches longer words that begin with it."""


Way = tuple[Phrase, ...]
"""A text must contain all of these phrases."""
Term = tuple[Way, ...]
"""Variants of a term; one of them is enough."""


class _Part(NamedTuple):
    """A part of a search: one number, or the text between two."""

    phrases: tuple[Phrase, ...]
    """The words as typed; one character of a script without spaces always matches as a prefix."""
    ends_openly: bool
    """Its last word is a prefix."""
    others: tuple[Way, ...] = ()
    """Other notations of the number."""


def sought(search: str, least: int) -> tuple[Term, ...]:
    """Parse a search; empty if it has no words.

    Args:
        search: The text as typed.
        least: The fewest bytes with which the last word is a prefix.

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
    """The parts that have words. Cached: messages, leads and every page parse the same search."""
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
    """The variants of a number: longer notations that end with it, and shorter ones that it ends with."""
    beginning, shorter = looked_for(number)
    return (Phrase((beginning,), is_begun=True),), *((Phrase((word,)),) for word in shorter)


def _part(text: str) -> _Part:
    """Its words; a word with a mark inside becomes a phrase of several."""
    found: list[Phrase] = []
    ends_openly = False
    for written in text.split():
        parts, may_go_on = spoken(written)
        if parts:
            found.append(Phrase(tuple(parts), is_begun=may_go_on and is_spaceless(parts[-1])))
            ends_openly = may_go_on
    return _Part(tuple(found), ends_openly)


def _begun(part: _Part, least: int) -> tuple[Phrase, ...]:
    """The last word as a prefix, if it is long enough."""
    *before, last = part.phrases
    if part.ends_openly and may_begin(last.words[-1], least):
        last = last._replace(is_begun=True)
    return *before, last
