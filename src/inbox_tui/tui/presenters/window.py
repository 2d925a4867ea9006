"""``ListWindow``: the loaded stretch of a list that may hold any number of conversations.

Pure: it knows rows and pages, no widget, no store and no highlight. Rows are loaded as
one contiguous run, ``[start, end)`` in row numbers. The run grows at its edges by
cursor, so that scrolling repeats and skips nothing while others write, and is replaced
as a whole by a jump. Row numbers are what was counted when the list was read; they are
put right when the true first or last row is reached.

A list that nobody has counted is as long as what is loaded and, until its end is reached,
one row longer: the row that asks for more. It has no row numbers to jump to, except the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation, ConversationId
from inbox_tui.domain.paging import Cursor, Page, PageRequest
from inbox_tui.tui.presenters.page_requests import PageRequests

PAGE_SIZE = 60
"""Rows that one request asks for."""
MAX_ROWS_LOADED = 1_500
"""Rows that stay loaded; those farthest from where rows arrive are let go."""


class Arrived(NamedTuple):
    """What the answer to a request changed."""

    rows: range
    """The numbers of the rows that are loaded now and were not."""
    shift: int
    """What every row number that was in use must be changed by."""


Place = tuple[float, float]


class _Stretch(NamedTuple):
    """Neighbouring rows that came on one page, and the places where they begin and end."""

    size: int
    first: Cursor | None
    last: Cursor | None
    begins: Place | None = None
    """Where its first row stood when it was read: rows that change stay where they are."""
    ends: Place | None = None


class ListWindow:
    """Which rows of one list are loaded, and which to ask for."""

    def __init__(
        self,
        query: Query,
        total: int | None,
        page: Page,
        *,
        page_size: int = PAGE_SIZE,
        kept_rows: int = MAX_ROWS_LOADED,
    ) -> None:
        """Begin with a page that was read by row number.

        Args:
            query: What the list shows.
            total: How many rows the list has, as counted; None where that is not known.
            page: Its first rows, or those from ``page.offset`` on.
            page_size: Rows that one request asks for.
            kept_rows: Rows that stay loaded at most, give or take a page.
        """
        self.query = query
        self.total = total or 0
        """How many rows can be shown, loaded or not."""
        self._is_counted = total is not None
        self._page_size = page_size
        self._kept_rows = kept_rows
        self._requests = PageRequests(page_size)
        self._start = 0
        self._rows: list[Conversation] = []
        self._is_first_loaded = False
        self._load(page, page.offset or 0)
        if page.is_end is None:
            self._is_last_loaded = self.end >= self.total if self._is_counted else not self._can_go_on
        else:
            self._is_last_loaded = page.is_end
        self._fit_total()

    @property
    def start(self) -> int:
        """The number of the first loaded row."""
        return self._start

    @property
    def end(self) -> int:
        """The number after that of the last loaded row."""
        return self._start + len(self._rows)

    @property
    def rows(self) -> Sequence[Conversation]:
        """The loaded rows."""
        return self._rows

    @property
    def has_end(self) -> bool:
        """The list's last row is loaded, or it has none."""
        return self._is_last_loaded

    @property
    def last(self) -> int:
        """The number of the last row that can be gone to; -1 if there is none."""
        return (self.total if self._is_counted else self.end) - 1

    def reads_on_to(self, number: int) -> bool:
        """A row is farther than what is loaded of a list that nobody has counted: it comes page by page."""
        return not self._is_counted and not self._is_last_loaded and number > self.last

    @property
    def length(self) -> str:
        """How long the list is, if nobody has counted it: ``25+``, or ``31`` at its end; empty where it was counted."""
        if self._is_counted:
            return ""
        return f"{self.end:,}" if self._is_last_loaded else f"{self.end:,}+"

    @property
    def is_whole(self) -> bool:
        """Every row is loaded."""
        return self._is_first_loaded and self._is_last_loaded

    def place(self, conversation: Conversation) -> Place:
        """Where a conversation stands in this list's order."""
        return self.query.effective_order.place(conversation)

    def stands_behind(self, conversation: Conversation) -> bool:
        """It stands behind all rows that are loaded, as they stood when they were read."""
        ends = [stretch.ends for stretch in self._stretches if stretch.ends is not None]
        return not ends or self.place(conversation) >= ends[-1]

    def has_passed(self, conversation: Conversation) -> bool:
        """It stands where rows are loaded, or where the list ends: growing at the edges will not bring it."""
        begins = next((stretch.begins for stretch in self._stretches if stretch.begins is not None), None)
        if begins is not None and self.place(conversation) < begins:
            return self._is_first_loaded
        return self._is_last_loaded or not self.stands_behind(conversation)

    def append(self, conversation: Conversation) -> None:
        """Put a conversation behind the last row of the list, which must be loaded."""
        last = self._stretches[-1]
        self._places[conversation.id] = len(self._rows)
        self._rows.append(conversation)
        place = self.place(conversation)
        self._stretches[-1] = last._replace(size=last.size + 1, begins=last.begins or place, ends=place)
        self.total = self.end

    def insert(self, conversation: Conversation) -> int | None:
        """Put a conversation where it stands among the rows; None where the rows around that place are not loaded."""
        if conversation.id in self._places or not self.has_passed(conversation):
            return None
        own = self.place(conversation)
        at = next((at for at, row in enumerate(self._rows) if self.place(row) > own), len(self._rows))
        if at == len(self._rows):
            if not self.has_end:
                return None
            self.append(conversation)
            return self.end - 1
        behind = at
        for number, stretch in enumerate(self._stretches):
            if behind < stretch.size:
                self._stretches[number] = stretch._replace(size=stretch.size + 1)
                break
            behind -= stretch.size
        self._rows.insert(at, conversation)
        self.total += 1
        self._index()
        return self._start + at

    def remove(self, id: ConversationId) -> int | None:
        """Take out the row of a conversation that does not exist any more; the rows after it move up.

        Returns the number that the row had, or None where it is not loaded.
        """
        place = self._places.get(id)
        if place is None:
            return None
        del self._rows[place]
        behind = place
        for number, stretch in enumerate(self._stretches):
            if behind < stretch.size:
                self._stretches[number] = stretch._replace(size=stretch.size - 1)
                break
            behind -= stretch.size
        self.total -= 1
        self._index()
        return self._start + place

    def reopen_end(self) -> None:
        """More may stand behind the last row that is loaded: let it be looked for."""
        self._is_last_loaded = not self._rows
        self._fit_total()

    def recount(self, total: int) -> int:
        """The list has so many rows; nothing is loaded or let go.

        Returns what every row number that was in use must be changed by.
        """
        unloaded = max(0, total - len(self._rows))
        self._is_counted = True
        if self.is_whole:
            return 0
        start = 0 if self._is_first_loaded else unloaded if self._is_last_loaded else min(self._start, unloaded)
        shift = start - self._start
        self._start = start
        self.total = len(self._rows) + unloaded
        return shift

    def row(self, number: int) -> Conversation | None:
        """The conversation in a row; None where it is not loaded."""
        return self._rows[number - self._start] if self._start <= number < self.end else None

    def find(self, id: ConversationId) -> int | None:
        """The number of a conversation's row; None where it is not loaded."""
        place = self._places.get(id)
        return None if place is None else self._start + place

    def replace(self, conversation: Conversation) -> int | None:
        """Put a conversation as it is now into its row, wherever it would sort.

        Returns the row's number, or None where it is not loaded.
        """
        place = self._places.get(conversation.id)
        if place is None:
            return None
        self._rows[place] = conversation
        return self._start + place

    def wanted(self, top: int, bottom: int) -> tuple[PageRequest, ...]:
        """What to ask for so that the rows ``[top, bottom)`` can be shown, and some around them.

        Everything returned counts as asked and is not returned again until it was
        applied, given up or overtaken by a jump.
        """
        if not self.total:
            return ()
        top, bottom = min(top, self.total - 1), min(bottom, self.total)
        is_near = bottom > self._start - self._page_size and top < self.end + self._page_size
        if not is_near and top and not self._is_counted:
            is_near = True  # there is no other way than from row to row
        if not is_near or (not self._rows and self._is_counted):
            return self._requests.jump((top + bottom) // 2, self.total if self._is_counted else None)
        if self._requests.is_jumping:
            self._requests.clear()
        ahead = self._page_size // 2
        requests: list[PageRequest] = []
        if top - ahead < self._start and not self._is_first_loaded:
            requests += self._requests.grow("before", self._stretches[0].first)
        if bottom + ahead > self.end and not self._is_last_loaded:
            requests += self._requests.grow("after", self._stretches[-1].last)
        return tuple(requests)

    def apply(self, request: PageRequest, page: Page) -> Arrived | None:
        """Take in the answer to a request; None if nobody waits for it any more."""
        if page.query != self.query or not self._requests.take(request):
            return None
        if request.cursor is None:
            return self._replace_all(request, page)
        return self._grow_after(request, page) if request.direction == "after" else self._grow_before(request, page)

    def give_up(self) -> None:
        """Nothing that was asked will be answered; ``wanted`` may ask for it again."""
        self._requests.clear()

    def _load(self, page: Page, start: int) -> None:
        self._start = start
        self._rows = list(page.rows)
        self._stretches = [_Stretch(len(self._rows), page.first, page.last, *self._reach(page))]
        self._is_first_loaded = start == 0
        self._is_last_loaded = False
        self._index()

    def _replace_all(self, request: PageRequest, page: Page) -> Arrived:
        size = len(page.rows)
        is_from_end = request.offset < 0
        if page.offset is not None and page.offset >= 0:
            start = page.offset
        else:
            start = max(0, self.total - size) if is_from_end else request.offset
        if not size:
            # The list ends before the rows that were asked for, or is empty by now.
            start = 0
            self.total = 0 if is_from_end else min(self.total, request.offset)
        self._load(page, start)
        self._is_last_loaded = page.ends(request) if size or not self._is_counted else False
        self._fit_total()
        return Arrived(range(self.start, self.end), 0)

    def _grow_after(self, request: PageRequest, page: Page) -> Arrived:
        old_end = self.end
        fresh = self._not_yet_loaded(page)
        self._rows += fresh
        ends = page.first or request.cursor, page.last or request.cursor
        self._stretches.append(_Stretch(len(fresh), *ends, *self._reach(page)))
        self._is_last_loaded = page.ends(request)
        self._fit_total()
        while len(self._rows) > self._kept_rows and len(self._stretches) > 1:
            gone = self._stretches.pop(0)
            del self._rows[: gone.size]
            self._start += gone.size
            self._is_first_loaded = False
            self._requests.drop("before")
        self._index()
        return Arrived(range(old_end, self.end), 0)

    def _grow_before(self, request: PageRequest, page: Page) -> Arrived:
        fresh = self._not_yet_loaded(page)
        self._rows[:0] = fresh
        ends = page.first or request.cursor, page.last or request.cursor
        self._stretches.insert(0, _Stretch(len(fresh), *ends, *self._reach(page)))
        self._start -= len(fresh)
        self._is_first_loaded = page.ends(request)
        # Rows were added or moved since the list was counted: its first row is row 0 all the same.
        shift = -self._start if self._is_first_loaded or self._start < 0 else 0
        self._start += shift
        self.total += shift
        while len(self._rows) > self._kept_rows and len(self._stretches) > 1:
            gone = self._stretches.pop()
            del self._rows[len(self._rows) - gone.size :]
            self._is_last_loaded = False
            self._requests.drop("after")
        if not self._is_counted:
            self._fit_total()
        self._index()
        return Arrived(range(self._start, self._start + len(fresh)), shift)

    @property
    def _can_go_on(self) -> bool:
        """There is a place from which to read on after the last row."""
        return self._stretches[-1].last is not None

    def _fit_total(self) -> None:
        """The last loaded row is the list's last, or more follow: as many as were counted, or nobody knows how many."""
        if self._is_last_loaded:
            self.total = self.end
        elif self._is_counted:
            self.total = max(self.total, self.end)
        else:
            self.total = self.end + 1

    def _not_yet_loaded(self, page: Page) -> list[Conversation]:
        """A page's rows without those that were loaded where they stood before they moved."""
        return [row for row in page.rows if self.replace(row) is None]

    def _reach(self, page: Page) -> tuple[Place | None, Place | None]:
        """Where the first and the last row of a page stand."""
        return (self.place(page.rows[0]), self.place(page.rows[-1])) if page.rows else (None, None)

    def _index(self) -> None:
        self._places = {row.id: place for place, row in enumerate(self._rows)}
