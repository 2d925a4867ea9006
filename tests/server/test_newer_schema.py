"""A newer program changed the tables under a running one, which reads on and writes no more."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import httpx
import msgspec
import pytest

from inbox_tui.domain.errors import StoreBroken
from inbox_tui.domain.models import Access, Assign, Badge, Color, Kind, ReplyDraft, SetStatus, Status
from inbox_tui.domain.tokens import NewToken, hash_of
from inbox_tui.domain.writes import ReplyWrite
from inbox_tui.operations import delivery as delivery_module
from inbox_tui.store.api import Problem
from inbox_tui.store.protocol import Host, Intake, Store, Team
from inbox_tui.testing.factories import DANA, SAM, WEBSITE, incoming, minute, said
from server.harness import Served
from server.team import ONE, open_in, said_by_members
from server.test_delivery import delivering, drafts_in, end, seen


def bring_to_another(folder: Path, step: int) -> int:
    """What a program of another version does to the file; gives the number of the schema that it has then."""
    with closing(sqlite3.connect(folder / "team.db")) as other, other:
        number = int(other.execute("PRAGMA user_version").fetchone()[0]) + step
        other.execute(f"PRAGMA user_version = {number}")
    return number


def writes(store: Store) -> list[Callable[[], Awaitable[object]]]:
    """One of each kind."""
    assert isinstance(store, Team) and isinstance(store, Intake)
    return [
        lambda: store.reply(ONE, ReplyDraft("a note", "n-1", Kind.NOTE)),
        lambda: store.decide([Assign(ONE, None, None)]),
        lambda: store.decide([SetStatus(ONE, Status.RESOLVED, Status.OPEN)]),
        lambda: store.add_member("new@acme.example", "", Access.EDIT),
        lambda: store.save_profile("Dana Ortiz", Badge("DO", Color.RED)),
        lambda: store.save_photo(None),
        lambda: store.ingest([incoming("c-1")]),
        lambda: store.receive(ONE, said("Hello?", 1)),
        lambda: store.request_handoff(ONE, minute(1)),
    ]


@pytest.mark.parametrize(("step", "what"), [(1, "Update inbox-tui"), (-1, "brought up to date")])
async def test_a_program_with_the_file_open_reads_on_and_writes_nothing(
    store: Store, tmp_path: Path, step: int, what: str
) -> None:
    before = await store.thread(ONE)
    number = bring_to_another(tmp_path, step)
    for write in writes(store):
        with pytest.raises(StoreBroken, match=f"schema {number}") as caught:
            await write()
        assert what in caught.value.hint
        assert "team.db" in caught.value.message
    assert isinstance(store, Host)
    with pytest.raises(StoreBroken, match=f"schema {number}"):
        await store.add_token(NewToken(hash_of("x"), DANA))
    with pytest.raises(StoreBroken, match=f"schema {number}"):
        await store.require_writable()
    assert await store.thread(ONE) == before
    bring_to_another(tmp_path, -step)
    await store.require_writable()
    assert (await store.reply(ONE, ReplyDraft("a note", "n-1", Kind.NOTE))).message.body == "a note"


async def test_a_migration_waits_for_a_write_or_the_write_sees_it(store: Store, tmp_path: Path) -> None:
    """The number is read inside the transaction: no write is between."""
    other = sqlite3.connect(tmp_path / "team.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(store.reply(ONE, ReplyDraft("a note", "n-1", Kind.NOTE)))
    await asyncio.wait([writing], timeout=0.05)
    assert not writing.done()
    other.execute("PRAGMA user_version = 90")
    other.execute("COMMIT")
    other.close()
    with pytest.raises(StoreBroken, match="schema 90"):
        await writing


async def test_a_server_says_so_and_is_not_ready(
    served: Served, remote: Store, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox_tui.server.readiness.HOLDS_FOR", 0.0)
    async with httpx.AsyncClient(base_url=served.api) as client:
        assert (await client.get("ready")).status_code == 200
        secret, _ = await served.token(agent=WEBSITE)
        bring_to_another(tmp_path, 1)
        ready = await client.get("ready")
        assert ready.status_code == 503
        assert "team.db" not in ready.text
        headers = {"Authorization": f"Bearer {secret}"}
        said_again = {"author": "visitor", "body": "Are you there?", "key": "m2"}
        answer = await client.post("agent/conversations/one/messages", json=said_again, headers=headers)
        assert answer.status_code == 500
        assert msgspec.json.decode(answer.content, type=Problem).error == "broken"
        assert (await client.get("health")).status_code == 200
    with pytest.raises(StoreBroken, match="by a newer inbox-tui"):
        await remote.reply(ONE, ReplyDraft("a note", "n-1", Kind.NOTE))
    assert (await remote.thread(ONE)).messages[0].body == "Hello, this is one."


async def test_what_was_sent_waits_and_arrives_when_the_server_was_updated(
    store: Store, remote: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "INITIAL_BACKOFF", 0.1)
    delivery = delivering(remote, tmp_path)
    draft = await seen(store, "Kept", "k-1")
    bring_to_another(tmp_path, 1)
    sending = asyncio.create_task(delivery.reply(ReplyWrite(ONE, draft)))
    async with asyncio.timeout(10):
        while delivery.held_by is None:
            await asyncio.sleep(0.01)
    assert isinstance(delivery.held_by, StoreBroken)
    assert (delivery.undelivered, sending.done()) == (1, False)
    bring_to_another(tmp_path, -1)
    assert (await sending).message.body == "Kept"
    assert await said_by_members(store, ONE) == ["Kept"]
    await end(delivery)


async def test_what_cannot_be_delivered_for_long_is_given_back(
    store: Store, remote: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "INITIAL_BACKOFF", 0.001)
    delivery = delivering(remote, tmp_path)
    draft = await seen(store, "Kept", "k-1")
    bring_to_another(tmp_path, 1)
    with pytest.raises(StoreBroken, match="by a newer inbox-tui"):
        await delivery.reply(ReplyWrite(ONE, draft))
    assert delivery.undelivered == 0
    await end(delivery)
    assert drafts_in(tmp_path) == ["Kept"]


async def test_the_newer_program_itself_writes_on(store: Store, tmp_path: Path) -> None:
    """Whoever opens the file knows its schema, and each opening of the same version does."""
    other = await open_in(tmp_path, SAM)
    assert (await other.reply(ONE, ReplyDraft("a note", "n-1", Kind.NOTE))).message.body == "a note"
    assert isinstance(store, Host)
    wrap = store.as_member((await other.me()).id)
    assert (await wrap.reply(ONE, ReplyDraft("and one", "n-2", Kind.NOTE))).message.body == "and one"
    await other.aclose()
