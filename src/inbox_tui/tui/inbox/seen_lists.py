"""Caches the first pages of recent lists, so that going back to a filter shows it at once.

The screen then reads the list again. Meanwhile no row may stand in a list where it no longer belongs, so every
change to a conversation must reach the cache (``hear``, ``forget``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable
from typing import NamedTuple

import msgspec

from inbox_tui.domain.filters import Counts, Query
from inbox_tui.domain.models import Conversation, ConversationId, MemberId
from inbox_tui.domain.paging import Page

CACHE_SIZE = 16
"""The number of cached lists, a page of each; the least recently used one goes first."""
MAX_HEARD = 500
"""The number of updated conversations that are remembered for lists whose page did not hold them."""


class Seen(NamedTuple):
    """A list with its rows as they are known now."""

    page: Page
    counts: Counts
    """Of its agent, when it was read."""


class SeenLists:
    """The first page of each recent list. Searches are not cached: only the store knows their hits."""

    def __init__(self) -> None:
        self._lists: OrderedDict[Query, Seen] = OrderedDict()
        self._heard: OrderedDict[ConversationId, Conversation] = OrderedDict()

    def put(self, page: Page, counts: Counts) -> None:
        """Cache a list's first page."""
        if page.query.search or page.offset:
            return
        self.hear(page.rows)
        self._lists[page.query] = Seen(page, counts)
        self._lists.move_to_end(page.query)
        if len(self._lists) > CACHE_SIZE:
            self._lists.popitem(last=False)

    def get(self, query: Query, me: MemberId) -> Seen | None:
        """The list as far as it is known: without the rows that left, with those that came; None if not cached."""
        seen = self._lists.get(query)
        if seen is None:
            return None
        self._lists.move_to_end(query)
        place = query.effective_order.place
        here = {row.id for row in seen.page.rows}
        ends = max((place(row) for row in seen.page.rows), default=None)
        new = [row for row in self._heard.values() if row.id not in here and ends is not None and place(row) <= ends]
        ours = (row for row in (*seen.page.rows, *new) if query.agent in (None, row.agent.id))
        rows = tuple(sorted((row for row in ours if query.filter.matches(row, me)), key=place))
        return Seen(msgspec.structs.replace(seen.page, rows=rows), seen.counts)

    def hear(self, conversations: Iterable[Conversation]) -> None:
        """Update conversations."""
        now = {conversation.id: conversation for conversation in conversations}
        self._replace(now, now)
        for id, conversation in now.items():
            self._heard[id] = conversation
            self._heard.move_to_end(id)
        while len(self._heard) > MAX_HEARD:
            self._heard.popitem(last=False)

    def forget(self, ids: Collection[ConversationId]) -> None:
        """Conversations were deleted."""
        self._replace(set(ids), {})
        for id in ids:
            self._heard.pop(id, None)

    def clear(self) -> None:
        """Everything may be out of date: clear the cache."""
        self._lists.clear()
        self._heard.clear()

    def _replace(self, named: Collection[ConversationId], by: dict[ConversationId, Conversation]) -> None:
        """Replace the named rows, or remove them."""
        for query, (page, counts) in self._lists.items():
            if any(row.id in named for row in page.rows):
                rows = tuple(by.get(row.id, row) for row in page.rows if row.id not in named or row.id in by)
                self._lists[query] = Seen(msgspec.structs.replace(page, rows=rows), counts)
