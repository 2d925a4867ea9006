"""Who is next of those who wait for a human: the longest waiting first, and nobody over a colleague's head.

Reads the list page by page until somebody is found; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from inbox_tui.domain import rules
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import AgentId, Conversation, ConversationId, Member
from inbox_tui.operations.pages import pages
from inbox_tui.store.protocol import Store

ROWS_AT_ONCE = 200
"""Rows that are looked through at a time."""


class Next(NamedTuple):
    """Who is next, and who would have been."""

    conversation: Conversation | None = None
    number: int = 0
    """The row that it has among all who wait."""
    passed_over: tuple[Conversation, ...] = ()
    """Those that stand before it and that colleagues have."""


async def next_waiting(store: Store, agent: AgentId | None, after: ConversationId | None, me: Member | None) -> Next:
    """Who waits next.

    Args:
        store: Where they wait.
        agent: Whose conversations; None means all agents'.
        after: The conversation to go on from, which is not found again; None begins with the longest wait.
        me: Who goes on: finds what is theirs or nobody's. None finds anybody's.

    Raises:
        InboxError: as ``Store.list``.
    """
    look = _Look(after, me)
    async for rows in pages(store, store.capabilities.with_order(Query(Filter.PENDING, agent)), ROWS_AT_ONCE):
        if look.finds_in(rows):
            break
    return look.result


class _Look:
    """Goes through who waits, once; what stands before ``after`` is for when nothing follows it."""

    def __init__(self, after: ConversationId | None, me: Member | None) -> None:
        self._after = after
        self._me = me
        self._number = 0
        self._first = Next()
        self._passed_over: list[Conversation] = []
        self._is_behind = False
        self._found: Next | None = None

    def finds_in(self, rows: Iterable[Conversation]) -> bool:
        """Go on through these rows; True once nothing further can be better."""
        for row in rows:
            if row.id == self._after:
                self._is_behind = True
                if self._first.conversation is None:
                    self._first = Next(passed_over=tuple(self._passed_over))
                self._passed_over.clear()
            elif self._me is not None and not rules.is_free_for(row, self._me):
                self._passed_over.append(row)
            elif self._is_behind or self._after is None:
                self._found = Next(row, self._number, tuple(self._passed_over))
                return True
            elif self._first.conversation is None:
                self._first = Next(row, self._number, tuple(self._passed_over))
            self._number += 1
        return False

    @property
    def result(self) -> Next:
        """Who is next: behind ``after``, or else the first of all."""
        if self._found is not None:
            return self._found
        behind = tuple(self._passed_over) if self._is_behind else ()
        first = self._first
        if not self._is_behind and first.conversation is None:
            return Next(passed_over=tuple(self._passed_over))
        return first._replace(passed_over=(*behind, *first.passed_over))
