"""What is particular to the store in an SQLite file; what all stores do is in the contract."""

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from inbox_tui.backends.sql import pages
from inbox_tui.backends.sqlite.store import SqliteStore, open_file
from inbox_tui.domain.changes import NO_CHANGE, ChangeId, FeedReport, Written
from inbox_tui.domain.errors import Conflict, CredentialError, NotFound, StoreUnavailable
from inbox_tui.domain.filters import Filter, Order, Query, Scope
from inbox_tui.domain.models import (
    Access,
    Assign,
    Author,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Lead,
    MessageId,
    ReplyDraft,
    SetStatus,
    Status,
)
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import Intake, Scan, Store, Team
from inbox_tui.store.registry import Identity, open_store, utc_now
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.deciding import assign, set_status
from inbox_tui.testing.following import next_written

DANA = Identity("dana@acme.example", "Dana Ortiz")
THEN = datetime(2026, 11, 3, 10, 2, tzinfo=timezone.utc)


def conversation(number: int, **more: object) -> IncomingConversation:
    at = THEN + timedelta(seconds=number)
    said = IncomingMessage(Author.VISITOR, f"I need to change flight {number}", at)
    values = {"agent": "Website assistant", "created_at": at, "messages": (said,), **more}
    return IncomingConversation(id=ConversationId(f"c-{number}"), **values)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "inbox.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await open_file(path, DANA, utc_now)
    yield store
    await store.aclose()


async def test_it_is_found_by_its_address_and_is_all_that_a_store_can_be(path: Path) -> None:
    store = await open_store(StoreUrl.parse(f"sqlite:///{path}"), DANA)
    assert isinstance(store, Store)
    assert isinstance(store, Scan)
    assert isinstance(store, Team)
    assert isinstance(store, Intake)
    assert store.name == str(path)
    await store.aclose()


async def test_the_first_member_is_an_admin_with_a_badge(store: SqliteStore) -> None:
    me = await store.me()
    assert (me.email, me.name, me.access) == (DANA.email, "Dana Ortiz", Access.ADMIN)
    assert me.badge is not None
    assert me.badge.initials == "DO"


async def test_a_guessed_identity_is_the_only_member_there_is(store: SqliteStore, path: Path) -> None:
    guessed = await open_file(path, Identity("root@localhost"), utc_now)
    assert (await guessed.me()).email == DANA.email
    await guessed.aclose()


async def test_an_unknown_identity_is_told_how_to_say_who_it_is(store: SqliteStore, path: Path) -> None:
    with pytest.raises(CredentialError, match=r"eve@acme\.example") as caught:
        await open_file(path, Identity("eve@acme.example", is_given=True), utc_now)
    assert "--as" in caught.value.hint
    await store.add_member("sam@acme.example", "Sam", Access.EDIT)
    with pytest.raises(CredentialError):
        await open_file(path, Identity("root@localhost"), utc_now)


async def test_opening_costs_little(store: SqliteStore, path: Path) -> None:
    seconds = []
    for _ in range(20):
        began = time.perf_counter()
        other = await open_file(path, DANA, utc_now)
        seconds.append(time.perf_counter() - began)
        await other.aclose()
    assert min(seconds) < 0.005


async def test_a_closed_store_says_so(path: Path) -> None:
    store = await open_file(path, DANA, utc_now)
    await store.aclose()
    await store.aclose()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.me()


async def live_counts(store: SqliteStore, agent: str | None) -> dict[Filter, int]:
    me = (await store.me()).id
    rows = [row async for rows in store.scan(Query()) for row in rows if agent is None or row.agent.id == agent]
    return {filter: sum(filter.matches(row, me) for row in rows) for filter in Filter}


async def test_counters_are_what_the_filters_say_after_anything(store: SqliteStore) -> None:
    chance = random.Random(11)
    sam = await store.add_member("sam@acme.example", "Sam", Access.EDIT)
    me = await store.me()
    await store.ingest(
        [
            conversation(
                number,
                agent=chance.choice(["Website assistant", "Shop assistant"]),
                needs_human=chance.random() < 0.3,
                assignee_email=chance.choice(["", DANA.email, sam.email]),
                lead=Lead(name="Maya") if chance.random() < 0.4 else Lead(),
            )
            for number in range(60)
        ]
    )
    for number in range(150):
        id = ConversationId(f"c-{chance.randrange(60)}")
        now = await store.get(id)
        match chance.randrange(6):
            case 0:
                holder = now.assignee.id if now.assignee else None
                await assign(store, id, chance.choice([None, me.id, sam.id]), holder)
            case 1:
                await set_status(store, id, chance.choice(list(Status)), now.status)
            case 2:
                await store.reply(id, ReplyDraft("On it", f"k-{number}", last_seen=(await newest(store, id))))
            case 3:
                await store.receive(id, IncomingMessage(Author.VISITOR, "Hello?", utc_now()))
            case 4:
                await store.request_handoff(id, utc_now())
            case _:
                await store.set_lead(id, chance.choice([Lead(), Lead(email="m@mail.example")]))
    await store.set_access(sam.id, Access.NONE)
    for agent in [None, *(agent.id for agent in await store.agents())]:
        counts = await store.counts(Scope(agent))
        assert {filter: counts.of(filter) for filter in Filter} == await live_counts(store, agent)


