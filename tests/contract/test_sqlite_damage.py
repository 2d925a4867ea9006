"""What an SQLite file holds is read as far as it can be, and mended."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from contract.damage import (
    AFTER_CALENDARS,
    BEFORE_CALENDARS,
    POISON,
    require_found_and_mended,
    require_shown_as_damaged,
    require_work_goes_on,
    three_conversations,
)
from contract.earlier import as_it_was_kept, as_it_was_taken_in, require_as_today
from inbox_tui.backends.sqlite.store import SqliteStore, open_file
from inbox_tui.domain import limits
from inbox_tui.domain.errors import NotAllowed
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.intake import trimmed_lead
from inbox_tui.domain.models import Access, ConversationId, Status
from inbox_tui.domain.paging import ROOM, PageRequest
from inbox_tui.local.copies import CopyJournal
from inbox_tui.operations.copying import Copy, require_source, require_target
from inbox_tui.store.registry import Identity, utc_now
from inbox_tui.testing.contract.base import C2
from inbox_tui.testing.contract.limits import read_everything
from inbox_tui.testing.factories import DANA, incoming, said

poison = pytest.mark.parametrize("assignments", POISON.values(), ids=POISON.keys())


class File:
    """A file with three conversations, and the stores that a test opened on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.opened: list[SqliteStore] = []

    async def open(self) -> SqliteStore:
        self.opened.append(await open_file(self.path, Identity(DANA, "Dana Ortiz"), utc_now))
        return self.opened[-1]

    def execute(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.path)) as database, database:
            for statement in statements:
                database.execute(statement)


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[File]:
    file = File(tmp_path / "inbox.db")
    await three_conversations(await file.open())
    yield file
    for store in file.opened:
        await store.aclose()


def poisoned(assignments: str) -> str:
    return f"UPDATE conversation SET {assignments} WHERE public_id = 'c-2'"


def counted_as_pending() -> str:
    return (
        "INSERT INTO counter SELECT 0, agent_id, 'pending', 1 FROM conversation WHERE public_id = 'c-2' AND pending = 1"
    )


@poison
async def test_a_damaged_row_is_shown_beside_the_others(file: File, assignments: str) -> None:
    file.execute(poisoned(assignments), counted_as_pending())
    await require_shown_as_damaged(await file.open())


@poison
async def test_it_is_found_and_mended(file: File, assignments: str) -> None:
    file.execute(poisoned(assignments), counted_as_pending())
    await require_found_and_mended(await file.open(), file.open)


@poison
async def test_work_on_it_goes_on(file: File, assignments: str) -> None:
    file.execute(poisoned(assignments), counted_as_pending())
    await require_work_goes_on(await file.open())


@pytest.mark.parametrize("at", [BEFORE_CALENDARS, AFTER_CALENDARS, 2**63 - 1, -(2**63)])
async def test_so_is_a_message(file: File, at: int) -> None:
    file.execute(f"UPDATE message SET created_at = {at} WHERE id = 3")
    store = await file.open()
    assert sorted(bool(message.damage) for message in (await store.thread(C2)).messages) == [False, True]
    [found] = await store.damaged(10)
    assert (found.id, found.what) == (C2, "the time of a message")
    assert await store.repair() == 1
    assert [message.damage for message in (await store.thread(C2)).messages] == ["", ""]


WRONG = {
    "status": "UPDATE conversation SET status = 7 WHERE id = 2",
    "a status below all": "UPDATE conversation SET status = -1 WHERE id = 2",
    "last_outgoing": "UPDATE conversation SET last_outgoing = 'robot' WHERE id = 2",
    "last_message_author": "UPDATE conversation SET last_message_author = 'robot' WHERE id = 2",
    "a member who is gone": "UPDATE message SET member_id = 77 WHERE id = 3",
    "an importer who is gone": "UPDATE message SET imported_by = 77 WHERE id = 3",
    "author": "UPDATE message SET author = 'robot' WHERE id = 3",
    "the last author": "UPDATE message SET author = 'robot' WHERE id = 4",
    "kind": "UPDATE message SET kind = 'song' WHERE id = 3",
}
"""Values that no constraint of ours lets in: another program's, or a disk's."""


