"""What a search looks for, as every store understands it.

All its terms must be there, each in one of its ways: a word as it is, a telephone number also in any other writing.
"""

from __future__ import annotations

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


def sought(search: str, least: int) -> tuple[Term, ...]:
    """Read a search; empty if there is nothing to look for.

    Args:
        search: As it was typed.
        least: Bytes that the last word needs to be the beginning of a longer one.

    Raises:
        Rejected: the search is too long.
    """
    require_search(search)
    terms: list[Term] = []
    place = 0
    for number in numbers(search):
        if _stands_alone(search, number):
            terms += [((phrase,),) for phrase in _phrases(search[place : number.start])]
            is_last = not _phrases(search[number.end :])
            terms.append(_ways(search, number, least if is_last else None))
            place = number.end
    return (*terms, *(((phrase,),) for phrase in _phrases(search[place:], least)))


def _stands_alone(search: str, number: Number) -> bool:
    before, after = search[: number.start][-1:], search[number.end :][:1]
    return (not before or before.isspace()) and (not after or after.isspace())


def _ways(search: str, number: Number, least: int | None) -> Term:
    """As it is written, as the end of a longer writing, or longer than a writing that it ends with."""
    beginning, shorter = looked_for(number)
    return (
        tuple(_phrases(search[number.start : number.end], least)),
        (Phrase((beginning,), is_begun=True),),
        *((Phrase((word,)),) for word in shorter),
    )


def _phrases(text: str, least: int | None = None) -> list[Phrase]:
    """Its words; one with a mark inside is several that follow each other.

    ``least`` None means that the last is no beginning. One character of a script without spaces always is.
    """
    found: list[Phrase] = []
    ends_openly = False
    for written in text.split():
        parts, may_go_on = spoken(written)
        if parts:
            is_character = may_go_on and is_spaceless(parts[-1])
            found.append(Phrase(tuple(parts), is_begun=is_character))
            ends_openly = may_go_on
    if found and least is not None and ends_openly and may_begin(found[-1].words[-1], least):
        found[-1] = found[-1]._replace(is_begun=True)
    return found
