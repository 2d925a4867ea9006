"""How the inbox is left, and how it is not: q, Ctrl+C, and the keys of the terminal."""

from __future__ import annotations

import os

import pytest
from textual import events

from inbox_tui.tui import messages as m
from inbox_tui.tui.terminal.events import Burst
from tui.terminal import Inbox
from tui.workspace import DANA, Team4

NARROW, WIDE = (80, 24), (120, 36)


def has_quit(inbox: Inbox) -> bool:
    return inbox.app._exit


async def test_q_while_reading_on_a_narrow_screen_goes_back_and_then_quits(team: Team4) -> None:
    async with team.inbox(size=NARROW) as inbox:
        await inbox.press("enter")
        assert inbox.has_focus(inbox.context.thread)
        await inbox.press("q")
        assert not has_quit(inbox)
        assert inbox.has_focus(inbox.context.list) and inbox.context.list.is_on_screen
        await inbox.press("q")
        assert has_quit(inbox)


async def test_q_beside_the_list_quits(team: Team4) -> None:
    async with team.inbox(size=WIDE) as inbox:
        await inbox.press("r", "escape", "q")
        assert has_quit(inbox)


async def test_q_where_nothing_can_be_read_quits(team: Team4) -> None:
    async with team.inbox(size=NARROW) as inbox:
        await inbox.press("enter")
        await inbox.pilot.resize_terminal(30, 8)
        await inbox.settled()
        await inbox.press("q")
        assert has_quit(inbox)


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+z"])
async def test_nothing_that_came_with_more_leaves(team: Team4, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _, number: stopped.append(number))
    async with team.inbox(size=WIDE) as inbox:
        keys = (events.Key(key, key[-1] if key == "q" else None), events.Key("j", "j"))
        inbox.app.post_message(Burst(keys, is_pasted=False))
        await inbox.until(lambda: "They were ignored" in inbox.context.status.message)
        assert not has_quit(inbox)
        assert stopped == []


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_ctrl_c_in_the_box_says_how_to_quit_and_covers_nothing(team: Team4, size: tuple[int, int]) -> None:
    async with team.inbox(size=size) as inbox:
        await inbox.press("r")
        await inbox.write("half a sentence")
        before = inbox.lines[:-1]
        await inbox.press("ctrl+c")
        assert "ctrl+q quits" in inbox.lines[-1] and "the text is kept" in inbox.lines[-1]
        assert inbox.lines[:-1] == before
        assert inbox.is_writing and inbox.context.box.text == "half a sentence"
        assert not inbox.heard(m.ReplySent)


async def test_ctrl_c_names_the_key_in_force(team: Team4) -> None:
    async with team.inbox(DANA, keys={"app.quit": "f10"}) as inbox:
        await inbox.press("ctrl+c")
        assert "f10 quits" in inbox.lines[-1].lower()
        assert not has_quit(inbox)
