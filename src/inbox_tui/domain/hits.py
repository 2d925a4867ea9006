"""Where the words of a search stand in a text: what is marked on screen, and which messages are hits.

It reads a search as the stores do (``domain.sought``), so that what is marked is what they found in a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.filters import BEGINNING_IN_MESSAGES
from inbox_tui.domain.sought import Phrase, Term, sought
from inbox_tui.domain.words import Word, words_at

Span = tuple[int, int]
"""Where something begins in a text, and where it has ended."""


class Hits:
    """A search, as it is looked for in texts that are on screen. One that is too long finds nothing."""

    def __init__(self, search: str) -> None:
        self._terms: tuple[Term, ...] = ()
        try:
            self._terms = sought(search, BEGINNING_IN_MESSAGES)
        except Rejected:
            return  # the list has said so

    def __bool__(self) -> bool:
        """There is something to look for."""
        return bool(self._terms)

    def is_in(self, text: str) -> bool:
        """All its terms stand in the text."""
        words = words_at(text)
        return bool(self._terms) and all(any(_spans(term, words)) for term in self._terms)

    def spans(self, text: str) -> list[Span]:
        """Where any of its terms stand, from first to last, each character once."""
        words = words_at(text)
        found = sorted(span for term in self._terms for span in _spans(term, words))
        joined: list[Span] = []
        for start, end in found:
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined


def _spans(term: Term, words: Sequence[Word]) -> Iterator[Span]:
    """Where a term stands, in whichever of its ways."""
    for way in term:
        places = [list(_places(phrase, words)) for phrase in way]
        if all(places):
            yield from (span for of_phrase in places for span in of_phrase)


def _places(phrase: Phrase, words: Sequence[Word]) -> Iterator[Span]:
    *first, last = phrase.words
    for start in range(len(words) - len(first)):
        end = words[start + len(first)]
        is_last = end.text == last or (phrase.is_begun and end.text.startswith(last))
        if is_last and all(word.text == wanted for word, wanted in zip(words[start:], first, strict=False)):
            yield words[start].start, end.end


@lru_cache(maxsize=8)
def hits_of(search: str) -> Hits:
    """The search, read once."""
    return Hits(search)
