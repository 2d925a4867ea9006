"""Writing in the inbox: replies, notes, what stops them, and that no text is ever lost."""

from __future__ import annotations

import pytest

from inbox_tui.domain.models import Access, Author, ConversationId, Kind, Status
from inbox_tui.domain.times import clock_time
from inbox_tui.local.settings import Settings
from inbox_tui.store.protocol import Team
from inbox_tui.tui import messages as m
from inbox_tui.tui.dialogs.conflict import ConflictDialog
from inbox_tui.tui.dialogs.profile import ProfileDialog
from inbox_tui.tui.widgets.reply_box import ReplyBox
from tui.terminal import Inbox
from tui.workspace import AGENT, DANA, JONAS, MAYA, NOW, VISITOR, WIDE, Team4, chat, reply_as, said

NEW = "new@acme.example"
PRIYA = ConversationId("priya")


async def stored(team: Team4, id: str) -> list[tuple[Author, Kind, str]]:
    """A thread as another terminal reads it."""
    thread = await (await team.store(MAYA)).thread(ConversationId(id))
    return [(message.author, message.kind, message.body) for message in thread.messages]


async def begun(inbox: Inbox, text: str, key: str = "r") -> None:
    await inbox.press(key)
    assert inbox.is_writing
    await inbox.write(text)
    await inbox.pilot.pause()


async def test_enter_sends_and_takes_a_waiting_conversation(team: Team4) -> None:
    async with team.inbox() as inbox:
        await begun(inbox, "Friday is fine")
        await inbox.press("enter")
        assert [event.text for event in inbox.heard(ReplyBox.Submitted)] == ["Friday is fine"]
        assert len(inbox.heard(m.ReplySent)) == 1
        assert inbox.box.text == ""
        assert inbox.open_one.assignee == inbox.context.me
        assert inbox.open_one.waiting_since is None
        assert inbox.thread[-2:] == ["Friday is fine", "Dana Ortiz was assigned by replying"]
        assert (Author.MEMBER, Kind.MESSAGE, "Friday is fine") in await stored(team, "priya")
        assert "Sent to Priya Nair" in inbox.text()
        assert "(DO) Dana Ortiz ▾" in inbox.text()
        assert inbox.listing.counts.pending == 2


