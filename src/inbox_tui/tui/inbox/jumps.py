"""Going to a conversation that may be out of sight, and back to the list that was left for it.

Who waits next is found by the store; here the highlight gets there, and what was on
screen before can be had again.
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
    """A list that was left, and the place in it."""

    query: Query
    aim: Aim
    went_to: Query
    id: ConversationId

    def is_left_for(self, query: Query) -> bool:
        """The query is what it was left for; there, what was gone to may be listed alone by its id."""
        return query in (self.went_to, msgspec.structs.replace(self.went_to, search=self.id))


class Jumps:
    """To who waits next, to what was changed, and back."""

    def __init__(self, context: InboxContext, listing: ListController) -> None:
        self._context = context
        self._listing = listing
        self._left: _Left | None = None

    def find_waiting(self, *, of_anybody: bool) -> None:
        """Look for who waits longest, or for the next after the highlighted one.

        One that the highlight reached by going on has not been dealt with: it is the next.
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
        """Highlight who waits, and say who was passed over."""
        if found.conversation is not None:
            self.go_to(found.conversation, Filter.PENDING, found.number)
            if found.passed_over:
                self._context.say_of(found.conversation.id, self._passed_over(found.passed_over))
        elif found.passed_over:
            self._context.status.say(f"Nobody else is waiting for you. {self._passed_over(found.passed_over)}")
        else:
            self._context.status.say("Nobody else is waiting for a human reply")

    def go_to(self, conversation: Conversation, filter: Filter | None = None, number: int | None = None) -> None:
        """Highlight a conversation; where the list does not hold it, list what the filter holds.

        Args:
            conversation: Where to go.
            filter: A filter that holds it; None means the one in force, or all where that does not.
            number: The row that it has there, where that is known.
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
        """Go back to the list that was left, if this is still the one that it was left for; whether there was one."""
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
