"""Imports and bulk changes in parts: short transactions, and the same in the end as in one, whatever breaks off."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from inbox_tui.backends.sql import facets
from inbox_tui.backends.sql import store as sql_store
from inbox_tui.backends.sql.portions import AIM, Portion
from inbox_tui.backends.sqlite.store import SqliteStore, open_file
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import (
    Author,
    ConversationId,
    ConversationState,
    ImportResult,
    IncomingConversation,
    Kind,
    ReplyDraft,
    SetStatus,
    Status,
)
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.registry import Identity
from inbox_tui.testing.factories import DANA, MORNING, incoming, minute, said
from inbox_tui.testing.strategies import workspaces

OWNER = Identity(DANA, "Dana Ortiz")
C1 = ConversationId("c-1")


async def opened(folder: str | Path, name: str) -> SqliteStore:
    return await open_file(Path(folder) / name, OWNER, lambda: MORNING)


async def everything(store: SqliteStore) -> tuple[Any, ...]:
    """All that can be read of a workspace, but for what tells when rows were written."""
    page = await store.list(Query(), PageRequest(limit=1_000))
    threads = [
        [
            (m.author, m.kind, m.body, m.key, m.created_at, m.member and m.member.email)
            for m in (await store.thread(row.id, limit=10_000)).messages
        ]
        for row in page.rows
    ]
    whole = [row async for rows in store.scan(Query()) for row in rows]
    members = sorted((member.email, member.access) for member in await store.members())
    return page.rows, threads, whole, await store.counts(), members


class Interrupted:
    """Has the writes of a store fail after so many, or wait."""

    def __init__(self, store: SqliteStore, after: int, *, waits: bool = False) -> None:
        self.writes = 0
        self.waiting, self.going_on = asyncio.Event(), asyncio.Event()
        self._waits = waits
        self._write = store._session.write
        self._after = after
        store._session.write = self.write  # type: ignore[method-assign]

    async def write(self, act: Any, portion: Portion | None = None) -> Any:
        if self.writes == self._after and self._waits:
            self.waiting.set()
            await self.going_on.wait()
        elif self.writes == self._after:
            raise StoreUnavailable("The power failed.")
        self.writes += 1
        return await self._write(act, portion)


def with_standing(conversation: IncomingConversation) -> IncomingConversation:
    import msgspec

    standing = ConversationState(minute(9), first_human_reply_at=minute(3))
    return msgspec.structs.replace(conversation, standing=standing, needs_human=False)


@settings(max_examples=40, deadline=None)
@given(workspaces(most=4), some.integers(1, 12), some.integers(1, 25), some.booleans())
def test_what_breaks_off_and_is_done_again_ends_as_if_it_had_not(
    given: list[IncomingConversation], after: int, weight: int, is_copy: bool
) -> None:
    conversations: Sequence[IncomingConversation] = [with_standing(one) for one in given] if is_copy else given

    async def compare(folder: str) -> None:
        whole, broken = await opened(folder, "whole.db"), await opened(folder, "broken.db")
        try:
            with pytest.MonkeyPatch.context() as patch:
                await whole.ingest(conversations)
                patch.setattr(facets, "Portion", partial(Portion, lambda: 0.0, weight))
                patch.setattr(facets, "BETWEEN", 0)
                session_write = broken._session.write
                Interrupted(broken, after)
                try:
                    await broken.ingest(conversations)
                except StoreUnavailable:
                    broken._session.write = session_write  # type: ignore[method-assign]
                    await broken.ingest(conversations)
                broken._session.write = session_write  # type: ignore[method-assign]
                assert await everything(broken) == await everything(whole)
                again = await broken.ingest(conversations)
                assert again == ImportResult(unchanged=len(conversations))
        finally:
            await whole.aclose()
            await broken.aclose()

    with TemporaryDirectory() as folder:
        asyncio.run(compare(folder))


async def test_a_long_conversation_goes_in_several_transactions_and_stands_as_it_will_from_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opened(tmp_path, "inbox.db")
    monkeypatch.setattr(facets, "Portion", partial(Portion, lambda: 0.0, 20))
    long = incoming(
        "c-1",
        *(said(f"message {number}", number, key=f"m-{number}") for number in range(300)),
        status=Status.RESOLVED,
        assignee_email=DANA,
    )
    at_once = store._session.write
    running = Interrupted(store, 2, waits=True)
    taking = asyncio.create_task(store.ingest([long]))
    await running.waiting.wait()
    half = await store.get(C1)
    shown = len((await store.thread(C1, limit=1_000)).messages)
    assert (half.status, half.messages) == (Status.RESOLVED, 300)
    assert 0 < shown < 300
    store._session.write = at_once  # type: ignore[method-assign]
    await store.reply(C1, ReplyDraft("Meanwhile", "k", Kind.NOTE))
    running.going_on.set()
    assert await taking == ImportResult(added=1, messages=300)
    thread = (await store.thread(C1, limit=1_000)).messages
    assert [m.body for m in thread if m.author is Author.VISITOR] == [f"message {number}" for number in range(300)]
    assert (await store.get(C1)).messages == 301
    await store.aclose()


async def test_others_write_between_the_parts_of_an_import_and_of_a_bulk_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opened(tmp_path, "inbox.db")
    await store.ingest([incoming("own", "hello")])
    for module in (facets, sql_store):
        monkeypatch.setattr(module, "Portion", partial(Portion, lambda: 0.0, 30))
    many = [incoming(f"c-{number}", "a", "b") for number in range(200)]
    changes = [SetStatus(one.id, Status.RESOLVED, Status.OPEN) for one in many]
    for number, work in enumerate((store.ingest(many), store.decide(changes))):
        running = asyncio.create_task(work)
        await asyncio.sleep(0)  # it hands its first part over
        before = await store.reply(ConversationId("own"), ReplyDraft("a note", f"k-{number}", Kind.NOTE))
        assert before.message.body == "a note"
        assert not running.done()
        await running
    assert (await store.counts()).resolved == 200
    await store.aclose()


@given(
    some.floats(1e-6, AIM / 4),
    some.floats(0, AIM / 4),
    some.lists(some.floats(0.5, 2.0), min_size=30, max_size=30),
)
def test_a_portion_takes_no_longer_than_others_shall_wait(each: float, fixed: float, noise: list[float]) -> None:
    """``each`` is what a weight of one costs, ``fixed`` what each transaction does."""
    now = 0.0
    portion = Portion(lambda: now, weight=4)
    for factor in noise:
        portion.begin()
        began = now
        now += fixed
        while not portion.is_spent:
            now += each * factor
            portion.spend(1)
        portion.end()
        assert now - began <= 2 * AIM
