"""The thread: how messages become lines, where the view stands, what it asks for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from rich.cells import cell_len
from textual import on
from textual.app import App, ComposeResult

from inbox_tui.domain.models import (
    Access,
    Agent,
    AgentId,
    Author,
    Badge,
    Color,
    Conversation,
    ConversationId,
    Kind,
    Lead,
    Member,
    MemberId,
    Message,
    MessageId,
    Thread,
)
from inbox_tui.domain.text import clean_name
from inbox_tui.tui.presenters.thread import PendingMessage, ThreadLine, ThreadPresenter, wrap
from inbox_tui.tui.themes import DARK, LIGHT
from inbox_tui.tui.widgets.thread_view import ThreadView

START = datetime(2026, 11, 3, 10, 2, tzinfo=timezone.utc)
NOW = START + timedelta(days=10)
DANA = Member(MemberId("1"), "dana@acme.example", "Dana Ortiz", Badge("DO", Color.TEAL), Access.ADMIN)
MAYA = Conversation(
    ConversationId("c-1"), Agent(AgentId("a"), "Website assistant"), START, START, Lead(name="Maya Lindqvist")
)
HOSTILE = "costs [/] [@click=app.boom]x[/] \x1b]0;owned\x07 \u202egnp \x9b2J"


def message(
    number: int,
    body: str,
    author: Author = Author.VISITOR,
    *,
    minutes: float = 0,
    kind: Kind = Kind.MESSAGE,
    member: Member | None = None,
    key: str = "",
    imported_by: Member | None = None,
) -> Message:
    at = START + timedelta(minutes=minutes)
    return Message(MessageId(f"m-{number}"), author, kind, body, at, member, key or f"k-{number}", imported_by)


def many(first: int, last: int) -> tuple[Message, ...]:
    return tuple(message(number, f"message {number}", minutes=10 * number) for number in range(first, last))


SAM = Member(MemberId("2"), "sam@acme.example", "Sam [b]Okafor\x1b", Badge("SO", Color.RED), Access.ADMIN)


def test_who_imported_is_said_before_each_run() -> None:
    """An event of the workspace's own does not end a run; a message of its own does."""
    event = message(4, "Reopened", Author.SYSTEM, kind=Kind.EVENT, minutes=3)
    thread = (
        message(1, "one", imported_by=DANA),
        message(2, "two", minutes=1, imported_by=DANA),
        message(3, "three", Author.AGENT, minutes=2, imported_by=DANA),
        event,
        message(5, "four", minutes=4, imported_by=DANA),
        message(6, "five", minutes=5, imported_by=SAM),
        message(7, "six", minutes=6),
        message(8, "seven", minutes=7, imported_by=SAM),
    )
    lines = ThreadPresenter(timezone.utc).lines(MAYA, thread, 60, NOW)
    told = [line.text for line in lines if line.text.startswith("Imported by") or line.text.startswith("  ")]
    dana, sam = "Imported by Dana Ortiz", f"Imported by {clean_name(SAM.name)}"
    assert told == [dana, "  one", "  two", "  three", "  four", sam, "  five", "  six", sam, "  seven"]
    assert {line.segments[0][1] for line in lines if line.text.startswith("Imported")} == {"muted"}
    narrow = ThreadPresenter(timezone.utc).lines(MAYA, thread, 10, NOW)
    assert max(cell_len(line.text) for line in narrow) <= 10


def texts(*messages: Message, width: int = 40, pending: tuple[Message, ...] = ()) -> list[str]:
    lines = ThreadPresenter(timezone.utc).lines(
        MAYA, messages, width, NOW, [PendingMessage(one, "sending…") for one in pending]
    )
    return [line.text for line in lines]


class TestWrap:
    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            ("", [""]),
            ("one two", ["one two"]),
            ("one two three four", ["one two", "three four"]),
            ("a\n\nb", ["a", "", "b"]),
            ("  indented", ["  indented"]),
            ("abcdefghijklmnopqrstuvwxyz", ["abcdefghij", "klmnopqrst", "uvwxyz"]),
            ("a abcdefghijklm", ["a", "abcdefghij", "klm"]),
            ("exactly te", ["exactly te"]),
            ("exactly te   ", ["exactly te"]),
            ("漢字漢字漢字", ["漢字漢字漢", "字"]),
            ("a漢字漢字漢字", ["a漢字漢字", "漢字"]),
        ],
    )
    def test_breaks_between_words_and_counts_cells(self, text: str, lines: list[str]) -> None:
        assert wrap(text, 10) == lines

    @pytest.mark.parametrize("width", [2, 3, 7, 40])
    def test_no_line_is_too_wide_and_no_word_is_lost(self, width: int) -> None:
        text = "Flüge nach 東京 und 大阪, bitte: " * 20 + "x" * 200
        lines = wrap(text, width)
        assert max(map(cell_len, lines)) <= width
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


