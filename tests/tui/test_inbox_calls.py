"""How often the inbox calls its store: few for a key, a reply or a colleague's write."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

import msgspec

from inbox_tui.domain.changes import ChangeId, FeedReport, Written
from inbox_tui.domain.models import Assign, ConversationId, Kind, ReplyDraft, SetStatus, Status
from inbox_tui.store.protocol import Intake, Store
from inbox_tui.store.refreshing import Refresh, Refreshed, Refreshing
from inbox_tui.tui import messages as m
from tui.terminal import Inbox
from tui.workspace import DANA, JONAS, VISITOR, Team4, chat, said

VERBS = ("me", "agents", "members", "counts", "list", "get", "get_many", "refresh", "thread", "reply", "decide")


def count_calls(store: Store, calls: Counter[str]) -> Store:
    """The same store, which counts what it is asked."""

    def counting(verb: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def counted(*args: Any, **options: Any) -> Any:
            calls[verb] += 1
            return call(*args, **options)

        return counted

    for verb in VERBS:
        setattr(store, verb, counting(verb, getattr(store, verb)))
    return store


@asynccontextmanager
async def counted_inbox(team: Team4) -> AsyncIterator[tuple[Inbox, Counter[str]]]:
    calls: Counter[str] = Counter()
    opens = team.opens

    async def open_counting(email: str) -> Store:
        return count_calls(await opens(email), calls)

    team.opens = open_counting
    async with team.inbox() as inbox:
        await inbox.go_to("priya")
        calls.clear()
        yield inbox, calls


async def reported(inbox: Inbox, *ids: str) -> None:
    """The feed has reported writes to these, and what follows from that is done."""

    def heard() -> set[ConversationId]:
        return {id for seen in inbox.heard(m.ChangesSeen) for id in seen.changes.conversations}

    await inbox.until(lambda: heard() >= set(ids))
    await inbox.settled()


async def test_taking_a_conversation_takes_three_calls(team: Team4) -> None:
    async with counted_inbox(team) as (inbox, calls):
        await inbox.press("i")
        await reported(inbox, "priya")
        assert calls.total() <= 3, calls
        assert calls["decide"] == 1
        store = await team.store()
        assert inbox.listing.counts == await store.counts()
        assert inbox.open_one == await store.get(ConversationId("priya"))
        assert inbox.messages == (await store.thread(ConversationId("priya"))).messages


async def test_a_reply_takes_three_calls(team: Team4) -> None:
    async with counted_inbox(team) as (inbox, calls):
        await inbox.press("r")
        await inbox.write("Hello")
        await inbox.press("enter")
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await reported(inbox, "priya")
        assert calls.total() <= 3, calls
        assert calls["reply"] == 1
        store = await team.store()
        assert inbox.listing.counts == await store.counts()
        assert inbox.messages == (await store.thread(ConversationId("priya"))).messages


async def test_a_colleagues_note_takes_one_call(team: Team4) -> None:
    """The open conversation's thread included."""
    jonas = await team.store(JONAS)
    async with counted_inbox(team) as (inbox, calls):
        await jonas.reply(ConversationId("priya"), ReplyDraft("Mind the fee", "n-1", Kind.NOTE))
        await reported(inbox, "priya")
        assert calls.total() == 1, calls
        assert inbox.thread[-1] == "Mind the fee"


async def test_any_number_of_conversations_take_one_call(team: Team4) -> None:
    """For each report, however many it names."""
    ids = [f"c-{number}" for number in range(150)]
    jonas, store = await team.store(JONAS), await team.store(DANA)
    assert isinstance(store, Intake)
    await store.ingest([chat(id, said(VISITOR, "Hello?", 10)) for id in ids])
    dana = (await store.me()).id
    async with counted_inbox(team) as (inbox, calls):
        before = len(inbox.heard(m.ChangesSeen))
        await jonas.decide([Assign(ConversationId(id), dana, None) for id in ids])
        await reported(inbox, *ids)
        reports = len(inbox.heard(m.ChangesSeen)) - before
        looked = calls["thread"]  # who assigned it is said in the thread
        assert calls.total() - looked <= reports, calls
        assert inbox.listing.counts == await store.counts()


def carry_rows(store: Store) -> list[ConversationId]:
    """Have a store's reports carry rows; gives the rows that are asked for nevertheless, as the inbox asks for them."""
    assert isinstance(store, Refreshing)
    follow, read, refresh = store.changes, store.get_many, store.refresh
    asked: list[ConversationId] = []

    async def changes(since: ChangeId | None = None) -> AsyncIterator[FeedReport]:
        async for report in follow(since):
            if isinstance(report, Written):
                yield msgspec.structs.replace(report, rows=tuple(await read(report.conversations)))
            else:
                yield report

    async def refresh_noting(wanted: Refresh) -> Refreshed:
        asked.extend(wanted.ids)
        return await refresh(wanted)

    setattr(store, "changes", changes)  # noqa: B010  # mypy knows a method when it sees one
    setattr(store, "refresh", refresh_noting)  # noqa: B010
    return asked


async def test_rows_that_a_report_carries_are_not_read_again(team: Team4) -> None:
    """Two conversations that a colleague wrote to: one that is open, and one that is only listed."""
    jonas = await team.store(JONAS)
    calls: Counter[str] = Counter()
    asked: list[list[ConversationId]] = []
    opens = team.opens

    async def open_carrying(email: str) -> Store:
        store = await opens(email)
        asked.append(carry_rows(store))
        return count_calls(store, calls)

    team.opens = open_carrying
    async with team.inbox() as inbox:
        await inbox.go_to("priya")
        calls.clear()
        await jonas.reply(ConversationId("priya"), ReplyDraft("Mind the fee", "n-1", Kind.NOTE))
        await jonas.decide([SetStatus(ConversationId("nobody"), Status.RESOLVED, Status.OPEN)])
        await reported(inbox, "priya", "nobody")
        assert [calls[verb] for verb in ("get", "get_many", "list")] == [0, 0, 0]
        assert asked == [[]]
        assert inbox.thread[-1] == "Mind the fee"
        store = await team.store()
        shown = {id: inbox.context.state.painted(ConversationId(id)) for id in ("priya", "nobody")}
        assert shown == {id: await store.get(ConversationId(id)) for id in shown}
        assert inbox.listing.counts == await store.counts()
