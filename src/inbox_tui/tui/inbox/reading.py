"""Reading: the open conversation, which follows the highlight, and its thread.

The pane holds one stretch of a thread: the newest messages, the first, or those around a search hit. It never reads
the messages between two such places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.timer import Timer

from inbox_tui.domain.models import Conversation, ConversationId, Message, MessageId, Thread
from inbox_tui.tui import messages as m
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.widgets.thread_wants import EndWanted, HitWanted, LaterWanted

FOLLOW_DELAY = 0.06
"""Seconds that the highlight rests before an uncached thread is read."""
SLOW_FOLLOW_DELAY = 0.4
"""Seconds that it rests on a slow connection before anything but the list changes."""
NEIGHBOURS = 2
"""Threads to read ahead on either side of the highlight."""


class ReadingController:
    """Reads and shows the open conversation and its thread."""

    def __init__(self, context: InboxContext, followed: Callable[[ConversationId], None]) -> None:
        """``followed`` is called whenever another conversation is shown."""
        self._context = context
        self._followed = followed
        self._resting: Timer | None = None
        self._following: Timer | None = None

    def follow(self, conversation: Conversation | None) -> None:
        """Show the highlighted conversation: at once if its thread is cached, otherwise after a rest."""
        context = self._context
        for timer in (self._following, self._resting):
            if timer is not None:
                timer.stop()
        if context.settings.slow and conversation is not None and context.pane.conversation is not None:
            self._resting = context.screen.set_timer(SLOW_FOLLOW_DELAY, self.catch_up)
        else:
            self._follow_now(conversation)

    def catch_up(self) -> None:
        """Show the highlighted conversation now, without waiting for the rest."""
        if self._resting is not None:
            self._resting.stop()
            self._resting = None
            self._follow_now(self._context.list.highlighted)

    def _follow_now(self, conversation: Conversation | None) -> None:
        context = self._context
        is_other = conversation is not None and not context.is_shown(conversation.id)
        if is_other:
            context.stop("place")  # a hit in a long thread may be looked for there
        context.pane.conversation = conversation
        if conversation is None:
            return
        if context.me.may_chat:
            thread = context.threads.get(conversation.id)
            if thread is not None:
                context.pane.show_thread(thread)
            self._following = context.screen.set_timer(FOLLOW_DELAY, self._read_around)
        if is_other:  # else a text that is being written would be replaced by its draft
            self._followed(conversation.id)

    def _read_around(self) -> None:
        context = self._context
        shown = context.pane.conversation
        if shown is None:
            return
        near = [id for id in context.list.neighbours(NEIGHBOURS) if context.threads.get(id) is None]
        if context.threads.get(shown.id) is None:
            context.run(context.work.read_thread(shown.id, near), group="thread", exclusive=True)
        elif near:
            context.run(context.work.read_thread(near[0], near[1:]), group="thread", exclusive=True)

    def show_thread(self, thread: Thread) -> None:
        """Cache a thread, and show it if its conversation is open."""
        context = self._context
        context.threads.put(thread)
        if context.is_shown(thread.conversation.id):
            context.pane.show_thread(thread)

    def read_earlier(self, id: ConversationId, before: MessageId) -> None:
        """Read the messages before the first one on screen."""
        self._context.run(self._context.work.read_earlier(id, before), group="earlier", exclusive=True)

    def show_earlier(self, before: MessageId, earlier: Thread) -> None:
        """Put earlier messages before those on screen, unless others are the first by now."""
        context = self._context
        id = earlier.conversation.id
        if context.is_shown(id) and _begins_with(before, context.thread.messages):
            context.pane.prepend(earlier)
        kept = context.threads.get(id)
        if kept is not None and _begins_with(before, kept.messages):
            context.threads.put(Thread(kept.conversation, earlier.messages + kept.messages, earlier.has_earlier))

    def read_later(self, wanted: LaterWanted) -> None:
        """Read the messages after the last one on screen."""
        self._context.run(
            self._context.work.read_later(wanted.conversation_id, wanted.after), group="later", exclusive=True
        )

    def show_later(self, after: MessageId, later: Thread) -> None:
        """Put later messages after those on screen, unless others are the last by now."""
        messages = self._context.thread.messages
        if messages and messages[-1].id == after:
            self._context.thread.extend(later)

    def read_end(self, wanted: EndWanted) -> None:
        """Read the first messages of the open conversation; the newest ones may be at hand."""
        context = self._context
        kept = None if wanted.is_first else context.threads.get(wanted.conversation_id)
        if kept is not None:
            context.thread.jump(kept, None)
        else:
            work = context.work.read_end(wanted.conversation_id, is_first=wanted.is_first)
            context.run(work, group="place", exclusive=True)

    def go_to_hit(self, direction: int) -> None:
        """Go to the next message that has the words of the search: 1 is towards newer ones, -1 older."""
        context = self._context
        if context.thread.hits is None:
            context.status.say(f"Search first ({context.keys['inbox.search']}): these keys go through what was found")
        else:
            context.thread.go_to_hit(direction)

    def find_hit(self, wanted: HitWanted) -> None:
        """Look for a message with the words, beyond those on screen."""
        if wanted.is_asked_for:
            self._context.status.say("Looking further …")
        self._context.run(self._context.work.find_hit(wanted), group="place", exclusive=True)

    def show_place(self, place: m.PlaceRead) -> None:
        """Go to the requested place, unless another conversation is open or the search changed meanwhile."""
        context = self._context
        if not context.is_shown(place.thread.conversation.id):
            return
        if place.hits is None or place.hits is context.thread.hits:
            context.status.clear()
            context.thread.jump(place.thread, place.to)

    def miss_hit(self, direction: int) -> None:
        """There is no further hit."""
        self._context.status.say(f"No {'later' if direction > 0 else 'earlier'} message here has these words")


def _begins_with(id: MessageId, messages: Sequence[Message]) -> bool:
    return bool(messages) and messages[0].id == id
