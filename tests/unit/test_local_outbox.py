"""The outbox on disk: what is in it survives its program, once, and in order."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox_tui.domain.models import Assign, ConversationId, Kind, MemberId, ReplyDraft, SetStatus, Status
from inbox_tui.domain.writes import ChangesWrite, ReplyWrite, Write
from inbox_tui.local.journal import Journal
from inbox_tui.local.outbox import Outbox

NOON = datetime(2026, 11, 6, 12, tzinfo=timezone.utc)
DANA = "inbox.acme.example as dana@acme.example"
ONE = ConversationId("one")
REPLY = ReplyWrite(ONE, ReplyDraft("Hello\n\x1b[31mthere", "key-1"), and_resolve=True)
CHANGES = ChangesWrite(
    (Assign(ONE, MemberId("m"), None), SetStatus(ONE, Status.RESOLVED, Status.OPEN)), is_single=False
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "unsent.db"


def outbox(file: Path | None, sender: str = DANA) -> Outbox:
    return Outbox(Journal(file), sender)


def add(outbox: Outbox, write: Write) -> str:
    """Send something; it is on disk then."""
    row, on_disk = outbox.release(write)
    assert on_disk.result(timeout=10)
    return row


def end(outbox: Outbox) -> None:
    """The program ends."""
    outbox.journal.close()


def left_in(file: Path, sender: str = DANA) -> list[Write]:
    """What another start would deliver. It is left there."""
    next_start = outbox(file, sender)
    found = [undelivered.write for undelivered in next_start.take_over()]
    assert next_start.problem == ""
    end(next_start)
    return found


def drafts_in(file: Path, sender: str = DANA) -> dict[str, str]:
    """The drafts that another start would find."""
    next_start = outbox(file, sender)
    next_start.take_over()
    found = {str(draft.conversation): draft.body for draft in next_start.journal.drafts(sender)}
    end(next_start)
    return found


def owners(file: Path) -> list[str]:
    return sorted(path.name for path in file.with_name("unsent.db.owners").iterdir())


def test_what_was_sent_waits_for_the_next_start_in_order(file: Path) -> None:
    sending = outbox(file)
    add(sending, REPLY)
    add(sending, CHANGES)
    end(sending)
    assert left_in(file) == [REPLY, CHANGES]
    assert left_in(file) == [REPLY, CHANGES], "a start that delivered nothing leaves it to the next"


def test_what_the_store_answered_is_gone(file: Path) -> None:
    sending = outbox(file)
    row = add(sending, REPLY)
    add(sending, CHANGES)
    sending.remove(row)
    end(sending)
    assert left_in(file) == [CHANGES]


SENDING = """
import os, signal, sys
from pathlib import Path
from inbox_tui.domain.models import ConversationId, Kind, ReplyDraft
from inbox_tui.local.journal import Journal
from inbox_tui.local.outbox import Outbox
from inbox_tui.domain.writes import ReplyWrite
outbox = Outbox(Journal(Path(sys.argv[1])), sys.argv[2])
outbox.journal.put(sys.argv[2], ConversationId("one"), Kind.MESSAGE, "Still here")
outbox.journal.flush()
write = ReplyWrite(ConversationId("one"), ReplyDraft("Still here", "k"))
outbox.hold(write, "and more")
if sys.argv[3] != "held":
    assert outbox.release(write)[1].result()
if sys.argv[3] == "refused":
    outbox.refused("k")
if sys.argv[3] == "back":
    outbox.give_back("k")
outbox.journal.flush()
print("kept", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("state", "is_delivered", "draft"),
    [
        ("held", False, "Still here\nand more"),
        ("released", True, "and more"),
        ("refused", False, "Still here\nand more"),
        ("back", False, "Still here\nand more"),
    ],
)
def test_killed_at_any_step_a_text_is_either_sent_or_a_draft(
    file: Path, state: str, is_delivered: bool, draft: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SENDING, str(file), DANA, state], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"kept\n"
        assert left_in(file) == [], "the program that sent it lives and will deliver it"
        os.kill(program.pid, signal.SIGKILL)
    assert drafts_in(file) == {"one": draft}
    assert left_in(file) == ([ReplyWrite(ONE, ReplyDraft("Still here", "k"))] if is_delivered else [])
    assert drafts_in(file) == {"one": draft}, "once"


