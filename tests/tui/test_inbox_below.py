"""What comes in below the fold while somebody writes is counted there, and asked about once."""

from __future__ import annotations

import pytest

from inbox_tui.domain.models import Author, ConversationId, Kind
from inbox_tui.store.protocol import Intake
from inbox_tui.tui.dialogs.conflict import ConflictDialog
from inbox_tui.tui.widgets.thread_view import ThreadView
from tui.terminal import Inbox
from tui.workspace import VISITOR, Team4, chat, said

LONG = ConversationId("long")
MINE = (Author.MEMBER, Kind.MESSAGE, "Try it again")
CRAMPED = (120, 20)


async def begin_above_the_end(team: Team4, inbox: Inbox) -> ThreadView:
    """A reply is being written while the thread is scrolled up."""
    dana = await team.store()
    assert isinstance(dana, Intake)
    await dana.ingest((chat("long", *(said(VISITOR, f"Line {n}\nand more of it", 90 - n) for n in range(40))),))
    await inbox.until(lambda: sum(inbox.context.list.edges) == 1)
    await inbox.press("g")
    await inbox.go_to("long")
    thread = inbox.context.thread
    await inbox.until(lambda: bool(thread.messages))
    thread.action_page(-1)
    await inbox.settled()
    assert not thread.is_at_end
    assert not thread.unseen
    await inbox.press("r")
    await inbox.write("Try it again")
    return thread


async def visitor_writes(team: Team4, *bodies: str) -> None:
    dana = await team.store()
    assert isinstance(dana, Intake)
    for body in bodies:
        await dana.receive(LONG, said(VISITOR, body, 0))


async def stored(team: Team4) -> list[tuple[Author, Kind, str]]:
    store = await team.store()
    return [(each.author, each.kind, each.body) for each in (await store.thread(LONG)).messages]


@pytest.mark.parametrize(("answer", "is_sent"), [("ctrl+y", True), ("enter", False)])
async def test_what_a_visitor_writes_out_of_sight_is_counted_and_asked_about_once(
    team: Team4, answer: str, is_sent: bool
) -> None:
    async with team.inbox(size=CRAMPED) as inbox:
        thread = await begin_above_the_end(team, inbox)
        await visitor_writes(team, "NEVER MIND", "I solved it myself")
        await inbox.until(lambda: len(thread.unseen) == 2)
        assert "↓ 2 new below" in inbox.text()
        await inbox.press("enter")
        assert isinstance(inbox.top, ConflictDialog)
        assert "Visitor long wrote ─" in inbox.text(inbox.top)
        assert "NEVER MIND" in inbox.text(inbox.top)
        await inbox.press(answer)
        assert (MINE in await stored(team)) is is_sent
        assert thread.is_at_end
        assert not thread.unseen
        assert "new below" not in inbox.text()
        if not is_sent:
            assert inbox.is_writing
            assert inbox.box.text == "Try it again"
            await inbox.press("enter")
            await inbox.settled()
            assert MINE in await stored(team)


async def test_scrolling_down_to_it_is_seeing_it(team: Team4) -> None:
    async with team.inbox(size=CRAMPED) as inbox:
        thread = await begin_above_the_end(team, inbox)
        await visitor_writes(team, "NEVER MIND")
        await inbox.until(lambda: len(thread.unseen) == 1)
        thread.action_last()
        await inbox.until(lambda: not thread.unseen)
        await inbox.press("enter")
        await inbox.settled()
        assert MINE in await stored(team)


async def test_what_comes_in_on_screen_is_not_asked_about(team: Team4) -> None:
    async with team.inbox(size=CRAMPED) as inbox:
        thread = await begin_above_the_end(team, inbox)
        thread.action_last()
        await visitor_writes(team, "NEVER MIND")
        await inbox.until(lambda: "NEVER MIND" in inbox.thread)
        assert not thread.unseen
        await inbox.press("enter")
        await inbox.settled()
        assert MINE in await stored(team)


async def test_a_note_answers_nobody_and_is_not_asked_about(team: Team4) -> None:
    async with team.inbox(size=CRAMPED) as inbox:
        thread = await begin_above_the_end(team, inbox)
        await inbox.press("ctrl+n")
        await visitor_writes(team, "NEVER MIND")
        await inbox.until(lambda: len(thread.unseen) == 1)
        await inbox.press("enter")
        await inbox.settled()
        assert (Author.MEMBER, Kind.NOTE, "Try it again") in await stored(team)


async def test_sending_scrolls_to_what_was_sent(team: Team4) -> None:
    async with team.inbox(size=CRAMPED) as inbox:
        thread = await begin_above_the_end(team, inbox)
        await inbox.press("enter")
        await inbox.settled()
        assert thread.is_at_end
        assert "Try it again" in inbox.text()
