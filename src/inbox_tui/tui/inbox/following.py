"""What others write: which of it is read again, and what is done where a store cannot say what it was.

Reads nothing itself: it says what is to be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inbox_tui.domain.changes import Written
from inbox_tui.domain.models import Conversation, ConversationId
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.listing import ListController

FOLLOWED_AT_ONCE = 200
"""Changed conversations that are looked at one by one; beyond that the list is only told to be old."""


class FollowController:
    """Follows the store's feed."""

    def __init__(self, context: InboxContext, listing: ListController) -> None:
        self._context = context
        self._listing = listing

    def line_lost(self, at: datetime) -> None:
        """Say that what is on screen may be old."""
        self._context.heard(at)

    def line_back(self) -> None:
        """Say that the store is heard again, and read what could not be read meanwhile."""
        context = self._context
        was_lost = context.lost_at is not None
        context.heard(None)
        if was_lost:
            context.read_again()
            self._listing.reread()

    def follow(self, changes: Written) -> bool:
        """Somebody wrote: look at what it was, and count again.

        Returns whether each change can be looked at by itself; there may be too many, or nobody knows them all.
        """
        context = self._context
        can_look_at_each = not changes.reset and len(changes.conversations) <= FOLLOWED_AT_ONCE
        self.line_back()  # where following failed while the line was down, it begins with what was written
        if changes.team or changes.reset:
            context.run(context.work.read_team(), group="team", exclusive=True)
        if changes.reset or not can_look_at_each:
            context.seen.clear()
        context.painter.read_doubted()
        if changes.reset:
            context.state.start_again()
            context.threads.clear()
            context.thread.distrust()
            self._listing.distrust()
        if self._listing.reread():
            return can_look_at_each
        for id in changes.conversations:
            context.threads.forget(id)
        if changes.conversations:
            self._listing.heard(all_of_it=can_look_at_each)
            at_hand = {row.id for row in changes.rows}  # on their way to ``show_changed`` already
            context.refresh(id for id in changes.conversations[:FOLLOWED_AT_ONCE] if id not in at_hand)
        return can_look_at_each

    def show_changed(self, conversations: Sequence[Conversation], gone: Sequence[ConversationId] = ()) -> None:
        """Show conversations as they are now; those that are ``gone`` leave the screen."""
        context = self._context
        if context.is_writing and any(context.is_shown(id) for id in gone):
            context.interrupt_writing()
        context.painter.remove(gone)
        self._listing.hear(conversations)
