"""When the store does not answer, or somebody else is faster: the screen shows the truth, and says what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from inbox_tui.domain.models import Status
from inbox_tui.store.protocol import Intake
from inbox_tui.tui import messages as m
from inbox_tui.tui.dialogs.confirm import ConfirmDialog
from tui.workspace import VISITOR, Team4, chat, said


async def test_a_failed_decision_about_many_is_taken_back_on_screen(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("x", "j", "x")
        lock = sqlite3.connect(team.folder / "team.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        try:
            await inbox.press("e")
            assert isinstance(inbox.top, ConfirmDialog)
            await inbox.pilot.press("enter")
            await inbox.until(lambda: bool(inbox.heard(m.OperationFailed)))
        finally:
            lock.close()
        await inbox.until(lambda: bool(inbox.heard(m.ConversationsRead)))
        await inbox.settled()
        shown = [inbox.context.list.conversation(id) for id in inbox.context.list.selected]
        assert [conversation.status for conversation in shown if conversation] == [Status.OPEN, Status.OPEN]


async def test_a_newer_program_s_file_is_not_written_and_the_text_is_kept(team: Team4) -> None:
    async with team.inbox() as inbox:
        with closing(sqlite3.connect(team.folder / "team.db")) as newer, newer:
            newer.execute("PRAGMA user_version = 90")
        await inbox.pilot.press("r")
        await inbox.write("Do not lose this")
        await inbox.pilot.press("enter")
        await inbox.until(lambda: bool(inbox.heard(m.ReplyFailed)))
        await inbox.settled()
        assert inbox.box.text == "Do not lose this"
        assert "schema 90 by a newer inbox-tui" in inbox.context.status.message
        assert "Update inbox-tui" in inbox.context.status.message
        await inbox.press("escape", "e")
        await inbox.until(lambda: "Could not change the status" in inbox.context.status.message)
        assert inbox.open_one.status is Status.OPEN
        await inbox.press("j")
        assert inbox.thread, "reading goes on"


async def test_the_feed_comes_back_by_itself(team: Team4) -> None:
    file = team.folder / "team.db"
    async with team.inbox() as inbox:
        away = file.rename(team.folder / "away.db")
        await inbox.until(lambda: inbox.context.top.connection == "○ no live updates")
        away.rename(file)
        await inbox.until(lambda: inbox.context.top.connection == "● live")


async def test_a_change_far_below_is_not_announced_above(team: Team4) -> None:
    async with team.inbox() as inbox:
        other = await team.store()
        assert isinstance(other, Intake)
        await other.ingest((chat("old", said(VISITOR, "Long ago", 100_000)),))
        await inbox.until(lambda: "1 All 9" in inbox.text())
        await inbox.settled()
        assert inbox.context.header.new_above == 0


async def test_a_long_problem_is_shown_to_its_end(team: Team4) -> None:
    async with team.inbox(size=(60, 24)) as inbox:
        words = "The file cannot be read because of this and that and a few things more. Close it, then try again."
        inbox.context.status.say(words, is_problem=True)
        await inbox.settled()
        assert "then try again." in inbox.text()
        inbox.context.status.clear()
        await inbox.settled()
        assert inbox.lines[-1].startswith(" LIST  r reply")


async def test_on_a_slow_line_the_pane_follows_after_a_rest(team: Team4) -> None:
    from inbox_tui.local.settings import Settings

    team.settings = Settings(undo_send=0, slow=True)
    async with team.inbox() as inbox:
        assert inbox.open_one.id == "priya"
        await inbox.pilot.press("j")
        assert inbox.open_one.id == "priya"
        await inbox.pilot.press("r")
        await inbox.settled()
        assert (inbox.open_one.id, inbox.box.conversation_id) == ("luis", "luis"), "a reply is to who is highlighted"
        await inbox.press("escape", "j")
        await inbox.until(lambda: inbox.open_one.id == "hanna")


async def test_a_row_that_cannot_be_read_is_shown_beside_the_others(team: Team4) -> None:
    database = sqlite3.connect(team.folder / "team.db")
    with database:
        database.execute(
            "UPDATE conversation SET waiting_since = ?, wait_rank = ?, pending = 1, status = 0 WHERE id = 3",
            [-62_135_683_140_000_000] * 2,
        )
        database.execute("UPDATE message SET created_at = ?", [253_402_387_139_000_000])
    database.close()
    async with team.inbox() as inbox:
        assert "damaged" in inbox.text()
        assert "waiting_since cannot be read" in inbox.text()
        for _ in range(8):
            await inbox.press("j")
            await inbox.settled()
        for filter in "123456":
            await inbox.press(filter)
        assert not inbox.heard(m.OperationFailed)
