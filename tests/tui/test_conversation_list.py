"""The list of conversations: what it asks for, what it says, where it stands, how it reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from rich.cells import cell_len
from textual import events, on
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import (
    Access,
    Agent,
    AgentId,
    Author,
    Badge,
    Color,
    Conversation,
    ConversationId,
    Lead,
    Member,
    MemberId,
    Status,
)
from inbox_tui.domain.paging import Cursor, Page, PageRequest
from inbox_tui.tui.themes import DARK, LIGHT
from inbox_tui.tui.widgets.conversation_list import ConversationList

NOW = datetime(2026, 11, 3, 10, 2, tzinfo=UTC)
DANA = Member(MemberId("m-1"), "dana@acme.example", "Dana Ortiz", Badge("DO", Color.BLUE), Access.EDIT)
MILLION = 1_000_000
QUERY = Query()
replace = msgspec.structs.replace


def record(number: int) -> Conversation:
    """The conversation in a row; row 0 is the newest."""
    at = NOW - timedelta(minutes=number)
    return Conversation(
        ConversationId(f"c-{number}"),
        Agent(AgentId("a-1"), "Website assistant"),
        at,
        at,
        lead=Lead(name=f"Visitor {number}"),
        last_message_author=Author.VISITOR,
        last_message=f"Message {number}",
    )


class Records:
    """A list whose rows are made when they are asked for. Row numbers begin below 0 when rows were added above."""

    def __init__(self, stop: int, make: Callable[[int], Conversation] = record) -> None:
        self.start, self.stop, self.make = 0, stop, make

    def page(self, request: PageRequest, query: Query = QUERY) -> Page:
        offset = None
        if request.cursor is None:
            offset = request.offset if request.offset >= 0 else max(0, self.stop - self.start + request.offset)
            first = self.start + offset
            last = first + request.limit
        elif request.direction == "after":
            first = request.cursor.key + 1
            last = first + request.limit
        else:
            first, last = request.cursor.key - request.limit, request.cursor.key
        numbers = range(max(first, self.start), min(last, self.stop))
        rows = tuple(self.make(number) for number in numbers)
        first_cursor, last_cursor = (Cursor(numbers[0], 0), Cursor(numbers[-1], 0)) if numbers else (None, None)
        return Page(query, rows, first_cursor, last_cursor, offset)


class ListApp(App[None]):
    """Answers what the list asks for, unless told to hold it back, and notes what it says."""

    def __init__(self, records: Records, total: int | None = None) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.records = records
        self.total = records.stop if total is None else total
        self.is_answering = True
        self.wanted: list[PageRequest] = []
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield ConversationList()

    def on_mount(self) -> None:
        self.rows.me = DANA.id
        self.rows.empty_text = "No conversations yet."
        self.show()
        self.rows.focus()

    def show(self, query: Query = QUERY) -> None:
        self.rows.show(query, self.total, self.records.page(PageRequest(limit=80), query), NOW)

    @property
    def rows(self) -> ConversationList:
        return self.query_one(ConversationList)

    @on(ConversationList.PageWanted)
    def answer(self, event: ConversationList.PageWanted) -> None:
        self.wanted.append(event.request)
        if self.is_answering:
            self.rows.supply(event.request, self.records.page(event.request))

    @on(ConversationList.Highlighted)
    @on(ConversationList.Opened)
    @on(ConversationList.SelectionChanged)
    @on(ConversationList.TopReached)
    def note(self, event: Message) -> None:
        self.said.append(event)

    def said_of(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.said if isinstance(message, kind)]


def highlighted_id(app: ListApp) -> str | None:
    return app.rows.highlighted.id if app.rows.highlighted else None


def lines(app: ListApp) -> list[str]:
    return [app.rows.render_line(y).text for y in range(app.rows.size.height)]


def line_of(app: ListApp, words: str) -> str:
    return next(line for line in lines(app) if words in line)


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


async def test_the_first_row_is_highlighted_and_said() -> None:
    app = ListApp(Records(MILLION))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        (said,) = app.said
        assert isinstance(said, ConversationList.Highlighted)
        assert said.conversation == record(0)
        assert highlighted_id(app) == "c-0"
        assert lines(app)[0].startswith("▌  Visitor 0 ")
        assert lines(app)[1].startswith("▌  Message 0 ")


async def test_keys_move_the_highlight() -> None:
    app = ListApp(Records(MILLION))
    async with app.run_test(size=(60, 20)) as pilot:
        await press(pilot, "j", "down", "j", "k", "up")
        assert highlighted_id(app) == "c-1"
        await press(pilot, "pagedown")
        assert highlighted_id(app) == "c-10"
        await press(pilot, "pageup", "k", "k")
        assert highlighted_id(app) == "c-0"
        await press(pilot, "end")
        assert highlighted_id(app) == f"c-{MILLION - 1}"
        assert line_of(app, f"Visitor {MILLION - 1}").startswith("▌")
        await press(pilot, "j", "k")
        assert highlighted_id(app) == f"c-{MILLION - 2}"
        await press(pilot, "home", "G", "g")
        assert highlighted_id(app) == "c-0"
        assert len(app.said_of(ConversationList.TopReached)) == 2


async def test_only_rows_near_the_view_are_asked_for() -> None:
    app = ListApp(Records(MILLION))
    async with app.run_test(size=(60, 20)) as pilot:
        await press(pilot, *["j"] * 30)
        assert app.wanted == []
        await press(pilot, *["j"] * 30)
        assert [request.cursor for request in app.wanted] == [Cursor(79, 0)]
        assert highlighted_id(app) == "c-60"


async def test_a_jump_shows_placeholders_until_its_rows_come() -> None:
    app = ListApp(Records(MILLION))
    async with app.run_test(size=(60, 20)) as pilot:
        app.is_answering = False
        app.rows.highlight(500_000)
        await pilot.pause()
        assert app.rows.highlighted is None
        assert all(line[:-1].strip(" ▌") in ("", "…") for line in lines(app))
        last = app.said[-1]
        assert isinstance(last, ConversationList.Highlighted)
        assert last.conversation is None
        (request,) = app.wanted
        app.rows.supply(request, app.records.page(request))
        await pilot.pause()
        assert highlighted_id(app) == "c-500000"
        assert line_of(app, "Visitor 500000").startswith("▌")


async def test_answers_to_another_list_or_an_older_jump_are_ignored() -> None:
    app = ListApp(Records(MILLION))
    async with app.run_test(size=(60, 20)) as pilot:
        app.is_answering = False
        app.rows.highlight(500_000)
        app.rows.highlight(700_000)
        await pilot.pause()
        old, new = app.wanted
        app.rows.supply(old, app.records.page(old))
        assert app.rows.highlighted is None
        app.rows.supply(new, app.records.page(new, Query(Filter.PENDING)))
        assert app.rows.highlighted is None
        app.rows.supply(new, app.records.page(new))
        assert highlighted_id(app) == "c-700000"


async def test_a_failed_page_is_asked_again() -> None:
    app = ListApp(Records(MILLION))
    async with app.run_test(size=(60, 20)) as pilot:
        app.is_answering = False
        app.rows.highlight(500_000)
        await pilot.pause()
        app.is_answering = True
        app.rows.ask_again()
        await pilot.pause()
        assert app.wanted[0] == app.wanted[1]
        assert highlighted_id(app) == "c-500000"


async def test_growing_upward_keeps_what_is_on_screen_when_rows_came_in_above() -> None:
    app = ListApp(Records(300))
    async with app.run_test(size=(60, 20)) as pilot:
        app.rows.highlight(200)
        await pilot.pause()
        app.records.start = -3
        for _ in range(60):
            await press(pilot, "pageup")
        assert highlighted_id(app) == "c--3"
        assert app.rows.row_count() == 303
        assert lines(app)[0].startswith("▌  Visitor -3 ")
        await press(pilot, "G")
        assert highlighted_id(app) == "c-299"


async def test_the_view_stays_when_numbers_shift() -> None:
    app = ListApp(Records(300))
    async with app.run_test(size=(60, 20)) as pilot:
        app.rows.highlight(200)
        await pilot.pause()
        app.records.start = -50
        app.is_answering = False
        app.wanted.clear()
        shifts = 0
        while app.rows.row_count() < 350:
            app.rows.action_page(-2)
            await pilot.pause()
            if not app.wanted:
                continue
            request = app.wanted.pop()
            before, count = lines(app), app.rows.row_count()
            is_blank = any("…" in line for line in before)
            app.rows.supply(request, app.records.page(request))
            await pilot.pause()
            if app.rows.row_count() != count and not is_blank:
                shifts += 1
                assert [line[:-1] for line in lines(app)] == [line[:-1] for line in before]
        assert shifts


async def test_a_row_is_replaced_where_it_stands() -> None:
    app = ListApp(Records(MILLION))
    async with app.run_test(size=(60, 20)) as pilot:
        app.show(Query(Filter.UNRESOLVED))
        await press(pilot, "j", "j")
        resolved = replace(record(2), status=Status.RESOLVED, last_message="Thank you")
        app.rows.replace(resolved)
        await pilot.pause()
        assert app.rows.highlighted == resolved
        assert app.rows.conversation(resolved.id) == resolved
        first, second = lines(app)[4:6]
        assert first.startswith("▌✓ Visitor 2 ")
        assert "✓ resolved" in first
        assert "Thank you" in second
        app.rows.replace(record(5_000))
        assert app.rows.conversation(ConversationId("c-5000")) is None


async def test_after_an_action_the_highlight_goes_to_the_next_that_still_belongs() -> None:
    app = ListApp(Records(5))
    async with app.run_test(size=(60, 20)) as pilot:
        app.show(Query(Filter.UNRESOLVED))
        for number in (0, 1, 2):
            app.rows.replace(replace(record(number), status=Status.RESOLVED))
        app.rows.move_to_next_after_action()
        assert highlighted_id(app) == "c-3"
        app.rows.move_to_next_after_action()
        app.rows.move_to_next_after_action()
        assert highlighted_id(app) == "c-4"
        await pilot.pause()


async def test_the_same_list_again_keeps_highlight_and_selection() -> None:
    app = ListApp(Records(300))
    async with app.run_test(size=(60, 20)) as pilot:
        await press(pilot, "j", "j", "x")
        app.records.start = -4
        app.total = 304
        app.show()
        await pilot.pause()
        assert highlighted_id(app) == "c-2"
        assert line_of(app, "Visitor 2 ").startswith("▌")
        assert app.rows.selected == {"c-2"}
        await press(pilot, "g")
        app.show()
        await pilot.pause()
        assert highlighted_id(app) == "c--4"
        app.show(Query(Filter.HAS_LEAD))
        await pilot.pause()
        assert highlighted_id(app) == "c--4"
        assert app.rows.selected == frozenset()
        assert app.rows.query_shown == Query(Filter.HAS_LEAD)


async def test_a_shorter_list_is_seen_from_its_top() -> None:
    app = ListApp(Records(300))
    async with app.run_test(size=(60, 20)) as pilot:
        await press(pilot, "G")
        app.records.stop = app.total = 2
        app.show(Query(Filter.PENDING))
        await pilot.pause()
        assert highlighted_id(app) == "c-0"
        assert "Visitor 0" in lines(app)[0]
        assert lines(app)[4].strip() == ""


async def test_selecting() -> None:
    app = ListApp(Records(300))
    async with app.run_test(size=(60, 20)) as pilot:
        await press(pilot, "x", "j", "x")
        assert app.rows.selected == {"c-0", "c-1"}
        assert line_of(app, "Message 0").startswith(" × ")
        assert line_of(app, "Message 1").startswith("▌× ")
        await press(pilot, "x")
        assert app.rows.selected == {"c-0"}
        assert line_of(app, "Message 1").startswith("▌  ")
        app.rows.select_all([ConversationId("c-2"), ConversationId("c-280")])
        assert line_of(app, "Message 2").startswith(" × ")
        app.rows.clear_selection()
        app.rows.clear_selection()
        await pilot.pause()
        counts = [event.count for event in app.said if isinstance(event, ConversationList.SelectionChanged)]
        assert counts == [1, 2, 1, 2, 0]


async def test_the_mouse_highlights_opens_selects_and_scrolls() -> None:
    app = ListApp(Records(MILLION))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.click(ConversationList, offset=(10, 5))
        assert highlighted_id(app) == "c-2"
        assert app.said_of(ConversationList.Opened) == []
        await pilot.click(ConversationList, offset=(10, 7), times=2)
        (opened,) = app.said_of(ConversationList.Opened)
        assert isinstance(opened, ConversationList.Opened)
        assert opened.conversation == record(3)
        await pilot.click(ConversationList, offset=(1, 9))
        assert app.rows.selected == {"c-4"}
        assert highlighted_id(app) == "c-3"
        app.rows.post_message(events.MouseScrollDown(app.rows, 10, 5, 0, 1, 0, False, False, False))
        await pilot.pause()
        assert app.rows.scroll_offset.y > 0
        assert highlighted_id(app) == "c-3"
        await pilot.click(ConversationList, offset=(59, 19))
        await pilot.pause()
        assert f"Visitor {MILLION - 1} " in "".join(lines(app))
        assert highlighted_id(app) == "c-3"
        await press(pilot, "j")
        assert line_of(app, "Visitor 4 ").startswith("▌")


async def test_enter_opens() -> None:
    app = ListApp(Records(5))
    async with app.run_test(size=(60, 20)) as pilot:
        await press(pilot, "j", "enter")
        (opened,) = app.said_of(ConversationList.Opened)
        assert isinstance(opened, ConversationList.Opened)
        assert opened.conversation == record(1)


async def test_neighbours_are_the_nearest_first() -> None:
    app = ListApp(Records(300))
    async with app.run_test(size=(60, 20)) as pilot:
        assert app.rows.neighbours(2) == ("c-1", "c-2")
        await press(pilot, "j", "j", "j")
        assert app.rows.neighbours(2) == ("c-4", "c-2", "c-5", "c-1")


async def test_ages_grow_in_place() -> None:
    app = ListApp(Records(5))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        app.rows.replace(replace(record(2), waiting_since=NOW - timedelta(minutes=11)))
        assert "waiting 11m" in line_of(app, "Visitor 2 ")
        app.rows.set_now(NOW + timedelta(seconds=59))
        assert "waiting 11m" in line_of(app, "Visitor 2 ")
        app.rows.set_now(NOW + timedelta(minutes=1))
        assert "waiting 12m" in line_of(app, "Visitor 2 ")
        assert " 5m " in line_of(app, "Visitor 4 ")


async def test_an_empty_list_says_so() -> None:
    app = ListApp(Records(0))
    async with app.run_test(size=(60, 20)) as pilot:
        await press(pilot, "j", "G", "x", "enter", "pagedown")
        assert app.rows.highlighted is None
        assert [line.strip() for line in lines(app) if line.strip()] == ["No conversations yet."]
        assert app.said_of(ConversationList.Highlighted) == []


@pytest.mark.parametrize("width", [24, 39, 40, 55, 120])
async def test_every_line_is_as_wide_as_the_list(width: int) -> None:
    names = [
        "渡辺 はなこ 渡辺 はなこ",
        "محمد علي",
        "👩‍👩‍👧 Ångström",
        "",
        "\x1b[2J\u202eevil\x00",
        "e\u0301" * 60,
        "가나다라마바사아자차카타",
    ]

    def strange(number: int) -> Conversation:
        name = names[number % len(names)]
        return replace(
            record(number),
            lead=Lead(name=name),
            last_message=name * 9,
            last_message_author=Author.AGENT,
            assignee=replace(DANA, badge=Badge("渡辺", Color.RED)) if number % 2 else None,
            waiting_since=NOW if number % 3 == 0 else None,
        )

    app = ListApp(Records(20, strange))
    async with app.run_test(size=(width, 20)) as pilot:
        await pilot.pause()
        shown = [app.rows.render_line(y) for y in range(20)]
        assert {cell_len(strip.text) for strip in shown} == {width}
        assert {strip.cell_length for strip in shown} == {width}
        assert not {"\x1b", "\u202e", "\x00"} & set("".join(strip.text for strip in shown))


async def test_what_a_row_shows() -> None:
    rows = {
        0: replace(record(0), waiting_since=NOW - timedelta(minutes=12), assignee=DANA),
        1: replace(record(1), last_activity_at=NOW - timedelta(hours=2), last_message_author=Author.AGENT),
        2: replace(record(2), status=Status.RESOLVED, last_message_author=Author.MEMBER),
    }
    app = ListApp(Records(3, rows.__getitem__))
    async with app.run_test(size=(44, 8)) as pilot:
        await pilot.pause()
        assert [line.rstrip() for line in lines(app)[:6]] == [
            "▌● Visitor 0               waiting 12m you",
            "▌  Message 0",
            "   Visitor 1                        2h ＋",
            "   AI: Message 1",
            " ✓ Visitor 2                        2m ＋",
            "   Team: Message 2",
        ]


async def test_a_move_repaints_two_rows_and_makes_no_others_anew() -> None:
    app = ListApp(Records(MILLION))
    async with app.run_test(size=(60, 20)) as pilot:
        await press(pilot, "j")
        before = [app.rows.render_line(y) for y in range(20)]
        await press(pilot, "j")
        after = [app.rows.render_line(y) for y in range(20)]
        assert [y for y in range(20) if before[y] is not after[y]] == [2, 3, 4, 5]


async def test_a_colour_change_repaints_everything() -> None:
    app = ListApp(Records(5))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        before = app.rows.render_line(0)
        app.register_theme(LIGHT)
        app.theme = LIGHT.name
        await pilot.pause()
        after = app.rows.render_line(0)
        assert after.text == before.text
        assert [segment.style for segment in after] != [segment.style for segment in before]
