"""The benchmarks run: a generated workspace is a true one, and a key can be measured on it."""

import asyncio
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from benchmarks import line, runs, server
from benchmarks.attackers import ATTACKS, CONTROLS
from benchmarks.audit import Audit, audit_file
from benchmarks.generate import ME, size, workspace
from benchmarks.ledger import MARK, Promises, due_until
from benchmarks.loopback import Site
from benchmarks.pty import NotShown, Terminal
from benchmarks.truth import look_up
from benchmarks.verdict import MEMORY, SOON, TIMES, Run, Spread
from benchmarks.watched import Log

from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

COUNT = 1_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace(COUNT, tmp_path_factory.mktemp("workspaces"))


def test_sizes_are_read_as_they_are_spoken() -> None:
    assert [size(text) for text in ("1k", "100k", "1M", "250")] == [1_000, 100_000, 1_000_000, 250]


def test_the_same_seed_gives_the_same_workspace(file: Path, tmp_path: Path) -> None:
    def said(path: Path) -> list[tuple[object, ...]]:
        db = sqlite3.connect(path)
        try:
            return db.execute("SELECT id, conversation_id, author, body, created_at FROM message").fetchall()
        finally:
            db.close()

    assert said(workspace(COUNT, tmp_path)) == said(file)


def test_a_workspace_is_sound_and_mixed(file: Path) -> None:
    db = sqlite3.connect(file)
    try:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("SELECT count(*) FROM message WHERE kind = 'message'").fetchone()[0] >= 5 * COUNT
        late = (
            "SELECT count(*) FROM message AS a JOIN message AS b ON b.id = a.id + 1 WHERE b.created_at < a.created_at"
        )
        assert db.execute(late).fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM conversation WHERE message_count >= 1000").fetchone() == (10,)
    finally:
        db.close()


async def test_the_store_opens_it_and_counts_what_is_there(file: Path) -> None:
    store = await open_store(StoreUrl.parse(f"sqlite:///{file}"), Identity(ME, is_given=True))
    try:
        counts = await store.counts()
        for filter in Filter:
            page = await store.list(Query(filter), PageRequest(limit=2 * COUNT))
            assert len(page.rows) == counts.of(filter), filter
        assert 0.1 < counts.unresolved / counts.all < 0.2
        assert 0.3 < counts.has_lead / counts.all < 0.4
        assert counts.pending
    finally:
        await store.aclose()


def test_a_key_is_measured(file: Path, tmp_path: Path) -> None:
    truth = look_up(file)
    with Terminal(runs.command(file), runs.surroundings(tmp_path)) as terminal:
        start = terminal.start(truth.newest.is_first)
        terminal.pause()
        key = terminal.press(b"j", runs.pane_follows)
        assert 0 < start.first <= start.shown
        assert 0 < key.first <= key.shown <= key.last
        assert key.size
        assert terminal.peak_memory() > 1_000_000


def test_a_program_that_ends_is_told_from_a_slow_one(tmp_path: Path) -> None:
    with (
        Terminal(["/bin/echo", "done"], runs.surroundings(tmp_path)) as terminal,
        pytest.raises(NotShown, match="done"),
    ):
        terminal.start(lambda _: False)


@pytest.mark.slow
def test_bytes_are_counted_beside_the_toolkits_own_display(file: Path, tmp_path: Path) -> None:
    truth, program = look_up(file), runs.command(file)
    environment = runs.surroundings(tmp_path)
    ours = line.inbox(program, environment, truth, moves=3, idle=0.1)
    theirs = line.inbox(line.stock(program), environment, truth, moves=3, idle=0.1)
    assert ours.keys() == theirs.keys()
    for done, sizes in theirs.items():
        assert max(ours[done]) <= max(sizes), done
    assert line.table({"ours": ours}).count("\n") == 1 + len(ours)


@pytest.mark.slow
async def test_a_server_is_measured(file: Path, tmp_path: Path) -> None:
    shutil.copy(file, tmp_path / "inbox.db")
    served = server.Server(tmp_path / "inbox.db", tmp_path)
    member, bot = served.token(ME), served.token("--agent", "Website assistant")
    with served.serving() as address:
        table = await server.requests_table(address, member, [1, 2], 0.2)
        seen = await asyncio.to_thread(server.painted, address, member, bot, tmp_path, 2)
        each, last = await server.heard(address, [member], bot, 2, feeds=5)
    assert [row.split(" | ")[0] for row in table.splitlines()[2:]] == ["| list", "| counts", "| thread", "| reply"]
    assert (len(seen), len(each), len(last)) == (2, 10, 2)
    assert min(seen + each) > 0


