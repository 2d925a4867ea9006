"""What arrives late does not paint a decision away, and what is gone leaves the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from inbox_tui.domain.filters import Filter
from inbox_tui.domain.models import (
    Agent,
    AgentId,
    Conversation,
    ConversationId,
    Kind,
    Member,
    MemberId,
    ReplyDraft,
    SetStatus,
    StateChange,
    Status,
)
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.store.protocol import Store, Upkeep
from inbox_tui.store.refreshing import Refresh, Refreshed, Refreshing
from inbox_tui.tui import messages as m
from inbox_tui.tui.inbox.state import CONFIRM_TIMEOUT, InboxState
from tui.terminal import Inbox
from tui.workspace import MAYA, NOW, Team4

PRIYA, LUIS, HANNA = (ConversationId(id) for id in ("priya", "luis", "hanna"))


async def note(store: Store, id: ConversationId, body: str) -> None:
    await store.reply(id, ReplyDraft(body, f"note-{body}", kind=Kind.NOTE))


def status(inbox: Inbox, id: ConversationId) -> Status:
    """What the row says."""
    row = inbox.context.list.conversation(id)
    assert row is not None
    return row.status


async def test_a_colleagues_note_does_not_paint_open_what_is_being_resolved(team: Team4) -> None:
    async with team.inbox() as inbox:
        store, goes_on = inbox.context.work.store, asyncio.Event()
        decide = store.decide

        async def slow(changes: Sequence[StateChange]) -> Sequence[Outcome]:
            await goes_on.wait()
            return await decide(changes)

        store.decide = slow  # type: ignore[method-assign]
        await inbox.pilot.press("e")
        await inbox.until(lambda: status(inbox, PRIYA) is Status.RESOLVED)
        heard = len(inbox.heard(m.ConversationsRead))
        await note(await team.store(MAYA), PRIYA, "She called.")
        await inbox.until(lambda: len(inbox.heard(m.ConversationsRead)) > heard)
        assert inbox.heard(m.ConversationsRead)[-1].conversations[0].status is Status.OPEN, "as the store holds it"
        await inbox.pilot.pause()
        assert status(inbox, PRIYA) is Status.RESOLVED
        assert not inbox.heard(m.TriageDone)
        goes_on.set()
        await inbox.settled()
        assert status(inbox, PRIYA) is Status.RESOLVED
        row = inbox.context.list.conversation(PRIYA)
        assert row is not None
        assert row.messages == 4, "with the note"


async def test_a_store_whose_reads_lag_is_read_again_until_it_shows_the_decision(team: Team4) -> None:
    """And what a lagging store shows once the time is over is believed: here, that a colleague reopened it."""
    async with team.inbox() as inbox:
        store, old = inbox.context.work.store, {}
        assert isinstance(store, Refreshing)
        refresh = store.refresh
        old[PRIYA] = await store.get(PRIYA)

        async def lagging(wanted: Refresh) -> Refreshed:
            seen = await refresh(wanted)
            rows = [old.get(each.id, each) for each in seen.conversations]
            return msgspec.structs.replace(seen, conversations=rows)

        store.refresh = lagging  # type: ignore[method-assign]
        await inbox.press("e")
        inbox.context.refresh([PRIYA])
        await inbox.settled()
        assert inbox.heard(m.ConversationsRead)[-1].conversations[0].status is Status.OPEN, "as the store reads"
        assert status(inbox, PRIYA) is Status.RESOLVED
        assert inbox.context.state.next_due is not None
        old.clear()
        team.clock.pass_(seconds=CONFIRM_TIMEOUT.total_seconds())
        await note(await team.store(MAYA), LUIS, "any write")  # which pokes the feed
        await inbox.until(lambda: inbox.context.state.next_due is None)
        await inbox.settled()
        assert status(inbox, PRIYA) is Status.RESOLVED
        assert not inbox.context.state.is_pending(PRIYA)


async def test_a_removed_conversation_leaves_the_screen(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.go_to(LUIS)
        before, page = inbox.rows, inbox.heard(m.ListRead)
        dana = await team.store()
        assert isinstance(dana, Upkeep)
        await dana.remove([LUIS], [])
        inbox.context.refresh([LUIS])
        await inbox.until(lambda: LUIS in inbox.heard(m.ConversationsRead)[-1].gone)
        await inbox.settled()
        assert inbox.rows == [id for id in before if id != LUIS]
        assert inbox.here == inbox.open_one.id == HANNA, "what stood below it"
        assert not page
        assert inbox.listing.counts.all == len(inbox.rows)


async def test_what_was_assigned_and_is_resolved_by_now_does_not_come_into_the_list(team: Team4) -> None:
    async with team.inbox(filter=Filter.YOUR_INBOX) as inbox:
        context, before, id = inbox.context, inbox.rows, ConversationId("nobody")
        given = msgspec.structs.replace(await context.work.store.get(id), assignee=context.me)
        context.painter.decide([SetStatus(id, Status.RESOLVED, Status.OPEN)], [given])
        context.painter.let_in(given)
        assert inbox.rows == before
        context.state.failed([SetStatus(id, Status.RESOLVED, Status.OPEN)])
        context.painter.let_in(given)
        assert id in inbox.rows


def test_a_page_that_was_asked_for_before_does_not_bring_back_what_was_removed() -> None:
    luis = Conversation(LUIS, Agent(AgentId("a"), "A"), NOW, NOW)
    state = InboxState(lambda: NOW, Member(MemberId("me"), "me@acme.example"))
    state.read([luis])
    asked = state.ask()
    state.removed([LUIS])
    state.read([luis], asked)
    assert state.painted(LUIS) is None
    assert not state.paint([luis])
    state.read([luis])
    assert state.paint([luis]) == (luis,), "it is there again"
