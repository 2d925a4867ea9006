"""Where the words of a search stand in a text: what is marked on screen, and which messages are hits.

The one place that knows it outside the stores. It agrees with what they find in messages: one has all the words, the
last as the beginning of one; a word with a mark inside is several that follow each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from inbox_tui.domain.filters import BEGINNING_IN_MESSAGES, may_begin
from inbox_tui.domain.words import Word, cut, words_at

Span = tuple[int, int]
"""Where something begins in a text, and where it has ended."""


class Hits:
    """A search, as it is looked for in texts that are on screen."""

    def __init__(self, search: str) -> None:
        self._phrases = [phrase for word in search.split() if (phrase := cut(word))]
        self._is_begun = bool(self._phrases) and may_begin(self._phrases[-1][-1], BEGINNING_IN_MESSAGES)

    def __bool__(self) -> bool:
        """There is something to look for."""
        return bool(self._phrases)

    def is_in(self, text: str) -> bool:
        """All its words stand in the text."""
        words = words_at(text)
        return bool(self._phrases) and all(any(self._places(number, words)) for number in range(len(self._phrases)))

    def spans(self, text: str) -> list[Span]:
        """Where any of its words stand, from first to last, each character once."""
        words = words_at(text)
        found = sorted(span for number in range(len(self._phrases)) for span in self._places(number, words))
        joined: list[Span] = []
        for start, end in found:
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined

    def _places(self, number: int, words: Sequence[Word]) -> Iterator[Span]:
        *first, last = self._phrases[number]
        is_begun = self._is_begun and number == len(self._phrases) - 1
        for start in range(len(words) - len(first)):
            end = words[start + len(first)]
            if (end.text == last or (is_begun and end.text.startswith(last))) and all(
                word.text == wanted for word, wanted in zip(words[start:], first, strict=False)
            ):
                yield words[start].start, end.end


@lru_cache(maxsize=8)
def hits_of(search: str) -> Hits:
    """The search, read once."""
    return Hits(search)
