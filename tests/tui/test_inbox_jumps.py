"""Going on, to the next who waits and to what was undone: nobody is skipped, and the way back is kept."""

from __future__ import annotations

import pytest

from inbox_tui.domain.filters import Filter, Order
from inbox_tui.domain.models import ConversationId, Status
from inbox_tui.store.protocol import Intake
from inbox_tui.testing.deciding import set_status
from tui.workspace import JONAS, MAYA, VISITOR, Team4, chat, give, said


async def ingest(team: Team4, count: int, *, assignee: str = "", minutes: int = 100, name: str = "w") -> None:
    dana = await team.store()
    assert isinstance(dana, Intake)
    chats = [
        chat(f"{name}-{n:03}", said(VISITOR, "Hello?", minutes - n / 60), needs_human=True, assignee=assignee)
        for n in range(count)
    ]
    await dana.ingest(chats)


async def test_resolving_and_next_waiting_in_turn_skip_nobody(team: Team4) -> None:
    await ingest(team, 6)
    async with team.inbox(filter=Filter.PENDING) as inbox:
        waiting = list(inbox.rows)
        resolved: list[str] = []
        await inbox.press("n")
        while len(resolved) < len(waiting):
            resolved.append(inbox.here)
            await inbox.press("e", "n")
        assert sorted(resolved) == sorted(waiting)
        assert inbox.listing.counts.pending == 0


async def test_the_first_n_on_a_row_reached_by_going_on_stays_and_says_who_waits(team: Team4) -> None:
    async with team.inbox(filter=Filter.PENDING) as inbox:
        await inbox.press("e")
        assert inbox.here == "hanna"
        await inbox.press("n")
        assert inbox.here == "hanna"
        assert "Hanna Berg, waiting 2h" in inbox.text()
        await inbox.press("n")
        assert inbox.here == "priya"


@pytest.mark.parametrize("acts", [("i",), ("r", "escape"), ("j", "k")])
async def test_a_row_that_a_key_acted_on_is_dealt_with(team: Team4, acts: tuple[str, ...]) -> None:
    async with team.inbox(filter=Filter.PENDING) as inbox:
        await inbox.press("e", *acts, "n")
        assert inbox.here == "priya"


async def test_next_passes_over_what_colleagues_have_and_says_so(team: Team4) -> None:
    jonas = await team.store(JONAS)
    await give(jonas, "wei", JONAS)
    async with team.inbox(filter=Filter.PENDING) as inbox:
        await inbox.press("j", "j")
        assert inbox.here == "priya"
        await inbox.press("n")
        assert inbox.here == "hanna"
        assert "Passed over Wei Zhang: Jonas Brandt has this · N takes anybody's" in inbox.text()
        await inbox.press("n")
        assert inbox.here == "priya"
        assert "Passed over" not in inbox.text()
        await inbox.press("N")
        assert inbox.here == "wei"


async def test_next_says_when_only_colleagues_have_those_who_wait(team: Team4) -> None:
    jonas = await team.store(JONAS)
    for id in ("wei", "priya", "hanna"):
        await give(jonas, id, JONAS)
    async with team.inbox(MAYA) as inbox:
        await inbox.press("n")
        assert inbox.here == "priya"
        assert "Nobody else is waiting for you. Passed over 2 visitors whom colleagues have" in inbox.text()
        await inbox.press("N")
        assert inbox.here == "wei"


async def test_many_of_colleagues_are_passed_over_page_by_page(team: Team4) -> None:
    await ingest(team, 230, assignee=MAYA, minutes=3000)
    async with team.inbox(filter=Filter.RESOLVED) as inbox:
        await inbox.press("n")
        await inbox.until(lambda: inbox.here == "wei")
        assert "Passed over 230 visitors whom colleagues have" in inbox.text()
        await inbox.press("escape")
        assert inbox.listing.query.filter is Filter.RESOLVED