class TestLines:
    def test_names_who_wrote_what_and_when(self) -> None:
        assert texts(
            message(1, "I need to change my flight"),
            message(2, "Of course", Author.AGENT, minutes=0.5),
            message(3, "Dana Ortiz took this", Author.SYSTEM, minutes=2, kind=Kind.EVENT, member=DANA),
            message(4, "Friday is fine", Author.MEMBER, minutes=3, member=DANA),
            message(5, "check the fare", Author.MEMBER, minutes=3, kind=Kind.NOTE, member=DANA),
            message(6, "Thanks", minutes=24 * 60),
            width=40,
        ) == [
            "── Tue 3 Nov ───────────────────────────",
            "Maya Lindqvist 10:02",
            "  I need to change my flight",
            "Website assistant (AI) 10:02",
            "  Of course",
            "── Dana Ortiz took this · 10:04 ──",
            "(DO) Dana Ortiz 10:05",
            "  Friday is fine",
            "▌ note (DO) Dana Ortiz 10:05",
            "▌ check the fare",
            "── Wed 4 Nov ───────────────────────────",
            "Maya Lindqvist 10:02",
            "  Thanks",
        ]

    def test_one_author_line_for_messages_close_together(self) -> None:
        lines = texts(message(1, "a"), message(2, "b", minutes=5), message(3, "c", minutes=10.5))
        assert lines[1:] == ["Maya Lindqvist 10:02", "  a", "  b", "Maya Lindqvist 10:12", "  c"]

    def test_two_members_are_two_authors(self) -> None:
        sam = Member(MemberId("2"), "sam@acme.example")
        lines = texts(message(1, "a", Author.MEMBER, member=DANA), message(2, "b", Author.MEMBER, member=sam))
        assert lines[3] == "(SE) sam@acme.example 10:02"

    def test_what_is_on_its_way_says_so(self) -> None:
        pending = message(9, "soon", Author.MEMBER, minutes=1, member=DANA)
        sent = message(1, "done", Author.MEMBER, member=DANA)
        assert texts(sent, pending=(pending,))[1:] == [
            "(DO) Dana Ortiz 10:02",
            "  done",
            "(DO) Dana Ortiz sending…",
            "  soon",
        ]

    def test_hostile_text_becomes_harmless(self) -> None:
        event = message(2, HOSTILE, Author.SYSTEM, kind=Kind.EVENT)
        for line in texts(message(1, HOSTILE), event, width=200):
            assert line.isprintable()
            assert "\u202e" not in line

    def test_a_huge_message_is_cut(self) -> None:
        lines = texts(message(1, "x\n" * 100_000), width=20)
        assert len(lines) < 3_000
        assert "".join(lines[-4:]).replace("  ", " ").endswith("inbox-tui show c-1")

    @pytest.mark.parametrize("width", [4, 12, 38])
    def test_every_line_fits(self, width: int) -> None:
        member = Member(MemberId("1"), "dana@acme.example", "漢字" * 30, Badge("DO", Color.TEAL))
        lines = texts(
            message(1, "漢字 " * 30),
            message(2, "note " * 30, Author.MEMBER, kind=Kind.NOTE, member=member),
            width=max(width, 24),
        )
        assert max(map(cell_len, lines)) <= max(width, 24)

    def test_days_are_named_in_full_while_the_present_is_unknown(self) -> None:
        lines = ThreadPresenter(timezone.utc).lines(MAYA, [message(1, "a")], 40, None)
        assert lines[0].text.startswith("── Tue 3 Nov 2026 ──")

    def test_an_edited_body_is_wrapped_again(self) -> None:
        presenter = ThreadPresenter(timezone.utc)
        presenter.lines(MAYA, [message(1, "before")], 40, NOW)
        assert presenter.lines(MAYA, [message(1, "after")], 40, NOW)[-1] == ThreadLine(
            (("  ", "text"), ("after", "text")), MessageId("m-1")
        )


class ThreadApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.wanted: list[ThreadView.EarlierWanted] = []

    def compose(self) -> ComposeResult:
        yield ThreadView(timezone.utc)

    def on_mount(self) -> None:
        self.context.set_now(NOW)

    @property
    def context(self) -> ThreadView:
        return self.query_one(ThreadView)

    @property
    def shown(self) -> list[str]:
        return [self.context.render_line(y).text.rstrip() for y in range(self.context.size.height)]

    @on(ThreadView.EarlierWanted)
    def keep(self, event: ThreadView.EarlierWanted) -> None:
        self.wanted.append(event)