@pytest.mark.parametrize("statement", WRONG.values(), ids=WRONG.keys())
async def test_whatever_shows_as_damaged_is_found_and_mended(file: File, tmp_path: Path, statement: str) -> None:
    file.execute("PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON", statement)
    store = await file.open()
    thread = await store.thread(C2)
    assert thread.conversation.damage or any(message.damage for message in thread.messages)
    [found] = await store.damaged(10)
    assert found.id == C2 and found.what
    assert await store.repair() == 1
    assert await store.damaged(10) == []
    thread = await (await file.open()).thread(C2)
    assert not thread.conversation.damage and not any(message.damage for message in thread.messages)
    assert thread.conversation.status is Status.OPEN
    target = await open_file(tmp_path / "copy.db", Identity(DANA, "Dana Ortiz"), utc_now)
    file.opened.append(target)
    journal = CopyJournal(tmp_path / "copies", store.name, target.name)
    assert (await Copy(await require_source(store), require_target(target), journal).run()).conversations == 3


async def test_what_was_said_last_is_told_by_time_after_a_repair(file: File) -> None:
    """As everywhere (rule 14), also where what came last belongs further up."""
    store = await file.open()
    for messages in ([said("now", 5)], [said("long ago", 1), said("by a robot", 2)]):
        await store.ingest([incoming("c-9", *messages)])
    file.execute(
        "PRAGMA ignore_check_constraints = ON", "UPDATE message SET author = 'robot' WHERE body = 'by a robot'"
    )
    store = await file.open()
    assert await store.repair() == 1
    assert (await store.get(ConversationId("c-9"))).last_message == "now"


async def test_an_admin_alone_mends(file: File) -> None:
    dana = await file.open()
    await dana.add_member("sam@acme.example", "Sam", Access.EDIT)
    sam = await open_file(file.path, Identity("sam@acme.example"), utc_now)
    file.opened.append(sam)
    with pytest.raises(NotAllowed):
        await sam.repair()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE member SET initials = 'DO', color = 'mauve'",
        "UPDATE conversation SET assignee_id = 77 WHERE public_id = 'c-2'",
        "UPDATE conversation SET agent_id = 77 WHERE public_id = 'c-2'",
        "UPDATE message SET member_id = 77 WHERE conversation_id = 2",
        "UPDATE conversation SET topic = CAST(x'ff41fe' AS TEXT) WHERE public_id = 'c-2'",
        "UPDATE conversation SET last_message = CAST(x'c3' AS TEXT) WHERE public_id = 'c-2'",
        "UPDATE message SET body = CAST(x'80' AS TEXT) WHERE conversation_id = 2",
        "UPDATE conversation SET has_lead = 1, lead_name = CAST(x'eda0bd' AS TEXT) WHERE public_id = 'c-2'",
    ],
)
async def test_no_other_value_hides_rows_either(file: File, statement: str) -> None:
    """An unknown colour, people and agents who are gone, text that is not UTF-8."""
    file.execute(statement)
    store = await file.open()
    assert {row.id for row in await read_everything(store)} == {"c-1", "c-2", "c-3"}
    await store.repair()
    assert {row.id for row in await read_everything(store)} == {"c-1", "c-2", "c-3"}


