"""The beginnings of the lists that were shown lately, so that going back to a filter shows it at once.

What is shown from here is then read again. Until it is there, no row stands in a list in which it does not belong
by what is known of it: whoever hears of a conversation must say so (``hear``, ``forget``).
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
"""Lists that are kept, a page of each; the one that was used longest ago goes first."""
MAX_HEARD = 500
"""Conversations that are remembered to stand in lists whose page did not hold them."""


class Seen(NamedTuple):
    """A list as it was read, its rows as they are known now."""

    page: Page
    counts: Counts
    """Of its agent, when it was read."""


class SeenLists:
    """The first page of each list that was shown. A search is not among them: only the store knows what it finds."""

    def __init__(self) -> None:
        self._lists: OrderedDict[Query, Seen] = OrderedDict()
        self._heard: OrderedDict[ConversationId, Conversation] = OrderedDict()

    def put(self, page: Page, counts: Counts) -> None:
        """Keep a list's first page, which was just read."""
        if page.query.search or page.offset:
            return
        self.hear(page.rows)
        self._lists[page.query] = Seen(page, counts)
        self._lists.move_to_end(page.query)
        if len(self._lists) > CACHE_SIZE:
            self._lists.popitem(last=False)

    def get(self, query: Query, me: MemberId) -> Seen | None:
        """The list as it stands by what is known: without what has left it, with what has come; None: not seen."""
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
        """This is what is known of conversations now."""
        now = {conversation.id: conversation for conversation in conversations}
        self._replace(now, now)
        for id, conversation in now.items():
            self._heard[id] = conversation
            self._heard.move_to_end(id)
        while len(self._heard) > MAX_HEARD:
            self._heard.popitem(last=False)

    def forget(self, ids: Collection[ConversationId]) -> None:
        """Conversations exist no more."""
        self._replace(set(ids), {})
        for id in ids:
            self._heard.pop(id, None)

    def clear(self) -> None:
        """Everything may be old."""
        self._lists.clear()
        self._heard.clear()

    def _replace(self, named: Collection[ConversationId], by: dict[ConversationId, Conversation]) -> None:
        """Put other rows in the place of those named, or none."""
        for query, (page, counts) in self._lists.items():
            if any(row.id in named for row in page.rows):
                rows = tuple(by.get(row.id, row) for row in page.rows if row.id not in named or row.id in by)
                self._lists[query] = Seen(msgspec.structs.replace(page, rows=rows), counts)
