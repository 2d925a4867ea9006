"""The reply box: what each key does to the text, whose text it is, what is said about it."""

from __future__ import annotations

from typing import ClassVar

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Paste
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Input

from inbox_tui.domain.models import ConversationId, Kind
from inbox_tui.tui.themes import DARK
from inbox_tui.tui.widgets.reply_box import ReplyBox

ONE, TWO = ConversationId("c-1"), ConversationId("c-2")
REPLY, NOTE = Kind.MESSAGE, Kind.NOTE
HOSTILE = "a\x1b]0;owned\x07b\u202ec\x9b"


class BoxApp(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("e", "resolve", "Resolve")]

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.said: list[tuple[object, ...]] = []
        self.resolved = 0

    def compose(self) -> ComposeResult:
        yield Input()
        yield ReplyBox()

    @property
    def box(self) -> ReplyBox:
        return self.query_one(ReplyBox)

    @property
    def shown(self) -> list[str]:
        size = self.box.outer_size
        return [strip.text for strip in self.box.render_lines(Region(0, 0, size.width, size.height))]

    @property
    def inside(self) -> str:
        return self.box.ensure_editor().render_line(0).text.rstrip()

    @on(ReplyBox.Submitted)
    @on(ReplyBox.DraftChanged)
    @on(ReplyBox.EditorRequested)
    @on(ReplyBox.LeaveRequested)
    @on(ReplyBox.Entered)
    @on(ReplyBox.KindChanged)
    def keep(self, event: ReplyBox.Submitted) -> None:
        self.said.append((type(event).__name__, *(value for _, value in event.__rich_repr__())))

    def action_resolve(self) -> None:
        self.resolved += 1

    def about(self, name: str) -> list[tuple[object, ...]]:
        return [rest for first, *others in self.said if first == name for rest in [tuple(others)]]


async def opened(pilot: Pilot[None], text: str = "", kind: Kind = REPLY) -> BoxApp:
    app = pilot.app
    assert isinstance(app, BoxApp)
    app.box.bind(ONE, kind, text, "Dana Ortiz")
    app.box.focus_editor()
    await pilot.pause()
    return app


async def test_enter_sends_and_never_inserts() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot)
        await pilot.press(*"hello", "enter")
        await pilot.pause()
        assert app.about("Submitted") == [(ONE, REPLY, "hello", False, 5)]
        assert app.box.text == "hello"
        app.box.clear()
        assert app.box.text == ""


async def test_a_second_enter_sends_nothing_twice() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot)
        await pilot.press(*"hello", "enter", "enter", "ctrl+r")
        await pilot.pause()
        assert len(app.about("Submitted")) == 1
        app.box.focus_editor()  # the screen asks again, as after a missing profile
        await pilot.press("enter")
        await pilot.pause()
        assert len(app.about("Submitted")) == 2


async def test_what_is_typed_before_the_box_is_cleared_stays() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot, "hello")
        await pilot.press("home", "enter", *"and")
        app.box.clear()
        await pilot.pause()
        assert app.box.text == "and"
        assert app.about("DraftChanged")[-1] == (ONE, REPLY, "and")


@pytest.mark.parametrize("key", ["ctrl+j", "shift+enter", "alt+enter"])
async def test_new_line_keys(key: str) -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot)
        await pilot.press("a", key, "b")
        assert app.box.text == "a\nb"
        assert not app.about("Submitted")


async def test_send_and_resolve() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot, "bye")
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert app.about("Submitted") == [(ONE, REPLY, "bye", True, 3)]


@pytest.mark.parametrize("text", ["", "  \n "])
async def test_nothing_to_send(text: str) -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot, text)
        await pilot.press("enter")
        await pilot.pause()
        assert not app.about("Submitted")
        assert "Nothing to send" in app.shown[-1]
        await pilot.press("x")
        await pilot.pause()
        assert "Enter sends · Ctrl+J new line" in app.shown[-1]


async def test_a_paste_keeps_its_lines_and_sends_nothing() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot)
        app.box.ensure_editor().post_message(Paste("one\r\ntwo\n" + HOSTILE))
        await pilot.pause()
        assert app.box.text == "one\ntwo\na]0;ownedb\u202ec"
        assert not app.about("Submitted")


async def test_lines_may_be_undone_and_done_again_from_under_the_cursor() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot)
        app.box.ensure_editor().post_message(Paste("line\n" * 20))
        await pilot.pause()
        await pilot.pause()
        await pilot.press("ctrl+z")
        assert app.box.text == ""
        await pilot.press("ctrl+y")
        assert app.box.text == "line\n" * 20


