"""Which pages of a list were asked for and are not answered yet.

Pure: asks nobody, and knows no rows.
"""

from __future__ import annotations

from typing import Literal

from inbox_tui.domain.paging import Cursor, PageRequest

Edge = Literal["after", "before"]


class PageRequests:
    """At most one request for each edge of what is loaded, or one jump elsewhere, which overtakes them."""

    def __init__(self, page_size: int) -> None:
        self._page_size = page_size
        self._growing: dict[Edge, PageRequest] = {}
        self._jump: PageRequest | None = None

    @property
    def is_jumping(self) -> bool:
        """Rows elsewhere are awaited."""
        return self._jump is not None

    def jump(self, middle: int, total: int | None) -> tuple[PageRequest, ...]:
        """The page around a row, unless it is awaited already; ``total`` None: the list's first, nobody counted it."""
        size = self._page_size
        if self._jump is not None:
            first = self._jump.offset if self._jump.offset >= 0 else max(0, (total or 0) + self._jump.offset)
            if first <= middle < first + size:
                return ()
        self.clear()
        if total is None:
            self._jump = PageRequest(limit=size)
        elif middle >= total - size // 2 and total > size:
            self._jump = PageRequest(limit=size, offset=-size)  # from the end, wherever that is by now
        else:
            self._jump = PageRequest(limit=size, offset=max(0, middle - size // 2))
        return (self._jump,)

    def grow(self, edge: Edge, cursor: Cursor | None) -> tuple[PageRequest, ...]:
        """The page beyond an edge, unless it is awaited already."""
        if edge in self._growing or cursor is None:
            return ()
        self._growing[edge] = PageRequest(limit=self._page_size, cursor=cursor, direction=edge)
        return (self._growing[edge],)

    def take(self, request: PageRequest) -> bool:
        """An answer came: whether it is awaited still; it is no longer."""
        if request.cursor is None:
            if request != self._jump:
                return False
            self.clear()
            return True
        if self._growing.get(request.direction) != request:
            return False
        del self._growing[request.direction]
        return True

    def drop(self, edge: Edge) -> None:
        """What lies beyond an edge is another page now."""
        self._growing.pop(edge, None)

    def clear(self) -> None:
        """Nothing is awaited any more."""
        self._jump = None
        self._growing.clear()
