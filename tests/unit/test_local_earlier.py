"""Drafts and outbox of the version before, which were two files: taken over once, nothing lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox_tui.domain.models import Assign, ConversationId, Kind, MemberId, MessageId, ReplyDraft, SetStatus, Status
from inbox_tui.domain.writes import ChangesWrite, ReplyWrite, Write
from inbox_tui.local.journal import Journal
from inbox_tui.local.outbox import Outbox

SERVER, DANA, LEE = "inbox.acme.example", "dana@acme.example", "lee@acme.example"
FILE = "/home/dana/inbox.db"
NOON = datetime(2026, 11, 6, 12, tzinfo=timezone.utc)

DRAFT = """CREATE TABLE IF NOT EXISTS draft (
    store TEXT NOT NULL, conversation TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (store, conversation, kind)
) STRICT, WITHOUT ROWID"""
BEGUN = (
    """CREATE TABLE IF NOT EXISTS begun (
    store TEXT NOT NULL, conversation TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (store, conversation, kind)
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER IF NOT EXISTS draft_ends AFTER DELETE ON draft BEGIN
    DELETE FROM begun WHERE store = OLD.store AND conversation = OLD.conversation AND kind = OLD.kind;
END""",
)
UNDELIVERED = """CREATE TABLE IF NOT EXISTS undelivered (
    id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, sender TEXT NOT NULL, content BLOB NOT NULL
) STRICT"""
SET_ASIDE = "CREATE TABLE IF NOT EXISTS set_aside (id INTEGER PRIMARY KEY) STRICT"
"""As version 0.3 made them, to the letter."""

REPLY = (
    b'{"type":"reply","id":"c-1","draft":{"body":"Your parcel left","key":"k-1","kind":"message",'
    b'"last_seen":"m-7","auto_assign":true},"and_resolve":true}'
)
NOTE = (
    b'{"type":"reply","id":"c-2","draft":{"body":"Rang her","key":"k-2","kind":"note",'
    b'"last_seen":null,"auto_assign":false},"and_resolve":false}'
)
ONE_CHANGE = (
    b'{"type":"changes","changes":[{"type":"assign","id":"c-1","member":"m","expected":null}],"is_single":true}'
)
MANY_CHANGES = (
    b'{"type":"changes","changes":[{"type":"assign","id":"c-1","member":null,"expected":"m"},'
    b'{"type":"status","id":"c-2","status":"resolved","expected":"open","waiting_since":null}],"is_single":false}'
)
UNREADABLE = b'{"type":"snooze","id":"c-1"}'


@contextmanager
def earlier_drafts(folder: Path, *, knows_times: bool = True) -> Iterator[sqlite3.Connection]:
    """The earlier version with its drafts open; it is left without closing its files properly when killed."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "drafts.db", isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        for statement in (DRAFT, *(BEGUN if knows_times else ())):
            file.execute(statement)
        yield file


@contextmanager
def earlier_outbox(folder: Path) -> Iterator[sqlite3.Connection]:
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "outbox.db", isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute(UNDELIVERED)
        file.execute(SET_ASIDE)
        yield file


def leave_everything(folder: Path) -> None:
    """Files with every kind of row, of two stores and two members."""
    with earlier_drafts(folder) as file:
        for store, id, kind, body in (
            (f"{SERVER} as {DANA}", "c-3", "message", "To the server"),
            (f"{FILE} as {DANA}", "c-3", "message", "To the file"),
            (f"{FILE} as {DANA}", "c-3", "note", "A note \U0001f642\nof two lines"),
            (f"{FILE} as {LEE}", "c-3", "message", "Lee's"),
            (f"{FILE} as {LEE}", "c-4", "voice", "of a newer version"),
        ):
            file.execute("INSERT OR REPLACE INTO draft VALUES (?, ?, ?, ?)", (store, id, kind, body))
        at = int(NOON.timestamp())
        file.execute("INSERT INTO begun VALUES (?, 'c-3', 'message', ?)", (f"{SERVER} as {DANA}", at))
    with earlier_outbox(folder) as file:
        for sender, content in (
            (f"{SERVER} as {DANA}", REPLY),
            (f"{SERVER} as {DANA}", ONE_CHANGE),
            (f"{SERVER} as {LEE}", NOTE),
            (f"{SERVER} as {DANA}", UNREADABLE),
            (f"{SERVER} as {DANA}", MANY_CHANGES),
            (f"{SERVER} as {DANA}", b"\xff damaged"),
        ):
            file.execute(
                "INSERT INTO undelivered (owner, sender, content) VALUES (?, ?, ?)", ("a" * 32, sender, content)
            )
        file.execute("INSERT INTO set_aside VALUES (4)")


def start(place: Path, sender: str) -> tuple[list[Write], dict[tuple[str, str], str], str, str]:
    """What a start of this version finds: writes, drafts, problems, and what was set aside."""
    journal = Journal(place / "data" / "unsent.db", earlier=place / "state")
    outbox = Outbox(journal, sender)
    writes = [left.write for left in outbox.take_over()]
    drafts = {(str(draft.conversation), draft.kind.value): draft.body for draft in journal.drafts(sender)}
    problem, set_aside = journal.problem, outbox.set_aside
    journal.close()
    return writes, drafts, problem, set_aside


EVERYTHING = {
    f"{SERVER} as {DANA}": (
        [
            ReplyWrite(
                ConversationId("c-1"),
                ReplyDraft("Your parcel left", "k-1", last_seen=MessageId("m-7")),
                and_resolve=True,
            ),
            ChangesWrite((Assign(ConversationId("c-1"), MemberId("m"), None),), is_single=True),
            ChangesWrite(
                (
                    Assign(ConversationId("c-1"), None, MemberId("m")),
                    SetStatus(ConversationId("c-2"), Status.RESOLVED, Status.OPEN),
                )
            ),
        ],
        {("c-3", "message"): "To the server"},
    ),
    f"{SERVER} as {LEE}": (
        [ReplyWrite(ConversationId("c-2"), ReplyDraft("Rang her", "k-2", Kind.NOTE, auto_assign=False))],
        {},
    ),
    f"{FILE} as {DANA}": (
        [],
        {("c-3", "message"): "To the file", ("c-3", "note"): "A note \U0001f642\nof two lines"},
    ),
    f"{FILE} as {LEE}": ([], {("c-3", "message"): "Lee's"}),
}


def everything(place: Path) -> dict[str, tuple[list[Write], dict[tuple[str, str], str]]]:
    return {sender: start(place, sender)[:2] for sender in EVERYTHING}


def rows(file: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as opened:
        return opened.execute(f"SELECT * FROM {table}").fetchall()


def test_everything_is_taken_over_once(tmp_path: Path) -> None:
    leave_everything(tmp_path / "state")
    _, _, problem, set_aside = start(tmp_path, f"{SERVER} as {DANA}")
    assert problem == ""
    assert "1 earlier write cannot be read" in set_aside, "of the other one its author was told by the earlier version"
    assert everything(tmp_path) == everything(tmp_path) == EVERYTHING
    assert rows(tmp_path / "state" / "drafts.db", "draft") == []
    assert rows(tmp_path / "state" / "outbox.db", "undelivered") == []
    contents = {row[4] for row in rows(tmp_path / "data" / "unsent.db", "outbox")}
    assert {UNREADABLE, b"\xff damaged"} <= contents, "kept for whoever can read them"
    assert rows(tmp_path / "data" / "unsent.db", "copied") == []
    journal = Journal(tmp_path / "data" / "unsent.db")
    assert journal.begun(f"{SERVER} as {DANA}", ConversationId("c-3"), Kind.MESSAGE) == NOON
    journal.close()
    kinds = {row[2] for row in rows(tmp_path / "data" / "unsent.db", "draft")}
    assert "voice" in kinds


def test_files_of_a_version_that_did_not_know_when_a_draft_was_begun(tmp_path: Path) -> None:
    with earlier_drafts(tmp_path / "state", knows_times=False) as file:
        file.execute("INSERT INTO draft VALUES ('s', 'c-1', 'message', CAST(x'48ff69' AS TEXT))")
    assert start(tmp_path, "s") == ([], {("c-1", "message"): "H\ufffdi"}, "", "")
    assert rows_raw(tmp_path / "data" / "unsent.db") == [b"H\xffi"], "a damaged text is copied as it is"


def rows_raw(file: Path) -> list[bytes]:
    with closing(sqlite3.connect(file)) as opened:
        return [body for (body,) in opened.execute("SELECT CAST(body AS BLOB) FROM draft")]


def test_a_reply_that_was_killed_on_its_way_into_the_outbox_is_not_a_draft_as_well(tmp_path: Path) -> None:
    sender = f"{SERVER} as {DANA}"
    with earlier_drafts(tmp_path / "state") as file:
        file.execute("INSERT INTO draft VALUES (?, 'c-1', 'message', ?)", (sender, "Your parcel left\nand more"))
        file.execute("INSERT INTO draft VALUES (?, 'c-2', 'note', 'Rang her')", (sender,))
        file.execute("INSERT INTO draft VALUES (?, 'c-1', 'note', 'Your parcel left')", (sender,))
    with earlier_outbox(tmp_path / "state") as file:
        for content in (REPLY, NOTE):
            file.execute("INSERT INTO undelivered (owner, sender, content) VALUES ('b', ?, ?)", (sender, content))
    writes, drafts, *_ = start(tmp_path, sender)
    assert len(writes) == 2
    assert drafts == {("c-1", "message"): "and more", ("c-1", "note"): "Your parcel left"}


def test_as_long_as_a_window_of_the_earlier_version_is_open_its_texts_are_its_own(tmp_path: Path) -> None:
    leave_everything(tmp_path / "state")
    nothing: dict[str, tuple[list[Write], dict[tuple[str, str], str]]] = {sender: ([], {}) for sender in EVERYTHING}
    for window in (earlier_drafts, earlier_outbox):
        with window(tmp_path / "state") as file:
            table = "draft" if window is earlier_drafts else "undelivered"
            before = file.execute(f"SELECT * FROM {table}").fetchall()
            assert everything(tmp_path) == nothing
            assert start(tmp_path, f"{SERVER} as {DANA}")[2] == ""
            assert file.execute(f"SELECT * FROM {table}").fetchall() == before
            if window is earlier_drafts:  # it goes on writing
                file.execute("UPDATE draft SET body = body || '!' WHERE store LIKE '%lee@%' AND kind = 'message'")
    found = everything(tmp_path)
    assert found.pop(f"{FILE} as {LEE}") == ([], {("c-3", "message"): "Lee's!"})
    assert found == {sender: left for sender, left in EVERYTHING.items() if sender != f"{FILE} as {LEE}"}


def test_what_was_typed_into_the_same_box_since_stands_below(tmp_path: Path) -> None:
    sender = f"{FILE} as {DANA}"
    leave_everything(tmp_path / "state")
    journal = Journal(tmp_path / "data" / "unsent.db")
    journal.put(sender, ConversationId("c-3"), Kind.MESSAGE, "typed since")
    journal.put(sender, ConversationId("c-3"), Kind.NOTE, "A note \U0001f642\nof two lines")
    journal.close()
    assert start(tmp_path, sender)[1] == {
        ("c-3", "message"): "To the file\ntyped since",
        ("c-3", "note"): "A note \U0001f642\nof two lines",
    }


def test_going_back_to_the_earlier_version_and_forth_loses_nothing(tmp_path: Path) -> None:
    leave_everything(tmp_path / "state")
    assert everything(tmp_path) == EVERYTHING
    with earlier_drafts(tmp_path / "state") as file:
        assert file.execute("SELECT * FROM draft").fetchall() == []
        file.execute("INSERT INTO draft VALUES (?, 'c-9', 'message', 'typed there')", (f"{FILE} as {LEE}",))
    assert start(tmp_path, f"{FILE} as {LEE}")[1] == {("c-3", "message"): "Lee's", ("c-9", "message"): "typed there"}


STARTING = """
import os, signal, sqlite3, sys
from pathlib import Path
from inbox_tui.local import earlier_files, unsent_file
steps = int(sys.argv[2])

class Killed(sqlite3.Connection):
    def execute(self, statement, *values):
        global steps
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        steps -= 1
        return super().execute(statement, *values)

connect = sqlite3.connect
sqlite3.connect = lambda *args, **options: connect(*args, **options, factory=Killed)
from inbox_tui.local.journal import Journal
place = Path(sys.argv[1])
journal = Journal(place / "data" / "unsent.db", earlier=place / "state")
print(steps, flush=True)
"""


def killed_after(place: Path, steps: int) -> bool:
    """Start this version and kill it before a statement of its taking over; False if it came to its end."""
    untraced = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # it uses SQLite too
    command = [sys.executable, "-c", STARTING, str(place), str(steps)]
    ended = subprocess.run(command, env=untraced, capture_output=True, timeout=60, check=False)
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
    return ended.returncode != 0


def test_killed_before_any_statement_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    finished = 200
    low, high = 0, finished
    while low < high:  # how many statements there are
        place = tmp_path / f"counting-{low}-{high}"
        leave_everything(place / "state")
        middle = (low + high) // 2
        if killed_after(place, middle):
            low = middle + 1
        else:
            high = middle
    assert 20 < low < finished
    for steps in range(6, low, 3):
        place = tmp_path / f"{steps}"
        leave_everything(place / "state")
        assert killed_after(place, steps)
        assert everything(place) == EVERYTHING, steps


@settings(max_examples=15, deadline=None)
@given(
    drafts=st.dictionaries(
        st.tuples(st.text(max_size=5), st.text(max_size=5), st.sampled_from(["message", "note", "voice"])),
        st.text(st.characters(codec="utf-8"), min_size=1),
        min_size=1,
    ),
    knows_times=st.booleans(),
)
def test_any_drafts_are_there_afterwards(
    tmp_path_factory: pytest.TempPathFactory, drafts: dict[tuple[str, str, str], str], knows_times: bool
) -> None:
    place = tmp_path_factory.mktemp("earlier")
    with earlier_drafts(place / "state", knows_times=knows_times) as file:
        file.executemany("INSERT INTO draft VALUES (?, ?, ?, ?)", [(*key, body) for key, body in drafts.items()])
    for _ in range(2):
        journal = Journal(place / "data" / "unsent.db", earlier=place / "state")
        assert journal.problem == ""
        for (sender, id, kind), body in drafts.items():
            if kind != "voice":
                assert journal.get(sender, ConversationId(id), Kind(kind)) == body
        journal.close()
    assert len(rows(place / "data" / "unsent.db", "draft")) == len(drafts)
    assert rows(place / "state" / "drafts.db", "draft") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_earlier_files_that_cannot_be_written_stay_and_it_is_said(tmp_path: Path) -> None:
    leave_everything(tmp_path / "state")
    (tmp_path / "state").chmod(0o500)
    for file in (tmp_path / "state").iterdir():
        file.chmod(0o400)
    assert "cannot be taken over" in start(tmp_path, f"{FILE} as {DANA}")[2]


def test_an_earlier_file_that_is_damaged_stays_and_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "drafts.db").write_bytes(b"not a database at all" * 100)
    assert "cannot be taken over" in start(tmp_path, f"{FILE} as {DANA}")[2]
    assert (tmp_path / "state" / "drafts.db").read_bytes().startswith(b"not a database")