async def test_escape_leaves_without_a_trace_and_tab_is_text() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot, "kept")
        await pilot.press("escape")
        await pilot.pause()
        assert app.about("LeaveRequested") == [()]
        assert app.box.text == "kept"
        await pilot.press("tab", "x")
        assert not isinstance(app.focused, Input)
        assert app.box.text == "kept\tx"


async def test_the_editor_is_asked_for_with_the_text() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot, "draft", NOTE)
        await pilot.press("!", "ctrl+o")
        await pilot.pause()
        assert app.about("EditorRequested") == [(ONE, NOTE, "draft!")]


async def test_only_the_member_changes_drafts() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot, "put here")
        app.box.bind(TWO, REPLY, "another", "Dana Ortiz")
        app.box.clear()
        await pilot.pause()
        assert not app.about("DraftChanged")
        await pilot.press("x", "backspace")
        await pilot.pause()
        assert app.about("DraftChanged") == [(TWO, REPLY, "x"), (TWO, REPLY, "")]


async def test_what_was_typed_belongs_to_the_conversation_it_was_typed_for() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot)
        app.box.ensure_editor().insert("for one")
        app.box.bind(TWO, NOTE, "", "Dana Ortiz")  # before anybody heard of the change
        await pilot.pause()
        assert app.about("DraftChanged") == [(ONE, REPLY, "for one")]
        await pilot.press("ctrl+z")
        assert app.box.text == ""


async def test_binding_again_leaves_the_cursor_where_it_is() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot, "hello")
        await pilot.press("home")
        app.box.bind(ONE, REPLY, "hello", "Dana Ortiz")
        await pilot.press("X")
        assert app.box.text == "Xhello"


async def test_a_draft_that_the_latest_keys_have_overtaken_does_not_come_back() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot, "h")
        await pilot.press(*"ell")
        app.box.bind(ONE, REPLY, "hel", "Dana Ortiz")
        await pilot.press("o")
        assert app.box.text == "hello"
        app.box.clear()
        app.box.bind(ONE, REPLY, "hello", "Dana Ortiz")  # it was not taken: the text comes back
        assert app.box.text == "hello"
        await pilot.press("!", "ctrl+o")
        app.box.bind(ONE, REPLY, "hello", "Dana Ortiz")
        assert app.box.text == "hello"


async def test_typed_ahead_letters_go_into_the_text_even_before_there_is_a_text_area() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = pilot.app
        assert isinstance(app, BoxApp)
        app.box.bind(ONE, REPLY, "", "Dana Ortiz")
        assert not app.box.children
        app.box.focus_editor()
        await pilot.press(*"rover e")
        await pilot.pause()
        assert (app.box.text, app.resolved) == ("rover e", 0)


async def test_a_draft_is_painted_before_there_is_a_text_area() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = pilot.app
        assert isinstance(app, BoxApp)
        app.box.bind(ONE, REPLY, "a draft", "Dana Ortiz")
        await pilot.pause()
        painted = app.shown
        assert "a draft" in painted[1]
        app.box.ensure_editor()
        await pilot.pause()
        assert (app.shown[0], app.shown[-1]) == (painted[0], painted[-1])
        assert app.inside == "a draft"


async def test_it_grows_with_its_text_to_a_limit() -> None:
    async with BoxApp().run_test(size=(40, 20)) as pilot:
        app = await opened(pilot)
        assert app.box.outer_size.height == 3
        app.box.ensure_editor().insert("a" * 40)
        await pilot.pause()
        assert app.box.outer_size.height == 4
        app.box.ensure_editor().insert("\n" * 12)
        await pilot.pause()
        assert app.box.outer_size.height == 8
        app.box.lines_at_most = 3
        await pilot.pause()
        assert app.box.outer_size.height == 3
        app.box.clear()
        await pilot.pause()
        assert app.box.outer_size.height == 3


@pytest.mark.parametrize(
    ("width", "last"),
    [
        (56, "╰─ Enter sends · Ctrl+J new line ───────── Send reply ─╯"),
        (36, "╰─ Enter sends ─────── Send reply ─╯"),
        (20, "╰─ ─── Send reply ─╯"),
    ],
)
async def test_the_frame_says_what_enter_does(width: int, last: str) -> None:
    async with BoxApp().run_test(size=(width, 14)) as pilot:
        app = await opened(pilot)
        assert app.shown[0].startswith("╭─ Reply as Dana"[: width - 4])
        assert app.shown[-1] == last
        app.box.bind(ONE, NOTE, "", "Dana Ortiz")
        await pilot.pause()
        assert app.shown[0].startswith("╭─ NOTE · only t"[: width - 4])
        assert app.shown[-1].endswith(" Write note ─╯")


