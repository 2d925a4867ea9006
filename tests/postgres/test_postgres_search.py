"""What PostgreSQL's index can hold, and the order in which its hits come."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from inbox_tui.backends.postgres.search import vector
from inbox_tui.domain.filters import Query
from inbox_tui.domain.limits import BODY_LIMIT
from inbox_tui.domain.models import Lead
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import SearchGaps, Store, Upkeep
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract import OpenAs
from inbox_tui.testing.contract.base import ids, intake_of, scan_of
from inbox_tui.testing.factories import DANA, incoming, said
from postgres.cluster import Cluster, needs_postgres

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]


@pytest.fixture
async def store(open_postgres: OpenAs) -> Store:
    return await open_postgres(DANA)


@pytest.mark.parametrize("plan", ["enable_hashjoin", "enable_nestloop", "enable_mergejoin"])
async def test_of_too_many_hits_the_newest_are_listed(
    open_postgres: OpenAs, cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch, plan: str
) -> None:
    """However the server joins them to their conversations."""
    monkeypatch.setattr("inbox_tui.backends.sql.search.MAX_HITS", 50)
    for other in {"enable_hashjoin", "enable_nestloop", "enable_mergejoin"} - {plan}:
        cluster.execute(f"ALTER DATABASE {database} SET {other} = off")
    store = await open_postgres(DANA)
    monkeypatch.setattr("inbox_tui.backends.sql.search.SCAN_LIMIT", 60)
    made, late = (Random(seed).sample(range(300), 300) for seed in (5, 6))
    await intake_of(store).ingest(
        [incoming(f"c-{n}", said("hello", key="1"), topic="Parcels", lead=Lead(f"Maya {n}")) for n in made]
    )
    await intake_of(store).ingest([incoming(f"c-{n}", said("flight", key="2")) for n in late])
    cluster.execute("ANALYZE", database=database)
    page = await store.list(Query(search="flight"), PageRequest(100))
    assert {row.id for row in page.rows} == {f"c-{n}" for n in late[-50:]}
    assert (page.total, page.total_is_exact) == (50, False)
    page = await store.list(Query(search="parcel"), PageRequest(100))
    assert {row.id for row in page.rows} == {f"c-{n}" for n in made[-50:]}
    assert len([row async for rows in scan_of(store).scan(Query(search="flight")) for row in rows]) == 300


async def test_what_another_program_writes_is_counted_and_comes_in_by_a_rebuild(
    store: Store, cluster: Cluster, database: str
) -> None:
    assert isinstance(store, Upkeep)
    await intake_of(store).ingest([incoming("c-1", "needle"), incoming("c-2", "hay", lead=Lead("Maya Lindqvist"))])
    assert await store.search_gaps() == SearchGaps()
    cluster.execute(
        "INSERT INTO message (conversation_id, author, kind, body, created_at)"
        " SELECT id, 'visitor', 'message', 'a pin', 1 FROM conversation WHERE public_id = 'c-2'",
        database=database,
    )
    cluster.execute("DELETE FROM lead_words", database=database)
    assert await store.search_gaps() == SearchGaps(messages=1, conversations=2)
    assert await ids(store, Query(search="maya")) == []
    await store.reindex()
    assert await store.search_gaps() == SearchGaps()
    assert [await ids(store, Query(search=word)) for word in ("needle", "pin", "maya")] == [["c-1"], ["c-2"], ["c-2"]]


@pytest.mark.parametrize(
    "body",
    [
        "needle " + " ".join(f"abcdefghijklmn{number:05}" for number in range(BODY_LIMIT))[: BODY_LIMIT - 7],
        "needle " + ("日" * 499 + " ") * (BODY_LIMIT // 1_498 - 1),
        "needle " + "x " * (BODY_LIMIT // 2 - 4),
        "needle " + "字 " * (BODY_LIMIT // 4 - 4),
        "needle " + " ".join(chr(0x20000 + number) * 400 for number in range(BODY_LIMIT // 1_601 - 1)),
    ],
    ids=["many words", "one long word", "one short word", "one wide word", "many long words"],
)
async def test_no_text_is_too_long_for_the_index(store: Store, body: str) -> None:
    assert len(body.encode()) > BODY_LIMIT * 0.9
    await intake_of(store).ingest([incoming("c-1", said(body))])
    assert await ids(store, Query(search="needle")) == ["c-1"]


WORDS = "thanks Thanks a lot Žofie заказ Ελλάδα 日本語 각도 قَلب हिन्दी a17 250 ½ x²"
SIGNS = "🤔 🥰 👍🏽 👩\u200d👧 🇸🇪 ❤\ufe0f 1\ufe0f\u20e3 ₺ ₿ € ™ \u2066 \u0301 _ ' \" … \0"
GLUE = ("", "", " ", "-")


def chat(random: Random) -> str:
    """What somebody might write, its parts with and without a space between."""
    signs = (*SIGNS.split(), chr(random.randrange(0x20A0, 0x20D0)), chr(random.randrange(0x1F300, 0x1FB00)))
    parts = (
        random.choice(random.choice((WORDS.split(), signs))) + random.choice(GLUE) for _ in range(random.randint(1, 8))
    )
    return "".join(parts)


async def test_a_chat_is_found_as_in_a_file(store: Store, tmp_path: Path) -> None:
    file = await open_store(StoreUrl.parse(f"sqlite:///{tmp_path}/inbox.db"), Identity(DANA, "Dana", is_given=True))
    random = Random(8)
    chats = [chat(random) for _ in range(200)]
    leads = [Lead(chat(random), company=chat(random)) for _ in chats]
    for each in (file, store):
        await intake_of(each).ingest([incoming(f"c-{n}", chats[n], lead=lead) for n, lead in enumerate(leads)])
    some = 0
    for text in random.choices(chats, k=150):
        start = random.randrange(len(text))
        query = Query(search=text[start : start + random.randint(2, 20)])
        found = await ids(file, query)
        assert await ids(store, query) == found, ascii(query.search)
        some += 0 < len(found) < len(chats)
    await file.aclose()
    assert some > 50, "or nothing was compared"


def test_a_vector_has_each_word_once_with_its_places() -> None:
    assert vector("Order a-17, order b") == "'order':1,4 'a':2 '17':3 'b':5"
    assert vector("Maya", "Lind") == "'maya':1 'lind':3", "no phrase goes from one text into the next"
    assert vector("!", "") == ""
    assert vector("x " * 1_000).count(",") == 254
