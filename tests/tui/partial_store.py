"""A store of the model kind that knows less: pages of 25, lists that nobody has counted, two orders."""

from __future__ import annotations

import msgspec

from inbox_tui.domain.errors import Unsupported
from inbox_tui.domain.filters import WHOLE_WORKSPACE, Counts, Filter, Order, Query, Scope
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.store.protocol import Capabilities
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.workspace import ModelWorkspace

PAGE = 25
"""Rows that it gives at once, however many are wanted."""
TWO_ORDERS = (Order.NEWEST, Order.OLDEST)


class PartialStore(ModelStore):
    """Knows the numbers of some filters, and where it does not, has no row numbers either.

    Args:
        workspace: What the members share.
        email: Who is asking.
        counted: The filters whose numbers it knows.
        orders: The orders of every filter.
        finds_words: Whether a search is for words.
    """

    def __init__(
        self,
        workspace: ModelWorkspace,
        email: str,
        *,
        counted: frozenset[Filter] = frozenset(),
        orders: tuple[Order, ...] = TWO_ORDERS,
        finds_words: bool = True,
    ) -> None:
        super().__init__(workspace, email)
        self._counted = counted
        self._orders = orders
        self._finds_words = finds_words
        self.asked: list[PageRequest] = []

    @property
    def capabilities(self) -> Capabilities:
        """Lists and threads, and writes; no team, no import, no export."""
        return Capabilities(orders=dict.fromkeys(Filter, self._orders), words=self._finds_words)

    @property
    def title(self) -> str:
        """The address says nothing."""
        return "Acme Support"

    async def counts(self, scope: Scope = WHOLE_WORKSPACE) -> Counts:
        """Those that it knows."""
        counts = await super().counts(scope)
        return Counts(**{filter.field: counts.of(filter) for filter in self._counted})

    async def list(self, query: Query, page: PageRequest) -> Page:
        """Raises Unsupported for what a screen should not ask."""
        self.asked.append(page)
        if query.effective_order not in self._orders:
            raise Unsupported(f"There is no order {query.effective_order.value} here.")
        if page.cursor is None and page.offset and (query.search or query.filter not in self._counted):
            raise Unsupported("There are no row numbers here.")
        few = msgspec.structs.replace(page, limit=min(page.limit, PAGE))
        found = await super().list(query, few)
        at = found.first if page.direction == "before" else found.last
        beyond = PageRequest(limit=1, cursor=at, direction=page.direction)
        is_end = at is None or not (await super().list(query, beyond)).rows
        return msgspec.structs.replace(found, total=None, is_end=is_end)
