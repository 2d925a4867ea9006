"""Numbers of things in words: ``1 conversation``, ``1,200 conversations``."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """A number and what it counts.

    Args:
        number: The count.
        one: The singular, with any words that follow it: ``row was``.
        many: The plural; if empty, the singular with an ``s`` at the end.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
