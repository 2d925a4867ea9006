"""How often the inbox calls its store: few for a key, a reply or a colleague's write."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

from inbox_tui.domain.models import Assign, ConversationId, Kind, ReplyDraft
from inbox_tui.store.protocol import Intake, Store
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
