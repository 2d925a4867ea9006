"""Going to a conversation that may be out of sight, and back to the list that was left for it.

The store finds who waits next; this part moves the highlight there, and restores the
list that the member left.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from inbox_tui.domain import rules
from inbox_tui.domain.counts import counted
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Conversation, ConversationId
from inbox_tui.operations.next_waiting import Next
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.listing import Aim, ListController
from inbox_tui.tui.presenters.times import age


class _Left(NamedTuple):
    """A list that the member left, and their place in it."""

    query: Query
    aim: Aim
    went_to: Query
    id: ConversationId

    def is_left_for(self, query: Query) -> bool:
        """``query`` is the list that took its place; it may hold the target alone, by its id."""
        return query in (self.went_to, msgspec.structs.replace(self.went_to, search=self.id))


class Jumps:
    """Goes to the next waiting visitor or to a changed conversation, and back."""

    def __init__(self, context: InboxContext, listing: ListController) -> None:
        self._context = context
        self._listing = listing
        self._left: _Left | None = None

    def find_waiting(self, *, of_anybody: bool) -> None:
        """Look for the longest waiting visitor, or for the next after the highlighted one.

        A conversation that the highlight reached after an act is untouched: it is the next.
        """
        context = self._context
        shown = context.list.highlighted
        after: ConversationId | None = None
        if shown is not None and Filter.PENDING.matches(shown, context.me.id):
            if context.touch() and (of_anybody or rules.is_free_for(shown, context.me)):
                wait = f", waiting {age(shown.waiting_since, context.clock())}" if shown.waiting_since else ""
                context.status.say(f"{shown.visitor}{wait}")
                return
            after = shown.id
        work = context.work.find_waiting(self._listing.query.agent, after, None if of_anybody else context.me)
        context.run(work, group="waiting", exclusive=True)

    def go_to_waiting(self, found: Next) -> None:
        """Highlight the visitor who waits, and say whom the search passed over."""
        if found.conversation is not None:
            self.go_to(found.conversation, Filter.PENDING, found.number)
            if found.passed_over:
                self._context.say_of(found.conversation.id, self._passed_over(found.passed_over))
        elif found.passed_over:
            self._context.status.say(f"Nobody else is waiting for you. {self._passed_over(found.passed_over)}")
        else:
            self._context.status.say("Nobody else is waiting for a human reply")

    def go_to(self, conversation: Conversation, filter: Filter | None = None, number: int | None = None) -> None:
        """Highlight a conversation; if the list does not hold it, switch to the filter.

        Args:
            conversation: The target.
            filter: A filter that holds it; None means the current one, or All if that does not hold it.
            number: Its row there, if known.
        """
        context, listing = self._context, self._listing
        if context.list.conversation(conversation.id) is not None:
            context.list.highlight(conversation.id)
            return
        here, shown = listing.query, context.list.highlighted
        if filter is None:
            filter = here.filter if here.filter.matches(conversation, context.me.id) else Filter.ALL
        there = msgspec.structs.replace(here, filter=filter, order=None, search="")
        if there.agent not in (None, conversation.agent.id):
            there = msgspec.structs.replace(there, agent=None)
        if self._left is None or not self._left.is_left_for(here):
            aim = Aim(shown.id if shown is not None else None, context.list.number)
            self._left = _Left(here, aim, there, conversation.id)
        else:
            self._left = self._left._replace(went_to=there, id=conversation.id)
        listing.list_at(there, Aim(conversation.id, number))

    def back(self) -> bool:
        """Go back to the list that the member left, if this one still replaces it. Returns whether there was one."""
        left, self._left = self._left, None
        if left is None or not left.is_left_for(self._listing.query):
            return False
        self._listing.list_at(left.query, left.aim)
        return True

    def _passed_over(self, conversations: tuple[Conversation, ...]) -> str:
        key = self._context.keys["inbox.next-waiting-any"]
        first = conversations[0]
        if len(conversations) == 1 and first.assignee is not None:
            return f"Passed over {first.visitor}: {first.assignee.label} has this · {key} takes anybody's"
        return f"Passed over {counted(len(conversations), 'visitor')} whom colleagues have · {key} takes anybody's"
