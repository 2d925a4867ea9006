"""Numbers of things in words: ``1 conversation``, ``1,200 conversations``."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """A number and what it counts.

    Args:
        number: How many there are.
        one: What one of them is called, with the words that follow the number: ``row was``.
        many: What several are called; empty: as one, with an ``s`` at the end.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
