"""Others in the same inbox: what they write appears in place, and what access allows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from inbox_tui.domain.models import Access, ConversationId, MemberId
from inbox_tui.store.protocol import Intake, Store, Team
from inbox_tui.tui import messages as m
from inbox_tui.tui.screens.inbox import InboxScreen
from tui.terminal import Inbox
from tui.workspace import DANA, JONAS, MAYA, TOM, VISITOR, Team4, chat, reply_as, said

PRIYA, HANNA = ConversationId("priya"), ConversationId("hanna")
NO_ACCESS = "You cannot chat here. A workspace admin can grant access under"
NO_SEARCH = (
    "You cannot search here. A workspace admin can grant access under Account → Team management (inbox-tui members)."
)


async def id_of(store: Store, email: str) -> MemberId:
    return next(member.id for member in await store.members() if member.email == email)


async def set_access(team: Team4, email: str, access: Access) -> None:
    dana = await team.store(DANA)
    assert isinstance(dana, Team)
    await dana.set_access(await id_of(dana, email), access)


async def visitor_writes(team: Team4, id: str, body: str) -> None:
    dana = await team.store(DANA)
    assert isinstance(dana, Intake)
    await dana.receive(ConversationId(id), said(VISITOR, body, -1))


def has_read(inbox: Inbox, id: ConversationId, holds: Callable[[InboxScreen], bool]) -> Callable[[], bool]:
    return lambda: (
        any(found.id == id for read in inbox.heard(m.ConversationsRead) for found in read.conversations)
        and holds(inbox.screen)
    )


async def test_another_terminals_writes_appear_in_place(team: Team4) -> None:
    async with team.inbox() as inbox:
        rows = inbox.rows
        await inbox.go_to("hanna")
        maya = await team.store(MAYA)
        await maya.assign(PRIYA, await id_of(maya, MAYA), None)
        await reply_as(maya, "hanna", "A new charger is on its way")
        await inbox.until(lambda: "A new charger is on its way" in inbox.thread)
        await inbox.settled()
        assert inbox.here == "hanna"
        assert inbox.rows == rows
        assert "Team: A new charger is on its way" in inbox.text()
        priya = inbox.view.list.conversation(PRIYA)
        assert priya is not None and priya.assignee is not None
        assert priya.assignee.email == MAYA
        await inbox.until(lambda: inbox.browsing.counts.pending == 2)


async def test_new_conversations_are_counted_above_and_come_in_with_g(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.go_to("hanna")
        dana = await team.store()
        assert isinstance(dana, Intake)
        await dana.take_in((chat("fresh", said(VISITOR, "Anybody here?", 0)),))
        await inbox.until(lambda: inbox.view.header.new_above == 1)
        await inbox.settled()
        assert "↑ 1 new · g" in inbox.text()
        assert inbox.here == "hanna"
        assert len(inbox.rows) == 8
        await inbox.until(lambda: inbox.browsing.counts.all == 9)
        await inbox.press("g")
        assert inbox.rows[0] == "fresh"
        assert inbox.here == "fresh"
        assert "new · g" not in inbox.text()


async def test_a_visitor_who_writes_again_is_counted_above_too(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.go_to("otto")
        await visitor_writes(team, "otto", "It has the wrong address")
        await inbox.until(lambda: inbox.view.header.new_above == 1)
        await inbox.settled()
        assert inbox.here == "otto"
        assert inbox.thread[-1] == "It has the wrong address"
        await inbox.press("g")
        assert inbox.rows[0] == "otto"
        assert inbox.view.header.new_above == 0


async def test_a_visitor_who_writes_in_the_first_row_is_not_counted(team: Team4) -> None:
    async with team.inbox() as inbox:
        await visitor_writes(team, "priya", "Hello?")
        await inbox.until(lambda: "Hello?" in inbox.thread)
        assert inbox.view.header.new_above == 0


async def test_an_empty_list_fills_by_itself(team: Team4) -> None:
    async with team.inbox(MAYA) as inbox:
        await inbox.press("2", "e")
        await inbox.press("2")
        assert inbox.rows == []
        assert "Your inbox is empty." in inbox.text()
        jonas = await team.store(JONAS)
        await jonas.assign(PRIYA, await id_of(jonas, MAYA), None)
        await inbox.until(lambda: inbox.rows == ["priya"])


async def test_a_draft_is_not_disturbed_by_what_others_write(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("m")
        await inbox.write("half a th")
        await visitor_writes(team, "priya", "Are you there?")
        await inbox.until(lambda: "Are you there?" in inbox.thread)
        await inbox.write("ought")
        await inbox.settled()
        assert inbox.is_writing
        assert inbox.box.text == "half a thought"
        assert "NOTE · only the team sees this" in inbox.text()


async def test_without_access_there_is_the_list_and_the_sentence(team: Team4) -> None:
    async with team.inbox(TOM) as inbox:
        text = inbox.text()
        assert len(inbox.rows) == 8
        assert "Tom Weber · no chat access" in text
        assert NO_ACCESS in text
        for words in ("Assign", "Mark resolved", "Reply as", "r reply", "i take", "Export CSV", "z undo", "⌕"):
            assert words not in text
        assert inbox.thread == []


@pytest.mark.parametrize("key", ["r", "m", "a", "i", "e", "z", "X", "E", "enter"])
async def test_without_access_no_key_decides_anything(team: Team4, key: str) -> None:
    async with team.inbox(TOM) as inbox:
        await inbox.press(key)
        assert isinstance(inbox.app.screen, InboxScreen)
        assert not inbox.is_writing
        assert not inbox.heard(m.TriageDone)
        assert not inbox.heard(m.OperationFailed)
        assert not inbox.view.list.selected


async def test_without_access_no_row_tells_what_was_said_or_captured(team: Team4) -> None:
    async with team.inbox(TOM) as inbox:
        text = inbox.text()
        assert "Priya Nair" in text
        for words in ("flight", "priya@mail.example", "+46 70", "Romero", "parcel", "Thanks"):
            assert words not in text


async def test_without_access_a_search_says_whom_to_ask(team: Team4) -> None:
    async with team.inbox(TOM) as inbox:
        await inbox.press("slash")
        await inbox.settled()
        assert inbox.view.status.message == NO_SEARCH
        assert "/ search" not in inbox.text()
        assert "inbox-tui members" in inbox.text()
        assert not inbox.view.header.is_searching
        assert len(inbox.rows) == 8
        await inbox.press("j")
        assert inbox.here == "luis"


async def test_access_that_is_taken_takes_the_search_and_what_was_read(team: Team4) -> None:
    async with team.inbox(JONAS) as inbox:
        await inbox.press("slash")
        await inbox.write("flight")
        await inbox.press("enter")
        await inbox.until(lambda: inbox.rows == ["priya"])
        await set_access(team, JONAS, Access.NONE)
        await inbox.until(lambda: len(inbox.rows) == 8)
        await inbox.settled()
        assert inbox.browsing.query.search == ""
        assert "flight" not in inbox.text().lower()
        await set_access(team, JONAS, Access.EDIT)
        await inbox.until(lambda: "I need to change my flight" in inbox.text())


async def test_who_imported_is_named_before_what_came(team: Team4) -> None:
    async with team.inbox() as inbox:
        dana = await team.store()
        assert isinstance(dana, Intake)
        await dana.take_in((chat("fresh", said(VISITOR, "Anybody here?", 0), said(VISITOR, "Hello?", 0)),))
        await inbox.until(lambda: inbox.view.header.new_above == 1)
        await inbox.press("g")
        await inbox.until(lambda: inbox.here == "fresh" and "Hello?" in inbox.thread)
        assert inbox.text().count("Imported by Dana Ortiz") == 1
        await inbox.go_to("priya")
        await inbox.until(lambda: "I need to change my flight to Friday" in inbox.thread)
        assert "Imported by" not in inbox.text()


async def test_access_that_is_granted_shows_at_once(team: Team4) -> None:
    async with team.inbox(TOM) as inbox:
        await set_access(team, TOM, Access.EDIT)
        await inbox.until(lambda: inbox.view.me.may_chat)
        await inbox.settled()
        text = inbox.text()
        for words in ("Tom Weber · Chat edit", "Assign ＋", "Reply as Tom Weber", "i take", "Export CSV"):
            assert words in text
        assert NO_ACCESS not in text
        assert inbox.thread[-1] == "I need to change my flight to Friday"
        await inbox.press("i")
        assert inbox.open_one.assignee == inbox.view.me


async def test_access_that_is_taken_hides_the_thread_and_gives_the_keys_to_the_list(team: Team4) -> None:
    async with team.inbox(JONAS) as inbox:
        await inbox.press("r")
        await inbox.write("half")
        await set_access(team, JONAS, Access.NONE)
        await inbox.until(lambda: not inbox.view.me.may_chat)
        await inbox.settled()
        assert NO_ACCESS in inbox.text()
        assert "r reply" not in inbox.text()
        assert inbox.thread == []
        await inbox.press("j", "q")  # still meant for the text
        assert inbox.here == "priya"
        await inbox.press("escape", "j")
        assert inbox.here == "luis"


async def test_a_new_agent_can_be_chosen_at_once(team: Team4) -> None:
    async with team.inbox() as inbox:
        dana = await team.store()
        assert isinstance(dana, Intake)
        await dana.take_in((chat("third", said(VISITOR, "Hi", 1), agent="Night shift"),))
        await inbox.until(lambda: len(inbox.view.agents) == 3)
        await inbox.press("A")
        assert "Night shift" in inbox.text(inbox.top)
