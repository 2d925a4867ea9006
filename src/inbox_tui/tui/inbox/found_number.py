"""How many conversations the search in force finds, counted again as others write."""

from __future__ import annotations

from collections.abc import Callable

from inbox_tui.domain.filters import Query
from inbox_tui.domain.paging import Page
from inbox_tui.tui.inbox.context import InboxContext


class FoundNumber:
    """The number of hits, and the length of a list that nobody has counted.

    Args:
        wanted: The query in force; the list on screen may still show another.
    """

    def __init__(self, context: InboxContext, wanted: Callable[[], Query]) -> None:
        self._context = context
        self._wanted = wanted
        self.number: int | None = None
        """None where it is not known."""
        self._is_exact = True
        """The search finds no more than ``number``."""
        self._is_finding = False
        self._must_find_again = False
        """Something was written since the search began that is on its way."""

    def show(self, page: Page, total: int | None) -> None:
        """A list was read: show how many its search finds."""
        self.number = total
        self._is_exact = page.total_is_exact
        self.show_length()

    def show_length(self) -> None:
        """Show how many a search finds, and how long a list is that nobody has counted."""
        header, length = self._context.header, self._context.list.length
        if self._wanted().search:
            found = length if self.number is None else f"{self.number:,}{'' if self._is_exact else '+'}"
            header.found, header.length = f"{found} found", ""
        else:
            header.found, header.length = "", length

    def find_again(self) -> None:
        """Search once more, and never twice at a time: changes may come faster than a search ends."""
        context = self._context
        if not (self._wanted().search and context.me.may_chat):
            return
        self._must_find_again = self._is_finding
        if not self._is_finding:
            self._is_finding = True
            context.run(self._find(), group="found")

    async def _find(self) -> None:
        try:
            await self._context.work.read_found(self._wanted(), self._show_found)
        finally:
            self._is_finding = False
        if self._must_find_again:
            self.find_again()

    def _show_found(self, query: Query, page: Page) -> None:
        """Count what the search finds and the list does not hold."""
        context = self._context
        if query != self._wanted() or query != context.list.query_shown:
            return
        self.show(page, page.total)
        context.list.hear(context.state.paint(page.rows), are_found=True)
        if page.total is not None and page.total_is_exact:
            context.list.count(page.total)