class TestView:
    async def test_a_conversation_is_shown_from_its_end(self) -> None:
        async with ThreadApp().run_test(size=(40, 8)) as pilot:
            app = pilot.app
            assert isinstance(app, ThreadApp)
            app.context.show(Thread(MAYA, many(0, 30), has_earlier=False))
            await pilot.pause()
            assert app.context.is_at_end
            assert app.shown[-1] == "  message 29"
            assert not app.wanted

    async def test_keys_scroll_and_the_top_asks_for_earlier_messages_once(self) -> None:
        async with ThreadApp().run_test(size=(40, 8)) as pilot:
            app = pilot.app
            assert isinstance(app, ThreadApp)
            app.context.show(Thread(MAYA, many(30, 60), has_earlier=True))
            app.context.focus()
            await pilot.press("up")
            assert app.shown[-1] == "Maya Lindqvist 19:52"
            await pilot.press(*["pageup"] * 20)
            await pilot.pause()
            assert [event.before for event in app.wanted] == ["m-30"]
            assert app.shown[1] == "Maya Lindqvist 15:02"
            await pilot.press("pagedown")
            assert app.context.scroll_offset.y == 7
            await pilot.press("end")
            assert app.context.is_at_end

    @pytest.mark.parametrize("way", ["prepend", "show"])
    async def test_earlier_messages_do_not_move_what_is_on_screen(self, way: str) -> None:
        async with ThreadApp().run_test(size=(40, 8)) as pilot:
            app = pilot.app
            assert isinstance(app, ThreadApp)
            app.context.show(Thread(MAYA, many(30, 60), has_earlier=True))
            app.context.action_move(-1_000)
            await pilot.pause()
            before = app.shown
            if way == "prepend":
                app.context.prepend(Thread(MAYA, many(0, 30), has_earlier=False))
            else:
                app.context.show(Thread(MAYA, many(0, 60), has_earlier=False))
            await pilot.pause()
            assert app.shown[:-1] == before[1:]  # the rule between days has moved up with its day
            assert len(app.context.messages) == 60
            app.context.action_first()
            await pilot.pause()
            assert app.shown[2] == "  message 0"
            assert len(app.wanted) == 1

    async def test_a_new_message_is_followed_only_from_the_end(self) -> None:
        async with ThreadApp().run_test(size=(40, 8)) as pilot:
            app = pilot.app
            assert isinstance(app, ThreadApp)
            app.context.show(Thread(MAYA, many(0, 30), has_earlier=False))
            app.context.append(message(30, "newest", minutes=300))
            app.context.append(message(30, "newest", minutes=300))
            assert app.shown[-1] == "  newest"
            assert [known.id for known in app.context.messages].count(MessageId("m-30")) == 1
            app.context.page(-1)
            await pilot.pause()
            before = app.shown
            app.context.append(message(31, "newer still", minutes=310))
            await pilot.pause()
            assert app.shown == [*before[:-1], "↓ 1 new below"]

    async def test_a_pending_message_gives_way_to_the_one_that_was_sent(self) -> None:
        async with ThreadApp().run_test(size=(40, 8)) as pilot:
            app = pilot.app
            assert isinstance(app, ThreadApp)
            app.context.show(Thread(MAYA, (message(1, "hello"),), has_earlier=False))
            pending = message(99, "on it", Author.MEMBER, member=DANA, minutes=1, key="k")
            app.context.show_pending([PendingMessage(pending, "sending…")])
            assert app.shown[3:5] == ["(DO) Dana Ortiz sending…", "  on it"]
            app.context.append(message(2, "on it", Author.MEMBER, member=DANA, minutes=1, key="k"))
            assert app.shown[3:6] == ["(DO) Dana Ortiz 10:03", "  on it", ""]

    async def test_another_width_wraps_anew_and_stays_at_the_end(self) -> None:
        async with ThreadApp().run_test(size=(60, 8)) as pilot:
            app = pilot.app
            assert isinstance(app, ThreadApp)
            app.context.show(Thread(MAYA, (*many(0, 20), message(20, "word " * 30, minutes=300)), has_earlier=False))
            await pilot.resize_terminal(24, 8)
            await pilot.pause()
            assert app.context.is_at_end
            assert app.shown[-1] == "  word word"

    async def test_a_shorter_reading_keeps_the_earlier_messages(self) -> None:
        async with ThreadApp().run_test(size=(40, 8)) as pilot:
            app = pilot.app
            assert isinstance(app, ThreadApp)
            app.context.show(Thread(MAYA, many(0, 60), has_earlier=False))
            app.context.show(Thread(MAYA, many(30, 61), has_earlier=True))
            assert len(app.context.messages) == 61
            app.context.show(Thread(MAYA, many(200, 210), has_earlier=True))
            assert len(app.context.messages) == 10

    async def test_another_theme_paints_anew(self) -> None:
        async with ThreadApp().run_test(size=(40, 8)) as pilot:
            app = pilot.app
            assert isinstance(app, ThreadApp)
            app.context.show(Thread(MAYA, (message(1, "hello"),), has_earlier=False))
            await pilot.pause()

            def colors() -> list[object]:
                return [part.style.color for y in range(3) for part in app.context.render_line(y) if part.style]

            dark = colors()
            app.register_theme(LIGHT)
            app.theme = LIGHT.name
            await pilot.pause()
            assert len(colors()) == len(dark)
            assert not set(colors()) & set(dark)


@pytest.mark.parametrize(
    ("zone", "hours", "is_same"),
    [(timezone.utc, 13, True), (timezone.utc, 14, False), (timezone(timedelta(hours=5)), 9, False)],
)
def test_days_are_named_again_once_it_is_another_day_where_the_member_is(
    zone: timezone, hours: int, is_same: bool
) -> None:
    assert ThreadPresenter(zone).is_same_day(START, START + timedelta(hours=hours)) is is_same
