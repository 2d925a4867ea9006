"""The loaded stretch of a thread that may hold any number of messages.

Pure: it knows messages, no widget and no store. The stretch grows at its ends as somebody scrolls, and is replaced as a
whole by a jump.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from inbox_tui.domain.hits import Hits
from inbox_tui.domain.models import Kind, Message, MessageId, Thread


class Stretch(NamedTuple):
    """Messages that follow each other, oldest first."""

    messages: tuple[Message, ...] = ()
    has_earlier: bool = False
    has_later: bool = False

    @classmethod
    def of(cls, thread: Thread) -> Stretch:
        """What was read."""
        return cls(thread.messages, thread.has_earlier, thread.has_later)

    def with_earlier(self, thread: Thread) -> Stretch:
        """The same after what was read before its first message."""
        return Stretch(self._not_here(thread) + self.messages, thread.has_earlier, self.has_later)

    def with_later(self, thread: Thread) -> Stretch:
        """The same before what was read after its last message."""
        return Stretch(self.messages + self._not_here(thread), self.has_earlier, thread.has_later)

    def with_newest(self, thread: Thread) -> Stretch:
        """The same once the end of the thread was read again; earlier messages that join it stay.

        A stretch that ends further up stays as it is.
        """
        first = thread.messages[0].id if thread.messages else None
        for place, message in enumerate(self.messages):
            if message.id == first:
                if place == 0:
                    break
                return Stretch(self.messages[:place] + thread.messages, self.has_earlier, thread.has_later)
        else:
            if self.has_later:
                return self
        return Stretch.of(thread)

    def with_message(self, message: Message) -> Stretch:
        """The same and a message that was just written, unless it is there or does not join."""
        if self.has_later or any(known.id == message.id for known in reversed(self.messages)):
            return self
        return self._replace(messages=(*self.messages, message))

    def hit(self, hits: Hits, start: MessageId, direction: int, *, beyond: bool) -> MessageId | None:
        """The nearest hit from a message on, or beyond it: 1 is towards newer messages, -1 older."""
        place = next((place for place, known in enumerate(self.messages) if known.id == start), 0)
        if direction < 0:
            return newest_hit(hits, self.messages[: place if beyond else place + 1])
        return oldest_hit(hits, self.messages[place + 1 if beyond else place :])

    def _not_here(self, thread: Thread) -> tuple[Message, ...]:
        known = {message.id for message in self.messages}
        return tuple(message for message in thread.messages if message.id not in known)


def newest_hit(hits: Hits, messages: Sequence[Message]) -> MessageId | None:
    """The last message that has the words."""
    return oldest_hit(hits, messages[::-1])


def oldest_hit(hits: Hits, messages: Sequence[Message]) -> MessageId | None:
    """The first message that has the words. Events have none."""
    return next((one.id for one in messages if one.kind is not Kind.EVENT and hits.is_in(one.body)), None)
