"""Reading a long thread: other stretches of it than the newest, and the messages that a search found.

A thread on screen holds one stretch. What lies between two places of it is never read.
"""

from __future__ import annotations

from inbox_tui.domain.models import MessageId, Thread
from inbox_tui.tui import messages as m
from inbox_tui.tui.view import View
from inbox_tui.tui.widgets.thread_wants import EndWanted, HitWanted, LaterWanted


class Reading:
    """What the open thread asks for, and what was read for it."""

    def __init__(self, view: View) -> None:
        self._view = view

    def read_later(self, wanted: LaterWanted) -> None:
        """Read the messages after the last one on screen."""
        self._view.run(self._view.work.read_later(wanted.conversation_id, wanted.after), group="later", exclusive=True)

    def show_later(self, after: MessageId, later: Thread) -> None:
        """Put later messages after those on screen, unless others are the last by now."""
        messages = self._view.thread.messages
        if messages and messages[-1].id == after:
            self._view.thread.extend(later)

    def read_end(self, wanted: EndWanted) -> None:
        """Read the first messages of the open conversation; the newest ones may be at hand."""
        view = self._view
        kept = None if wanted.is_first else view.threads.get(wanted.conversation_id)
        if kept is not None:
            view.thread.jump(kept, None)
        else:
            work = view.work.read_end(wanted.conversation_id, is_first=wanted.is_first)
            view.run(work, group="place", exclusive=True)

    def go_to_hit(self, direction: int) -> None:
        """Go to the next message that has the words of the search: 1 is towards newer ones, -1 older."""
        view = self._view
        if view.thread.hits is None:
            view.status.say(f"Search first ({view.keys['inbox.search']}): these keys go through what was found")
        else:
            view.thread.go_to_hit(direction)

    def find_hit(self, wanted: HitWanted) -> None:
        """Look for a message that has the words, beyond those on screen."""
        if wanted.is_asked_for:
            self._view.status.say("Looking further …")
        self._view.run(self._view.work.find_hit(wanted), group="place", exclusive=True)

    def show_place(self, place: m.PlaceRead) -> None:
        """Go to what was asked for, unless its conversation is closed or something else is searched for by now."""
        view = self._view
        if not view.is_shown(place.thread.conversation.id):
            return
        if place.hits is None or place.hits is view.thread.hits:
            view.status.clear()
            view.thread.jump(place.thread, place.to)

    def miss_hit(self, direction: int) -> None:
        """There is no further hit."""
        self._view.status.say(f"No {'later' if direction > 0 else 'earlier'} message here has these words")