def test_texts_that_were_held_are_one_draft_again_in_their_order(file: Path) -> None:
    sending = outbox(file)
    for number in range(3):
        sending.hold(ReplyWrite(ONE, ReplyDraft(f"{number}", f"k{number}")))
    sending.hold(ReplyWrite(ConversationId("two"), ReplyDraft("a note", "k4", Kind.NOTE)))
    sending.journal.put(DANA, ONE, Kind.MESSAGE, "since")
    end(sending)
    assert drafts_in(file) == {"one": "0\n1\n2\nsince", "two": "a note"}


def test_a_text_that_comes_back_is_as_old_as_when_it_was_begun(file: Path) -> None:
    times = iter(NOON + timedelta(hours=hours) for hours in range(9))
    sending = Outbox(Journal(file, lambda: next(times)), DANA)
    sending.journal.put(DANA, ONE, Kind.MESSAGE, "Hello")
    sending.hold(ReplyWrite(ONE, ReplyDraft("Hello", "k")))
    assert sending.journal.begun(DANA, ONE, Kind.MESSAGE) is None
    sending.give_back("k")
    sending.give_back("k")
    assert sending.journal.get(DANA, ONE, Kind.MESSAGE) == "Hello", "once"
    assert sending.journal.begun(DANA, ONE, Kind.MESSAGE) == NOON
    sending.hold(ReplyWrite(ONE, ReplyDraft("Hello", "k2")))
    end(sending)
    later = outbox(file)
    later.take_over()
    assert later.journal.begun(DANA, ONE, Kind.MESSAGE) == NOON
    end(later)


def test_the_moment_of_the_last_attempt_is_handed_over(file: Path) -> None:
    sending = outbox(file)
    row = add(sending, REPLY)
    assert sending.note_attempt(row, NOON).result(timeout=10)
    end(sending)
    later = outbox(file)
    assert [left.tried_at for left in later.take_over()] == [NOON]
    assert later.note_attempt(row, None).result(timeout=10)
    end(later)
    latest = outbox(file)
    assert [left.tried_at for left in latest.take_over()] == [None]
    end(latest)


def test_two_programs_do_not_deliver_each_other_s(file: Path) -> None:
    first, second = outbox(file), outbox(file)
    add(first, REPLY)
    add(second, CHANGES)
    assert first.take_over() == second.take_over() == []
    end(first)
    assert [left.write for left in second.take_over()] == [REPLY]
    assert second.take_over() == [], "once"
    end(second)
    assert left_in(file) == [REPLY, CHANGES]


def test_members_and_stores_do_not_share(file: Path) -> None:
    sending = outbox(file)
    add(sending, REPLY)
    end(sending)
    assert left_in(file, "inbox.acme.example as lee@acme.example") == []
    assert left_in(file, "other.example as dana@acme.example") == []
    assert left_in(file) == [REPLY]


def test_it_is_readable_by_its_user_alone_and_leaves_nothing_behind(file: Path) -> None:
    sending = outbox(file)
    sending.remove(add(sending, REPLY))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.with_name("unsent.db.owners").stat().st_mode) == 0o700
    end(sending)
    assert owners(file) == []


def test_the_owners_of_what_was_taken_over_are_forgotten(file: Path) -> None:
    sending = outbox(file)
    add(sending, REPLY)
    end(sending)
    assert len(owners(file)) == 1
    left_in(file)
    assert len(owners(file)) == 1, "the present owner's only"


@pytest.mark.parametrize("is_blocked", [False, True])
def test_where_nothing_can_be_kept_the_text_is_there_until_the_end(tmp_path: Path, is_blocked: bool) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    sending = outbox(tmp_path / "data" / "unsent.db" if is_blocked else None)
    assert ("kept in memory only" in sending.problem) is is_blocked
    row, on_disk = sending.release(REPLY)
    assert not on_disk.result(timeout=10)
    assert sending.take_over() == []
    sending.give_back(row)
    assert sending.journal.get(DANA, ONE, Kind.MESSAGE) == REPLY.draft.body
    sending.remove("")
    end(sending)


def test_what_cannot_be_kept_is_said(file: Path) -> None:
    sending = outbox(file)
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("DROP TABLE outbox")
    assert not sending.release(REPLY)[1].result(timeout=10)
    assert "kept in memory only" in sending.problem
    assert sending.take_over() == []
    assert "cannot be read" in sending.problem
    end(sending)


def test_half_a_surrogate_pair_is_kept_as_a_store_would_keep_it(file: Path) -> None:
    sending = outbox(file)
    add(sending, ReplyWrite(ONE, ReplyDraft("\ud83d", "k")))
    end(sending)
    assert left_in(file) == [ReplyWrite(ONE, ReplyDraft("\ufffd", "k"))]


