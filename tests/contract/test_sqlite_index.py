"""The search index of a file that other programs write as well: they need nothing of this one, and harm nothing."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox_tui.backends.sqlite.store import SqliteStore, open_file
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Lead
from inbox_tui.domain.paging import PageRequest
from inbox_tui.domain.words import words
from inbox_tui.store.protocol import SearchGaps
from inbox_tui.store.registry import Identity, utc_now
from inbox_tui.testing.factories import DANA, incoming

TEXTS = ["needle", "red wine", "red", "注文した商品", "Łódź", "+46 70 123 99 88", "", "\U0001f680"]
Change = tuple[str, tuple[str | int, ...]]
_SAY = (
    "INSERT INTO message (conversation_id, author, kind, body, created_at)"
    " SELECT max(id), 'visitor', ?, ?, 1 FROM conversation"
)
_FORGET = "DELETE FROM conversation WHERE id = ?"
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.tuples(st.just(_SAY), st.tuples(st.sampled_from(["message", "note", "event"]), st.sampled_from(TEXTS))),
    st.tuples(
        st.just("UPDATE message SET body = ? WHERE id = ?"), st.tuples(st.sampled_from(TEXTS), st.integers(1, 5))
    ),
    st.tuples(
        st.just("UPDATE message SET kind = ? WHERE id = ?"),
        st.tuples(st.sampled_from(["message", "note", "event"]), st.integers(1, 5)),
    ),
    st.tuples(st.just("UPDATE message SET id = id + 5 WHERE id = ?"), st.tuples(st.integers(1, 5))),
    st.tuples(st.just("DELETE FROM message WHERE id = ?"), st.tuples(st.integers(1, 5))),
    st.tuples(
        st.just("UPDATE conversation SET topic = ? WHERE id = ?"),
        st.tuples(st.sampled_from(TEXTS), st.integers(1, 3)),
    ),
    st.tuples(st.just("UPDATE conversation SET public_id = 'c-' || ? || id"), st.tuples(st.integers(1, 9))),
    st.tuples(st.just(_FORGET), st.tuples(st.integers(1, 3))),
)


async def opened(path: Path) -> SqliteStore:
    return await open_file(path, Identity(DANA, "Dana Ortiz"), utc_now)


def execute(path: Path, *changes: Change) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        for statement, values in changes:
            if statement == _FORGET:
                other.execute("DELETE FROM message WHERE conversation_id = ?", values)
            with suppress(sqlite3.IntegrityError):  # the id is another's
                other.execute(statement, values)


async def found(store: SqliteStore, search: str) -> list[str]:
    return [str(row.id) for row in (await store.list(Query(search=search), PageRequest())).rows]


@pytest.mark.parametrize(
    ("change", "gone", "come"),
    [
        ("UPDATE message SET body = 'pin cushion' WHERE id = 1", "needle", "cushion"),
        ("UPDATE conversation SET topic = 'Grüße' WHERE id = 1", "refund", "grusse"),
        ("UPDATE conversation SET public_id = 'c-1-renamed' WHERE id = 1", "", "renamed"),
        ("DELETE FROM message WHERE id = 1", "needle", ""),
    ],
)
async def test_what_another_program_writes_is_indexed_with_the_next_write(
    tmp_path: Path, change: str, gone: str, come: str
) -> None:
    path = tmp_path / "inbox.db"
    store = await opened(path)
    await store.ingest([incoming("c-1", "needle", topic="Refund"), incoming("c-2", "hay")])
    execute(path, (change, ()))
    gaps = await store.search_gaps()
    assert gaps.messages + gaps.conversations == 1 and not gaps.is_damaged
    await store.ingest([incoming("c-3", "straw")])
    assert await store.search_gaps() == SearchGaps()
    assert not gone or await found(store, gone) == []
    assert not come or len(await found(store, come)) == 1
    await store.aclose()


async def test_a_row_that_no_trigger_saw_is_counted_and_comes_in_by_a_rebuild(tmp_path: Path) -> None:
    """A tool that saves what can be read of a damaged file leaves triggers and indexes out."""
    path = tmp_path / "inbox.db"
    store = await opened(path)
    await store.ingest([incoming("c-1", "needle"), incoming("c-2", "hay", lead=Lead("Maya Lindqvist"))])
    execute(path, ("DELETE FROM message_fts_docsize WHERE id = 1", ()), ("DELETE FROM lead_words WHERE id = 2", ()))
    assert await store.search_gaps() == SearchGaps(messages=1, conversations=1)
    await store.reindex()
    assert await store.search_gaps() == SearchGaps()
    assert (await found(store, "needle"), await found(store, "maya")) == (["c-1"], ["c-2"])
    await store.aclose()


@settings(max_examples=60, deadline=None)
@given(st.lists(CHANGES, max_size=8), st.lists(CHANGES, max_size=8))
def test_whatever_other_programs_change_the_index_is_what_the_tables_say(
    before: list[Change], after: list[Change]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_require_same(Path(folder) / "inbox.db", before, after))


async def _require_same(path: Path, *rounds: list[Change]) -> None:
    store = await opened(path)
    await store.ingest([incoming(f"c-{n}", text, topic=text) for n, text in enumerate(TEXTS[:3])])
    for number, changes in enumerate(rounds):
        execute(path, *changes)
        await store.ingest([incoming(f"later-{number}", "more")])
        with closing(sqlite3.connect(path)) as other:
            for index in ("message_fts", "lead_fts"):
                other.execute(f"INSERT INTO {index} ({index}) VALUES ('integrity-check')")
            said = other.execute("SELECT id, body FROM message WHERE kind <> 'event'").fetchall()
            assert _indexed(other, "message_fts") == _cut(said, words)
            known = other.execute(
                "SELECT id, lead_name || '¦' || lead_email || '¦' || lead_phone || '¦' || lead_company || '¦' || topic"
                " || '¦' || public_id FROM conversation"
            ).fetchall()
            assert _indexed(other, "lead_fts") == _cut(known, _words_of_parts)
        assert await store.search_gaps() == SearchGaps()
    await store.aclose()


def _words_of_parts(text: str) -> list[str]:
    return [word for part in text.split("¦") for word in words(part)]


def _cut(rows: list[tuple[int, str]], cut: Callable[[str], list[str]]) -> list[tuple[int, str]]:
    return sorted((id, word) for id, text in rows for word in cut(text))


def _indexed(db: sqlite3.Connection, index: str) -> list[tuple[int, str]]:
    db.execute(f"CREATE VIRTUAL TABLE temp.{index}_words USING fts5vocab (main, {index}, instance)")
    return sorted((doc, term) for doc, term in db.execute(f"SELECT doc, term FROM temp.{index}_words") if term != "¦")
