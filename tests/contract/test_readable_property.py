"""Whatever a store accepts can be listed, shown, exported, searched and copied, in every time zone."""

from __future__ import annotations

import asyncio
import tempfile
import zoneinfo
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inbox_tui.backends.sqlite.store import open_file
from inbox_tui.domain import limits
from inbox_tui.domain.errors import Conflict, Rejected
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import (
    Access,
    Author,
    Conversation,
    ConversationId,
    ConversationState,
    IncomingConversation,
    IncomingMessage,
    Kind,
    Lead,
    Message,
    ReplyDraft,
    Status,
)
from inbox_tui.domain.paging import PageRequest
from inbox_tui.local.copies import CopyJournal
from inbox_tui.operations.copying import Copy, require_source, require_target
from inbox_tui.operations.records import record
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, utc_now
from inbox_tui.testing.contract.base import intake_of, team_of
from inbox_tui.testing.contract.limits import read_everything
from inbox_tui.testing.factories import DANA, member
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.workspace import ModelWorkspace
from inbox_tui.tui.presenters.rows import row_cells
from inbox_tui.tui.presenters.thread import ThreadPresenter

EXTREMES = ("Pacific/Kiritimati", "Etc/GMT+12", "Africa/Monrovia", "Asia/Kathmandu", "America/New_York", "Asia/Tokyo")
offsets = st.integers(-24 * 60 + 1, 24 * 60 - 1).map(lambda minutes: timezone(timedelta(minutes=minutes)))
edges = st.sampled_from(
    [
        limits.EARLIEST,
        limits.EARLIEST + timedelta(microseconds=1),
        limits.EARLIEST - timedelta(microseconds=1),
        datetime.fromisoformat("0001-01-01T00:00:00+23:59"),
        datetime.fromisoformat("9999-12-31T23:59:59-23:59"),
        datetime.fromisoformat("9999-12-31T23:59:59+00:00"),
    ]
)
around_now = st.integers(-3, 3).map(lambda days: datetime.now(timezone.utc) + timedelta(days=days))
times = edges | around_now | st.datetimes(min_value=datetime(1960, 1, 1), timezones=offsets)  # noqa: DTZ001
good_times = st.datetimes(datetime(1970, 1, 2), datetime(2026, 11, 1), timezones=offsets)  # noqa: DTZ001
texts = st.text(max_size=30) | st.sampled_from(("x" * 2_000, "日" * 700, "half \ud83d", "nul \0", "\x1b[2J", "=1+1"))


@st.composite
def conversations(draw: st.DrawFn) -> IncomingConversation:
    at = times if draw(st.booleans()) else good_times
    messages = st.builds(IncomingMessage, st.sampled_from((Author.VISITOR, Author.AGENT)), texts, at, texts)
    standing = st.builds(ConversationState, at, st.none() | at, st.booleans(), st.none() | at, st.none() | at)
    return IncomingConversation(
        ConversationId(draw(texts)),
        tuple(draw(st.lists(messages, max_size=3, unique_by=lambda message: message.key))),
        draw(texts),
        draw(at),
        draw(st.builds(Lead, texts, texts, texts, texts)),
        draw(st.sampled_from(Status)),
        draw(st.booleans()),
        topic=draw(texts),
        standing=draw(st.none() | standing),
    )


def show(rows: list[Conversation], threads: list[tuple[Message, ...]]) -> None:
    """As the screen and the files show them."""
    now = utc_now()
    for name in EXTREMES:
        presenter = ThreadPresenter(zoneinfo.ZoneInfo(name))
        for row, thread in zip(rows, threads, strict=True):
            assert row_cells(row, Query(), None, now).when
            assert presenter.lines(row, thread, 60, now) or not thread
            assert presenter.lines(row, thread, 60, None) or not thread
            assert msgspec.json.encode(record(row))


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Store]:
    store = await open_file(path, Identity(DANA, "Dana Ortiz"), utc_now)
    try:
        yield store
    finally:
        await store.aclose()


async def work_on(store: Store, texts: list[str]) -> None:
    """Members come, reply and write notes; what a rule refuses is not done."""
    for number, text in enumerate(texts):
        page = await store.list(Query(), PageRequest(4))
        acts: list[Callable[[], Awaitable[object]]] = [
            lambda text=text, number=number: team_of(store).add_member(
                f"{text}{number}@acme.example", text, Access.EDIT
            )  # type: ignore[misc]
        ]
        for row in page.rows:
            acts += [
                lambda id=row.id, text=text: store.reply(id, ReplyDraft(text, text, Kind.NOTE)),  # type: ignore[misc]
                lambda id=row.id, text=text: reply_to(store, id, text),  # type: ignore[misc]
                lambda id=row.id, text=text: intake_of(store).set_lead(id, Lead(text)),  # type: ignore[misc]
            ]
        for act in acts:
            try:
                await act()
            except (Rejected, Conflict) as refusal:
                assert refusal.message


async def reply_to(store: Store, id: ConversationId, text: str) -> None:
    seen = (await store.thread(id)).messages
    await store.reply(id, ReplyDraft(text, f"r{text}", last_seen=seen[-1].id if seen else None))


async def fill_and_read(
    store: Store, given_conversations: list[IncomingConversation], said: list[str]
) -> list[Conversation]:
    for incoming in given_conversations:
        try:
            await intake_of(store).ingest([incoming])
        except Rejected as refusal:
            assert refusal.message
    await work_on(store, said)
    rows = await read_everything(store)
    show(rows, [(await store.thread(row.id)).messages for row in rows])
    return rows


async def fill_read_and_copy(folder: Path, given_conversations: list[IncomingConversation], said: list[str]) -> None:
    async with opened(folder / "inbox.db") as source, opened(folder / "copy.db") as target:
        rows = await fill_and_read(source, given_conversations, said)
        journal = CopyJournal(folder / "copies", source.name, target.name)
        copied = await Copy(await require_source(source), require_target(target), journal).run()
        assert copied.conversations == len(rows)
        assert len(await read_everything(target)) == len(rows)
    workspace = ModelWorkspace(utc_now, member("Dana Ortiz", email=DANA))
    accepted = await fill_and_read(ModelStore(workspace, DANA), given_conversations, said)
    assert {row.id for row in accepted} == {row.id for row in rows}


@pytest.mark.timeout(300)
@settings(max_examples=40)
@given(st.lists(conversations(), max_size=4), st.lists(texts | st.just("\u2800"), max_size=3))
@example(
    [
        IncomingConversation(
            ConversationId("c"), (), "a", limits.EARLIEST, needs_human=True, standing=ConversationState(limits.EARLIEST)
        )
    ],
    ["  a note with blanks ", "日" * 84],
)
def test_whatever_is_accepted_can_be_read_everywhere(
    given_conversations: list[IncomingConversation], said: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill_read_and_copy(Path(folder), given_conversations, said))
