"""The assign menu: who can be chosen, in which order, by key and by mouse."""

from __future__ import annotations

import pytest
from textual.app import App
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from inbox_tui.domain.models import Access, Badge, Color, Member, MemberId
from inbox_tui.tui.dialogs.assign import AssignChoice, AssignDialog
from inbox_tui.tui.themes import DARK

HOSTILE = "costs [/] [@click=app.boom]x[/] \x1b]0;owned\x07 \u202egnp"


def member(number: int, name: str, email: str, access: Access = Access.EDIT) -> Member:
    return Member(MemberId(str(number)), email, name, Badge(name[:1].upper() or "?", Color.BLUE), access)


DANA = member(1, "Dana Ortiz", "dana@acme.example", Access.ADMIN)
SAM = member(2, "Sam Lee", "sam@acme.example")
ZOE = member(3, "Zoë Ångström", "zoe@acme.example")
GONE = member(4, "Gone Long", "gone@acme.example", Access.NONE)
NAMELESS = member(5, "", "nameless@other.example")
TEAM = [SAM, DANA, GONE, ZOE, NAMELESS]
ANCHOR = Region(40, 3, 17, 1)


class MenuApp(App[None]):
    def __init__(self, menu: AssignDialog) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.menu = menu
        self.chosen: list[AssignChoice | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.menu, self.chosen.append)

    @property
    def options(self) -> list[str]:
        found = self.menu.query_one(OptionList).options
        return [str(option.prompt).strip() for option in found]


def app_of(pilot: Pilot[None]) -> MenuApp:
    assert isinstance(pilot.app, MenuApp)
    return pilot.app


def menu(current: Member | None = None, team: list[Member] | None = None) -> MenuApp:
    return MenuApp(AssignDialog(team or TEAM, DANA, [current.id if current else None], anchor=ANCHOR))


async def test_nobody_first_then_me_then_those_who_may_chat() -> None:
    async with menu(current=SAM).run_test(size=(80, 24)) as pilot:
        assert app_of(pilot).options == [
            "＋   Unassigned",
            "(D)  You · Dana Ortiz  dana@acme.example",
            "✓ (S)  Sam Lee  sam@acme.example",
            "(Z)  Zoë Ångström  zoe@acme.example",
            "(?)  nameless@other.example",
        ]


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        (["enter"], AssignChoice(DANA)),
        (["down", "enter"], AssignChoice(SAM)),
        (["down", "down", "up", "enter"], AssignChoice(SAM)),
        (["up", "up", "enter"], AssignChoice(None)),
        ([*"zoe a", "enter"], AssignChoice(ZOE)),
        ([*"ANG", "enter"], AssignChoice(ZOE)),
        ([*"namel", "enter"], AssignChoice(NAMELESS)),
        ([*"un", "enter"], AssignChoice(None)),
        ([*"lee s", "enter"], AssignChoice(SAM)),
        ([*"other.ex", "enter", "escape"], None),
        ([*"acme", "enter", "escape"], None),
        ([*"ee", "enter", "escape"], None),
        ([*"you", "enter"], AssignChoice(DANA)),
        (["pagedown", "enter"], AssignChoice(NAMELESS)),
        (["escape"], None),
        ([*"zoe", "escape"], None),
    ],
)
async def test_keys_choose(keys: list[str], chosen: AssignChoice | None) -> None:
    async with menu(current=SAM).run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert app_of(pilot).chosen == [chosen]


async def test_who_may_not_chat_cannot_be_found() -> None:
    async with menu().run_test(size=(80, 24)) as pilot:
        await pilot.press(*"gone", "enter", "down")
        await pilot.pause()
        app = app_of(pilot)
        assert (app.options, app.chosen) == ([], [])
        await pilot.press(*["backspace"] * 4, "enter")
        await pilot.pause()
        assert app.chosen == [AssignChoice(None)]


async def test_it_hangs_below_the_button_and_a_click_chooses() -> None:
    async with menu().run_test(size=(80, 24)) as pilot:
        app = app_of(pilot)
        frame = app.menu.query_one("#menu").region
        assert (frame.y, frame.right) == (ANCHOR.bottom, ANCHOR.right)
        await pilot.click(OptionList, offset=(4, 2))
        await pilot.pause()
        assert app.chosen == [AssignChoice(SAM)]


