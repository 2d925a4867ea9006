"""Reading: the open conversation, which follows the highlight, and its thread.

A thread on screen holds one stretch of it: the newest, the first, or one around a hit of the search. What lies between
two places of a thread is never read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.timer import Timer

from inbox_tui.domain.models import Conversation, ConversationId, Message, MessageId, Thread
from inbox_tui.tui import messages as m
from inbox_tui.tui.inbox.context import View
from inbox_tui.tui.widgets.thread_wants import EndWanted, HitWanted, LaterWanted

FOLLOW_DELAY = 0.06
"""Seconds that a highlight rests before a thread that is not at hand is read."""
SLOW_FOLLOW_DELAY = 0.4
"""Seconds that it rests on a slow line before anything but the list changes."""
NEIGHBOURS = 2
"""Threads on either side of the highlight that are read ahead."""


class Reading:
    """The open conversation: when it is read, what its thread asks for, and what was read for it."""

    def __init__(self, view: View, followed: Callable[[ConversationId], None]) -> None:
        """``followed`` is told whenever another conversation is shown."""
        self._view = view
        self._followed = followed
        self._resting: Timer | None = None
        self._following: Timer | None = None

    def follow(self, conversation: Conversation | None) -> None:
        """Show the highlighted conversation: at once if its thread is at hand, else after a rest."""
        view = self._view
        for timer in (self._following, self._resting):
            if timer is not None:
                timer.stop()
        if view.settings.slow and conversation is not None and view.pane.conversation is not None:
            self._resting = view.screen.set_timer(SLOW_FOLLOW_DELAY, self.catch_up)
        else:
            self._follow_now(conversation)

    def catch_up(self) -> None:
        """Show the highlighted conversation now, if it was to be shown after a rest."""
        if self._resting is not None:
            self._resting.stop()
            self._resting = None
            self._follow_now(self._view.list.highlighted)

    def _follow_now(self, conversation: Conversation | None) -> None:
        view = self._view
        is_other = conversation is not None and not view.is_shown(conversation.id)
        if is_other:
            view.stop("place")  # a hit in a long thread may be looked for there
        view.pane.conversation = conversation
        if conversation is None:
            return
        if view.me.may_chat:
            thread = view.threads.get(conversation.id)
            if thread is not None:
                view.pane.show_thread(thread)
            self._following = view.screen.set_timer(FOLLOW_DELAY, self._read_around)
        if is_other:  # else a text that is being written would be replaced by its draft
            self._followed(conversation.id)

    def _read_around(self) -> None:
        view = self._view
        shown = view.pane.conversation
        if shown is None:
            return
        near = [id for id in view.list.neighbours(NEIGHBOURS) if view.threads.get(id) is None]
        if view.threads.get(shown.id) is None:
            view.run(view.work.read_thread(shown.id, near), group="thread", exclusive=True)
        elif near:
            view.run(view.work.read_thread(near[0], near[1:]), group="thread", exclusive=True)

    def show_thread(self, thread: Thread) -> None:
        """Show a thread if its conversation is open; keep it in any case."""
        view = self._view
        view.threads.put(thread)
        if view.is_shown(thread.conversation.id):
            view.pane.show_thread(thread)

    def read_earlier(self, id: ConversationId, before: MessageId) -> None:
        """Read the messages before the first one on screen."""
        self._view.run(self._view.work.read_earlier(id, before), group="earlier", exclusive=True)

    def show_earlier(self, before: MessageId, earlier: Thread) -> None:
        """Put earlier messages before those on screen, unless others are the first by now."""
        view = self._view
        id = earlier.conversation.id
        if view.is_shown(id) and _begins_with(before, view.thread.messages):
            view.pane.prepend(earlier)
        kept = view.threads.get(id)
        if kept is not None and _begins_with(before, kept.messages):
            view.threads.put(Thread(kept.conversation, earlier.messages + kept.messages, earlier.has_earlier))

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


def _begins_with(id: MessageId, messages: Sequence[Message]) -> bool:
    return bool(messages) and messages[0].id == id
