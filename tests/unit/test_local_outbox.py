"""The outbox on disk: what is in it survives its program, once, and in order."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.domain.models import Assign, ConversationId, MemberId, ReplyDraft, SetStatus, Status
from inbox_tui.local.outbox import ChangesWrite, OutboxJournal, ReplyWrite, Write

DANA = "inbox.acme.example as dana@acme.example"
ONE = ConversationId("one")
REPLY = ReplyWrite(ONE, ReplyDraft("Hello\n\x1b[31mthere", "key-1"), and_resolve=True)
CHANGES = ChangesWrite(
    (Assign(ONE, MemberId("m"), None), SetStatus(ONE, Status.RESOLVED, Status.OPEN)), is_single=False
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.db"


def left_in(file: Path, sender: str = DANA) -> list[Write]:
    """What another start would deliver. It is left there."""
    journal = OutboxJournal(file, sender)
    found = [undelivered.write for undelivered in journal.take_over()]
    assert journal.problem == ""
    journal.close()
    return found


def owners(file: Path) -> list[str]:
    return sorted(path.name for path in file.with_name("outbox.db.owners").iterdir())


def test_what_was_sent_waits_for_the_next_start_in_order(file: Path) -> None:
    journal = OutboxJournal(file, DANA)
    assert journal.add(REPLY) and journal.add(CHANGES)
    journal.close()
    assert left_in(file) == [REPLY, CHANGES]
    assert left_in(file) == [REPLY, CHANGES], "a start that delivered nothing leaves it to the next"


def test_what_the_store_answered_is_gone(file: Path) -> None:
    journal = OutboxJournal(file, DANA)
    row = journal.add(REPLY)
    journal.add(CHANGES)
    journal.remove(row)
    journal.close()
    assert left_in(file) == [CHANGES]


def test_it_is_on_disk_before_it_is_attempted(file: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from inbox_tui.local.outbox import *; from inbox_tui.domain.models import *\n"
        "journal = OutboxJournal(Path(sys.argv[1]), sys.argv[2])\n"
        "journal.add(ReplyWrite(ConversationId('one'), ReplyDraft('Still here', 'k')))\n"
        "print('kept', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(file), DANA], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"kept\n"
        assert left_in(file) == [], "the program that sent it lives and will deliver it"
        os.kill(program.pid, signal.SIGKILL)
    assert left_in(file) == [ReplyWrite(ONE, ReplyDraft("Still here", "k"))]


def test_two_programs_do_not_deliver_each_other_s(file: Path) -> None:
    first, second = OutboxJournal(file, DANA), OutboxJournal(file, DANA)
    first.add(REPLY)
    second.add(CHANGES)
    assert first.take_over() == second.take_over() == []
    first.close()
    assert [left.write for left in second.take_over()] == [REPLY]
    assert second.take_over() == [], "once"
    second.close()
    assert left_in(file) == [REPLY, CHANGES]


def test_members_and_stores_do_not_share(file: Path) -> None:
    journal = OutboxJournal(file, DANA)
    journal.add(REPLY)
    journal.close()
    assert left_in(file, "inbox.acme.example as lee@acme.example") == []
    assert left_in(file, "other.example as dana@acme.example") == []
    assert left_in(file) == [REPLY]


def test_it_is_readable_by_its_user_alone_and_leaves_nothing_behind(file: Path) -> None:
    journal = OutboxJournal(file, DANA)
    journal.remove(journal.add(REPLY))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.with_name("outbox.db.owners").stat().st_mode) == 0o700
    journal.close()
    assert owners(file) == []


def test_the_owners_of_what_was_taken_over_are_forgotten(file: Path) -> None:
    journal = OutboxJournal(file, DANA)
    journal.add(REPLY)
    journal.close()
    assert len(owners(file)) == 1
    left_in(file)
    assert len(owners(file)) == 1, "the present owner's only"


def test_without_a_file_it_says_that_nothing_is_kept(tmp_path: Path) -> None:
    journal = OutboxJournal(None, DANA)
    assert journal.add(REPLY) == 0
    assert journal.take_over() == []
    journal.remove(0)
    journal.close()


def test_where_it_cannot_be_written_it_says_why(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    journal = OutboxJournal(tmp_path / "state" / "outbox.db", DANA)
    assert "kept in memory only" in journal.problem
    assert journal.add(REPLY) == 0
    journal.close()


def test_a_file_that_is_none_of_ours(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(b"not a database, but longer than a header" * 100)
    journal = OutboxJournal(file, DANA)
    assert "kept in memory only" in journal.problem
    assert journal.take_over() == []
    journal.close()


def test_what_cannot_be_kept_is_said(file: Path) -> None:
    journal = OutboxJournal(file, DANA)
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("DROP TABLE undelivered")
    assert journal.add(REPLY) == 0
    assert "kept in memory only" in journal.problem
    assert journal.take_over() == []
    assert "cannot be read" in journal.problem
    journal.close()


def test_half_a_surrogate_pair_cannot_be_kept_and_is_said(file: Path) -> None:
    journal = OutboxJournal(file, DANA)
    assert journal.add(ReplyWrite(ONE, ReplyDraft("\ud83d", "k"))) == 0
    assert "kept in memory only" in journal.problem
    journal.close()


def put(file: Path, content: bytes, sender: str = DANA, owner: str = "ended") -> int:
    """A row that some program left, whatever is in it; gives its number."""
    OutboxJournal(file, DANA).close()  # makes the file
    with closing(sqlite3.connect(file)) as other, other:
        row = other.execute(
            "INSERT INTO undelivered (owner, sender, content) VALUES (?, ?, ?)", (owner, sender, content)
        ).lastrowid
    assert row is not None
    return row


def rows_in(file: Path) -> dict[int, bytes]:
    with closing(sqlite3.connect(file)) as other, other:
        found = dict(other.execute("SELECT id, content FROM undelivered").fetchall())
    return found


NEWER_FIELD = msgspec.json.encode(REPLY).replace(b'"and_resolve":true', b'"and_resolve":true,"at":"tomorrow"')
NEWER_FIELD_WITHIN = msgspec.json.encode(REPLY).replace(b'"auto_assign"', b'"files":["a.png"],"auto_assign"')
BAD = (
    b"",
    b"\x00\xff\xfe",
    b"not JSON",
    b'{"type":"snooze","id":"one"}',
    b'{"type":"reply","id":"one"}',
    msgspec.json.encode(REPLY)[:-3],
    msgspec.json.encode(REPLY).replace(b"Hello", b"\xe9\xff"),
    msgspec.json.encode(REPLY).replace(b'"message"', b'"event"'),
    b'{"type":"changes","changes":[],"is_single":true}',
    b'{"type":"changes","changes":[{"type":"label","id":"one"}]}',
    b'{"type":"reply","later":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    NEWER_FIELD,
    NEWER_FIELD_WITHIN,
)


def test_a_row_that_cannot_be_read_is_set_aside_told_once_and_kept(file: Path) -> None:
    first, bad, last = (put(file, content) for content in (msgspec.json.encode(REPLY), BAD[3], NEWER_FIELD))
    put(file, msgspec.json.encode(CHANGES))
    journal = OutboxJournal(file, DANA)
    assert [left.write for left in journal.take_over()] == [REPLY, CHANGES]
    assert journal.problem == "", "what is sent is kept as ever"
    assert "2 earlier writes cannot be read" in journal.set_aside
    assert f"{file} (rows {bad}, {last})" in journal.set_aside
    journal.remove(first)
    journal.close()
    journal = OutboxJournal(file, DANA)
    assert [left.write for left in journal.take_over()] == [CHANGES]
    assert journal.set_aside == "", "told once"
    journal.close()
    assert rows_in(file)[bad] == BAD[3] and rows_in(file)[last] == NEWER_FIELD


def test_what_a_newer_program_wrote_is_delivered_by_a_newer_program(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = put(file, b'{"type":"snooze","id":"one"}')
    journal = OutboxJournal(file, DANA)
    assert journal.take_over() == []
    journal.close()
    monkeypatch.setattr("inbox_tui.local.outbox._read", lambda content: REPLY)
    journal = OutboxJournal(file, DANA)
    assert [(left.row, left.write) for left in journal.take_over()] == [(row, REPLY)]
    journal.close()


@pytest.mark.parametrize("owner", ["", "../../escape", "a\0b", "x" * 300, b"\xff\xfe"])
def test_a_damaged_owner_does_not_matter(file: Path, owner: str | bytes) -> None:
    put(file, msgspec.json.encode(REPLY))
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("UPDATE undelivered SET owner = CAST(? AS TEXT)", (owner,))
    put(file, msgspec.json.encode(CHANGES))
    assert left_in(file) == [REPLY, CHANGES]


GOOD = st.one_of(
    st.builds(
        ReplyWrite,
        st.just(ONE),
        st.builds(ReplyDraft, st.text(st.characters(codec="utf-8")), st.uuids().map(str)),
        st.booleans(),
    ),
    st.just(CHANGES),
)


@given(st.lists(st.one_of(GOOD, st.sampled_from(BAD), st.binary(max_size=60).map(lambda noise: b"\xff" + noise))))
def test_any_mixture_delivers_what_can_be_read_in_order_and_keeps_the_rest(
    tmp_path_factory: pytest.TempPathFactory, contents: list[ReplyWrite | ChangesWrite | bytes]
) -> None:
    file = tmp_path_factory.mktemp("mixture") / "outbox.db"
    bad: dict[int, bytes] = {}
    for content in contents:
        row = put(file, content if isinstance(content, bytes) else msgspec.json.encode(content))
        if isinstance(content, bytes):
            bad[row] = content
    for told in (bool(bad), False):
        journal = OutboxJournal(file, DANA)
        left = journal.take_over()
        assert [one.write for one in left] == [content for content in contents if not isinstance(content, bytes)]
        assert bool(journal.set_aside) is told
        journal.close()
    journal = OutboxJournal(file, DANA)
    for one in journal.take_over():
        journal.remove(one.row)
    journal.close()
    assert rows_in(file) == bad


def test_an_outbox_that_cannot_be_opened_keeps_no_file_open(tmp_path: Path) -> None:
    file = tmp_path / "outbox.db"
    file.write_bytes(b"this is no database" * 1000)
    before = len(list(Path("/proc/self/fd").iterdir()))
    journals = [OutboxJournal(file, DANA) for _ in range(5)]
    assert all(journal.problem for journal in journals)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