async def test_esc_goes_back_to_filter_order_search_and_place(team: Team4) -> None:
    async with team.inbox(filter=Filter.ALL) as inbox:
        inbox.listing.change(order=Order.OLDEST)
        await inbox.settled()
        inbox.listing.change(search="invoice")
        await inbox.until(lambda: inbox.rows == ["otto"])
        query = inbox.listing.query
        await inbox.press("n", "n")
        assert inbox.listing.query.filter is Filter.PENDING
        assert not inbox.listing.query.search
        await inbox.press("escape")
        assert inbox.listing.query == query
        assert inbox.here == "otto"
        await inbox.press("escape")
        assert not inbox.listing.query.search


async def test_esc_finds_a_place_far_down_again(team: Team4) -> None:
    await ingest(team, 200, name="far", minutes=4000)
    dana = await team.store()
    for n in range(200):
        await set_status(dana, ConversationId(f"far-{n:03}"), Status.RESOLVED, Status.OPEN)
    async with team.inbox(filter=Filter.RESOLVED) as inbox:
        inbox.context.list.highlight(150)
        await inbox.until(lambda: inbox.here.startswith("far"))
        place = inbox.here
        await inbox.press("n")
        assert inbox.here == "wei"
        await inbox.press("escape")
        await inbox.until(lambda: inbox.here == place)


async def test_a_filter_that_was_chosen_since_is_not_gone_back_from(team: Team4) -> None:
    async with team.inbox(filter=Filter.RESOLVED) as inbox:
        await inbox.press("n", "1", "escape")
        assert inbox.listing.query.filter is Filter.ALL


async def test_undo_goes_to_the_row_that_it_changed_and_says_what_is_now(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.go_to("hanna")
        await inbox.press("e", "G")
        assert inbox.here == "done"
        await inbox.press("z")
        await inbox.until(lambda: inbox.here == "hanna")
        assert "✓ Hanna Berg is open again" in inbox.text()
        await inbox.go_to("luis")
        await inbox.press("i", "g", "z")
        await inbox.until(lambda: inbox.here == "luis")
        assert "✓ Romero & Filhos is with nobody again" in inbox.text()
        assert inbox.context.top.assigned == 0


async def test_undo_goes_to_another_filter_and_esc_comes_back(team: Team4) -> None:
    async with team.inbox(filter=Filter.PENDING) as inbox:
        await inbox.press("e", "4")
        await inbox.until(lambda: "wei" in inbox.rows)
        await inbox.go_to("done")
        await inbox.press("2")
        assert "wei" not in inbox.rows
        await inbox.press("z")
        await inbox.until(lambda: inbox.here == "wei")
        assert "✓ Wei Zhang is open again" in inbox.text()
        assert inbox.listing.query.filter is Filter.ALL
        await inbox.press("escape")
        await inbox.until(lambda: inbox.listing.query.filter is Filter.YOUR_INBOX)


async def test_undo_finds_what_is_far_down_by_its_id(team: Team4) -> None:
    await ingest(team, 150, name="many", minutes=9)
    async with team.inbox(filter=Filter.PENDING) as inbox:
        assert inbox.here == "wei"
        await inbox.press("e", "2", "z")
        await inbox.until(lambda: inbox.here == "wei")
        assert "✓ Wei Zhang is open again" in inbox.text()
        await inbox.press("escape")
        await inbox.until(lambda: inbox.listing.query.filter is Filter.YOUR_INBOX)
        assert not inbox.listing.query.search


async def test_undo_of_many_goes_to_the_first_of_them(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("x", "j", "x", "e", "enter")
        await inbox.until(lambda: inbox.listing.counts.resolved == 4)
        await inbox.press("G", "z")
        await inbox.until(lambda: inbox.here == "priya" or inbox.here == "luis")
        assert "✓ 2 conversations are open again" in inbox.text()


async def test_next_waiting_goes_on_behind_the_first_two_hundred(team: Team4) -> None:
    store = await team.store()
    assert isinstance(store, Intake)
    chats = [chat(f"w{n}", said(VISITOR, "Hello?", 5000 - n), needs_human=True) for n in range(205)]
    await store.ingest(tuple(chats))
    async with team.inbox() as inbox:
        await inbox.press("5", "G")
        last = inbox.here
        await inbox.press("k")
        before_last = inbox.here
        await inbox.press("n")
        assert inbox.here == last
        await inbox.press("n")
        assert inbox.here == "w0", "the last is followed by who has waited longest"
        assert before_last != last
