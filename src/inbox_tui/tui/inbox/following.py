"""What others write: which of it is read again, and what is done where a store cannot say what it was.

Reads nothing itself: it says what is to be read.
"""

from __future__ import annotations

from collections.abc import Sequence

from inbox_tui.domain.changes import Changes
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

    def follow(self, changes: Changes) -> bool:
        """Somebody wrote: look at what it was, and count again.

        Returns whether each change can be looked at by itself; there may be too many, or nobody knows them all.
        """
        context = self._context
        can_look_at_each = not changes.reset and len(changes.conversations) <= FOLLOWED_AT_ONCE
        was_lost = context.lost_at is not None
        context.heard(changes.lost_at)
        if changes.lost_at is not None:
            return can_look_at_each
        if was_lost:
            context.read_again()
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
        if self._listing.read_anew():
            return can_look_at_each
        for id in changes.conversations:
            context.threads.forget(id)
        if changes.conversations:
            self._listing.heard(all_of_it=can_look_at_each)
            context.refresh(changes.conversations[:FOLLOWED_AT_ONCE])
        return can_look_at_each

    def show_changed(self, conversations: Sequence[Conversation], gone: Sequence[ConversationId] = ()) -> None:
        """Show conversations as they are now; those that are ``gone`` leave the screen."""
        context = self._context
        if context.is_writing and any(context.is_shown(id) for id in gone):
            context.interrupt_writing()
        context.painter.remove(gone)
        self._listing.hear(conversations)
