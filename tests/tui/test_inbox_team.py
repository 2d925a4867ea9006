"""Others in the same inbox: what they write appears in place, and what access allows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from inbox_tui.domain.filters import Filter, Order
from inbox_tui.domain.models import Access, Badge, Color, ConversationId, MemberId, Status
from inbox_tui.store.protocol import Intake, Store, Team
from inbox_tui.testing.deciding import assign
from inbox_tui.tui import messages as m
from inbox_tui.tui.inbox.screen import InboxScreen
from tui.terminal import Inbox
from tui.workspace import DANA, JONAS, MAYA, NOW, TOM, VISITOR, Team4, chat, reply_as, said

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
        await assign(maya, PRIYA, await id_of(maya, MAYA), None)
        await reply_as(maya, "hanna", "A new charger is on its way")
        await inbox.until(lambda: "A new charger is on its way" in inbox.thread)
        await inbox.settled()
        assert inbox.here == "hanna"
        assert inbox.rows == rows
        assert "Team: A new charger is on its way" in inbox.text()
        priya = inbox.context.list.conversation(PRIYA)
        assert priya is not None and priya.assignee is not None
        assert priya.assignee.email == MAYA
        await inbox.until(lambda: inbox.listing.counts.pending == 2)


async def test_new_conversations_are_counted_above_and_come_in_with_g(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.go_to("hanna")
        dana = await team.store()
        assert isinstance(dana, Intake)
        await dana.ingest((chat("fresh", said(VISITOR, "Anybody here?", 0)),))
        await inbox.until(lambda: inbox.context.header.new_above == 1)
        await inbox.settled()
        assert "↑ 1 new · g" in inbox.text()
        assert inbox.here == "hanna"
        assert len(inbox.rows) == 8
        await inbox.until(lambda: inbox.listing.counts.all == 9)
        await inbox.press("g")
        assert inbox.rows[0] == "fresh"
        assert inbox.here == "fresh"
        assert "new · g" not in inbox.text()


async def test_a_visitor_who_writes_again_is_counted_above_too(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.go_to("otto")
        await visitor_writes(team, "otto", "It has the wrong address")
        await inbox.until(lambda: inbox.context.header.moved_up == 1)
        await inbox.settled()
        assert "↑ 1 moved up · g" in inbox.text()
        assert inbox.here == "otto"
        assert inbox.thread[-1] == "It has the wrong address"
        await inbox.press("g")
        assert inbox.rows[0] == "otto"
        assert inbox.context.header.moved_up == 0


async def test_a_visitor_who_writes_in_the_first_row_is_not_counted(team: Team4) -> None:
    async with team.inbox() as inbox:
        await visitor_writes(team, "priya", "Hello?")
        await inbox.until(lambda: "Hello?" in inbox.thread)
        assert inbox.context.header.new_above == inbox.context.header.moved_up == 0


async def test_an_empty_list_fills_by_itself(team: Team4) -> None:
    async with team.inbox(MAYA) as inbox:
        await inbox.press("2", "e")
        await inbox.press("2")
        assert inbox.rows == []
        assert "Your inbox is empty." in inbox.text()
        jonas = await team.store(JONAS)
        await assign(jonas, PRIYA, await id_of(jonas, MAYA), None)
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
        assert not inbox.context.list.selected


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
        assert inbox.context.status.message == NO_SEARCH
        assert "/ search" not in inbox.text()
        assert "inbox-tui members" in inbox.text()
        assert not inbox.context.header.is_searching
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
        assert inbox.listing.query.search == ""
        assert "flight" not in inbox.text().lower()
        await set_access(team, JONAS, Access.EDIT)
        await inbox.until(lambda: "I need to change my flight" in inbox.text())


async def test_who_imported_is_named_before_what_came(team: Team4) -> None:
    async with team.inbox() as inbox:
        dana = await team.store()
        assert isinstance(dana, Intake)
        await dana.ingest((chat("fresh", said(VISITOR, "Anybody here?", 0), said(VISITOR, "Hello?", 0)),))
        await inbox.until(lambda: inbox.context.header.new_above == 1)
        await inbox.press("g")
        await inbox.until(lambda: inbox.here == "fresh" and "Hello?" in inbox.thread)
        assert inbox.text().count("Imported by Dana Ortiz") == 1
        await inbox.go_to("priya")
        await inbox.until(lambda: "I need to change my flight to Friday" in inbox.thread)
        assert "Imported by" not in inbox.text()


async def test_access_that_is_granted_shows_at_once(team: Team4) -> None:
    async with team.inbox(TOM) as inbox:
        await set_access(team, TOM, Access.EDIT)
        await inbox.until(lambda: inbox.context.me.may_chat)
        await inbox.settled()
        text = inbox.text()
        for words in ("Tom Weber · Chat edit", "Assign ＋", "Reply as Tom Weber", "i take", "Export CSV"):
            assert words in text
        assert NO_ACCESS not in text
        assert inbox.thread[-1] == "I need to change my flight to Friday"
        await inbox.press("i")
        assert inbox.open_one.assignee == inbox.context.me


async def test_access_that_is_taken_hides_the_thread_and_gives_the_keys_to_the_list(team: Team4) -> None:
    async with team.inbox(JONAS) as inbox:
        await inbox.press("r")
        await inbox.write("half")
        await set_access(team, JONAS, Access.NONE)
        await inbox.until(lambda: not inbox.context.me.may_chat)
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
        await dana.ingest((chat("third", said(VISITOR, "Hi", 1), agent="Night shift"),))
        await inbox.until(lambda: len(inbox.context.agents) == 3)
        await inbox.press("A")
        assert "Night shift" in inbox.text(inbox.top)


async def test_who_begins_to_wait_comes_into_the_open_list(team: Team4) -> None:
    async with team.inbox(filter=Filter.PENDING) as inbox:
        assert inbox.rows == ["wei", "hanna", "priya"]
        jonas = await team.store(JONAS)
        assert isinstance(jonas, Intake)
        await jonas.request_handoff(ConversationId("luis"), NOW)
        await inbox.until(lambda: inbox.rows == ["wei", "hanna", "priya", "luis"])
        assert inbox.here == "wei"
        assert inbox.context.header.new_below == 0


@pytest.mark.parametrize("key", ["g", "G"])
@pytest.mark.parametrize("order", [Order.OLDEST, Order.NEWEST, Order.WAITING])
async def test_who_belongs_elsewhere_in_the_list_is_counted_and_let_in(team: Team4, key: str, order: Order) -> None:
    async with team.inbox(filter=Filter.UNRESOLVED) as inbox:
        inbox.listing.change(order=order)
        await inbox.settled()
        before = inbox.rows
        dana = await team.store()
        assert isinstance(dana, Intake)
        early = chat("early", said(VISITOR, "Hello?", 130), needs_human=True)
        await dana.ingest((early,))
        await inbox.until(lambda: inbox.context.header.new_above == 1)
        assert inbox.rows == before
        assert inbox.context.list.row_count() + inbox.context.header.new_above == inbox.listing.counts.unresolved
        await inbox.press(key)
        await inbox.until(lambda: "early" in inbox.rows)
        assert inbox.here == inbox.rows[0 if key == "g" else -1]
        assert inbox.context.header.new_above == 0


async def test_what_a_search_finds_later_is_counted_too(team: Team4) -> None:
    async with team.inbox() as inbox:
        inbox.listing.change(search="parcel")
        await inbox.until(lambda: inbox.rows == ["hanna"])
        dana = await team.store()
        assert isinstance(dana, Intake)
        await dana.ingest((chat("fresh", said(VISITOR, "Where is my parcel?", 0)),))
        await inbox.until(lambda: "2 found" in inbox.text() or inbox.context.header.new_above == 1)
        await inbox.until(lambda: inbox.context.header.new_above == 1)
        await inbox.press("g")
        await inbox.until(lambda: inbox.rows == ["fresh", "hanna"])


async def test_what_comes_in_below_the_last_line_is_said_until_it_is_seen(team: Team4) -> None:
    async with team.inbox(filter=Filter.PENDING, size=(120, 14)) as inbox:
        await inbox.press("G")
        dana = await team.store()
        assert isinstance(dana, Intake)
        later = [chat(f"late-{n}", said(VISITOR, "Hello?", 5 - n), needs_human=True) for n in range(3)]
        await dana.ingest(later)
        await inbox.until(lambda: inbox.context.list.row_count() + inbox.context.header.new_above == 6)
        assert inbox.here == "priya"
        await inbox.until(lambda: "new below · G" in inbox.text())
        await inbox.press("G")
        await inbox.until(lambda: inbox.rows == ["wei", "hanna", "priya", "late-0", "late-1", "late-2"])
        await inbox.until(lambda: "new below" not in inbox.text())


@pytest.mark.parametrize("filter", [Filter.PENDING, Filter.RESOLVED])
async def test_more_than_are_looked_at_one_by_one_come_in_too(team: Team4, filter: Filter) -> None:
    async with team.inbox(filter=filter) as inbox:
        if filter is Filter.RESOLVED:
            await inbox.press("e", "j", "e", "5", "4")
            await inbox.until(lambda: inbox.rows == [])
        dana = await team.store()
        assert isinstance(dana, Intake)
        status, waits = (Status.OPEN, True) if filter is Filter.PENDING else (Status.RESOLVED, False)
        many = [chat(f"m-{n}", said(VISITOR, "Hello?", 9), status=status, needs_human=waits) for n in range(250)]
        before = inbox.context.list.row_count()
        await dana.ingest(many)
        shown = inbox.context.list
        await inbox.until(lambda: shown.row_count() + sum(shown.edges) == before + 250)
        await inbox.press("G")
        await inbox.until(lambda: shown.row_count() == before + 250 and not sum(shown.edges))


async def test_what_is_removed_is_counted_no_more(team: Team4) -> None:
    async with team.inbox(filter=Filter.UNRESOLVED) as inbox:
        dana = await team.store()
        assert isinstance(dana, Intake)
        await dana.ingest((chat("fresh", said(VISITOR, "Hello?", 0)),))
        await inbox.until(lambda: inbox.context.header.new_above == 1)
        inbox.context.list.forget((ConversationId("fresh"), ConversationId("luis")))
        inbox.context.list.count(inbox.listing.counts.unresolved - 2)
        await inbox.settled()
        assert inbox.context.header.new_above == 0
        assert "luis" not in inbox.rows


async def test_colleagues_are_shown_as_they_are_now(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.go_to("otto")
        assert "(ML)" in inbox.text(), "in the row"
        assert "(ML) Maya Lind" in inbox.text(), "in the header and the thread"
        maya = await team.store(MAYA)
        assert isinstance(maya, Team)
        await maya.save_profile("Maya Lindqvist", Badge("MQ", Color.RED))
        await inbox.until(lambda: "(ML)" not in inbox.text())
        await inbox.settled()
        assert inbox.text().count("(MQ)") == 3
        assert "Maya Lindqvist has this" in inbox.text()
        assert inbox.here == "otto"


async def test_what_is_mine_reads_you(team: Team4) -> None:
    async with team.inbox() as inbox:
        row = next(line for line in inbox.lines if "Hanna Berg" in line)
        assert row.split("│")[0].rstrip().endswith(" you")
        assert "(DO)" not in inbox.text()
