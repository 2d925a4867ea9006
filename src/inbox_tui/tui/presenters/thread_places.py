"""Which line of a thread stands at the top once its lines are others."""

from __future__ import annotations

from collections.abc import Sequence

from inbox_tui.domain.models import FROM_START, MessageId
from inbox_tui.tui.presenters.thread import ThreadLine


def same_place(before: Sequence[ThreadLine], top: int, now: Sequence[ThreadLine]) -> int:
    """Where the line that stood at ``top`` stands now: its message, and as far into it."""
    start = top
    while top < len(before) and before[top].message is None:
        top += 1
    if top >= len(before):
        return top
    above = top - start
    id = before[top].message
    into = sum(1 for line in before[:top] if line.message == id)
    places = [place for place, line in enumerate(now) if line.message == id]
    if not places:
        return top
    place = places[min(into, len(places) - 1)]
    has_same_above = place >= above and list(now[place - above : place]) == list(before[start:top])
    return place - above if has_same_above else place


def top_for(goal: MessageId, lines: Sequence[ThreadLine], height: int) -> int:
    """The top line with which a message stands a third down the screen."""
    if goal == FROM_START:
        return 0
    return next((place for place, line in enumerate(lines) if line.message == goal), len(lines)) - height // 3
