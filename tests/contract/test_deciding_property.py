"""Many changes in one call are what the same changes are one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from inbox_tui.backends.sql import store as sql_store
from inbox_tui.backends.sql.portions import Portion
from inbox_tui.backends.sqlite.store import open_file
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import (
    Access,
    Assign,
    Badge,
    Color,
    Conversation,
    ConversationId,
    MemberId,
    Message,
    SetStatus,
    StateChange,
    Status,
)
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import Intake, Store, Team
from inbox_tui.store.registry import Identity
from inbox_tui.testing.factories import DANA, EVE, MORNING, SAM, incoming, member, minute
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.workspace import ModelWorkspace

EMAILS = (DANA, SAM, EVE)
"""An admin, a colleague, and a member without chat access."""
IDS = tuple(ConversationId(id) for id in ("c-0", "c-1", "c-2", "no-such"))

Wish = Callable[[Sequence[MemberId]], StateChange]
"""A change, once the ids of the members are known."""


@some.composite
def wishes(draw: some.DrawFn) -> Wish:
    """Any change, of what exists or does not, whatever its author saw."""
    id = draw(some.sampled_from(IDS))
    if draw(some.booleans()):
        status, expected = draw(some.sampled_from(Status)), draw(some.sampled_from(Status))
        wait = draw(some.sampled_from((None, minute(3), MORNING.replace(year=1969))))
        return lambda _: SetStatus(id, status, expected, wait)
    whom, holder = (draw(some.none() | some.integers(0, len(EMAILS))) for _ in range(2))
    return lambda members: Assign(id, _one(members, whom), _one(members, holder))


def _one(members: Sequence[MemberId], number: int | None) -> MemberId | None:
    known = [*members, MemberId("4711")]
    return None if number is None else known[number]


async def filled(store: Store) -> list[MemberId]:
    """Fill a new workspace; gives the ids of its members in the order of EMAILS."""
    assert isinstance(store, Team) and isinstance(store, Intake)
    await store.save_profile("Dana Ortiz", Badge("DO", Color.RED))
    await store.add_member(SAM, "Sam Okafor", Access.EDIT)
    await store.add_member(EVE, "Eve Stone", Access.NONE)
    await store.ingest(
        [
            incoming("c-0", needs_human=True),
            incoming("c-1", assignee_email=SAM),
            incoming("c-2", status=Status.RESOLVED, assignee_email=DANA),
        ]
    )
    ids = {each.email: each.id for each in await store.members()}
    return [ids[email] for email in EMAILS]


def told(outcome: Outcome) -> object:
    """An outcome whose error can be compared."""
    refusal = outcome.refusal
    conversation = getattr(refusal, "conversation", None)
    return outcome.change, outcome.before, outcome.after, type(refusal), str(refusal), conversation


async def everything(store: Store) -> tuple[list[Conversation], list[list[Message]], object]:
    """All that a change of state can change."""
    rows = list((await store.list(Query(), PageRequest())).rows)
    threads = [list((await store.thread(row.id)).messages) for row in rows]
    return rows, threads, await store.counts()


async def compare(whole: Store, single: Store, given: Sequence[Wish]) -> None:
    """Decide everything in one call in one workspace, and one by one in the other."""
    members = await filled(whole)
    assert await filled(single) == members
    changes = [wish(members) for wish in given]
    at_once = await whole.decide(changes)
    one_by_one = [outcome for change in changes for outcome in await single.decide([change])]
    assert [told(outcome) for outcome in at_once] == [told(outcome) for outcome in one_by_one]
    assert [outcome.change for outcome in at_once] == changes
    for outcome in at_once:
        assert (outcome.after is None) == (outcome.refusal is not None)
    assert await everything(whole) == await everything(single)


@settings(max_examples=150, deadline=None)
@given(some.lists(wishes(), max_size=12))
def test_of_the_model(given: list[Wish]) -> None:
    stores = [ModelStore(ModelWorkspace(lambda: minute(9), member(email=DANA)), DANA) for _ in range(2)]
    asyncio.run(compare(stores[0], stores[1], given))


@settings(max_examples=12, deadline=None)
@given(some.lists(wishes(), min_size=1, max_size=12), some.integers(1, 12))
def test_of_a_file(given: list[Wish], weight: int) -> None:
    """However many transactions the call takes."""

    async def of_files(folder: Path) -> None:
        stores = [
            await open_file(folder / name, Identity(DANA, "Dana Ortiz"), lambda: minute(9)) for name in ("a.db", "b.db")
        ]
        try:
            await compare(stores[0], stores[1], given)
        finally:
            for store in stores:
                await store.aclose()

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql_store, "Portion", partial(Portion, lambda: 0.0, weight))
        patch.setattr(sql_store, "BETWEEN", 0)
        asyncio.run(of_files(Path(folder)))
