"""Acts and how they are taken back, on a real store that two members share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

import msgspec
import pytest

from inbox_tui.backends.sqlite.store import SqliteStore
from inbox_tui.domain.errors import Conflict, NotAllowed, ProfileIncomplete
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import (
    Access,
    Author,
    Conversation,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Kind,
    SetStatus,
    StateChange,
    Status,
)
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.domain.paging import PageRequest
from inbox_tui.operations.triage import Done, Triage
from inbox_tui.operations.writes import Direct
from inbox_tui.store.protocol import Intake, Store, Team
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.deciding import assign

AT = datetime(2026, 11, 3, 10, tzinfo=timezone.utc)
NUMBER = 30


@pytest.fixture
def url(tmp_path: Path) -> StoreUrl:
    return StoreUrl.parse(f"sqlite:///{tmp_path / 'inbox.db'}")


@pytest.fixture
async def store(url: StoreUrl) -> AsyncIterator[Store]:
    store = await open_store(url, Identity("dana@acme.example", "Dana Ortiz", is_given=True))
    assert isinstance(store, Intake) and isinstance(store, Team)
    await store.add_member("lee@acme.example", "Lee Park", Access.EDIT)
    await store.ingest(
        [
            IncomingConversation(
                ConversationId(f"c-{number}"),
                (IncomingMessage(Author.VISITOR, "Hello", AT),),
                "Website assistant",
                AT,
                needs_human=True,
            )
            for number in range(NUMBER)
        ]
    )
    yield store
    await store.aclose()


@pytest.fixture
async def colleague(store: Store, url: StoreUrl) -> AsyncIterator[Store]:
    other = await open_store(url, Identity("lee@acme.example", is_given=True))
    yield other
    await other.aclose()


async def everything(store: Store) -> list[Conversation]:
    page = await store.list(Query(), PageRequest(limit=NUMBER))
    return sorted(page.rows, key=lambda row: row.id)


async def one(store: Store) -> Conversation:
    return await store.get(ConversationId("c-1"))


async def take(triage: Triage, store: Store, conversations: Sequence[Conversation]) -> Done:
    """Assign conversations to the member who acts on the store."""
    return await triage.assign(conversations, await store.me())


async def test_take_resolve_and_undo_step_by_step(store: Store) -> None:
    triage = Triage(Direct(store))
    before = await one(store)
    taken = await take(triage, store, [before])
    assert taken.description == "Assigned Visitor c-1 to Dana Ortiz"
    assert taken.can_undo
    resolved = await triage.set_status([await one(store)], Status.RESOLVED)
    assert resolved.description == "Resolved Visitor c-1"
    assert (await one(store)).waiting_since is None
    assert (await triage.undo()).description == "Visitor c-1 is open again"
    assert (await one(store)).waiting_since == before.waiting_since
    undone = await triage.undo()
    assert undone.description == "Visitor c-1 is with nobody again"
    assert not undone.can_undo
    after = await one(store)
    assert (after.assignee, after.status, after.waiting_since) == (None, Status.OPEN, before.waiting_since)
    assert (await triage.undo()).description == "Nothing to undo"


async def test_many_at_once_and_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqliteStore, "capabilities", msgspec.structs.replace(store.capabilities, batch=7))
    triage = Triage(Direct(store))
    rows = await everything(store)
    changes = [SetStatus(row.id, row.status, row.status) for row in rows]
    assert [len(some) async for some in Direct(store).decide_in_batches(changes)] == [7, 7, 7, 7, 2]
    done = await triage.set_status(rows, Status.RESOLVED)
    assert done.description == f"Resolved {NUMBER} conversations"
    assert len(done.outcomes) == NUMBER and not done.refusals
    assert {row.status for row in await everything(store)} == {Status.RESOLVED}
    undone = await triage.undo()
    assert len(undone.outcomes) == NUMBER
    assert [(row.status, row.waiting_since) for row in await everything(store)] == [
        (row.status, row.waiting_since) for row in rows
    ]


async def test_a_colleague_who_was_first_is_not_overruled(store: Store, colleague: Store) -> None:
    rows = await everything(store)
    lee = await colleague.me()
    await assign(colleague, rows[1].id, lee.id, None)
    triage = Triage(Direct(store))
    done = await take(triage, store, rows[:3])
    assert [outcome.change.id for outcome in done.outcomes if outcome.refusal] == [rows[1].id]
    [refusal] = done.refusals
    assert isinstance(refusal, Conflict)
    assert "Lee Park has it now" in refusal.message
    assert done.description == "Assigned 2 conversations to Dana Ortiz"
    with pytest.raises(Conflict):
        await take(triage, store, [rows[1]])


class WithoutWaits(Direct):
    """A store that cannot bring a wait back."""

    async def decide_in_batches(self, changes: Sequence[StateChange]) -> AsyncIterator[Sequence[Outcome]]:
        forgotten = [
            msgspec.structs.replace(change, waiting_since=None) if isinstance(change, SetStatus) else change
            for change in changes
        ]
        async for outcomes in super().decide_in_batches(forgotten):
            yield [
                msgspec.structs.replace(outcome, change=change)
                for outcome, change in zip(outcomes, changes, strict=True)
            ]


async def test_undoing_a_resolve_says_where_the_wait_does_not_come_back(store: Store) -> None:
    lost = " (the visitor no longer counts as waiting)"
    ways: list[tuple[Direct, str]] = [(Direct(store), ""), (WithoutWaits(store), lost)]
    for writes, more in ways:
        triage = Triage(writes)
        await triage.set_status([await one(store)], Status.RESOLVED)
        assert (await triage.undo()).description == f"Visitor c-1 is open again{more}"


async def test_undo_leaves_what_changed_since(store: Store, colleague: Store) -> None:
    triage = Triage(Direct(store))
    rows = (await everything(store))[:3]
    await take(triage, store, rows)
    lee, me = await colleague.me(), await store.me()
    await assign(colleague, rows[0].id, lee.id, me.id)
    undone = await triage.undo()
    assert undone.description == "2 conversations are with nobody again, except 1 that changed since"
    now = await everything(store)
    assert now[0].assignee == lee
    assert now[1].assignee is None


async def test_an_undo_that_came_too_late_for_all_says_so(store: Store, colleague: Store) -> None:
    triage = Triage(Direct(store))
    await take(triage, store, [await one(store)])
    lee, me = await colleague.me(), await store.me()
    await assign(colleague, ConversationId("c-1"), lee.id, me.id)
    assert (await triage.undo()).description == "Nothing was undone: 1 conversation changed since"


async def test_undoing_one_act_keeps_what_a_colleague_did_meanwhile(store: Store, colleague: Store) -> None:
    seen = await one(store)
    lee = await colleague.me()
    await assign(colleague, seen.id, lee.id, None)
    triage = Triage(Direct(store))
    await triage.set_status([seen], Status.RESOLVED)
    await triage.undo()
    after = await one(store)
    assert (after.status, after.assignee) == (Status.OPEN, lee)


async def test_what_changed_nothing_is_not_undone(store: Store) -> None:
    triage = Triage(Direct(store))
    done = await triage.set_status([await one(store)], Status.OPEN)
    assert not done.can_undo
    assert (await triage.undo()).description == "Nothing to undo"
    assert (await triage.set_status([], Status.RESOLVED)).description == "Nothing to do"


async def test_losing_access_keeps_what_can_be_undone(store: Store, colleague: Store) -> None:
    triage = Triage(Direct(colleague))
    await take(triage, store, [await one(store)])
    assert isinstance(store, Team)
    lee = await colleague.me()
    await store.set_access(lee.id, Access.NONE)
    with pytest.raises(NotAllowed):
        await triage.undo()
    await store.set_access(lee.id, Access.EDIT)
    # Losing access unassigned it already, so there is nothing left to refuse.
    assert not (await triage.undo()).refusals
    assert (await one(store)).assignee is None


async def test_unassigning_and_visitors_with_braces_in_their_name(store: Store) -> None:
    triage = Triage(Direct(store))
    await take(triage, store, [await one(store)])
    assert (await triage.assign([await one(store)], None)).description == "Unassigned Visitor c-1"


async def test_replies_carry_a_key_of_their_own(store: Store) -> None:
    keys = iter(["key-1", "key-2"])
    triage = Triage(Direct(store), make_key=lambda: next(keys))
    first = await triage.reply(ConversationId("c-1"), "Hello", last_seen=None)
    second = await triage.reply(ConversationId("c-1"), "Note", last_seen=first.message.id, kind=Kind.NOTE)
    assert (first.message.key, second.message.key) == ("key-1", "key-2")
    assert first.conversation.assignee == await store.me()


async def test_a_reply_without_a_profile(store: Store, url: StoreUrl) -> None:
    assert isinstance(store, Team)
    await store.add_member("kim@acme.example", "", Access.EDIT)
    other = await open_store(url, Identity("kim@acme.example", is_given=True))
    try:
        with pytest.raises(ProfileIncomplete):
            await Triage(Direct(other)).reply(ConversationId("c-1"), "Hello", last_seen=None)
    finally:
        await other.aclose()
