"""The loaded stretch of a list, against a list that others write to."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
import pytest

from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Agent, AgentId, Conversation, ConversationId, Status
from inbox_tui.domain.paging import Cursor, Page, PageRequest
from inbox_tui.tui.presenters.window import MAX_ROWS_LOADED, Arrived, ListWindow

NOW = datetime(2026, 11, 3, 10, 2, tzinfo=UTC)
QUERY = Query(Filter.ALL)


def conversation(key: float) -> Conversation:
    return Conversation(ConversationId(f"c-{key}"), Agent(AgentId("a"), "A"), NOW, NOW)


class Source:
    """A list in memory, ordered by key, that answers as a store does."""

    def __init__(self, keys: Iterable[int]) -> None:
        self.keys: list[float] = sorted(keys)

    def page(self, request: PageRequest, query: Query = QUERY) -> Page:
        if request.cursor is None:
            start = request.offset if request.offset >= 0 else max(0, len(self.keys) + request.offset)
            offset: int | None = start
            keys = self.keys[start : start + request.limit]
        elif request.direction == "after":
            keys, offset = [k for k in self.keys if 2 * k > request.cursor.key][: request.limit], None
        else:
            keys, offset = [k for k in self.keys if 2 * k < request.cursor.key][-request.limit :], None
        first, last = (Cursor(int(keys[0] * 2), 0), Cursor(int(keys[-1] * 2), 0)) if keys else (None, None)
        return Page(query, tuple(conversation(key) for key in keys), first, last, offset)

    def window(self, total: int | None = None, kept_rows: int = MAX_ROWS_LOADED) -> ListWindow:
        page = self.page(PageRequest(limit=10))
        return ListWindow(QUERY, len(self.keys) if total is None else total, page, page_size=10, kept_rows=kept_rows)

    def fill(self, window: ListWindow, top: int, bottom: int) -> list[Arrived]:
        """Answer until nothing more is wanted; returns what arrived."""
        arrived: list[Arrived] = []
        while requests := window.wanted(top, bottom):
            for request in requests:
                change = window.apply(request, self.page(request))
                arrived += [change] if change else []
        return arrived


def ids(window: ListWindow) -> list[ConversationId]:
    return [row.id for number in range(window.start, window.end) if (row := window.row(number))]


def test_a_short_list_wants_nothing() -> None:
    window = Source(range(5)).window()
    assert (window.start, window.end, window.total) == (0, 5, 5)
    assert window.wanted(0, 20) == ()


def test_an_empty_list_wants_nothing() -> None:
    window = Source([]).window()
    assert window.total == 0
    assert window.wanted(0, 0) == ()
    assert window.row(0) is None


def test_it_grows_ahead_of_the_view_and_asks_once() -> None:
    source = Source(range(100))
    window = source.window()
    assert window.wanted(0, 4) == ()
    (request,) = window.wanted(2, 8)
    assert (request.cursor, request.direction) == (Cursor(18, 0), "after")
    assert window.wanted(3, 9) == ()
    arrived = window.apply(request, source.page(request))
    assert arrived is not None
    assert (arrived.rows, arrived.shift) == (range(10, 20), 0)
    assert ids(window) == [f"c-{key}" for key in range(20)]


def test_scrolling_neither_repeats_nor_skips_while_others_write() -> None:
    source = Source(range(0, 300, 3))
    window = source.window()
    seen: set[ConversationId] = set()
    top = 0
    while top < window.total:
        source.keys = sorted({*source.keys, top * 2.5 + 100.5})
        source.fill(window, top, top + 5)
        seen.update(row.id for number in range(top, top + 5) if (row := window.row(number)))
        top += 4
    assert {f"c-{key}" for key in range(0, 300, 3)} <= seen
    assert len(ids(window)) == len(set(ids(window)))


def test_the_true_end_puts_the_total_right() -> None:
    window = Source(range(12)).window(total=40)
    Source(range(12)).fill(window, 5, 10)
    assert (window.end, window.total) == (12, 12)
    longer = Source(range(15))
    window = longer.window(total=11)
    longer.fill(window, 5, 10)
    assert (window.end, window.total) == (15, 15)


def test_a_jump_replaces_the_run() -> None:
    source = Source(range(1_000))
    window = source.window()
    (request,) = window.wanted(500, 506)
    assert request.cursor is None
    assert window.row(500) is None
    arrived = window.apply(request, source.page(request))
    assert arrived is not None
    assert arrived.rows.start <= 500
    assert arrived.rows.stop >= 506
    assert window.row(503) == conversation(503)
    assert window.row(0) is None


def test_a_jump_to_the_end_counts_from_the_end() -> None:
    source = Source(range(1_003))
    window = source.window(total=1_000)
    (request,) = window.wanted(994, 1_000)
    assert request.offset == -10
    window.apply(request, source.page(request))
    assert window.total == window.end == 1_003
    assert window.row(1_002) == conversation(1_002)


def test_a_jump_beyond_a_list_that_shrank_finds_its_end() -> None:
    source = Source(range(20))
    window = ListWindow(QUERY, 1_000, source.page(PageRequest(limit=10)), page_size=10)
    source.fill(window, 500, 506)
    source.fill(window, max(0, window.total - 6), window.total)
    assert window.total == 20
    assert window.row(19) == conversation(19)


def test_a_list_that_emptied_becomes_empty() -> None:
    source = Source(range(1_000))
    window = source.window()
    source.keys = []
    source.fill(window, 500, 506)
    source.fill(window, 0, 6)
    assert window.total == 0


def test_the_latest_jump_wins() -> None:
    source = Source(range(1_000))
    window = source.window()
    (old,) = window.wanted(300, 306)
    assert window.wanted(302, 308) == ()
    (new,) = window.wanted(700, 706)
    assert window.apply(old, source.page(old)) is None
    assert window.apply(new, source.page(new)) is not None
    assert window.row(703) == conversation(703)


def test_coming_back_drops_a_jump_under_way() -> None:
    source = Source(range(1_000))
    window = source.window()
    (jump,) = window.wanted(500, 506)
    window.wanted(0, 6)
    assert window.apply(jump, source.page(jump)) is None
    assert window.row(0) == conversation(0)


def test_answers_nobody_waits_for_are_ignored() -> None:
    source = Source(range(100))
    window = source.window()
    (request,) = window.wanted(2, 8)
    assert window.apply(request, source.page(request, Query(Filter.PENDING))) is None
    assert window.apply(PageRequest(limit=10, cursor=Cursor(50, 0)), source.page(request)) is None
    assert window.apply(request, source.page(request)) is not None
    assert window.apply(request, source.page(request)) is None


def test_what_was_given_up_is_asked_again() -> None:
    window = Source(range(100)).window()
    (request,) = window.wanted(2, 8)
    window.give_up()
    assert window.wanted(2, 8) == (request,)


def test_growing_upwards_after_a_jump() -> None:
    source = Source(range(1_000))
    window = source.window()
    source.fill(window, 500, 506)
    start = window.start
    (request,) = window.wanted(start, start + 6)
    assert request.direction == "before"
    arrived = window.apply(request, source.page(request))
    assert arrived is not None
    assert (arrived.rows, arrived.shift) == (range(start - 10, start), 0)
    assert window.row(start - 10) == conversation(start - 10)


def test_rows_that_came_in_above_shift_the_numbers() -> None:
    source = Source(range(100))
    window = source.window()
    source.fill(window, 30, 36)  # a jump
    source.keys = [-3, -2, -1, *source.keys]
    shifts: list[int] = []
    for _ in range(6):
        shifts += [change.shift for change in source.fill(window, window.start, window.start + 5)]
    assert sum(shifts) == 3
    assert (window.start, window.row(0)) == (0, conversation(-3))
    assert window.total == 103
    assert window.find(ConversationId("c-0")) == 3


def test_rows_that_went_above_shift_the_numbers_back() -> None:
    source = Source(range(100))
    window = source.window()
    source.fill(window, 30, 36)
    source.keys = source.keys[4:]
    for _ in range(5):
        source.fill(window, window.start, window.start + 5)
    assert (window.start, window.row(0)) == (0, conversation(4))
    assert window.total == 96


def test_a_conversation_that_moved_stays_where_it_was_seen() -> None:
    source = Source(range(100))
    window = source.window()
    (request,) = window.wanted(2, 8)
    page = source.page(request)
    moved = msgspec.structs.replace(conversation(3), topic="moved")
    window.apply(request, msgspec.structs.replace(page, rows=(moved, *page.rows[1:])))
    assert window.row(3) == moved
    assert len(ids(window)) == len(set(ids(window))) == 19
    (following,) = window.wanted(12, 18)
    assert following.cursor == Cursor(38, 0)


def test_replace_keeps_the_place() -> None:
    source = Source(range(100))
    window = source.window()
    resolved = msgspec.structs.replace(conversation(4), status=Status.RESOLVED)
    assert window.replace(resolved) == 4
    assert window.row(4) is resolved
    assert window.find(resolved.id) == 4
    assert window.replace(conversation(50)) is None


@pytest.mark.parametrize("kept", [30, 55])
def test_memory_is_bounded_and_what_was_let_go_comes_again(kept: int) -> None:
    source = Source(range(1_000))
    window = source.window(kept_rows=kept)
    for top in range(0, 400, 3):
        source.fill(window, top, top + 5)
        assert window.end - window.start <= kept + 10
        assert all(window.row(number) == conversation(number) for number in range(top, top + 5))
    assert window.start > 300
    for top in range(400, -1, -3):
        source.fill(window, top, top + 5)
        assert window.end - window.start <= kept + 10
        assert all(window.row(number) == conversation(number) for number in range(top, top + 5))
    source.fill(window, 0, 5)
    assert (window.start, window.total) == (0, 1_000)


class Cutting(Source):
    """A list whose pages end early, as those of large rows do: at most three rows, and they say so."""

    def page(self, request: PageRequest, query: Query = QUERY) -> Page:
        whole = super().page(request, query)
        if len(whole.rows) <= 3:
            return whole
        rows = whole.rows[-3:] if request.direction == "before" and request.cursor else whole.rows[:3]
        keys = [float(row.id.removeprefix("c-")) for row in rows]
        ends = Cursor(int(keys[0] * 2), 0), Cursor(int(keys[-1] * 2), 0)
        return Page(query, rows, *ends, whole.offset, is_cut=True)


def test_a_page_that_ends_early_does_not_end_the_list() -> None:
    source = Cutting(range(100))
    window = source.window()
    source.fill(window, 0, 10)
    assert (window.start, window.total) == (0, 100)
    assert window.end >= 10
    source.fill(window, 50, 60)
    assert window.start <= 50 and window.end >= 60
    source.fill(window, 95, 100)
    assert (window.end, window.total) == (100, 100)
    source.fill(window, 0, 10)
    assert (window.start, window.total) == (0, 100)


def uncounted(source: Source, kept_rows: int = MAX_ROWS_LOADED) -> ListWindow:
    """A window into a list whose length nobody knows."""
    page = source.page(PageRequest(limit=10))
    return ListWindow(QUERY, None, page, page_size=10, kept_rows=kept_rows)


def test_a_list_that_nobody_has_counted_has_one_row_more_until_its_end() -> None:
    source = Source(range(25))
    window = uncounted(source)
    assert (window.total, window.last, window.length) == (11, 9, "10+")
    source.fill(window, 0, window.total)
    source.fill(window, 10, window.total)
    assert (window.total, window.last, window.length) == (25, 24, "25")
    assert ids(window) == [f"c-{number}" for number in range(25)]


def test_a_list_that_nobody_has_counted_has_no_row_numbers_to_jump_to() -> None:
    source = Source(range(200))
    window = uncounted(source, kept_rows=30)
    asked: list[PageRequest] = []
    while window.length.endswith("+"):
        for request in window.wanted(window.total - 5, window.total):
            asked.append(request)
            window.apply(request, source.page(request))
    assert (window.total, window.end) == (200, 200)
    assert window.start > 20  # the first rows were let go
    assert all(request.cursor is not None for request in asked)
    (request,) = window.wanted(5, 10)
    assert (request.cursor is not None, request.direction) == (True, "before")
    (request,) = window.wanted(0, 5)
    assert request == PageRequest(limit=10)
    window.apply(request, source.page(request))
    assert (window.start, window.total, window.length) == (0, 11, "10+")


def test_a_page_without_rows_that_is_not_the_end_is_read_on_from() -> None:
    source = Source(range(20))
    window = uncounted(source)
    (request,) = window.wanted(5, 11)
    cursor = Cursor(30, 0)
    window.apply(request, Page(QUERY, (), cursor, cursor, is_end=False))
    assert window.length == "10+"
    (request,) = window.wanted(5, 11)
    assert request.cursor == cursor
    window.apply(request, Page(QUERY, (), None, None, is_end=False))
    assert window.length == "10"


@pytest.mark.parametrize(
    ("is_end", "rows", "ends"),
    [(None, 10, False), (None, 9, True), (True, 10, True), (False, 9, False), (False, 1, False)],
)
def test_a_page_says_whether_it_is_the_end_or_its_length_does(is_end: bool | None, rows: int, ends: bool) -> None:
    page = msgspec.structs.replace(Source(range(rows)).page(PageRequest(limit=10)), is_end=is_end)
    assert page.ends(PageRequest(limit=10)) is ends


def test_a_list_is_counted_once_its_number_is_known() -> None:
    source = Source(range(100))
    window = uncounted(source)
    window.recount(100)
    assert (window.total, window.length) == (100, "")
