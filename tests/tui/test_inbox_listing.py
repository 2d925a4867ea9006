"""Finding one's way in the inbox: filters, agents, orders, search, and the thread that follows."""

from __future__ import annotations

import asyncio

import pytest

from inbox_tui.domain.filters import Filter, Order, Query
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.store.protocol import Intake
from inbox_tui.tui import messages as m
from inbox_tui.tui.dialogs.agents import AgentDialog
from tui.workspace import DANA, NOW, VISITOR, Team4, chat, said

EVERY_FILTER = [
    ("1", Filter.ALL, ["priya", "luis", "hanna", "otto", "aiko", "nobody", "wei", "done"]),
    ("2", Filter.YOUR_INBOX, ["hanna"]),
    ("3", Filter.UNRESOLVED, ["priya", "luis", "hanna", "otto", "nobody", "wei"]),
    ("4", Filter.RESOLVED, ["aiko", "done"]),
    ("5", Filter.PENDING, ["wei", "hanna", "priya"]),
    ("6", Filter.HAS_LEAD, ["priya", "luis", "hanna", "otto", "aiko", "wei"]),
]


async def test_the_first_paint_is_the_list_and_its_first_conversation(team: Team4) -> None:
    async with team.inbox() as inbox:
        assert inbox.rows == EVERY_FILTER[0][2]
        assert inbox.thread[-1] == "I need to change my flight to Friday"
        for words in ("Dana Ortiz · Chat admin", "● live", "waiting 12m", "Mark resolved", "Reply as Dana Ortiz"):
            assert words in inbox.text()


@pytest.mark.parametrize(("key", "filter", "ids"), EVERY_FILTER)
async def test_each_filter_lists_and_counts_what_it_holds(
    team: Team4, key: str, filter: Filter, ids: list[str]
) -> None:
    async with team.inbox() as inbox:
        await inbox.press(key)
        assert inbox.heard(m.ListRead)[-1].query.filter is filter
        assert inbox.rows == ids
        assert inbox.listing.counts.of(filter) == len(ids)
        assert inbox.here == ids[0]
        assert f"[{key} {filter.label} {len(ids)}]" in inbox.text()