def put(file: Path, content: bytes, sender: str = DANA, owner: str = "ended") -> int:
    """A row that some program left, whatever is in it; gives its number."""
    Journal(file).close()  # makes the file
    with closing(sqlite3.connect(file)) as other, other:
        row = other.execute(
            "INSERT INTO outbox (id, owner, sender, content, is_released)"
            " VALUES (lower(hex(randomblob(16))), ?, ?, ?, 1)",
            (owner, sender, content),
        ).lastrowid
    assert row is not None
    return row


def rows_in(file: Path) -> dict[int, bytes]:
    with closing(sqlite3.connect(file)) as other, other:
        found = dict(other.execute("SELECT position, content FROM outbox").fetchall())
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
    _, bad, last = (put(file, content) for content in (msgspec.json.encode(REPLY), BAD[3], NEWER_FIELD))
    put(file, msgspec.json.encode(CHANGES))
    first = outbox(file)
    left = first.take_over()
    assert [one.write for one in left] == [REPLY, CHANGES]
    assert first.problem == "", "what is sent is kept as ever"
    assert "2 earlier writes cannot be read" in first.set_aside
    assert f"{file} (rows {bad}, {last})" in first.set_aside
    first.remove(left[0].id)
    end(first)
    second = outbox(file)
    assert [one.write for one in second.take_over()] == [CHANGES]
    assert second.set_aside == "", "told once"
    end(second)
    assert rows_in(file)[bad] == BAD[3] and rows_in(file)[last] == NEWER_FIELD


def test_what_a_newer_program_wrote_is_delivered_by_a_newer_program(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(file, b'{"type":"snooze","id":"one"}')
    assert left_in(file) == []
    monkeypatch.setattr("inbox_tui.local.outbox.read_write", lambda content: REPLY)
    assert left_in(file) == [REPLY]


@pytest.mark.parametrize("owner", ["", "../../escape", "a\0b", "x" * 300, b"\xff\xfe"])
def test_a_damaged_owner_does_not_matter(file: Path, owner: str | bytes) -> None:
    put(file, msgspec.json.encode(REPLY))
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("UPDATE outbox SET owner = CAST(? AS TEXT)", (owner,))
    put(file, msgspec.json.encode(CHANGES))
    assert left_in(file) == [REPLY, CHANGES]


@pytest.mark.parametrize("column", ["tried_at", "begun"])
@pytest.mark.parametrize("is_released", [0, 1])
def test_a_damaged_time_does_not_matter(file: Path, column: str, is_released: int) -> None:
    put(file, msgspec.json.encode(REPLY))
    with closing(sqlite3.connect(file)) as other, other:
        other.execute(f"UPDATE outbox SET is_released = {is_released}, {column} = 9223372036854775807")
    assert left_in(file) == ([REPLY] if is_released else [])
    assert drafts_in(file) == ({} if is_released else {"one": REPLY.draft.body})


GOOD = st.one_of(
    st.builds(
        ReplyWrite,
        st.just(ONE),
        st.builds(ReplyDraft, st.text(st.characters(codec="utf-8")), st.uuids().map(str)),
        st.booleans(),
    ),
    st.just(CHANGES),
)


@settings(max_examples=40)
@given(st.lists(st.one_of(GOOD, st.sampled_from(BAD), st.binary(max_size=60).map(lambda noise: b"\xff" + noise))))
def test_any_mixture_delivers_what_can_be_read_in_order_and_keeps_the_rest(
    tmp_path_factory: pytest.TempPathFactory, contents: list[ReplyWrite | ChangesWrite | bytes]
) -> None:
    file = tmp_path_factory.mktemp("mixture") / "unsent.db"
    bad: dict[int, bytes] = {}
    for content in contents:
        row = put(file, content if isinstance(content, bytes) else msgspec.json.encode(content))
        if isinstance(content, bytes):
            bad[row] = content
    for told in (bool(bad), False):
        start = outbox(file)
        left = start.take_over()
        assert [one.write for one in left] == [content for content in contents if not isinstance(content, bytes)]
        assert bool(start.set_aside) is told
        end(start)
    last = outbox(file)
    for one in last.take_over():
        last.remove(one.id)
    end(last)
    assert (rows_in(file) if contents else {}) == bad


def test_a_journal_that_cannot_be_opened_keeps_no_file_open(tmp_path: Path) -> None:
    (tmp_path / "unsent.db.owners").write_text("a file where the folder should be")
    before = len(list(Path("/proc/self/fd").iterdir()))
    journals = [Journal(tmp_path / "unsent.db") for _ in range(5)]
    assert all(journal.problem for journal in journals)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