async def test_a_hostile_name_does_no_harm() -> None:
    async with BoxApp().run_test(size=(80, 14)) as pilot:
        app = pilot.app
        assert isinstance(app, BoxApp)
        app.box.bind(ONE, REPLY, HOSTILE, "[/] [@click=app.boom]x " + HOSTILE)
        await pilot.pause()
        assert "[/] [@click=app.boom]x" in app.shown[0]
        assert all(line.isprintable() for line in app.shown)


async def test_the_button_sends_and_the_rest_of_the_box_can_be_clicked_into() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = pilot.app
        assert isinstance(app, BoxApp)
        app.box.bind(ONE, REPLY, "hello", "Dana Ortiz")
        await pilot.pause()
        await pilot.click(ReplyBox, offset=(52, 2))
        await pilot.pause()
        assert app.about("Submitted") == [(ONE, REPLY, "hello", False, 5)]
        assert not app.about("Entered")
        await pilot.click(ReplyBox, offset=(10, 1))
        await pilot.pause()
        assert app.about("Entered") == [(ONE, REPLY)]
        await pilot.press("!")
        assert app.box.text == "hello!"


async def test_a_reply_becomes_a_note_and_a_note_a_reply_with_text_and_cursor() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot)
        await pilot.press(*"hllo", "home", "right", "ctrl+n", "e")
        await pilot.pause()
        assert (app.box.kind, app.box.text) == (NOTE, "hello")
        assert app.about("DraftChanged")[-3:] == [(ONE, NOTE, "hllo"), (ONE, REPLY, ""), (ONE, NOTE, "hello")]
        assert app.about("KindChanged") == [(NOTE, False)]
        await pilot.press("ctrl+n", "enter")
        await pilot.pause()
        assert app.about("Submitted") == [(ONE, REPLY, "hello", False, 2)]


@pytest.mark.parametrize(("text", "joined"), [("", "begun"), ("two", "begun\ntwo")])
async def test_what_had_been_begun_of_that_kind_stands_above(text: str, joined: str) -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot, text)
        app.box.draft_of = lambda id, kind: "begun" if (id, kind) == (ONE, NOTE) else ""
        await pilot.press("ctrl+n", *"!", "enter")
        await pilot.pause()
        assert app.about("KindChanged") == [(NOTE, True)]
        assert app.about("Submitted") == [(ONE, NOTE, f"{joined}!", False, len(joined) + 1)]


async def test_a_text_on_its_way_does_not_become_a_note_as_well() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot, "hello")
        await pilot.press("enter", "ctrl+n")
        await pilot.pause()
        assert (app.box.kind, app.about("KindChanged")) == (REPLY, [])


async def test_where_no_notes_are_kept_a_reply_stays_one() -> None:
    async with BoxApp().run_test(size=(60, 14)) as pilot:
        app = await opened(pilot, "hello")
        app.box.has_notes = False
        await pilot.press("ctrl+n")
        assert (app.box.kind, app.box.text) == (REPLY, "hello")


@pytest.mark.parametrize("is_open", [True, False])
async def test_each_line_of_a_note_is_marked(is_open: bool) -> None:
    async with BoxApp().run_test(size=(40, 14)) as pilot:
        app = pilot.app
        assert isinstance(app, BoxApp)
        app.box.bind(ONE, NOTE, "one\n\nthree that is longer than the box is wide", "Dana")
        if is_open:
            app.box.focus_editor()
        await pilot.pause()
        await pilot.pause()
        top, *lines, _ = app.shown
        assert "─ NOTE · only the team sees this ─" in top
        assert len(lines) == 4
        if not is_open:
            assert [line[:4] for line in lines] == ["│ ▌ "] * 4
        shown = [strip.text for strip in app.screen._compositor.render_strips()][app.box.region.y + 1 :][:4]
        assert [line[:4] for line in shown] == ["│ ▌ "] * 4
        app.box.bind(ONE, REPLY, "one", "Dana")
        await pilot.pause()
        await pilot.pause()
        assert "▌" not in "".join(strip.text for strip in app.screen._compositor.render_strips())