async def test_the_keys_that_are_shown_are_those_that_work(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("r")
        assert "ctrl+r send and resolve" in inbox.text()
        assert "i take" not in inbox.text()
        await inbox.press("escape")
        assert "i take" in inbox.text()


async def test_a_reply_is_in_the_thread_before_the_store_has_it(team: Team4) -> None:
    async with team.inbox() as inbox:
        await begun(inbox, "At once")
        inbox.screen.sending.submit(PRIYA, Kind.MESSAGE, "At once", and_resolve=False)
        assert inbox.context.thread._pending[0].message.body == "At once"
        assert inbox.screen.composing._replies.text(PRIYA, Kind.MESSAGE) == ""
        await inbox.settled()
        assert inbox.thread.count("At once") == 1


@pytest.mark.parametrize("key", ["ctrl+j", "shift+enter", "alt+enter"])
async def test_new_lines(team: Team4, key: str) -> None:
    async with team.inbox() as inbox:
        await begun(inbox, "one")
        await inbox.press(key)
        await inbox.write("two")
        await inbox.press("enter")
        assert (Author.MEMBER, Kind.MESSAGE, "one\ntwo") in await stored(team, "priya")


async def test_the_button_sends(team: Team4) -> None:
    async with team.inbox() as inbox:
        await begun(inbox, "By mouse")
        lines = inbox.text().splitlines()
        y = next(number for number, line in enumerate(lines) if "Send reply" in line)
        await inbox.pilot.click(offset=(lines[y].index("Send reply") + 2, y))
        await inbox.settled()
        assert (Author.MEMBER, Kind.MESSAGE, "By mouse") in await stored(team, "priya")


async def test_send_and_resolve(team: Team4) -> None:
    async with team.inbox() as inbox:
        await begun(inbox, "Done!")
        await inbox.press("ctrl+r")
        await inbox.until(lambda: bool(inbox.heard(m.TriageDone)))
        await inbox.settled()
        assert inbox.open_one.id == "priya"
        assert inbox.open_one.status is Status.RESOLVED
        assert (await stored(team, "priya"))[-1] == (Author.SYSTEM, Kind.EVENT, "Dana Ortiz marked this resolved")
        await inbox.press("escape")
        await inbox.press("z")
        assert "✓ Mark resolved" in inbox.text()


async def test_a_note_stays_in_the_team_and_keeps_the_visitor_waiting(team: Team4) -> None:
    async with team.inbox() as inbox:
        await begun(inbox, "She is a regular", "m")
        assert "NOTE · only the team sees this" in inbox.text()
        await inbox.press("enter")
        assert (await stored(team, "priya"))[-1] == (Author.MEMBER, Kind.NOTE, "She is a regular")
        assert inbox.open_one.waiting_since is not None
        assert inbox.open_one.assignee is None
        assert "Note added" in inbox.text()


@pytest.mark.parametrize(("answer", "is_sent"), [("ctrl+y", True), ("enter", False)])
async def test_a_colleagues_newer_reply_is_shown_before_anything_is_sent(
    team: Team4, answer: str, is_sent: bool
) -> None:
    async with team.inbox() as inbox:
        await begun(inbox, "My answer")
        await reply_as(await team.store(JONAS), "priya", "Jonas was here")
        await inbox.until(lambda: "Jonas was here" in inbox.thread)
        await inbox.press("enter")
        assert isinstance(inbox.top, ConflictDialog)
        assert "Jonas Brandt replied:" in inbox.text(inbox.top)
        assert "Jonas was here" in inbox.text(inbox.top)
        assert "Jonas Brandt replied ─" in inbox.text(inbox.top)
        await inbox.press(*"sry yes")  # somebody was still typing when the question came up
        assert isinstance(inbox.top, ConflictDialog)
        await inbox.press(answer)
        mine = (Author.MEMBER, Kind.MESSAGE, "My answer")
        assert (mine in await stored(team, "priya")) is is_sent
        if not is_sent:
            assert inbox.is_writing
            assert inbox.box.text == "My answer"
            await inbox.press("enter")
            assert (await stored(team, "priya")).count(mine) == 1


async def test_what_was_on_screen_when_the_writing_began_is_no_conflict(team: Team4) -> None:
    async with team.inbox() as inbox:
        await reply_as(await team.store(JONAS), "priya", "Jonas was here")
        await inbox.until(lambda: "Jonas was here" in inbox.thread)
        inbox.context.threads.forget(PRIYA)  # as if the next change were just being read
        await inbox.pilot.press("r")
        await inbox.write("Thanks Jonas")
        await inbox.press("enter")
        assert not inbox.heard(m.ReplyFailed)
        assert (Author.MEMBER, Kind.MESSAGE, "Thanks Jonas") in await stored(team, "priya")


async def test_a_missing_profile_is_asked_for_and_the_text_waits(team: Team4) -> None:
    dana = await team.store()
    assert isinstance(dana, Team)
    await dana.add_member(NEW, "", Access.EDIT)
    async with team.inbox(NEW) as inbox:
        await begun(inbox, "Hello from me")
        await inbox.press("enter")
        assert isinstance(inbox.top, ProfileDialog)
        await inbox.write("Nora Falk")
        await inbox.press("enter")
        await inbox.until(lambda: inbox.context.me.name == "Nora Falk")
        assert inbox.box.text == "Hello from me"
        assert inbox.is_writing
        await inbox.until(lambda: "Reply as Nora Falk" in inbox.text())
        assert "(NF)" not in inbox.text()
        await inbox.press("enter")
        assert (Author.MEMBER, Kind.MESSAGE, "Hello from me") in await stored(team, "priya")
        assert "(NF) Nora Falk ▾" in inbox.text()


async def test_a_profile_is_in_force_before_the_next_key(team: Team4) -> None:
    dana = await team.store()
    assert isinstance(dana, Team)
    await dana.add_member(NEW, "", Access.EDIT)
    async with team.inbox(NEW) as inbox:
        await begun(inbox, "Hello from me")
        await inbox.press("enter")
        await inbox.write("Nora Falk")
        await inbox.pilot.press("enter", "enter")
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.settled()
        assert inbox.top is inbox.screen
        assert (Author.MEMBER, Kind.MESSAGE, "Hello from me") in await stored(team, "priya")


async def test_a_profile_not_given_leaves_the_text_in_the_box(team: Team4) -> None:
    dana = await team.store()
    assert isinstance(dana, Team)
    await dana.add_member(NEW, "", Access.EDIT)
    async with team.inbox(NEW) as inbox:
        await begun(inbox, "Hello")
        await inbox.press("enter")
        await inbox.press("escape")
        assert inbox.box.text == "Hello"
        assert not inbox.heard(m.ReplySent)


async def test_drafts_stay_with_their_conversations_and_survive_a_restart(team: Team4) -> None:
    async with team.inbox() as inbox:
        await begun(inbox, "for Priya")
        await inbox.press("escape", "j")
        assert inbox.box.text == ""
        await begun(inbox, "for Luis", "m")
        await inbox.press("escape", "k")
        assert inbox.box.text == "for Priya"
        assert "for Priya" in inbox.text()
    async with team.inbox() as inbox:
        assert inbox.box.text == "for Priya"
        await inbox.press("j")
        assert (inbox.box.text, inbox.box.kind) == ("for Luis", Kind.NOTE)
        await inbox.press("k", "r", "enter")
        assert (Author.MEMBER, Kind.MESSAGE, "for Priya") in await stored(team, "priya")
        await inbox.press("escape", "j", "k")
        assert inbox.box.text == ""


async def test_a_store_that_refuses_gives_the_text_back(team: Team4) -> None:
    async with team.inbox(JONAS) as inbox:
        await begun(inbox, "Still mine")
        dana = await team.store()
        assert isinstance(dana, Team)
        jonas = next(member for member in await dana.members() if member.email == JONAS)
        await dana.set_access(jonas.id, Access.NONE)
        inbox.screen.sending.submit(PRIYA, Kind.MESSAGE, "Still mine", and_resolve=False)
        await inbox.until(lambda: bool(inbox.heard(m.ReplyFailed)))
        await inbox.until(lambda: not inbox.context.me.may_chat)
        await inbox.settled()
        assert "Your text is kept." in inbox.text()
        assert "You cannot chat here." in inbox.text()
        await dana.set_access(jonas.id, Access.EDIT)
        await inbox.until(lambda: inbox.context.me.may_chat)
        await inbox.settled()
        assert inbox.box.text == "Still mine"


@pytest.mark.parametrize("size", [WIDE, (80, 24)])
async def test_enter_goes_into_the_box_that_is_shown(team: Team4, size: tuple[int, int]) -> None:
    async with team.inbox(size=size) as inbox:
        await begun(inbox, "She is", "m")
        await inbox.press("escape", "enter")
        assert inbox.is_writing
        assert (inbox.box.kind, inbox.box.text) == (Kind.NOTE, "She is")
        await inbox.write(" rude")
        await inbox.press("enter")
        assert (await stored(team, "priya"))[-1] == (Author.MEMBER, Kind.NOTE, "She is rude")
    async with team.inbox(size=size) as inbox:
        await inbox.press("enter", "enter")
        assert (inbox.is_writing, inbox.box.kind) == (True, Kind.MESSAGE)


@pytest.mark.parametrize("opens", ["enter", "m"])
async def test_a_notes_draft_from_before_is_gone_on_with_as_a_note(team: Team4, opens: str) -> None:
    async with team.inbox() as inbox:
        await begun(inbox, "She is", "m")
    async with team.inbox() as inbox:
        await inbox.press(opens)
        assert (inbox.is_writing, inbox.box.kind, inbox.box.text) == (True, Kind.NOTE, "She is")


@pytest.mark.parametrize(("opens", "word", "other"), [("r", "REPLY", "NOTE"), ("m", "NOTE", "REPLY")])
async def test_ctrl_n_changes_one_into_the_other_with_its_text(team: Team4, opens: str, word: str, other: str) -> None:
    async with team.inbox() as inbox:
        await begun(inbox, "She is", opens)
        assert inbox.lines[-1].startswith(f" {word}  ")
        await inbox.press("ctrl+n")
        assert inbox.lines[-1].startswith(f" {other}  ")
        assert ("NOTE · only the team sees this" in inbox.text()) is (other == "NOTE")
        await inbox.press("escape", "j", "k")
        assert (inbox.box.kind is Kind.NOTE, inbox.box.text) == (other == "NOTE", "She is")
        assert inbox.screen.composing.replies.kinds(PRIYA) == [inbox.box.kind], "it is there once"
        await inbox.press("enter", "enter")
        assert (await stored(team, "priya"))[-1][2] in ("She is", "Dana Ortiz was assigned by replying")
        kinds = [kind for _, kind, body in await stored(team, "priya") if body == "She is"]
        assert kinds == [Kind.NOTE if other == "NOTE" else Kind.MESSAGE]


async def test_ctrl_n_loses_no_draft_of_either_kind(team: Team4) -> None:
    async with team.inbox() as inbox:
        await begun(inbox, "for the team", "m")
        await inbox.press("escape")
        await begun(inbox, "for her")
        await inbox.press("ctrl+n")
        assert (inbox.box.kind, inbox.box.text) == (Kind.NOTE, "for the team\nfor her")
        assert "You had begun a note here; it stands above your text" in inbox.text()
        await inbox.press("enter")
        assert (await stored(team, "priya"))[-1] == (Author.MEMBER, Kind.NOTE, "for the team\nfor her")
        assert inbox.screen.composing.replies.kinds(PRIYA) == []


def row_of(inbox: Inbox, name: str) -> str:
    """The second line of a conversation's row."""
    lines = inbox.text().splitlines()
    return next(lines[n + 1] for n, line in enumerate(lines) if name in line.partition("│")[0] and n > 2)


async def test_a_draft_is_told_in_its_row_and_with_its_age_on_the_box(team: Team4) -> None:
    async with team.inbox() as inbox:
        assert "draft" not in inbox.text()
        await begun(inbox, "hello")
        assert " draft " in row_of(inbox, "Priya Nair")[:60]
        assert "draft since" not in inbox.text(), "it is new"
        await inbox.press("escape")
        assert f"Reply as Dana Ortiz · draft since {clock_time(NOW)}" in inbox.text()
        await inbox.press("j")
        assert "draft since" not in inbox.text()
        await begun(inbox, "for Luis", "m")
    team.clock.pass_(days=1)
    async with team.inbox() as inbox:
        assert f"Reply as Dana Ortiz · draft since yesterday {clock_time(NOW)}" in inbox.text()
        assert " draft " in row_of(inbox, "Priya Nair")[:60]
        await inbox.press("j")
        assert f"NOTE · only the team sees this · since yesterday {clock_time(NOW)}" in inbox.text()
        await inbox.press("k", "r", *["backspace"] * 5)
        assert "draft since" not in inbox.text()
        assert " draft " not in row_of(inbox, "Priya Nair")
        await inbox.write("anew")
        await inbox.press("escape")
        assert f"draft since {clock_time(team.clock.now)}" in inbox.text()
        await inbox.press("r", "enter")
        assert " draft " not in row_of(inbox, "Priya Nair")
        assert "draft since" not in inbox.text()


async def test_what_is_on_its_way_is_no_draft_until_it_comes_back(team: Team4) -> None:
    team.settings = Settings(undo_send=60)
    async with team.inbox() as inbox:
        await begun(inbox, "hello")
        await inbox.press("enter")
        assert " draft " not in row_of(inbox, "Priya Nair")
        await inbox.press("ctrl+z")
        assert " draft " in row_of(inbox, "Priya Nair")
        await inbox.press("ctrl+n", "escape")
        assert " draft " in row_of(inbox, "Priya Nair")


async def test_on_a_small_terminal_the_box_has_room_for_the_age(team: Team4) -> None:
    async with team.inbox(size=(40, 12)) as inbox:
        await inbox.press("enter")
        await begun(inbox, "hello")
        await inbox.press("escape")
        assert f"╭─ Reply as Dana Ortiz · since {clock_time(NOW)} ─" in inbox.text()
        await inbox.press("escape")
        assert "draft" in row_of(inbox, "Priya Nair")


async def test_a_reply_that_comes_back_does_not_turn_the_note_being_written_into_one(team: Team4) -> None:
    team.settings = Settings(undo_send=60)
    async with team.inbox() as inbox:
        await begun(inbox, "My answer")
        await reply_as(await team.store(JONAS), "priya", "Jonas was here")
        await inbox.until(lambda: "Jonas was here" in inbox.thread)
        await inbox.press("enter", "escape", "m")
        await inbox.write("Jonas ")
        inbox.screen.sending._hold.send_all()
        await inbox.until(lambda: isinstance(inbox.top, ConflictDialog))
        await inbox.press("ctrl+y")
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.write("is rude")
        assert (inbox.is_writing, inbox.box.kind, inbox.box.text) == (True, Kind.NOTE, "Jonas is rude")


async def test_enter_on_an_empty_box_sends_nothing(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("r", "enter")
        assert "Nothing to send" in inbox.text()
        assert not inbox.heard(m.ReplySent)


async def test_a_list_that_changes_below_the_writer_does_not_turn_the_text_over_to_another(team: Team4) -> None:
    async with team.inbox() as inbox:
        await begun(inbox, "for Priya")
        inbox.listing.change(filter=inbox.listing.query.filter, search="invoice")
        await inbox.until(lambda: inbox.here == "otto")
        await inbox.settled()
        assert not inbox.is_writing
        assert inbox.box.text == ""
        inbox.listing.change(search="")
        await inbox.until(lambda: inbox.here == "priya" or len(inbox.rows) == 8)
        await inbox.go_to("priya")
        assert inbox.box.text == "for Priya"


async def test_a_long_thread_reads_earlier_messages_when_scrolled_to(tmp_path_factory: pytest.TempPathFactory) -> None:
    team = Team4(tmp_path_factory.mktemp("long"))
    many = tuple(said(VISITOR if n % 2 else AGENT, f"message {n}", 300 - n) for n in range(150))
    await team.build((chat("long", *many),))
    try:
        async with team.inbox(DANA) as inbox:
            assert len(inbox.thread) == 100
            inbox.context.pane.focus_thread()
            inbox.context.thread.action_move(-10_000)
            await inbox.until(lambda: len(inbox.thread) == 150)
            assert inbox.thread[0] == "message 0"
    finally:
        await team.close()


async def test_a_colleagues_newer_reply_does_not_take_the_keys_from_who_writes_to_another(team: Team4) -> None:
    team.settings = Settings(undo_send=60)
    async with team.inbox() as inbox:
        await begun(inbox, "My answer")
        await reply_as(await team.store(JONAS), "priya", "Jonas was here")
        await inbox.until(lambda: "Jonas was here" in inbox.thread)
        await inbox.press("enter", "escape", "j", "r")
        await inbox.write("Hello, ")
        inbox.screen.sending._hold.send_all()
        await inbox.until(lambda: "Not sent to Priya Nair" in inbox.text())
        await inbox.write("I look into it")
        assert (inbox.is_writing, inbox.box.text) == (True, "Hello, I look into it")
        assert "draft" in row_of(inbox, "Priya Nair")
        await inbox.press("escape", "k", "r", "enter")
        inbox.screen.sending._hold.send_all()
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        assert (Author.MEMBER, Kind.MESSAGE, "My answer") in await stored(team, "priya")
