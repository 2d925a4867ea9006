"""The dialogs that ask or tell: confirm, conflict, help, agent menu."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest
from textual.screen import Screen
from textual.widgets import Static

from inbox_tui.domain.models import Agent, AgentId, Author, ConversationId, Kind, Member, MemberId, Message, MessageId
from inbox_tui.tui.dialogs.agents import AgentChoice, AgentDialog
from inbox_tui.tui.dialogs.base import Choice, Dialog
from inbox_tui.tui.dialogs.confirm import ConfirmDialog
from inbox_tui.tui.dialogs.conflict import ConflictDialog
from inbox_tui.tui.dialogs.export import ExportDialog
from inbox_tui.tui.dialogs.help import HelpDialog, HelpSection, KeyHelp
from inbox_tui.tui.dialogs.profile import ProfileDialog
from inbox_tui.tui.dialogs.settings import SettingsDialog, SettingsView
from inbox_tui.tui.dialogs.welcome import WelcomeDialog
from tui.dialog_host import Host

SIZES = [(120, 36), (40, 10)]
HOSTILE = "costs [/] [@click=app.boom]x[/] \x1b]0;owned\x07 \u202egnp"
DANA = Member(MemberId("1"), "dana@acme.example", "Dana Ortiz")
AGENTS = tuple(Agent(AgentId(str(n)), name) for n, name in enumerate(["Website assistant", "Zoë", HOSTILE]))
SECTIONS = (
    HelpSection("Outside the reply box", (KeyHelp("inbox.down", "j, ↓", "Move down"),)),
    HelpSection("In the reply box", tuple(KeyHelp(f"reply.{n}", "ctrl+r", f"Action {n}") for n in range(60))),
)


def reply(body: str, member: Member | None = DANA) -> Message:
    at = datetime(2026, 11, 3, 10, 2, tzinfo=timezone.utc)
    return Message(MessageId("m-1"), Author.MEMBER, Kind.MESSAGE, body, at, member)


def every_dialog(tmp_path: Path) -> list[Dialog[Any]]:
    hostile = Member(MemberId("2"), "m@acme.example", HOSTILE)
    context = SettingsView("dark", True, "list", HOSTILE, HOSTILE, hostile)
    return [
        ConfirmDialog(HOSTILE, HOSTILE, "Keep"),
        ConflictDialog((reply(HOSTILE, hostile),), HOSTILE),
        HelpDialog((HelpSection(HOSTILE, (KeyHelp("a", HOSTILE, HOSTILE),)),)),
        ExportDialog(1, tmp_path / HOSTILE.replace("/", ""), AsyncMock()),
        ProfileDialog(HOSTILE),
        SettingsDialog(context, photos=True, photo=b"no picture"),
        WelcomeDialog(HOSTILE),
    ]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("number", range(7))
async def test_every_dialog_fits_shows_hostile_text_as_text_and_closes_with_escape(
    tmp_path: Path, size: tuple[int, int], number: int
) -> None:
    app = Host(every_dialog(tmp_path)[number])
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        shown = app.shown()
        for choice in app.dialog.query(".choices Choice"):
            assert choice.region.bottom < size[1], f"{choice} is below the border"
            assert choice.region.right <= size[0] - 2, f"{choice} is cut"
        assert shown.splitlines()[app.dialog.query_one(".box").region.y].strip(" ").startswith("┌─ ")
        assert not any(ord(character) < 32 for line in shown.splitlines() for character in line)
        assert "\u202e" not in shown
        await pilot.press("escape")
        assert not isinstance(app.screen, Dialog)
        assert len(app.results) == 1


@pytest.mark.parametrize("size", SIZES)
async def test_confirm_with_enter(size: tuple[int, int]) -> None:
    app = Host(ConfirmDialog("Resolve 42 conversations?", "Resolve 42", "Keep"))
    async with app.run_test(size=size) as pilot:
        assert "Resolve 42 conversations?" in app.shown()
        assert "[Enter] Resolve 42" in app.shown()
        assert "[Esc] Keep" in app.shown()
        await pilot.press("enter")
        assert app.results == [True]


@pytest.mark.parametrize("keys", [("escape",), ("tab", "enter"), ("tab", "space")])
async def test_confirm_declined(keys: tuple[str, ...]) -> None:
    app = Host(ConfirmDialog("Resolve 42 conversations?", "Resolve 42", "Keep"))
    async with app.run_test() as pilot:
        await pilot.press(*keys)
        assert app.results == [False]


async def test_a_word_and_a_space_do_not_confirm() -> None:
    app = Host(ConfirmDialog("Jonas Brandt has this. Take it over?", "Take it over", "Leave it"))
    async with app.run_test() as pilot:
        await pilot.press(*"it", "space", *"works")
        assert (app.results, app.screen) == ([], app.dialog)


async def test_the_key_enter_is_shown_where_it_works() -> None:
    app = Host(ConfirmDialog("Resolve 42 conversations?", "Resolve 42", "Keep"))
    async with app.run_test() as pilot:
        await pilot.press("tab")
        await pilot.pause()
        assert "[Enter] Keep" in app.shown()
        assert "[Enter] Resolve 42" not in app.shown()


@pytest.mark.parametrize(("number", "result"), [(0, True), (1, False)])
async def test_confirm_by_mouse(number: int, result: bool) -> None:
    app = Host(ConfirmDialog("Resolve 42 conversations?", "Resolve 42", "Keep"))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.click(app.dialog.query(Choice)[number])
        assert app.results == [result]


async def test_two_keys_in_one_breath_close_one_screen_only() -> None:
    class Below(Screen[None]):
        """What the dialog was asked over."""

    app = Host(ConfirmDialog("Sure?", "Yes", "No"))
    async with app.run_test() as pilot:
        dialog = app.dialog
        assert isinstance(dialog, ConfirmDialog)
        await pilot.press("escape")
        await app.push_screen(Below())
        dialog.close(True)
        await pilot.pause()
        assert isinstance(app.screen, Below)
        assert app.results == [False]


@pytest.mark.parametrize(("keys", "result"), [("enter", "edit"), ("ctrl+y", "send"), ("escape", None)])
@pytest.mark.parametrize("size", SIZES)
async def test_conflict_sends_only_on_its_own_key(size: tuple[int, int], keys: str, result: str | None) -> None:
    app = Host(ConflictDialog((reply("I took care of it."),), "On my way."))
    async with app.run_test(size=size) as pilot:
        assert "Dana Ortiz replied:" in app.shown()
        assert "I took care of it." in app.shown()
        await pilot.press(keys)
        assert app.results == [result]


async def test_conflict_scrolls_to_my_text_when_the_reply_is_long() -> None:
    app = Host(ConflictDialog((reply("line\n" * 50), reply("later", None)), "On my way."))
    async with app.run_test(size=(40, 10)) as pilot:
        assert "On my way." not in app.shown()
        await pilot.press(*["pagedown"] * 20)
        await pilot.pause()
        assert "A colleague replied:" in app.shown()
        assert "On my way." in app.shown()
        assert "[Enter] Back to my text" in app.shown()


async def test_conflict_says_how_much_of_a_long_reply_is_not_shown_and_how_to_see_it() -> None:
    app = Host(ConflictDialog((reply("a\n" * 30_000),), "b" * 25_000, conversation=ConversationId("c-7")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["pagedown"] * 20)
        shown = " ".join(str(part.visual) for part in app.dialog.query(Static))
        assert "56,001 more characters on 28,001 lines: inbox-tui show c-7" in shown
        assert "5,000 more characters on 1 line" in shown


async def test_conflict_shows_the_words_of_a_reply_in_html() -> None:
    app = Host(ConflictDialog((reply("<p>Hello <b>there</b></p>"),), "<p>mine</p>"))
    async with app.run_test(size=(80, 24)):
        assert "Hello there" in app.shown()
        assert "<p>mine</p>" in app.shown()


@pytest.mark.parametrize("key", ["question_mark", "q", "escape", "enter"])
async def test_help_closes(key: str) -> None:
    app = Host(HelpDialog(SECTIONS))
    async with app.run_test() as pilot:
        await pilot.press(key)
        assert app.results == [None]


@pytest.mark.parametrize("size", SIZES)
async def test_help_lists_every_key_and_scrolls(size: tuple[int, int]) -> None:
    app = Host(HelpDialog(SECTIONS))
    async with app.run_test(size=size) as pilot:
        assert "Outside the reply box" in app.shown()
        assert "j, ↓" in app.shown()
        assert "Move down" in app.shown()
        assert "Action 59" not in app.shown()
        await pilot.press(*["j"] * 45, *["pagedown"] * 5)
        await pilot.pause()
        assert "Action 59" in app.shown()
        await pilot.press(*["pageup"] * 15)
        await pilot.pause()
        assert "Move down" in app.shown()


@pytest.mark.parametrize("size", SIZES)
async def test_agent_menu_has_all_agents_first_and_marks_the_current_one(size: tuple[int, int]) -> None:
    app = Host(AgentDialog(AGENTS, AgentId("1")))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        shown = app.shown()
        assert shown.index("All agents") < shown.index("Website assistant")
        assert "✓ Zoë" in shown
        await pilot.press("enter")
        assert app.results == [AgentChoice(AGENTS[1])]


@pytest.mark.parametrize(
    ("keys", "result"),
    [
        ("zoe", AgentChoice(AGENTS[1])),
        ("ALL A", AgentChoice(None)),
        ("ASSI", AgentChoice(AGENTS[0])),
    ],
)
async def test_agent_menu_narrows_without_case_and_accents(keys: str, result: AgentChoice) -> None:
    app = Host(AgentDialog(AGENTS, None))
    async with app.run_test() as pilot:
        await pilot.press(*("space" if key == " " else key for key in keys), "enter")
        assert app.results == [result]


async def test_agent_menu_without_a_match_stays_and_says_so() -> None:
    app = Host(AgentDialog(AGENTS, None))
    async with app.run_test() as pilot:
        await pilot.press(*"nobody", "enter")
        await pilot.pause()
        assert "nothing is called that" in app.shown()
        assert app.results == []


async def test_agent_menu_by_keys() -> None:
    app = Host(AgentDialog(AGENTS, None))
    async with app.run_test() as pilot:
        await pilot.press("up", "down", "down", "enter")
        assert app.results == [AgentChoice(AGENTS[1])]


async def test_the_agent_that_was_chosen_last_stands_right_behind_all() -> None:
    app = Host(AgentDialog(AGENTS, None, recent=[AGENTS[1].id]))
    async with app.run_test() as pilot:
        await pilot.press("down", "enter")
        assert app.results == [AgentChoice(AGENTS[1])]


async def test_agent_menu_by_mouse() -> None:
    app = Host(AgentDialog(AGENTS, None))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.click("OptionList", offset=(3, 1))
        assert app.results == [AgentChoice(AGENTS[0])]


async def test_the_highlight_is_always_seen_on_the_smallest_screen() -> None:
    agents = tuple(Agent(AgentId(str(n)), f"Agent number {n}") for n in range(40))
    app = Host(AgentDialog(agents, None))
    async with app.run_test(size=(40, 10)) as pilot:
        for number in range(39):
            await pilot.press("down")
            await pilot.pause()
            assert f"Agent number {number}" in app.shown()


@pytest.mark.parametrize("size", SIZES)
async def test_agents_with_hostile_names_fit_and_show_as_text(size: tuple[int, int]) -> None:
    app = Host(AgentDialog(AGENTS, None))
    async with app.run_test(size=size) as pilot:
        assert "costs [/] [@click=app.boom]" in app.shown()
        await pilot.press("escape")
        assert app.results == [None]