async def newest(store: SqliteStore, id: ConversationId) -> MessageId | None:
    messages = (await store.thread(id, limit=1)).messages
    return messages[-1].id if messages else None


async def next_with_news(reports: AsyncIterator[FeedReport]) -> Written:
    async with asyncio.timeout(5):
        return await next_written(reports)


async def test_another_handles_write_is_reported_within_a_moment(store: SqliteStore, path: Path) -> None:
    other = await open_file(path, DANA, utc_now)
    await store.ingest([conversation(1)])
    reports = store.changes()
    first = await next_with_news(reports)
    assert first.conversations == ()
    began = time.monotonic()
    await other.reply(ConversationId("c-1"), ReplyDraft("hello", "k-1"))
    report = await next_with_news(reports)
    assert report.conversations == ("c-1",)
    assert report.seq > first.seq
    assert time.monotonic() - began < 1
    await other.aclose()


async def test_reports_go_on_from_a_number_and_say_when_too_much_was_missed(store: SqliteStore) -> None:
    reports = store.changes()
    heard = await next_with_news(reports)
    await store.ingest([conversation(1), conversation(2)])
    resumed = await next_with_news(store.changes(heard.id))
    assert set(resumed.conversations) == {"c-1", "c-2"}
    assert resumed.team  # the agent was new
    assert (await next_with_news(store.changes(ChangeId(str(heard.seq + 1_000_000))))).reset


async def test_reports_end_when_the_store_is_closed(path: Path) -> None:
    store = await open_file(path, DANA, utc_now)
    seen = [report async for report in closing_after_the_first(store)]
    assert len(seen) == 1


async def closing_after_the_first(store: SqliteStore) -> AsyncIterator[FeedReport]:
    async for report in store.changes():
        yield report
        await store.aclose()


async def test_a_waiting_report_can_be_cancelled(store: SqliteStore) -> None:
    reports = store.changes()
    await next_with_news(reports)
    waiting = asyncio.ensure_future(anext(reports))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await store.counts()).all == 0


async def test_a_scan_sees_the_workspace_as_it_was_at_its_first_step(store: SqliteStore) -> None:
    await store.ingest([conversation(number) for number in range(30)])
    walk = store.scan(Query(order=Order.OLDEST), batch=10)
    seen = [row.id for row in await anext(walk)]
    await store.ingest([conversation(99)])
    await store.receive(ConversationId("c-20"), IncomingMessage(Author.VISITOR, "Hello?", utc_now()))
    found = await store.list(Query(search="hello"), PageRequest())
    assert [row.id for row in found.rows] == ["c-20"]
    seen += [row.id async for rows in walk for row in rows]
    assert seen == [f"c-{number}" for number in range(30)]


