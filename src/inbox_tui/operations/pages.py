"""Walks a list page by page. Others write in between: for one consistent view there is ``Scan``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import Store


async def pages(
    store: Store, query: Query, size: int, limit: int | None = None
) -> AsyncIterator[Sequence[Conversation]]:
    """The rows of the list's pages from its beginning, none of them empty.

    Args:
        store: Where the list is.
        query: What it shows.
        size: Rows of a page, at most.
        limit: Rows in all, at most; None means every one.

    Raises:
        InboxError: as ``Store.list``.
    """
    left, cursor = limit, None
    while left is None or left > 0:
        wanted = size if left is None else min(size, left)
        request = PageRequest(limit=wanted, cursor=cursor)
        page = await store.list(query, request)
        if page.rows:
            yield page.rows
        cursor = page.last
        if cursor is None or page.ends(request):
            return
        left = left - len(page.rows) if left is not None else None