async def test_an_older_file_is_mended_when_it_is_opened(file: File) -> None:
    """Whatever the version before took in: times that nobody can read, topics of two megabytes, the far future."""
    for store in file.opened:
        await store.aclose()
    century = 100 * 365 * 86_400 * 1_000_000
    file.execute(
        poisoned(POISON["everything"]),
        f"UPDATE conversation SET last_activity_at = last_activity_at + {century},"
        f" wait_rank = wait_rank - {century} WHERE public_id = 'c-1'",
        "UPDATE conversation SET topic = printf('%.2000000c', 'x'), lead_name = printf('%.2000000c', 'y'),"
        " has_lead = 1 WHERE public_id = 'c-3'",
        f"UPDATE message SET created_at = {AFTER_CALENDARS} WHERE conversation_id = 1",
        "DROP INDEX message_reply",
        "ALTER TABLE message DROP COLUMN reply_agent_id",
        "ALTER TABLE message DROP COLUMN imported_by",
        "PRAGMA user_version = 3",
    )
    store = await file.open()
    assert store.schema.found < store.schema.now
    assert await store.damaged(10) == []
    rows = {str(row.id): row for row in await read_everything(store)}
    assert not any(row.damage for row in rows.values())
    assert limits.size(rows["c-3"].topic) <= limits.TOPIC_LIMIT
    assert all(row.last_activity_at <= utc_now() for row in rows.values())


OLDER_GATES = (
    "UPDATE agent SET name = printf('%.500c', 'x') || replace(printf('%.250c', 'x'), 'x', '日')",
    "UPDATE agent SET name = ''",
    "UPDATE agent SET name = char(8203)",
    "UPDATE message SET body = replace(printf('%.900000c', 'x'), 'x', '日') WHERE id = 3",
    "UPDATE message SET key = char(8203) WHERE id = 3",
    "UPDATE conversation SET public_id = char(8203) WHERE id = 2",
    "UPDATE conversation SET public_id = char(10240) WHERE id = 2",
    "UPDATE conversation SET lead_name = '  Maya ', lead_phone = char(10240), has_lead = 1 WHERE id = 2",
    "INSERT INTO member (email, name, access)"
    " VALUES (replace(printf('%.250c', 'x'), 'x', '😀') || '@a.b', 'Max', 'edit')",
    "INSERT INTO member (email, name, access) VALUES (replace(printf('%.900c', 'x'), 'x', '日'), '', 'none')",
    "UPDATE message SET author = 'member', imported_by = 1, member_id = 1 WHERE id = 3",
)
"""What versions before this one took: lengths in characters, or none at all; names, ids and keys without a letter."""


@pytest.mark.parametrize("statement", OLDER_GATES)
async def test_what_older_gates_took_can_be_copied(file: File, tmp_path: Path, statement: str) -> None:
    file.execute(statement)
    source = await file.open()
    target = await open_file(tmp_path / "copy.db", Identity(DANA, "Dana Ortiz", may_create=True), utc_now)
    file.opened.append(target)
    journal = CopyJournal(tmp_path / "copies", source.name, target.name)
    copied = await Copy(await require_source(source), require_target(target), journal).run()
    assert copied.conversations == 3
    assert [row.lead for row in await read_everything(target)] == [
        trimmed_lead(row.lead) for row in await read_everything(source)
    ]


async def test_a_page_of_rows_that_are_too_large_stays_small(file: File) -> None:
    """A file that another program filled with large topics."""
    store = await file.open()
    await store.ingest([incoming(f"d-{n}", at=n) for n in range(30)])
    file.execute("UPDATE conversation SET topic = printf('%.500000c', 'x')")
    page = await store.list(Query(Filter.ALL), PageRequest(30))
    assert page.is_cut
    assert sum(limits.size(row.topic) for row in page.rows) <= ROOM


async def test_what_an_earlier_version_kept_is_put_right_when_the_file_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox_tui.backends.sql.upgrade.AT_ONCE", 2)
    file = File(tmp_path / "earlier.db")
    store = await file.open()
    await as_it_was_taken_in(store)
    await store.aclose()
    as_it_was_kept(file.execute)
    file.execute(
        "DROP INDEX message_thread",
        "DROP INDEX message_by_member",
        "CREATE INDEX message_thread ON message (conversation_id)",
        "PRAGMA user_version = 6",
    )
    store = await file.open()
    await require_as_today(store)
    await store.aclose()
