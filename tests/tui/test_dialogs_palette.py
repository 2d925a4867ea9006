"""The command palette lists the actions of the screen below it, with their keys."""

from __future__ import annotations

from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from inbox_tui.tui.inbox.palette import InboxCommands


class Rows(Static, can_focus=True):
    """Stands where the list stands."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("j,down", "move", "Move down", id="inbox.down", show=False)]

    moved = 0

    def action_move(self) -> None:
        self.moved += 1


class Inbox(Screen[None]):
    """A screen with actions: one with a parameter, one that is not offered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "assign('me')", "Assign", id="inbox.assign"),
        Binding("E", "export", "Export CSV", id="inbox.export"),
        Binding("ctrl+r", "send", "Send and resolve", id="reply.send-resolve"),
        Binding("f5", "without_id", "Not remappable"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.assigned: list[str] = []

    def compose(self) -> ComposeResult:
        yield Rows("rows")
        yield Input(id="reply")

    def action_assign(self, who: str) -> None:
        self.assigned.append(who)

    def action_send(self) -> None:
        """Nothing to send here."""

    def action_without_id(self) -> None:
        """Nothing to do here."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "export"


class Host(App[None]):
    """An app whose palette has our commands only."""

    COMMANDS: ClassVar[set[type[InboxCommands]]] = {InboxCommands}  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "All commands", id="app.commands", priority=True),
    ]

    def get_default_screen(self) -> Inbox:
        return Inbox()


def listed(app: App[None]) -> dict[str, tuple[str, ...]]:
    return {command.description: command.keys for command in InboxCommands(app.screen).commands()}


@pytest.mark.parametrize("size", [(120, 36), (40, 10)])
async def test_lists_what_works_with_its_keys(size: tuple[int, int]) -> None:
    app = Host()
    async with app.run_test(size=size):
        assert listed(app) == {"Move down": ("j", "↓"), "Assign": ("a",), "Send and resolve": ("^r",)}


async def test_lists_what_a_field_with_the_focus_would_take_as_text() -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.screen.query_one(Input).focus()
        await pilot.pause()
        assert listed(app) == {"Assign": ("a",), "Send and resolve": ("^r",)}


@pytest.mark.parametrize("focus", [Rows, Input])
async def test_lists_keys_as_they_are_remapped(focus: type[Widget]) -> None:
    app = Host()
    app.set_keymap({"inbox.assign": "w"})
    async with app.run_test() as pilot:
        app.screen.query_one(focus).focus()
        await pilot.pause()
        assert listed(app)["Assign"] == ("w",)


async def test_a_search_finds_and_the_hit_shows_the_key() -> None:
    app = Host()
    async with app.run_test():
        hits = [hit async for hit in InboxCommands(app.screen).search("assi")]
        (hit,) = hits
        assert isinstance(hit.prompt, Content)
        assert hit.prompt.plain == "Assign  a"
        assert hit.text == "Assign"


async def test_discovery_lists_everything() -> None:
    app = Host()
    async with app.run_test():
        assert [hit.text async for hit in InboxCommands(app.screen).discover()] == list(listed(app))


@pytest.mark.parametrize("size", [(120, 36), (40, 10)])
async def test_chosen_in_the_palette_the_action_runs_where_it_is_defined(size: tuple[int, int]) -> None:
    app = Host()
    async with app.run_test(size=size) as pilot:
        inbox = app.screen
        assert isinstance(inbox, Inbox)
        await pilot.press("ctrl+p")
        palette = app.screen
        assert isinstance(palette, CommandPalette)
        await pilot.press(*"assign")
        await app.workers.wait_for_complete()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert inbox.assigned == ["me"]
