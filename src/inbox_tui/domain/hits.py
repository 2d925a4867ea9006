"""Finds the words of a search in a text: the screen marks them, and ``]`` goes from hit to hit.

It parses a search as the stores do (``domain.sought``), so that the screen marks the words that they found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.filters import BEGINNING_IN_MESSAGES
from inbox_tui.domain.sought import Phrase, Term, sought
from inbox_tui.domain.words import Word, words, words_at

Span = tuple[int, int]
"""Start and end of a match in a text; the end is exclusive."""


class Hits:
    """A parsed search, applied to texts on screen. A search that is too long finds nothing."""

    def __init__(self, search: str) -> None:
        self._terms: tuple[Term, ...] = ()
        try:
            self._terms = sought(search, BEGINNING_IN_MESSAGES)
        except Rejected:
            return  # the list has said so

    def __bool__(self) -> bool:
        """The search has at least one term."""
        return bool(self._terms)

    def is_in(self, text: str) -> bool:
        """Whether the text contains all terms."""
        found = words(text)
        return bool(self._terms) and all(_has(term, found) for term in self._terms)

    def spans(self, text: str) -> list[Span]:
        """The spans of all terms, in order and without overlaps."""
        found = words(text)
        there = [term for term in self._terms if _has(term, found)]
        if not there:  # as mostly: where each word stands takes much longer to tell than which there are
            return []
        placed = words_at(text)
        joined: list[Span] = []
        for start, end in sorted(span for term in there for span in _spans(term, placed)):
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined


def _has(term: Term, found: Sequence[str]) -> bool:
    return any(all(any(True for _ in _places(phrase, found)) for phrase in way) for way in term)


def _spans(term: Term, placed: Sequence[Word]) -> Iterator[Span]:
    """The spans of a term, in any of its variants."""
    found = [word.text for word in placed]
    for way in term:
        of_each = [[(at, at + len(phrase.words) - 1) for at in _places(phrase, found)] for phrase in way]
        if all(of_each):
            yield from ((placed[first].start, placed[last].end) for places in of_each for first, last in places)


def _places(phrase: Phrase, found: Sequence[str]) -> Iterator[int]:
    """The indexes of the words at which the phrase begins."""
    *before, last = phrase.words
    for start in range(len(found) - len(before)):
        end = start + len(before)
        is_last = found[end] == last or (phrase.is_begun and found[end].startswith(last))
        if is_last and found[start:end] == before:
            yield start


@lru_cache(maxsize=8)
def hits_of(search: str) -> Hits:
    """Parse the search; the result is cached."""
    return Hits(search)
