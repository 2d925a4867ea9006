"""From Enter to the store: the seconds in which a reply can be taken back, and what is typed meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Literal

import pytest

from inbox_tui.domain.models import Author, ConversationId, Kind, Status
from inbox_tui.local.journal import Journal
from inbox_tui.local.outbox import Outbox
from inbox_tui.local.settings import Settings
from inbox_tui.store.protocol import Intake
from inbox_tui.tui import messages as m
from inbox_tui.tui.dialogs.confirm import ConfirmDialog
from inbox_tui.tui.dialogs.conflict import ConflictDialog
from tui.terminal import Inbox
from tui.workspace import DANA, JONAS, NOW, Team4, reply_as

PRIYA = ConversationId("priya")
LONG = 60.0
"""Seconds of a hold that no test waits for."""


@pytest.fixture
def holding(team: Team4) -> Team4:
    """The team, with replies that wait."""
    team.settings = Settings(undo_send=LONG)
    return team


async def sent_by_dana(team: Team4) -> list[str]:
    store = await team.store()
    thread = await store.thread(PRIYA)
    return [message.body for message in thread.messages if message.author is Author.MEMBER]


async def send(inbox: Inbox, text: str) -> None:
    await inbox.press("r")
    await inbox.write(text)
    await inbox.press("enter")


async def test_a_reply_waits_in_the_thread_and_says_how_to_take_it_back(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        await send(inbox, "On its way")
        assert inbox.box.text == ""
        assert "sending · ctrl+z undo" in inbox.text()
        await inbox.press("escape")
        assert "sending · z undo" in inbox.text()
        assert await sent_by_dana(holding) == []


async def test_after_sending_the_list_has_the_keys(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        inbox.context.learn_keys()
        await send(inbox, "one")
        assert inbox.has_focus(inbox.context.list)
        assert inbox.lines[-1].startswith(" LIST  r reply")
        assert "✓ Sending to Priya Nair · z undo  ? help" in inbox.lines[-1]
        await inbox.press("j", "r")
        await inbox.write("two")
        assert inbox.here == "luis"
        inbox.screen.sending._hold.send_all()
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.settled()
        assert inbox.is_writing, "a reply that goes its way does not take the keys from another"
        assert inbox.box.text == "two"
        assert await sent_by_dana(holding) == ["one"]


async def test_the_box_keeps_the_keys_while_a_new_line_may_have_been_meant(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        await send(inbox, "one")
        assert inbox.is_writing
        assert inbox.lines[-1].startswith(" REPLY  ")
        assert "· Not sent yet: keep typing to go on with it" in inbox.lines[-1]
        inbox.screen.sending._hold.send_all()
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.settled()
        assert inbox.has_focus(inbox.context.list)
        assert inbox.lines[-1].startswith(" LIST  ")
        await inbox.press("j")
        assert inbox.here == "luis"


async def test_a_box_that_was_come_back_to_keeps_the_keys(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        await send(inbox, "one")
        await inbox.press("escape")
        assert "types on" not in inbox.text(), "that is over"
        await inbox.press("r")
        inbox.screen.sending._hold.send_all()
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.settled()
        assert inbox.is_writing


async def test_what_was_meant_as_a_new_line_is_typed_on_although_the_team_changes(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        await send(inbox, "one")
        inbox.screen.composing.renamed()
        await inbox.write("two")
        assert inbox.box.text == "one\ntwo"


async def test_what_is_sent_at_once_gives_the_keys_back_at_once(team: Team4) -> None:
    async with team.inbox() as inbox:
        await send(inbox, "one")
        await inbox.press("j", "r", *"two")
        assert (inbox.here, inbox.box.text) == ("luis", "two")
        assert await sent_by_dana(team) == ["one"]


@pytest.mark.parametrize(
    ("after", "here", "writes"), [("list", "priya", False), ("next", "luis", False), ("stay", "priya", True)]
)
@pytest.mark.parametrize(("opens", "sends"), [("r", "enter"), ("r", "ctrl+r"), ("m", "enter")])
async def test_where_the_keys_go_can_be_set(
    team: Team4, after: Literal["list", "next", "stay"], here: str, writes: bool, opens: str, sends: str
) -> None:
    team.settings = Settings(undo_send=0, after_send=after)
    async with team.inbox() as inbox:
        await inbox.press(opens)
        await inbox.write("one")
        await inbox.press(sends)
        assert (inbox.here, inbox.is_writing) == (here, writes)


async def test_on_the_next_conversation_it_is_still_said_what_can_be_undone(team: Team4) -> None:
    team.settings = Settings(undo_send=60, after_send="next")
    async with team.inbox() as inbox:
        inbox.context.learn_keys()
        await send(inbox, "one")
        assert inbox.here == "luis"
        assert "Sending to Priya Nair · z undo" in inbox.text()


async def test_who_resolves_too_meant_no_new_line(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        await inbox.press("r")
        await inbox.write("All done")
        await inbox.press("ctrl+r", "j", "r")
        assert (inbox.here, inbox.is_writing, inbox.box.text) == ("luis", True, "")
        inbox.screen.sending._hold.send_all()
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        assert await sent_by_dana(holding) == ["All done"]


async def test_on_a_small_terminal_undo_leads_back_into_the_box(holding: Team4) -> None:
    async with holding.inbox(size=(80, 24)) as inbox:
        inbox.context.learn_keys()
        await inbox.press("enter")
        await send(inbox, "one")
        assert inbox.context.list.is_on_screen
        await inbox.press("z")
        assert (inbox.is_writing, inbox.box.text) == (True, "one")
        assert inbox.box.is_on_screen


@pytest.mark.parametrize("keys", [["escape", "z"], ["ctrl+z"]])
async def test_it_can_be_taken_back(holding: Team4, keys: list[str]) -> None:
    async with holding.inbox() as inbox:
        await send(inbox, "Not yet")
        await inbox.press(*keys)
        assert inbox.box.text == "Not yet"
        assert inbox.is_writing
        assert "sending" not in inbox.text()
        assert inbox.screen.sending._hold.newest() is None
        assert await sent_by_dana(holding) == []


async def test_undo_reaches_a_reply_of_another_conversation(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        await send(inbox, "For Priya")
        await inbox.press("escape", "j")
        assert inbox.here != PRIYA
        await inbox.press("z")
        assert (inbox.here, inbox.box.text) == (PRIYA, "For Priya")
        assert await sent_by_dana(holding) == []


async def test_after_the_wait_it_is_sent(team: Team4) -> None:
    team.settings = Settings(undo_send=0.05)
    async with team.inbox() as inbox:
        await send(inbox, "There it goes")
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.settled()
        assert await sent_by_dana(team) == ["There it goes"]
        assert "sending" not in inbox.text()
        await inbox.press("escape", "r", "x")
        assert inbox.box.text == "x", "what is typed now is another reply"


async def test_moving_on_does_not_stop_it(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        await send(inbox, "Still going")
        await inbox.press("escape", "j")
        inbox.screen.sending._hold.send_all()
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        assert await sent_by_dana(holding) == ["Still going"]


async def test_typing_on_takes_it_back_where_shift_enter_may_be_enter(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        await inbox.press("r")
        await inbox.write("one three")
        await inbox.press(*["left"] * 6, "enter")
        assert inbox.box.text == ""
        await inbox.write("two")
        assert inbox.box.text == "one\ntwo three"
        assert "sending" not in inbox.text()
        inbox.screen.sending._hold.send_all()
        await inbox.settled()
        assert await sent_by_dana(holding) == []
        await inbox.press("enter")
        inbox.screen.sending._hold.send_all()
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        assert await sent_by_dana(holding) == ["one\ntwo three"]


async def test_typing_on_is_the_next_reply_where_shift_enter_is_known(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        inbox.context.learn_keys()
        await inbox.settled()
        assert "Enter sends · Shift+Enter new line" in inbox.text()
        await send(inbox, "one")
        await inbox.press("r")
        await inbox.write("two")
        assert inbox.box.text == "two"
        assert "sending · ctrl+z undo" in inbox.text()


async def test_quitting_sends_what_is_held_and_says_so(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        await send(inbox, "Before I go")
        await inbox.app.action_quit()
        assert inbox.app.farewell == "Sent before leaving: 1."
    assert await sent_by_dana(holding) == ["Before I go"]


async def test_quitting_keeps_what_cannot_be_sent(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        await send(inbox, "Over your head")
        await reply_as(await holding.store(JONAS), "priya", "Jonas was first")
        await inbox.app.action_quit()
        assert inbox.app.farewell == "Not sent, kept as drafts: 1."
    assert await sent_by_dana(holding) == ["Jonas was first"]
    async with holding.inbox() as inbox:
        assert inbox.box.text == "Over your head"


async def test_sending_anyway_keeps_what_was_typed_since(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("r")
        await inbox.write("answer one")
        await reply_as(await team.store(JONAS), "priya", "Jonas was here")
        inbox.screen.sending.submit(PRIYA, Kind.MESSAGE, "answer one")
        inbox.screen.composing.keep(PRIYA, Kind.MESSAGE, "second thought")
        await inbox.until(lambda: isinstance(inbox.top, ConflictDialog))
        assert inbox.box.text == "answer one\nsecond thought"
        await inbox.press("ctrl+y")
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.settled()
        assert (await sent_by_dana(team))[-1] == "answer one"
        assert inbox.box.text == "second thought"


def after_a_kill(team: Team4) -> list[str]:
    """The drafts that the next start would find if the program were killed now."""
    with closing(sqlite3.connect(team.folder / f"unsent-{DANA}.db")) as running, running:
        with closing(sqlite3.connect(team.folder / "killed.db")) as copy:
            running.backup(copy)
        (sender,) = running.execute("SELECT sender FROM draft").fetchone()
    outbox = Outbox(Journal(team.folder / "killed.db"), sender)
    outbox.take_over()
    found = [draft.body for draft in outbox.journal.drafts(sender)]
    outbox.journal.close()
    return found


async def test_what_is_under_way_and_what_is_typed_since_are_both_on_disk(holding: Team4) -> None:
    async with holding.inbox() as inbox:
        inbox.context.learn_keys()
        await send(inbox, "first")
        await inbox.press("r")
        await inbox.write("second")
        journal = inbox.app.launch.journal
        assert journal.flush()
        assert [draft.body for draft in journal.drafts(inbox.app.opened.outbox.sender)] == ["second"]
        assert after_a_kill(holding) == ["first\nsecond"]
        inbox.screen.sending._hold.send_all()
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        assert [draft.body for draft in journal.drafts(inbox.app.opened.outbox.sender)] == ["second"]
        assert journal.flush()
        assert after_a_kill(holding) == ["second"]


async def test_a_backslash_before_enter_is_a_new_line(team: Team4) -> None:
    async with team.inbox() as inbox:
        await send(inbox, "one\\")
        assert inbox.box.text == "one\n"
        assert await sent_by_dana(team) == []


@pytest.mark.parametrize(("answer", "status"), [("escape", Status.OPEN), ("enter", Status.RESOLVED)])
async def test_a_note_that_resolves_somebody_who_waits_asks_and_is_added_in_any_case(
    team: Team4, answer: str, status: Status
) -> None:
    async with team.inbox() as inbox:
        await inbox.press("m")
        await inbox.write("Rang her")
        await inbox.press("ctrl+r")
        assert isinstance(inbox.top, ConfirmDialog)
        assert "Priya Nair waits for an answer" in inbox.text(inbox.top)
        await inbox.press(answer)
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.settled()
        assert await sent_by_dana(team) == ["Rang her"]
        now = await (await team.store()).get(PRIYA)
        assert (now.status, now.waiting_since is None) == (status, status is Status.RESOLVED)
        assert inbox.box.text == ""


async def test_a_note_resolves_at_once_where_nobody_waits(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.go_to("luis")
        await inbox.press("m")
        await inbox.write("All said")
        await inbox.press("ctrl+r")
        await inbox.until(lambda: bool(inbox.heard(m.TriageDone)))
        await inbox.settled()
        assert inbox.top is inbox.screen
        assert (await (await team.store()).get(ConversationId("luis"))).status is Status.RESOLVED


async def test_a_note_does_not_resolve_somebody_who_began_to_wait_meanwhile(holding: Team4) -> None:
    luis = ConversationId("luis")
    async with holding.inbox() as inbox:
        await inbox.go_to("luis")
        await inbox.press("m")
        await inbox.write("All said")
        await inbox.press("ctrl+r")
        dana = await holding.store()
        assert isinstance(dana, Intake)
        await dana.request_handoff(luis, NOW)
        inbox.screen.sending._hold.send_all()
        await inbox.until(lambda: bool(inbox.heard(m.StillWaiting)))
        await inbox.settled()
        now = await dana.get(luis)
        assert (now.status, now.waiting_since) == (Status.OPEN, NOW)
        assert "waits for an answer, so nothing was resolved." in inbox.context.status.message