def test_attacks_are_told_apart_by_name() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("address", ["http://inbox.acme.example:80", "http://127.0.0.1", "http://[::1]:8420"])
def test_only_a_server_of_this_machine_is_attacked(address: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
        Site.of(address)
    assert Site.of("http://127.0.0.1:8420").port == 8420


def test_a_server_that_stood_still_is_not_let_off_with_one_slow_answer() -> None:
    assert due_until(10.0, 10.2, 1.0) == [10.0]
    assert due_until(10.0, 13.5, 1.0) == [10.0, 11.0, 12.0, 13.0]
    assert due_until(10.0, 9.9, 1.0) == [10.0], "due just before the end"


def test_a_log_is_read_for_what_a_terminal_would_obey() -> None:
    harmless = "12:00:01 INFO 127.0.0.1 token=7 GET /v1/conversations/grüße 200 1.0ms\n".encode()
    assert Log.of(harmless) == Log(len(harmless), 0, 0)
    assert Log.of(harmless + CONTROLS.encode()).controls == sum(not sign.isprintable() for sign in CONTROLS)
    assert Log.of("\x9b2J \u202e \u2066 \x7f \r\n".encode()).controls == 5
    assert Log.of(b"Traceback (most recent call last):\n  File\n" * 2).tracebacks == 2


@pytest.fixture
def said(file: Path, tmp_path: Path) -> tuple[Path, Promises]:
    """A workspace in which three promises were kept, in the same conversation."""
    copied = tmp_path / "inbox.db"
    shutil.copy(file, copied)
    texts = [f"{MARK} {number}" for number in range(3)]
    with closing(sqlite3.connect(copied)) as db, db:
        [(id, conversation)] = db.execute("SELECT max(id), max(conversation_id) FROM message").fetchall()
        for number, text in enumerate(texts, id + 1):
            db.execute(
                "INSERT INTO message (id, conversation_id, author, kind, key, body, created_at)"
                " VALUES (?, ?, 'visitor', 'message', ?, ?, 0)",
                (number, conversation, text, text),
            )
        db.execute("UPDATE conversation SET message_count = message_count + 3 WHERE id = ?", (conversation,))
    return copied, Promises(set(texts), set(texts), set(texts), Counter(texts))


def test_a_store_that_kept_its_promises_is_found_clean(said: tuple[Path, Promises]) -> None:
    assert audit_file(*said) == Audit(3, 0, 0, 0, 0, 0)
    assert audit_file(*said).is_clean


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (f"DELETE FROM message WHERE body = '{MARK} 1'", {"lost": 1, "wrong_counters": 1}),
        (f"UPDATE message SET body = '{MARK} 1' WHERE body = '{MARK} 0'", {"lost": 1, "doubled": 1}),
        (f"UPDATE message SET body = '{MARK} 9' WHERE body = '{MARK} 0'", {"lost": 1, "doubled": 1}),
        ("UPDATE counter SET n = n + 1 WHERE name = 'all' AND agent_id = 1", {"wrong_counters": 2}),
        ("UPDATE conversation SET message_count = message_count + 1 WHERE id = 1", {"wrong_counters": 1}),
    ],
    ids=["lost", "doubled", "never-sent", "counter", "message-count"],
)
def test_a_broken_promise_is_found(said: tuple[Path, Promises], damage: str, found: dict[str, int]) -> None:
    file, promises = said
    with closing(sqlite3.connect(file)) as db, db:
        db.execute(damage)
    assert audit_file(file, promises)._asdict() == Audit(3, 0, 0, 0, 0, 0)._replace(**found)._asdict()


def test_what_a_website_did_not_hear_is_found(said: tuple[Path, Promises]) -> None:
    file, promises = said
    promises.heard = Counter({f"{MARK} 0": 2, f"{MARK} 1": 1})
    assert audit_file(file, promises) == Audit(3, 0, 0, 1, 1, 0)


GOOD = Run(
    "", {group: Spread(100, 5, 10, 20) for group in ("members", "read", "write", "health")}, 1.0, 0, {"200": 1_000}, {},
    100 << 20, 50, 1 << 20, Log(100_000, 0, 0), 60.0, 0.1, True, 0.5, Audit(300, 0, 0, 0, 0, 0),
)  # fmt: skip


def test_a_good_run_has_no_faults() -> None:
    assert GOOD.faults(GOOD) == []
    slower = msgspec.structs.replace(GOOD, spreads=GOOD.spreads | {"read": Spread(100, 5, 10 * TIMES, 40)})
    assert slower.faults(GOOD) == []


@pytest.mark.parametrize(
    ("worse", "told"),
    [
        ({"spreads": GOOD.spreads | {"write": Spread(100, 5, 31, 40)}}, "write × 3.1"),
        ({"spreads": GOOD.spreads | {"health": Spread(9, 5, 9, SOON * 1000 + 1)}}, "health took 10 s"),
        ({"spreads": GOOD.spreads | {"export": Spread(4, 5, 9, SOON * 2000)}}, "export took 20 s"),
        ({"memory": (MEMORY << 20) + 1}, f"{MEMORY} MB"),
        ({"failed": 1}, "1 acts failed"),
        ({"tally": {"500": 2}}, "2 × 500"),
        ({"log": Log(100, 1, 0)}, "1 control characters in the log"),
        ({"log": Log(100, 0, 3)}, "3 tracebacks"),
        ({"log": Log(2 << 20, 0, 0)}, "2.0 MB of log"),
        ({"hello": SOON + 1}, "a colleague waited 11 s afterwards"),
        ({"ended_within": SOON + 1}, "the server took 11 s to end"),
        ({"has_ended_well": False}, "did not end in order"),
        ({"audit": Audit(300, 1, 0, 0, 0, 0)}, "1 lost"),
        ({"audit": Audit(300, 0, 1, 0, 0, 0)}, "1 doubled"),
        ({"audit": Audit(300, 0, 0, 1, 0, 0)}, "1 unheard"),
        ({"audit": Audit(300, 0, 0, 0, 1, 0)}, "1 heard twice"),
        ({"audit": Audit(300, 0, 0, 0, 0, 1)}, "1 wrong counters"),
    ],
)
def test_each_fault_is_told(worse: dict[str, object], told: str) -> None:
    assert msgspec.structs.replace(GOOD, **worse).faults(GOOD) == [told]