async def test_an_agent_of_ones_own_narrows_list_and_counts(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("A")
        assert isinstance(inbox.top, AgentDialog)
        await inbox.write("book")
        await inbox.press("enter")
        assert inbox.rows == ["aiko", "nobody", "wei"]
        assert inbox.listing.counts.all == 3
        assert "Booking bot ▾" in inbox.text()
        assert "[1 All 3]" in inbox.text()
        await inbox.press("A", "escape")
        assert inbox.listing.counts.all == 3


async def test_orders_take_turns(team: Team4) -> None:
    async with team.inbox(filter=Filter.UNRESOLVED) as inbox:
        newest = inbox.rows
        await inbox.press("o")
        assert inbox.rows == newest[::-1]
        assert inbox.heard(m.ListRead)[-1].query.effective_order is Order.OLDEST
        assert "oldest first" in inbox.text()
        await inbox.press("o")
        assert inbox.rows[:3] == ["wei", "hanna", "priya"]
        await inbox.press("o")
        assert inbox.rows == newest


async def test_a_search_narrows_the_filter_and_escape_drops_it(team: Team4) -> None:
    async with team.inbox(filter=Filter.UNRESOLVED) as inbox:
        await inbox.press("slash")
        await inbox.write("charg")
        await inbox.until(lambda: inbox.rows == ["hanna"])
        await inbox.press("enter")
        assert inbox.screen.focused is inbox.context.list
        assert "⌕ charg" in inbox.text()
        assert "1 found" in inbox.text()
        await inbox.press("escape")
        assert inbox.rows == EVERY_FILTER[2][2]
        assert "⌕ search" in inbox.text()


async def test_changes_that_come_faster_than_a_search_ends_do_not_stop_it(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("slash")
        await inbox.write("charg")
        await inbox.until(lambda: inbox.rows == ["hanna"])
        await inbox.press("enter")
        store, goes_on, begun = inbox.context.work.store, asyncio.Event(), 0
        listed = store.list

        async def slow(query: Query, page: PageRequest) -> Page:
            nonlocal begun
            begun += 1
            await goes_on.wait()
            return await listed(query, page)

        store.list = slow  # type: ignore[method-assign]
        dana = await team.store()
        assert isinstance(dana, Intake)
        for number in range(4):
            heard = len(inbox.heard(m.ConversationsRead))
            await dana.ingest((chat(f"charged-{number}", said(VISITOR, "I was charged", 0)),))
            await inbox.until(lambda heard=heard: len(inbox.heard(m.ConversationsRead)) > heard)  # type: ignore[misc]
        assert begun == 1
        goes_on.set()
        await inbox.until(lambda: "5 found" in inbox.text())
        assert begun == 2


async def test_why_nothing_is_found_is_said_whole(team: Team4) -> None:
    async with team.inbox(size=(40, 10)) as inbox:
        await inbox.press("slash")
        await inbox.write("()")
        await inbox.until(lambda: not inbox.context.list.row_count())
        said = " ".join(inbox.text().split())
        assert "There is nothing to look for: a search needs letters or digits. Esc clears the search." in said


async def test_escape_while_searching_drops_the_words_at_once(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("slash")
        await inbox.write("nothing like this")
        await inbox.until(lambda: not inbox.context.list.row_count())
        assert "No matches in All. Esc clears the search." in inbox.text()
        await inbox.press("escape")
        await inbox.until(lambda: len(inbox.rows) == 8)
        assert inbox.screen.focused is inbox.context.list


async def test_a_search_of_too_many_words_says_so_and_the_field_stays(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("slash")
        await inbox.write(" ".join(f"w{number}" for number in range(13)))
        await inbox.until(lambda: "The search has 13 words; 12 is the most." in inbox.text())
        for _ in range(60):
            await inbox.press("backspace")
        await inbox.write("charg")
        await inbox.until(lambda: inbox.rows == ["hanna"])


async def test_the_search_is_made_after_enter_too(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("slash")
        await inbox.write("blue cable")
        await inbox.press("enter")
        await inbox.until(lambda: inbox.rows == ["hanna"])


async def test_one_escape_drops_the_search_after_a_reply_was_begun(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("slash")
        await inbox.write("blue")
        await inbox.until(lambda: inbox.rows == ["hanna"])
        await inbox.press("enter")
        await inbox.press("r")
        await inbox.press("escape")
        await inbox.press("escape")
        await inbox.until(lambda: len(inbox.rows) == 8)


async def test_the_thread_follows_the_highlight(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("j", "j")
        assert inbox.heard(m.ThreadRead)
        assert inbox.here == inbox.open_one.id == "hanna"
        assert inbox.thread == [
            "The parcel came without the charger.",
            "I am sorry! Which charger was it?",
            "The small one, with the blue cable.",
        ]
        assert "(DO) Dana Ortiz 12:30" in inbox.text()
        await inbox.press("G")
        assert inbox.here == "done"
        assert "↺ Reopen" in inbox.text()
        await inbox.press("g")
        assert inbox.here == "priya"


async def test_next_waiting_goes_from_the_longest_waiting_to_the_shortest(team: Team4) -> None:
    async with team.inbox() as inbox:
        seen = []
        for _ in range(4):
            await inbox.press("n")
            seen.append(inbox.here)
        assert [found.next.conversation.id for found in inbox.heard(m.WaitingFound) if found.next.conversation] == seen
        assert seen == ["wei", "hanna", "priya", "wei"]


async def test_next_waiting_leaves_a_list_that_does_not_hold_them(team: Team4) -> None:
    async with team.inbox(filter=Filter.RESOLVED) as inbox:
        await inbox.press("n")
        assert inbox.listing.query.filter is Filter.PENDING
        assert inbox.here == "wei"
        assert "[5 Pending human reply 3]" in inbox.text()


async def test_when_nobody_waits_it_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    team = Team4(tmp_path_factory.mktemp("calm"))
    await team.build((chat("calm", said(VISITOR, "hello", 5)),))
    try:
        async with team.inbox(DANA) as inbox:
            await inbox.press("n")
            assert "Nobody else is waiting for a human reply" in inbox.text()
            await inbox.press("5")
            assert "Nobody is waiting for a human reply." in inbox.text()
            assert "Nothing selected." in inbox.text()
    finally:
        await team.close()


async def test_ages_grow_with_the_clock(team: Team4) -> None:
    async with team.inbox() as inbox:
        team.clock.pass_(hours=1)
        inbox.listing.show_ages()
        await inbox.settled()
        assert team.clock() > NOW
        assert "waiting 1h" in inbox.text()
        assert "waiting 12m" not in inbox.text()


async def test_whoever_clears_a_search_stays_on_the_conversation(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("slash")
        await inbox.write("charger")
        await inbox.until(lambda: inbox.rows == ["hanna"])
        await inbox.press("enter", "escape")
        await inbox.until(lambda: len(inbox.rows) > 1)
        assert inbox.here == "hanna"


async def test_keys_typed_before_the_screen_stands_act_once_it_does(team: Team4) -> None:
    async with team.inbox() as inbox:
        app = inbox.app
        app._is_ready = False
        await inbox.pilot.press("j", "j")
        assert inbox.here == "priya"
        await app.on_ready()
        await inbox.settled()
        assert inbox.here == "hanna"
