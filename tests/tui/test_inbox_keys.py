"""What the screen says of its keys: those in force, where they matter."""

from __future__ import annotations

from pathlib import Path

from inbox_tui.local.keymap import keymap
from tui.workspace import DANA, TOM, Team4

OTHER_KEYS = {
    "inbox.reply": "w",
    "inbox.resolve": "f2",
    "inbox.help": "h",
    "reply.send": "ctrl+s",
    "reply.newline": "enter",
    "app.commands": "ctrl+k",
}


async def test_the_last_line_says_what_matters_in_the_list(team: Team4) -> None:
    async with team.inbox() as inbox:
        assert inbox.lines[-1].split("  ")[:2] == [" r reply", "a assign"]
        assert inbox.lines[-1].rstrip().endswith("ctrl+p commands  ? help")


async def test_who_may_not_chat_is_offered_nothing_that_needs_it(team: Team4) -> None:
    async with team.inbox(TOM) as inbox:
        assert inbox.lines[-1].split() == ["n", "next", "waiting", "ctrl+p", "commands", "?", "help"]


async def test_in_the_reply_box_letters_are_no_keys(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("r")
        assert inbox.lines[-1].startswith(" enter send  esc back  ctrl+r send and resolve")
        await inbox.press("escape")
        assert inbox.lines[-1].startswith(" r reply")


async def test_in_the_search_field_too(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("/")
        assert inbox.lines[-1].strip() == "enter to the list  esc drop the search"
        await inbox.press("enter")
        assert inbox.lines[-1].startswith(" r reply")


async def test_a_selection_says_how_many_and_what_can_be_done(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("x")
        assert inbox.lines[-1].startswith(" 1 selected  a assign  e resolve / reopen  X all that match  esc none")


async def test_keys_of_ones_own_are_the_ones_named(team: Team4) -> None:
    async with team.inbox(DANA, keys=OTHER_KEYS) as inbox:
        assert inbox.lines[-1].startswith(" w reply  a assign  i take  f2 resolve")
        assert inbox.lines[-1].rstrip().endswith("ctrl+k commands  h help")
        assert "Ctrl+S sends · Enter new line" in inbox.text()
        await inbox.press("w")
        assert inbox.lines[-1].startswith(" ctrl+s send  esc back")
        await inbox.press("escape", "h")
        assert "w            Write a reply" in inbox.text(inbox.top)
        await inbox.press("pagedown")
        assert "ctrl+s       Send" in inbox.text(inbox.top)


async def test_the_search_field_stands_between_its_sign_and_what_it_found(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("/", *"flight")
        await inbox.until(lambda: inbox.view.header.found != "")
        await inbox.settled()
        line = inbox.lines[2]
        assert line.startswith(" ⌕ flight ")
        assert f"  {inbox.view.header.found} " in line


async def test_a_key_that_is_switched_off_does_nothing_and_is_not_offered(team: Team4) -> None:
    keys = keymap({"inbox.resolve": [], "inbox.undo": [], "inbox.reply": "e"}, Path("c.toml"))
    async with team.inbox(DANA, keys=keys) as inbox:
        assert inbox.lines[-1].startswith(" e reply  a assign  i take  n next waiting")
        await inbox.press("z", "e")
        assert inbox.lines[-1].startswith(" enter send  esc back")
        await inbox.press("escape", "?")
        assert "off          Mark resolved" in inbox.text(inbox.top)
        await inbox.press("escape", "i")
        assert "ctrl+p undo" in inbox.text()
