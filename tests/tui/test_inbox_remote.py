"""The inbox at the end of a line: what it says of the line, and what becomes of what is sent while it is down."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import msgspec
import pytest

from inbox_tui.backends.sqlite.store import SqliteStore
from inbox_tui.domain.models import Author, ConversationId, Status
from inbox_tui.store.protocol import Store
from inbox_tui.tui import messages as m
from inbox_tui.tui.dialogs.confirm import ConfirmDialog
from inbox_tui.tui.dialogs.conflict import ConflictDialog
from inbox_tui.tui.inbox import leaving
from server.harness import Served, serving
from server.wire import Fault, Wire, wire_to
from tui.terminal import Inbox
from tui.test_inbox_lost_texts import delete, open_texts
from tui.workspace import DANA, MAYA, Team4, reply_as

PRIYA = ConversationId("priya")


@pytest.fixture
async def served(team: Team4) -> AsyncIterator[Served]:
    async with serving(await team.store(), clock=team.clock) as served:
        yield served


@pytest.fixture
async def wire(served: Served, team: Team4) -> AsyncIterator[Wire]:
    """The line over which the team's inboxes reach the server."""
    async with wire_to(served.address) as wire:

        async def open_over_line(email: str) -> Store:
            return await served.open_as(email, over=wire.address, clock=team.clock)

        team.opens = open_over_line
        yield wire


async def said_in(team: Team4, id: ConversationId = PRIYA) -> list[str]:
    thread = await (await team.store()).thread(id)
    return [message.body for message in thread.messages if message.author is Author.MEMBER]


async def send(inbox: Inbox, text: str) -> None:
    """A reply to the conversation that is shown; it need not arrive."""
    await inbox.pilot.press("r")
    await inbox.write(text)
    await inbox.pilot.press("enter")
    await inbox.pilot.pause()


async def lost(inbox: Inbox, wire: Wire) -> None:
    wire.cut()
    await inbox.until(lambda: inbox.context.lost_at is not None)


async def found(inbox: Inbox, wire: Wire) -> None:
    wire.mend()
    await inbox.until(lambda: inbox.context.lost_at is None)
    await inbox.settled()


