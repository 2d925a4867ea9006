"""Which messages of a thread came in below what is on screen, and have not been on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from inbox_tui.domain.models import Kind, Message, MessageId


class Below:
    """Keeps how far down a thread has been on screen."""

    def __init__(self) -> None:
        self._seen: MessageId | None = None
        """The last message that was on screen, or was there when the thread was opened; None before that."""
        self.messages: tuple[Message, ...] = ()
        """Those behind it that somebody wrote, events left out."""

    def begin(self) -> None:
        """Another thread is shown: what is there already did not come in."""
        self._seen, self.messages = None, ()

    def look(self, messages: Sequence[Message], on_screen: Iterable[MessageId | None], *, is_at_end: bool) -> bool:
        """These messages are loaded, and these are on screen; whether others are below now than before."""
        if is_at_end or self._seen == messages[-1].id:  # as nearly always: nothing needs to be looked through
            self._seen = messages[-1].id
            had_any, self.messages = bool(self.messages), ()
            return had_any
        newer = list(takewhile(lambda message: message.id != self._seen, reversed(messages))) if self._seen else []
        shown = set(on_screen)
        unseen = list(takewhile(lambda message: message.id not in shown, newer))[::-1]
        before, self.messages = self.messages, ()
        if len(unseen) < len(messages):
            self._seen = messages[len(messages) - len(unseen) - 1].id
            self.messages = tuple(message for message in unseen if message.kind is not Kind.EVENT)
        return [message.id for message in before] != [message.id for message in self.messages]