async def test_far_jumps_by_anchor_show_what_jumps_without_show(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LONG_LIST", 600)
    await store.ingest([conversation(number, needs_human=number % 3 == 0) for number in range(1500)])
    for query in (Query(), Query(order=Order.OLDEST), Query(order=Order.WAITING), Query(Filter.UNRESOLVED)):
        requests = [PageRequest(limit=20, offset=offset) for offset in (300, 511, 512, 513, 700, 1100, -700, -300)]
        exact = [await store.list(query, request) for request in requests]
        building = store._lists._building
        assert building is not None
        await building
        assert query in store._lists._anchors
        assert [await store.list(query, request) for request in requests] == exact
        everything = [row.id async for rows in store.scan(query) for row in rows]
        for request, page in zip(requests, exact, strict=True):
            start = request.offset % 1500
            assert [row.id for row in page.rows] == everything[start : start + 20]
            assert page.offset == start


async def test_anchors_from_before_a_write_are_not_used(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LONG_LIST", 600)
    await store.ingest([conversation(number) for number in range(1500)])
    await store.list(Query(), PageRequest(offset=700))
    assert store._lists._building is not None
    await store._lists._building
    await store.receive(ConversationId("c-0"), IncomingMessage(Author.VISITOR, "Hello?", utc_now()))
    page = await store.list(Query(), PageRequest(limit=1, offset=700))
    assert page.rows[0].id == "c-800"


async def test_many_state_changes_are_decided_one_by_one(store: SqliteStore) -> None:
    await store.ingest([conversation(number) for number in range(1200)])
    me = (await store.me()).id
    ids = [ConversationId(f"c-{number}") for number in range(1200)]
    outcomes = await store.decide([SetStatus(id, Status.RESOLVED, Status.OPEN) for id in ids])
    assert all(outcome.after and outcome.after.status is Status.RESOLVED for outcome in outcomes)
    mixed = await store.decide(
        [Assign(ids[0], me, None), Assign(ids[0], None, None), Assign(ConversationId("x"), me, None)]
    )
    assert [type(outcome.refusal) for outcome in mixed] == [type(None), Conflict, NotFound]
    assert mixed[1].before is not None
    assert mixed[2].before is None
    assert (await store.counts()).resolved == 1200


async def test_a_common_word_is_counted_up_to_a_limit(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox_tui.backends.sql.search.MAX_HITS", 50)
    await store.ingest([conversation(number) for number in range(80)])
    page = await store.list(Query(search="flight"), PageRequest())
    assert (page.total, page.total_is_exact) == (50, False)
    assert page.rows[0].id == "c-79"
    assert len([row async for rows in store.scan(Query(search="flight")) for row in rows]) == 80
    page = await store.list(Query(search="flight 7"), PageRequest())
    assert page.total_is_exact
    assert [row.id for row in page.rows] == ["c-7"]


async def test_what_is_known_of_many_visitors_is_listed_up_to_a_limit(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox_tui.backends.sql.search.MAX_HITS", 50)
    await store.ingest([conversation(number, topic="Parcels") for number in range(80)])
    page = await store.list(Query(search="parc"), PageRequest())
    assert (page.total, page.total_is_exact) == (50, False)
    assert page.rows[0].id == "c-79"
    assert len([row async for rows in store.scan(Query(search="parc")) for row in rows]) == 80


async def test_lone_surrogates_are_replaced_on_the_way_in(store: SqliteStore) -> None:
    odd = IncomingMessage(Author.VISITOR, "a\ud800b", THEN)
    await store.ingest([conversation(1, messages=(odd,), topic="\udfff")])
    sent = await store.reply(ConversationId("c-1"), ReplyDraft("\udc00!", "\ud801"))
    assert sent.message.body == "\ufffd!"
    thread = await store.thread(ConversationId("c-1"))
    assert thread.messages[0].body == "a\ufffdb"
    assert thread.conversation.topic == "\ufffd"
    assert (await store.reply(ConversationId("c-1"), ReplyDraft("\udc00!", "\ud801"))).was_known


async def test_old_change_rows_are_removed(store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox_tui.backends.sql.unit.CHANGES_KEPT", 10)
    monkeypatch.setattr("inbox_tui.backends.sql.unit._PRUNE_EVERY", 20)
    await store.ingest([conversation(number) for number in range(60)])
    db = sqlite3.connect(path)
    (kept,) = db.execute("SELECT count(*) FROM change").fetchone()
    db.close()
    assert kept <= 31
    assert (await next_with_news(store.changes(NO_CHANGE))).reset


async def test_of_names_that_were_two_before_the_first_is_meant(store: SqliteStore, path: Path) -> None:
    """What an earlier program took for different stays as it is; nothing is added to the second by its name."""
    await store.ingest([conversation(1, agent="Café"), conversation(2, assignee_email="kim@acme.example")])
    db = sqlite3.connect(path)
    with db:
        db.execute("INSERT INTO agent (name) VALUES (?)", ("Cafe\u0301",))
        db.execute("INSERT INTO member (email, access) VALUES (?, 'edit')", ("kim@acme.example\u200b",))
        db.execute("INSERT INTO change (at, kind) VALUES (0, 'team')")
        db.execute("UPDATE agent SET name = name")
        db.execute("UPDATE member SET email = email")
    db.close()
    await store.ingest([conversation(3, agent="CAFE\u0301", assignee_email="kim\u200b@acme.example")])
    third = await store.get(ConversationId("c-3"))
    assert (third.agent.name, third.assignee) == ("Café", None)
    assert len(await store.agents()) == 3
    assert len(await store.members()) == 3


async def test_nothing_that_is_kept_in_memory_outlives_a_restore_in_place(
    store: SqliteStore, path: Path, tmp_path: Path
) -> None:
    """As SQLite's own tool does it, under a program that has the file open: each number is given out again."""
    await store.ingest([conversation(1)])
    reports = store.changes()
    await next_with_news(reports)
    await store.back_up(tmp_path / "backup.db")
    await store.add_member("sam@acme.example", "Sam", Access.EDIT)
    await store.ingest([conversation(2)])
    while "c-2" not in (await next_with_news(reports)).conversations:
        pass
    assert len(await store.members()) == 2
    assert [row.id for row in (await store.list(Query(search="flight"), PageRequest())).rows] == ["c-2", "c-1"]
    backup, restored = sqlite3.connect(tmp_path / "backup.db"), sqlite3.connect(path)
    backup.backup(restored)
    for connection in (backup, restored):
        connection.close()
    other = await open_file(path, DANA, utc_now)
    await other.add_member("eve@acme.example", "Eve", Access.EDIT)
    await other.ingest([conversation(3)])
    assert [member.email for member in await store.members()] == [DANA.email, "eve@acme.example"]
    assert [row.id for row in (await store.list(Query(search="flight"), PageRequest())).rows] == ["c-3", "c-1"]
    while not (await next_with_news(reports)).reset:
        pass
    await other.aclose()
