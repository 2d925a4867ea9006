"""Deciding in the inbox: take, assign, resolve, reopen, many at once, and taking it back."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from inbox_tui.domain.filters import Filter
from inbox_tui.domain.models import ConversationId, Status
from inbox_tui.testing.deciding import assign
from inbox_tui.tui import messages as m
from inbox_tui.tui.dialogs.assign import AssignDialog
from inbox_tui.tui.dialogs.confirm import ConfirmDialog
from inbox_tui.tui.inbox import leaving
from inbox_tui.tui.inbox.requests import DECIDE
from inbox_tui.tui.inbox.screen import InboxScreen
from tui.terminal import Inbox
from tui.workspace import DANA, JONAS, MAYA, NAMES, TOM, Team4, give


async def holder(team: Team4, id: str) -> str:
    """Who has a conversation, asked from another terminal."""
    conversation = await (await team.store(MAYA)).get(ConversationId(id))
    return conversation.assignee.email if conversation.assignee else ""


async def status(team: Team4, id: str) -> Status:
    return (await (await team.store(MAYA)).get(ConversationId(id))).status


def said(inbox: Inbox) -> str:
    """What the last line says has happened."""
    line = inbox.text().splitlines()[-1]
    return line[max(line.find("✓"), line.find("! ")) :].rpartition("  ? help")[0]


async def test_take_assigns_to_me(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("i")
        (done,) = inbox.heard(m.TriageDone)
        assert done.done.can_undo
        assert inbox.open_one.assignee == inbox.context.me
        assert await holder(team, "priya") == DANA
        assert said(inbox) == "✓ Assigned Priya Nair to Dana Ortiz · z undo"
        assert "(DO) Dana Ortiz ▾" in inbox.text()
        assert inbox.thread[-1] == "Dana Ortiz took this"
        assert inbox.listing.counts.your_inbox == 2


async def test_the_menu_has_nobody_first_me_second_and_narrows(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("a")
        assert isinstance(inbox.top, AssignDialog)
        lines = inbox.text(inbox.top)
        assert lines.index("Unassigned") < lines.index("You · Dana Ortiz") < lines.index("Jonas Brandt")
        assert NAMES["tom@acme.example"] not in lines
        await inbox.write("jon")
        assert "Maya Lind" not in inbox.text(inbox.top)
        await inbox.press("enter")
        assert isinstance(inbox.app.screen, InboxScreen)
        assert await holder(team, "priya") == JONAS
        assert said(inbox) == "✓ Assigned Priya Nair to Jonas Brandt · z undo"
        await inbox.press("a", "up", "enter")
        assert await holder(team, "priya") == ""
        assert said(inbox) == "✓ Unassigned Priya Nair · z undo"


async def test_leaving_the_menu_changes_nothing(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("a", "down", "escape")
        assert not inbox.heard(m.TriageDone)
        assert await holder(team, "priya") == ""


async def test_a_colleague_who_was_first_is_named_and_nothing_is_overwritten(team: Team4) -> None:
    async with team.inbox() as inbox:
        jonas = await team.store(JONAS)
        me = await jonas.me()
        taking = assign(jonas, ConversationId("priya"), me.id, None)
        await taking
        inbox.screen.action_take()  # before the feed has told this terminal
        await inbox.until(lambda: bool(inbox.heard(m.OperationFailed)))
        await inbox.settled()
        assert await holder(team, "priya") == JONAS
        assert said(inbox).startswith("! Not assigned: Jonas Brandt has it now.")
        assert inbox.open_one.assignee == me
        assert "Jonas Brandt ▾" in inbox.text()


async def test_resolve_goes_on_to_the_next_and_undo_brings_the_wait_back(team: Team4) -> None:
    async with team.inbox(filter=Filter.PENDING) as inbox:
        assert inbox.rows == ["wei", "hanna", "priya"]
        await inbox.press("e")
        assert inbox.here == "hanna"
        assert inbox.rows[0] == "wei"
        assert await status(team, "wei") is Status.RESOLVED
        assert "✓ resolved" in inbox.text()
        assert said(inbox) == "✓ Resolved Wei Zhang · z undo"
        assert inbox.listing.counts.pending == 2
        await inbox.press("z")
        assert await status(team, "wei") is Status.OPEN
        assert (await (await team.store()).get(ConversationId("wei"))).waiting_since is not None
        assert said(inbox) == "✓ Wei Zhang is open again"
        assert inbox.listing.counts.pending == 3
        await inbox.press("z")
        assert said(inbox) == "✓ Nothing to undo"


async def test_reopen(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.go_to("aiko")
        await inbox.press("e")
        assert await status(team, "aiko") is Status.OPEN
        assert inbox.here == "aiko"
        assert inbox.thread[-1] == "Dana Ortiz reopened this"
        assert "✓ Mark resolved" in inbox.text()


async def test_the_buttons_do_what_the_keys_do(team: Team4) -> None:
    async with team.inbox() as inbox:
        line = inbox.text().splitlines()[2]
        await inbox.pilot.click(offset=(line.index("Assign ＋") + 1, 2))
        await inbox.settled()
        assert isinstance(inbox.top, AssignDialog)
        await inbox.press("enter")
        assert await holder(team, "priya") == DANA
        line = inbox.text().splitlines()[2]
        await inbox.pilot.click(offset=(len(line) - 3, 2))
        await inbox.settled()
        assert await status(team, "priya") is Status.RESOLVED


async def test_many_are_assigned_after_a_question_that_counts_them_and_undone_as_one(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("x", "j", "x")
        assert inbox.context.list.selected == {"priya", "luis"}
        assert "2 selected" in inbox.text()
        await inbox.press("a")
        await inbox.write("maya")
        await inbox.press("enter")
        assert isinstance(inbox.top, ConfirmDialog)
        assert "Assign 2 conversations to Maya Lind?" in inbox.text(inbox.top)
        await inbox.press("enter")
        assert [await holder(team, id) for id in ("priya", "luis")] == [MAYA, MAYA]
        assert not inbox.context.list.selected
        assert said(inbox) == "✓ Assigned 2 conversations to Maya Lind · z undo"
        await inbox.press("z")
        assert [await holder(team, id) for id in ("priya", "luis")] == ["", ""]


async def test_select_all_resolves_what_is_open_after_a_question(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("X")
        assert len(inbox.heard(m.AllFound)[-1].conversations) == 8
        assert "8 selected" in inbox.text()
        await inbox.press("e")
        assert "Resolve 6 conversations?" in inbox.text(inbox.top)
        await inbox.press("escape")
        assert await status(team, "luis") is Status.OPEN
        assert len(inbox.context.list.selected) == 8
        await inbox.press("e", "enter")
        assert inbox.listing.counts.resolved == 8
        await inbox.press("z")
        assert inbox.listing.counts.resolved == 2
        assert inbox.listing.counts.pending == 3


async def test_of_many_what_a_colleague_changed_first_is_left_and_named(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("x", "j", "x")
        jonas = await team.store(JONAS)
        shown = inbox.triage.targets()
        await assign(jonas, ConversationId("luis"), (await jonas.me()).id, None)
        inbox.triage._assign(shown, inbox.context.me)  # what the screen knew before the feed told it
        await inbox.until(lambda: bool(inbox.heard(m.TriageDone)))
        await inbox.settled()
        assert [await holder(team, id) for id in ("priya", "luis")] == [DANA, JONAS]
        assert said(inbox) == "! Not assigned: Jonas Brandt has it now. (1 of 2 refused)"


async def test_escape_drops_the_selection(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("x", "escape")
        assert not inbox.context.list.selected
        assert "r reply" in inbox.lines[-1]


@contextmanager
def locked(team: Team4) -> Iterator[None]:
    """Another program writes to the file, and takes its time."""
    other = sqlite3.connect(team.url.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


async def test_quitting_waits_for_what_was_decided(team: Team4) -> None:
    async with team.inbox() as inbox:
        with locked(team):
            await inbox.pilot.press("e")
            quitting = asyncio.create_task(inbox.app.action_quit())
            await inbox.pilot.pause()
            assert not quitting.done()
        await quitting
        assert inbox.app.farewell == ""
    assert await status(team, "priya") is Status.RESOLVED


async def test_quitting_says_what_came_to_nothing(team: Team4) -> None:
    async with team.inbox() as inbox:
        [tom] = [member for member in inbox.context.members if member.email == TOM]
        inbox.context.run(inbox.context.work.assign([inbox.open_one], tom), group=DECIDE)
        await inbox.app.action_quit()
        assert inbox.app.farewell == f"1 decision failed: {tom.name} has no chat access and cannot be assigned."
    assert await holder(team, "priya") == ""


async def test_quitting_says_what_the_store_did_not_answer(team: Team4, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "FINISH_TIMEOUT", 0.1)
    async with team.inbox() as inbox:
        with locked(team):
            await inbox.pilot.press("e")
            await inbox.app.action_quit()
            assert inbox.app.farewell == "The store did not answer in time about 1 decision."


async def test_the_box_says_which_colleague_has_the_conversation(team: Team4) -> None:
    async with team.inbox() as inbox:
        assert "has this" not in inbox.text()
        await inbox.go_to("otto")
        assert "Reply as Dana Ortiz · Maya Lind has this" in inbox.text()
        await inbox.press("m")
        assert "NOTE · only the team sees this · Maya Lind has this" in inbox.text()
        await inbox.press("escape")
        await inbox.go_to("hanna")
        assert "has this" not in inbox.text()
        await give(await team.store(JONAS), "hanna", JONAS)
        await inbox.until(lambda: "Jonas Brandt has this" in inbox.text())


@pytest.mark.parametrize(("answer", "is_taken"), [("enter", True), ("escape", False)])
async def test_taking_what_a_colleague_has_asks_first(team: Team4, answer: str, is_taken: bool) -> None:
    async with team.inbox() as inbox:
        await inbox.go_to("otto")
        await inbox.press("i")
        assert isinstance(inbox.top, ConfirmDialog)
        assert "Maya Lind has this. Take it over?" in inbox.text(inbox.top)
        await inbox.press(answer)
        known = await (await team.store()).get(ConversationId("otto"))
        assert known.assignee is not None
        assert known.assignee.email == (DANA if is_taken else MAYA)
        if is_taken:
            assert "Assigned Otto Keller to Dana Ortiz · z undo" in inbox.text()
            await inbox.press("z")
            await inbox.until(lambda: "Maya Lind has this" in inbox.text())


async def test_taking_several_says_how_many_colleagues_have(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("x", "j", "x", "j", "j", "x")
        await inbox.press("i")
        assert "Take 3 conversations? Colleagues have 1 of them." in inbox.text(inbox.top)


async def test_taking_many_is_asked_about(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("X", "i")
        assert isinstance(inbox.top, ConfirmDialog)
        assert "Take 8 conversations?" in inbox.text(inbox.top)
        await inbox.press("escape")
        assert not inbox.heard(m.TriageDone)
