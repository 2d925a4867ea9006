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
from inbox_tui.tui.browsing import Aim, Browsing
from inbox_tui.tui.presenters.times import age
from inbox_tui.tui.view import View


class _Left(NamedTuple):
    """A list that was left, and the place in it."""

    query: Query
    aim: Aim
    went_to: Query


class Going:
    """To who waits next, to what was changed, and back."""

    def __init__(self, view: View, browsing: Browsing) -> None:
        self._view = view
        self._browsing = browsing
        self._left: _Left | None = None

    def find_waiting(self, *, of_anybody: bool) -> None:
        """Look for who waits longest, or for the next after the highlighted one.

        One that the highlight reached by going on has not been dealt with: it is the next.
        """
        view = self._view
        shown = view.list.highlighted
        after: ConversationId | None = None
        if shown is not None and Filter.PENDING.matches(shown, view.me.id):
            if view.touch() and (of_anybody or rules.is_free_for(shown, view.me)):
                wait = f", waiting {age(shown.waiting_since, view.clock())}" if shown.waiting_since else ""
                view.status.say(f"{shown.visitor}{wait}")
                return
            after = shown.id
        work = view.work.find_waiting(self._browsing.query.agent, after, None if of_anybody else view.me)
        view.run(work, group="waiting", exclusive=True)

    def go_to_waiting(self, found: Next) -> None:
        """Highlight who waits, and say who was passed over."""
        if found.conversation is not None:
            self.go_to(found.conversation, Filter.PENDING, found.number)
            if found.passed_over:
                self._view.say_of(found.conversation.id, self._passed_over(found.passed_over))
        elif found.passed_over:
            self._view.status.say(f"Nobody else is waiting for you. {self._passed_over(found.passed_over)}")
        else:
            self._view.status.say("Nobody else is waiting for a human reply")

    def go_to(self, conversation: Conversation, filter: Filter = Filter.ALL, number: int | None = None) -> None:
        """Highlight a conversation; where the list does not hold it, list what the filter holds.

        Args:
            conversation: Where to go.
            filter: A filter that holds it.
            number: The row that it has there, where that is known.
        """
        view, browsing = self._view, self._browsing
        if view.list.conversation(conversation.id) is not None:
            view.list.highlight(conversation.id)
            return
        here, shown = browsing.query, view.list.highlighted
        there = msgspec.structs.replace(here, filter=filter, order=None, search="")
        if there.agent not in (None, conversation.agent.id):
            there = msgspec.structs.replace(there, agent=None)
        if self._left is None or here != self._left.went_to:
            aim = Aim(shown.id if shown is not None else None, view.list.number)
            self._left = _Left(here, aim, there)
        else:
            self._left = self._left._replace(went_to=there)
        browsing.list_at(there, Aim(conversation.id, number))

    def back(self) -> bool:
        """Go back to the list that was left, if this is still the one that it was left for; whether there was one."""
        left, self._left = self._left, None
        if left is None or self._browsing.query != left.went_to:
            return False
        self._browsing.list_at(left.query, left.aim)
        return True

    def _passed_over(self, conversations: tuple[Conversation, ...]) -> str:
        key = self._view.keys["inbox.next-waiting-any"]
        first = conversations[0]
        if len(conversations) == 1 and first.assignee is not None:
            return f"Passed over {first.visitor}: {first.assignee.label} has this · {key} takes anybody's"
        return f"Passed over {counted(len(conversations), 'visitor')} whom colleagues have · {key} takes anybody's"