async def test_a_click_beside_it_leaves() -> None:
    async with menu().run_test(size=(80, 24)) as pilot:
        await pilot.click(offset=(75, 20))
        await pilot.pause()
        assert app_of(pilot).chosen == [None]


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (40, 10)])
@pytest.mark.parametrize("anchor", [ANCHOR, Region(200, 0, 3, 1), Region(5, 30, 3, 1), Region(0, 8, 3, 1)])
async def test_it_is_on_the_screen_and_scrolls(size: tuple[int, int], anchor: Region) -> None:
    team = [member(number, f"Member {number}", f"m{number}@acme.example") for number in range(10, 60)]
    async with MenuApp(AssignDialog(team, DANA, [None], anchor=anchor)).run_test(size=size) as pilot:
        app = app_of(pilot)
        frame = app.menu.query_one("#menu").region
        assert Region(0, 0, *size).contains_region(frame)
        assert app.menu.query_one(OptionList).region.height in range(1, 13)
        assert app.menu.query_one(Input).has_focus
        for _ in range(5):
            await pilot.press("pagedown")
        await pilot.press("enter")
        await pilot.pause()
        assert app.chosen == [AssignChoice(team[-1])]


async def test_hostile_members_do_no_harm() -> None:
    async with menu(team=[member(9, HOSTILE, HOSTILE)]).run_test(size=(80, 24)) as pilot:
        line = app_of(pilot).options[-1]
        assert line.isprintable()
        assert "[/] [@click=app.boom]x[/]" in line


async def test_each_member_takes_one_line_however_narrow_it_is() -> None:
    async with menu().run_test(size=(30, 12)) as pilot:
        app = app_of(pilot)
        options = app.menu.query_one(OptionList)
        shown = [options.render_line(y).text.rstrip() for y in range(options.size.height)]
        assert [line.split("(")[-1][:1] for line in shown[1:]] == ["D", "S", "Z", "?"]
        assert shown[1].endswith("…")


async def test_the_highlight_shows_without_colours() -> None:
    async with menu().run_test(size=(80, 24)) as pilot:
        options = app_of(pilot).menu.query_one(OptionList)
        underlined = [
            y for y in range(5) if any(part.style and part.style.underline for part in options.render_line(y))
        ]
        assert underlined == [1]


async def test_names_come_before_addresses() -> None:
    other = member(6, "Ann Quill", "sam.quill@acme.example")
    async with menu(team=[other, SAM]).run_test(size=(80, 24)) as pilot:
        await pilot.press(*"sam")
        await pilot.pause()
        assert [line.split("  ")[1] for line in app_of(pilot).options] == ["Sam Lee", "Ann Quill"]
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app_of(pilot).chosen == [AssignChoice(other)]


async def test_who_was_chosen_last_stands_right_behind_the_member() -> None:
    app = MenuApp(AssignDialog(TEAM, DANA, [None], recent=[ZOE.id, NAMELESS.id], anchor=ANCHOR))
    async with app.run_test(size=(80, 24)):
        assert [line.split("  ")[1][:3] for line in app.options[2:]] == ["Zoë", "nam", "Sam"]


@pytest.mark.parametrize(
    ("holders", "title", "marked"),
    [
        ([SAM.id], "Assign to", ["Sam Lee"]),
        ([SAM.id, SAM.id], "Assign 2 to", ["Sam Lee"]),
        ([SAM.id, None, None], "Assign 3 to", []),
        ([None, None], "Assign 2 to", ["Unassigned"]),
    ],
)
async def test_the_mark_is_at_who_has_all_of_them(
    holders: list[MemberId | None], title: str, marked: list[str]
) -> None:
    app = MenuApp(AssignDialog(TEAM, DANA, holders, anchor=ANCHOR))
    async with app.run_test(size=(80, 24)):
        assert str(app.menu.query_one("#menu").border_title) == title
        lines = [line for line in app.options if "✓" in line]
        assert [name in line for name, line in zip(marked, lines, strict=True)] == [True] * len(marked)
