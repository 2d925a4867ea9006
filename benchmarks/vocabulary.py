"""Words that belong to nobody: made from syllables, used as often as words are in speech.

The same seed gives the same words. What a workspace says is cut from one long stream of
them, because drawing each word of millions of messages by itself would take minutes.
"""

from __future__ import annotations

from itertools import accumulate
from random import Random

_SYLLABLES = tuple(consonant + vowel for consonant in "bdfklmnprst" for vowel in "aeio")
_WORDS = 20_000
_STREAM = 1_000_000
_FLATTENING = 2.7
"""Zipf's law with Mandelbrot's correction: the first words are not quite so frequent."""


class Vocabulary:
    """Words by rank, the most frequent first, and text made of them."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        self.words = _words(random)
        weights = list(accumulate(1 / (rank + _FLATTENING) for rank in range(1, _WORDS + 1)))
        self._stream = random.choices(self.words, cum_weights=weights, k=_STREAM)

    def text(self, random: Random, words: int) -> str:
        """So many words, as one sentence."""
        start = int(random.random() * (_STREAM - words))
        return " ".join(self._stream[start : start + words]).capitalize() + "."

    def name(self, random: Random) -> str:
        """A person's two names."""
        first, last = self.words[random.randrange(500, 2_000)], self.words[random.randrange(2_000, _WORDS)]
        return f"{first.capitalize()} {last.capitalize()}"


def _words(random: Random) -> list[str]:
    """Distinct words; frequent ones are short."""
    words: dict[str, None] = {}
    while len(words) < _WORDS:
        longest = 2 if len(words) < 300 else 3 if len(words) < 4_000 else 4
        words["".join(random.choices(_SYLLABLES, k=random.randint(min(2, longest - 1), longest)))] = None
    return list(words)
