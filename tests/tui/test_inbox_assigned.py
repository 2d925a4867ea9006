"""What a colleague assigns is said until it is seen, marked in its row, and let into the open list."""

from __future__ import annotations

import pytest

from inbox_tui.domain.filters import Filter
from inbox_tui.domain.models import ConversationId, Status
from inbox_tui.store.protocol import Intake
from inbox_tui.tui.inbox import following
from tui.terminal import Inbox
from tui.workspace import DANA, JONAS, MAYA, VISITOR, Team4, chat, give, said


async def is_ready(inbox: Inbox) -> None:
    await inbox.until(lambda: inbox.screen.assigned._mine is not None)


@pytest.mark.parametrize("size", [(120, 36), (50, 20)])
async def test_what_is_assigned_is_said_until_it_is_seen(team: Team4, size: tuple[int, int]) -> None:
    async with team.inbox(size=size) as inbox:
        await is_ready(inbox)
        assert "assigned to you" not in inbox.text()
        maya = await team.store(MAYA)
        await give(maya, "otto", DANA)
        await inbox.until(lambda: inbox.context.top.assigned == 1)
        await give(maya, "luis", DANA)
        await inbox.until(lambda: inbox.context.top.assigned == 2)
        await inbox.settled()
        assert "2 assigned to you" in inbox.lines[0]
        await inbox.go_to("luis")
        assert "1 assigned to you" in inbox.lines[0]
        await inbox.go_to("otto")
        assert "assigned to you" not in inbox.text()


async def test_rows_say_that_they_are_new(team: Team4) -> None:
    async with team.inbox() as inbox:
        await is_ready(inbox)
        await give(await team.store(MAYA), "luis", DANA)
        await inbox.until(lambda: inbox.context.top.assigned == 1)
        assert inbox.context.list.words_of(ConversationId("luis")) == ("new",)
        await inbox.until(lambda: any(line.split("│")[0].rstrip().endswith(" new") for line in inbox.lines))
        await inbox.press("j")
        assert inbox.here == "luis"
        assert inbox.context.list.words_of(ConversationId("luis")) == ()


async def test_it_comes_into_the_open_list(team: Team4) -> None:
    async with team.inbox(filter=Filter.YOUR_INBOX) as inbox:
        await is_ready(inbox)
        assert inbox.rows == ["hanna"]
        maya = await team.store(MAYA)
        await give(maya, "nobody", DANA)
        await inbox.until(lambda: inbox.rows == ["hanna", "nobody"])
        await give(maya, "otto", DANA)
        await inbox.until(lambda: inbox.rows == ["hanna", "otto", "nobody"])
        assert inbox.here == "hanna"
        await give(maya, "priya", DANA)
        await inbox.until(lambda: inbox.context.header.new_above == 1)
        await inbox.until(lambda: inbox.context.top.assigned == 3)
        await inbox.press("g")
        assert inbox.rows == ["priya", "hanna", "otto", "nobody"]
        await inbox.until(lambda: inbox.context.top.assigned == 2)


async def test_it_can_be_gone_to_from_anywhere(team: Team4) -> None:
    async with team.inbox(filter=Filter.RESOLVED) as inbox:
        await is_ready(inbox)
        await give(await team.store(MAYA), "nobody", DANA)
        await inbox.until(lambda: inbox.context.top.assigned == 1)
        column = inbox.lines[0].index("1 assigned to you")
        await inbox.pilot.click(offset=(column, 0))
        await inbox.until(lambda: inbox.here == "nobody")
        assert inbox.context.top.assigned == 0
        await inbox.press("escape")
        await inbox.until(lambda: inbox.listing.query.filter is Filter.RESOLVED)


async def test_what_one_does_oneself_is_no_news(team: Team4) -> None:
    async with team.inbox() as inbox:
        await is_ready(inbox)
        await inbox.press("i", "j", "j")
        await inbox.go_to("wei")
        await inbox.press("r")
        await inbox.write("On it")
        await inbox.press("enter")
        await inbox.go_to("luis")
        await inbox.until(lambda: inbox.listing.counts.your_inbox == 3)
        await inbox.settled()
        assert inbox.context.top.assigned == 0


async def test_a_visitor_who_writes_again_in_what_is_mine_is_no_assignment(team: Team4) -> None:
    async with team.inbox() as inbox:
        await is_ready(inbox)
        dana = await team.store()
        assert isinstance(dana, Intake)
        await dana.receive(ConversationId("aiko"), said(VISITOR, "One more thing", -1))
        await dana.receive(ConversationId("hanna"), said(VISITOR, "Hello?", -1))
        await inbox.until(lambda: inbox.listing.counts.your_inbox == 2)
        await inbox.settled()
        assert inbox.context.top.assigned == 0


async def test_what_comes_in_assigned_to_me_is_news_and_what_goes_away_is_none(team: Team4) -> None:
    async with team.inbox() as inbox:
        await is_ready(inbox)
        dana = await team.store()
        assert isinstance(dana, Intake)
        await dana.ingest((chat("fresh", said(VISITOR, "Hello?", 0), assignee=DANA),))
        await inbox.until(lambda: inbox.context.top.assigned == 1)
        await give(await team.store(JONAS), "fresh", JONAS)
        await inbox.until(lambda: inbox.context.top.assigned == 0)
        known = await dana.get(ConversationId("fresh"))
        assert known.status is Status.OPEN


async def test_more_at_once_than_are_looked_at_one_by_one_are_news_too(
    team: Team4, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "FOLLOWED_AT_ONCE", 2)
    async with team.inbox() as inbox:
        await is_ready(inbox)
        dana = await team.store()
        assert isinstance(dana, Intake)
        await dana.ingest([chat(f"fresh-{n}", said(VISITOR, "Hello?", 0), assignee=DANA) for n in range(5)])
        await inbox.until(lambda: inbox.context.top.assigned == 5)