async def test_it_is_the_same_inbox(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        assert inbox.rows[:3] == ["priya", "luis", "hanna"]
        assert "● live" in inbox.text()
        await inbox.press("i")
        await send(inbox, "On my way")
        await inbox.settled()
        assert await said_in(team) == ["On my way"]
        await inbox.press("escape", "j", "e")
        assert (await (await team.store()).get(ConversationId("luis"))).status is Status.RESOLVED


async def test_what_a_colleague_writes_appears(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        await reply_as(await team.store(MAYA), "priya", "Maya was faster")
        await inbox.until(lambda: "Maya was faster" in inbox.text())


async def test_it_says_how_long_the_line_has_been_down(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        await lost(inbox, wire)
        assert "◌ reconnecting since 15:00" in inbox.text()
        assert "I need to change my flight to Friday" in inbox.text(), "what was read is still there"
        team.clock.pass_(minutes=2)
        inbox.listing.show_ages()
        await inbox.pilot.pause()
        assert "○ offline since 15:00" in inbox.text()
        await found(inbox, wire)
        assert "● live" in inbox.text()


async def test_what_was_missed_is_shown_when_the_line_is_back(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        await lost(inbox, wire)
        await reply_as(await team.store(MAYA), "priya", "While you were away")
        await found(inbox, wire)
        await inbox.until(lambda: "While you were away" in inbox.text())


async def test_what_cannot_be_read_without_a_line_is_read_when_it_is_back(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        await lost(inbox, wire)
        inbox.context.threads.clear()
        await inbox.pilot.press("j")
        await inbox.until(lambda: "Could not open the conversation: the line is down." in inbox.text())
        assert "◌ reconnecting since" in inbox.text()
        assert inbox.context.threads.get(ConversationId("luis")) is None
        await found(inbox, wire)
        await inbox.until(lambda: inbox.context.threads.get(ConversationId("luis")) is not None)
        assert "the line is down" not in inbox.text()


async def test_a_reply_without_a_line_waits_and_arrives_once(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        await lost(inbox, wire)
        await send(inbox, "Sent into the dark")
        assert inbox.box.text == ""
        assert "queued, offline" in inbox.text()
        await inbox.pilot.press("escape", "r")
        await inbox.write("and another")
        await inbox.pilot.press("enter")
        assert await said_in(team) == []
        await found(inbox, wire)
        await inbox.until(lambda: len(inbox.heard(m.ReplySent)) == 2)
        await inbox.settled()
        assert await said_in(team) == ["Sent into the dark", "and another"]
        assert "queued, offline" not in inbox.text()


async def test_a_reply_to_what_was_never_read_is_seen_to_wait(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        await lost(inbox, wire)
        inbox.context.threads.clear()
        await inbox.pilot.press("j")
        await inbox.until(lambda: "Could not open the conversation" in inbox.text())
        await send(inbox, "Sent unseen")
        assert [sent.state for sent in inbox.context.thread._pending] == ["queued, offline"]
        assert "queued, offline" in inbox.text()
        await found(inbox, wire)
        await inbox.until(lambda: len(inbox.heard(m.ReplySent)) == 1)
        await inbox.settled()
        assert "queued, offline" not in inbox.text()
        assert [message.body for message in inbox.messages][-1:] == ["Sent unseen"]
        assert len(inbox.messages) > 1, "what was there before is read now"


async def test_decisions_wait_too(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        await lost(inbox, wire)
        await inbox.pilot.press("i")
        await found(inbox, wire)
        await inbox.until(lambda: "Assigned" in inbox.text())
        assignee = (await (await team.store()).get(PRIYA)).assignee
        assert assignee is not None and assignee.email == DANA


async def test_a_conflict_comes_back_to_the_person(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        await lost(inbox, wire)
        await send(inbox, "My answer")
        await reply_as(await team.store(MAYA), "priya", "Her answer")
        wire.mend()
        await inbox.until(lambda: isinstance(inbox.top, ConflictDialog))
        assert "Her answer" in inbox.text()
        assert await said_in(team) == ["Her answer"]
        await inbox.press("escape")
        assert inbox.box.text == "My answer", "nothing is lost"


async def test_leaving_says_what_waits_and_the_next_start_delivers_it(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        await lost(inbox, wire)
        await send(inbox, "Last words")
        await inbox.pilot.press("escape", "q")
        await inbox.until(lambda: not inbox.app.is_running)
    assert inbox.app.farewell == "Not delivered yet: 1. The next start of inbox-tui delivers it."
    assert await said_in(team) == []
    wire.mend()
    async with team.inbox() as inbox:
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.settled()
        assert await said_in(team) == ["Last words"]
        assert inbox.box.text == "", "no draft is left of it"


async def test_a_reply_that_was_resolving_still_resolves_after_the_restart(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        await lost(inbox, wire)
        await inbox.pilot.press("r")
        await inbox.write("Done, bye")
        await inbox.pilot.press("ctrl+r")
        await inbox.pilot.press("escape", "q")
        await inbox.until(lambda: not inbox.app.is_running)
    wire.mend()
    async with team.inbox() as inbox:
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.settled()
        assert await said_in(team) == ["Done, bye"]
        assert (await (await team.store()).get(PRIYA)).status is Status.RESOLVED


async def test_an_answer_that_never_comes_does_not_send_twice(team: Team4, wire: Wire) -> None:
    faults = iter([Fault.CUT_ANSWER])
    async with team.inbox() as inbox:
        wire.choose = lambda method, path: next(faults, Fault.NONE) if method == "POST" else Fault.NONE
        await send(inbox, "Once")
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.settled()
        assert await said_in(team) == ["Once"]


async def test_a_token_that_was_revoked_says_so_and_keeps_the_reply(team: Team4, wire: Wire, served: Served) -> None:
    async with team.inbox() as inbox:
        for token in await served.host.tokens():
            await served.host.revoke_token(token.id)
        await inbox.until(lambda: "○ no live updates" in inbox.text())
        await send(inbox, "Too late")
        await inbox.until(lambda: bool(inbox.heard(m.ReplyFailed)))
        await inbox.settled()
        assert "inbox-tui login" in inbox.text()
        assert inbox.box.text == "Too late"


async def test_a_decision_that_a_revoked_token_cannot_make_is_taken_back(
    team: Team4, wire: Wire, served: Served
) -> None:
    async with team.inbox() as inbox:
        for token in await served.host.tokens():
            await served.host.revoke_token(token.id)
        await inbox.until(lambda: "○ no live updates" in inbox.text())
        await inbox.pilot.press("i")
        await inbox.until(lambda: "Could not assign" in inbox.text())
        shown = inbox.context.list.conversation(PRIYA)
        assert shown is not None and shown.assignee is None
        assert "Assign ＋" in inbox.text()


async def test_a_decision_that_gets_no_answer_is_on_disk_at_once(
    team: Team4, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line does not end: it says nothing any more, and the screen does not know that yet."""
    monkeypatch.setattr(leaving, "FINISH_TIMEOUT", 0.1)
    async with team.inbox() as inbox:
        wire.choose = lambda method, path: Fault.SILENT
        await inbox.pilot.press("e")
        await inbox.app.action_quit()
        assert inbox.app.farewell == "Not delivered yet: 1. The next start of inbox-tui delivers it."
    wire.choose = lambda method, path: Fault.NONE
    assert (await (await team.store()).get(PRIYA)).status is Status.OPEN
    async with team.inbox() as inbox:
        await inbox.until(lambda: not inbox.context.work.writes.undelivered)
    assert (await (await team.store()).get(PRIYA)).status is Status.RESOLVED


async def test_of_many_decisions_all_are_on_disk_at_once(
    team: Team4, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    capabilities = (await team.store()).capabilities
    monkeypatch.setattr(SqliteStore, "capabilities", msgspec.structs.replace(capabilities, batch=2))
    async with team.inbox() as inbox:
        await lost(inbox, wire)
        await inbox.pilot.press("x", "j", "x", "j", "x", "i")
        await inbox.until(lambda: isinstance(inbox.top, ConfirmDialog))
        await inbox.pilot.press("enter")
        await inbox.until(lambda: inbox.context.work.writes.undelivered == 2)
        await inbox.app.action_quit()
        assert inbox.app.farewell == "Not delivered yet: 2. The next start of inbox-tui delivers it."


async def test_a_decision_about_all_waits_until_all_are_selected(team: Team4, wire: Wire) -> None:
    """Or it would be about the one under the cursor, and would not even ask."""
    async with team.inbox() as inbox:
        wire.choose = lambda method, path: Fault.HALF_OPEN if "matching" in path else Fault.NONE
        await inbox.pilot.press("X", "e")
        assert "Still selecting; try again in a moment" in inbox.text()
        assert not inbox.context.decisions_under_way
        wire.choose = lambda method, path: Fault.NONE
        await inbox.press("X", "e")
        assert isinstance(inbox.top, ConfirmDialog)
    assert (await (await team.store()).get(PRIYA)).status is Status.OPEN


async def test_what_was_sent_to_a_conversation_that_is_gone_meanwhile_is_given_back_and_can_be_found(
    team: Team4, wire: Wire
) -> None:
    async with team.inbox() as inbox:
        await lost(inbox, wire)
        await send(inbox, "Still on my way")
        delete(team, PRIYA)
        await found(inbox, wire)
        await inbox.until(lambda: "Texts without a conversation" in inbox.context.status.message)
    async with team.inbox() as inbox:  # as after a night
        await open_texts(inbox)
        assert "reply for priya: Still on my way" in inbox.text(inbox.top)


async def test_what_cannot_be_read_is_told_at_the_start_and_the_rest_is_delivered(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        await lost(inbox, wire)
        await send(inbox, "First")
        await inbox.pilot.press("escape", "r")
        await inbox.write("Second")
        await inbox.pilot.press("enter")
        await inbox.pilot.pause()
    with closing(sqlite3.connect(team.folder / f"unsent-{DANA}.db")) as outbox, outbox:
        [(first,), _] = outbox.execute("SELECT position FROM outbox ORDER BY position").fetchall()
        outbox.execute("UPDATE outbox SET content = CAST(x'ff' || content AS BLOB) WHERE position = ?", (first,))
    wire.mend()
    async with team.inbox() as inbox:
        assert f"(row {first})" in inbox.context.status.message
        await inbox.until(lambda: not inbox.screen.composing.replies.all_under_way())
        assert await said_in(team) == ["Second"]


async def test_a_reply_whose_answer_was_lost_is_not_confirmed(team: Team4, wire: Wire) -> None:
    async with team.inbox() as inbox:
        wire.choose = lambda method, path: Fault.BROKEN_AFTER if method == "POST" else Fault.NONE
        await send(inbox, "Are you there?")
        await inbox.until(lambda: "◌ sent, not confirmed" in inbox.text())
        wire.choose = lambda method, path: Fault.NONE
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.settled()
        assert "not confirmed" not in inbox.text()
    assert await said_in(team) == ["Are you there?"]
