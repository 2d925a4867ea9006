"""What a database holds is read as far as it can be, and mended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from contract.damage import (
    POISON,
    Execute,
    require_found_and_mended,
    require_shown_as_damaged,
    require_work_goes_on,
    three_conversations,
)
from contract.earlier import as_it_was_kept, as_it_was_taken_in, require_as_today
from inbox_tui.store.protocol import Store, Upkeep
from inbox_tui.testing.contract import OpenAs
from inbox_tui.testing.contract.base import C1
from inbox_tui.testing.contract.limits import read_everything
from inbox_tui.testing.factories import DANA
from postgres.cluster import Cluster, needs_postgres

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]
poison = pytest.mark.parametrize("assignments", POISON.values(), ids=POISON.keys())


@pytest.fixture
async def reopen(open_postgres: OpenAs) -> AsyncIterator[Callable[[], Awaitable[Store]]]:
    await three_conversations(await open_postgres(DANA))
    yield lambda: open_postgres(DANA)


@pytest.fixture
def execute(cluster: Cluster, database: str) -> Execute:
    def run(statement: str) -> None:
        cluster.execute(statement, database=database)

    return run


def damage(execute: Execute, assignments: str) -> None:
    execute(f"UPDATE conversation SET {assignments} WHERE public_id = 'c-2'")
    execute(
        "INSERT INTO counter SELECT 0, agent_id, 'pending', 1 FROM conversation WHERE public_id = 'c-2' AND pending = 1"
    )


@poison
async def test_a_damaged_row_is_shown_beside_the_others(
    reopen: Callable[[], Awaitable[Store]], execute: Execute, assignments: str
) -> None:
    damage(execute, assignments)
    await require_shown_as_damaged(await reopen())


@poison
async def test_it_is_found_and_mended(
    reopen: Callable[[], Awaitable[Store]], execute: Execute, assignments: str
) -> None:
    damage(execute, assignments)
    await require_found_and_mended(await reopen(), reopen)


@poison
async def test_work_on_it_goes_on(reopen: Callable[[], Awaitable[Store]], execute: Execute, assignments: str) -> None:
    damage(execute, assignments)
    await require_work_goes_on(await reopen())


async def test_an_older_database_is_mended_when_it_is_opened(
    reopen: Callable[[], Awaitable[Store]], execute: Execute
) -> None:
    damage(execute, POISON["everything"])
    execute("UPDATE conversation SET topic = repeat('x', 2000000) WHERE public_id = 'c-1'")
    execute("ALTER TABLE message DROP COLUMN imported_by, DROP COLUMN reply_agent_id")
    execute("UPDATE inbox_tui_schema SET version = 1")
    store = await reopen()
    assert isinstance(store, Upkeep)
    assert store.schema.found < store.schema.now
    assert await store.damaged(10) == []
    assert not any(row.damage for row in await read_everything(store))
    assert len((await store.get(C1)).topic) == 1_000


async def test_what_an_earlier_version_kept_is_put_right_when_the_database_is_opened(
    open_postgres: OpenAs, execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox_tui.backends.sql.upgrade.AT_ONCE", 2)
    await as_it_was_taken_in(await open_postgres(DANA))
    as_it_was_kept(execute)
    execute("DROP INDEX message_thread, message_by_member")
    execute("CREATE INDEX message_thread ON message (conversation_id, id)")
    execute("UPDATE inbox_tui_schema SET version = 4")
    await require_as_today(await open_postgres(DANA))
