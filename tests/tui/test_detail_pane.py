"""The detail pane: its header, and which of its parts are there when."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import pytest
from rich.cells import cell_len
from textual import on
from textual.app import App, ComposeResult
from textual.content import Content
from textual.pilot import Pilot

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
    Status,
    Thread,
)
from inbox_tui.tui.themes import DARK
from inbox_tui.tui.widgets.detail_header import DetailHeader
from inbox_tui.tui.widgets.detail_pane import NO_ACCESS, NOTHING_OPEN, DetailPane
from inbox_tui.tui.widgets.reply_box import ReplyBox
from inbox_tui.tui.widgets.thread_view import ThreadView

START = datetime(2026, 11, 3, 10, 2, tzinfo=timezone.utc)
DANA = Member(MemberId("1"), "dana@acme.example", "Dana Ortiz", Badge("DO", Color.TEAL), Access.ADMIN)
LEAD = Lead("Maya Lindqvist", "maya@mail.example", "+46 70 1", "Acme")
MAYA = Conversation(
    ConversationId("c-1"),
    Agent(AgentId("a"), "Website assistant"),
    START,
    START,
    LEAD,
    "Flight to Oslo",
    assignee=DANA,
    waiting_since=START,
)
JONAS = msgspec.structs.replace(
    MAYA, id=ConversationId("c-2"), lead=Lead(), assignee=None, waiting_since=None, status=Status.RESOLVED, topic=""
)
HOSTILE = "costs [/] [@click=app.boom]x[/] \x1b]0;owned\x07 \u202egnp"


def thread(conversation: Conversation, *bodies: str) -> Thread:
    messages = (
        Message(MessageId(f"{conversation.id}-{number}"), Author.VISITOR, Kind.MESSAGE, body, START)
        for number, body in enumerate(bodies)
    )
    return Thread(conversation, tuple(messages), has_earlier=False)


class PaneApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.said: list[tuple[object, ...]] = []

    def compose(self) -> ComposeResult:
        yield DetailPane(timezone.utc)

    @property
    def pane(self) -> DetailPane:
        return self.query_one(DetailPane)

    @property
    def header(self) -> list[str]:
        rendered = self.query_one(DetailHeader).render()
        assert isinstance(rendered, Content)
        return rendered.plain.split("\n")

    @property
    def shown(self) -> list[str]:
        context = self.query_one(ThreadView)
        return [context.render_line(y).text.rstrip() for y in range(context.size.height)]

    @property
    def parts(self) -> set[str]:
        return {child.id or type(child).__name__ for child in self.pane.children if child.display}

    @on(DetailHeader.AssignRequested)
    @on(DetailHeader.StatusToggled)
    @on(ReplyBox.Submitted)
    def keep(self, event: ReplyBox.Submitted) -> None:
        self.said.append((type(event).__name__, *(value for _, value in event.__rich_repr__())))


async def opened(pilot: Pilot[None], conversation: Conversation = MAYA) -> PaneApp:
    app = pilot.app
    assert isinstance(app, PaneApp)
    app.pane.me = DANA
    app.pane.set_now(START + timedelta(minutes=12))
    app.pane.conversation = conversation
    await pilot.pause()
    return app


async def test_nothing_is_open_at_first() -> None:
    async with PaneApp().run_test(size=(60, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, PaneApp)
        assert app.parts == {"nothing-open"}
        assert NOTHING_OPEN in str(app.query_one("#nothing-open").render())


async def test_header_says_who_and_what() -> None:
    async with PaneApp().run_test(size=(80, 24)) as pilot:
        app = await opened(pilot)
        first, second = app.header
        assert first == "Maya Lindqvist" + " " * 30 + "(DO) Dana Ortiz ▾  ✓ Mark resolved"
        assert second == "maya@mail.example · +46 70 1 · Acme · lead · ● waiting 12m · Flight to Oslo"
        app.pane.shows_agent = True
        app.pane.conversation = msgspec.structs.replace(MAYA, lead=Lead(name="Maya"))
        assert app.header[1] == "lead · ● waiting 12m · Flight to Oslo · Website assistant"
        app.pane.conversation = JONAS
        assert app.header[0].startswith("Visitor c-2 ")
        assert app.header[0].endswith("Assign ＋  ↺ Reopen")
        assert app.header[1] == "Website assistant"


@pytest.mark.parametrize(
    ("width", "first"),
    [
        (52, "Maya Lindqvist  (DO) Dana Ortiz ▾  ✓ Mark resolved"),
        (47, "Maya Lin…  (DO) Dana Ortiz ▾  ✓ Mark resolved"),
        (41, "Maya Lindqvist  (DO) ▾  ✓ Mark resolved"),
        (25, "Maya Lindqv…  (DO) ▾  ✓"),
    ],
)
async def test_the_name_shrinks_first(width: int, first: str) -> None:
    async with PaneApp().run_test(size=(width, 12)) as pilot:
        app = await opened(pilot)
        assert [cell_len(line) <= width - 2 for line in app.header] == [True, True]
        assert app.header[0] == first


async def test_a_hostile_visitor_does_no_harm() -> None:
    async with PaneApp().run_test(size=(200, 24)) as pilot:
        agent = Agent(AgentId("x"), HOSTILE)
        hostile = msgspec.structs.replace(
            MAYA, lead=Lead(HOSTILE, HOSTILE, HOSTILE, HOSTILE), topic=HOSTILE, agent=agent
        )
        app = await opened(pilot, hostile)
        assert all(line.isprintable() for line in app.header)
        assert app.header[0].startswith("costs [/] [@click=app.boom]x[/]")


@pytest.mark.parametrize("width", [80, 40])
async def test_buttons_can_be_clicked(width: int) -> None:
    async with PaneApp().run_test(size=(width, 24)) as pilot:
        app = await opened(pilot)
        anchor = app.pane.assign_anchor()
        await pilot.click(offset=(anchor.x, anchor.y))
        await pilot.click(offset=(anchor.right - 1, anchor.y))
        await pilot.click(offset=(width - 1, 0))
        await pilot.click(offset=(2, 0))
        await pilot.click(offset=(anchor.x, 1))
        await pilot.pause()
        assert [said[0] for said in app.said] == ["AssignRequested", "AssignRequested", "StatusToggled"]
        assert app.said[0][1] == MAYA


async def test_without_access_there_is_a_sentence_and_nothing_to_press() -> None:
    async with PaneApp().run_test(size=(60, 24)) as pilot:
        app = await opened(pilot)
        app.pane.show_thread(thread(MAYA, "secret"))
        app.pane.bind_reply(MAYA.id, Kind.MESSAGE, "", "Dana Ortiz")
        app.pane.can_chat = False
        await pilot.pause()
        assert app.parts == {"DetailHeader", "no-access"}
        assert "".join(app.shown) == ""
        assert NO_ACCESS in str(app.query_one("#no-access").render())
        assert app.header[0] == "Maya Lindqvist"
        app.pane.focus_reply()
        await pilot.click(offset=(58, 0))
        await pilot.pause()
        assert not app.query("ReplyEditor:focus")
        assert not app.said


async def test_the_thread_follows_the_conversation() -> None:
    async with PaneApp().run_test(size=(60, 24)) as pilot:
        app = await opened(pilot)
        app.pane.show_thread(thread(MAYA, "from maya"))
        assert app.shown[2] == "  from maya"
        app.pane.conversation = msgspec.structs.replace(MAYA, topic="Another")
        assert app.shown[2] == "  from maya"
        app.pane.conversation = JONAS
        assert "".join(app.shown) == ""
        app.pane.show_thread(thread(MAYA, "late answer"))
        assert "".join(app.shown) == ""
        app.pane.show_thread(thread(JONAS, "from jonas"))
        app.pane.append(Message(MessageId("new"), Author.VISITOR, Kind.MESSAGE, "and more", START))
        assert app.shown[2:4] == ["  from jonas", "  and more"]


async def test_the_reply_box_belongs_to_its_conversation() -> None:
    async with PaneApp().run_test(size=(60, 24)) as pilot:
        app = await opened(pilot)
        app.pane.bind_reply(MAYA.id, Kind.MESSAGE, "hello", "Dana Ortiz")
        app.pane.focus_reply()
        app.pane.conversation = JONAS
        await pilot.press("enter")
        await pilot.pause()
        assert app.said == [("Submitted", MAYA.id, Kind.MESSAGE, "hello", False, 5)]
        app.pane.clear_reply(JONAS.id, Kind.MESSAGE)
        assert app.query_one(ReplyBox).text == "hello"
        app.pane.clear_reply(MAYA.id, Kind.MESSAGE)
        assert app.query_one(ReplyBox).text == ""


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (40, 7)])
async def test_header_thread_and_box_have_room(size: tuple[int, int]) -> None:
    async with PaneApp().run_test(size=size) as pilot:
        app = await opened(pilot)
        app.pane.show_thread(thread(MAYA, *(f"message {number}" for number in range(50))))
        app.pane.bind_reply(MAYA.id, Kind.MESSAGE, "line\n" * 20, "Dana Ortiz")
        app.pane.focus_reply()
        await pilot.pause()
        heights = [child.outer_size.height for child in app.pane.children if child.display]
        assert sum(heights) == size[1]
        assert heights[1] >= 3
        assert heights == ([1, 3, 3] if size[1] == 7 else [2, size[1] - 10, 8])
        while app.shown[-1] != "  message 49":  # the thread hears of its new height last; pytest's timeout ends this
            await pilot.pause()
