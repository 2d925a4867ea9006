"""The journal of drafts: what is typed is there at once, on disk soon, and hidden by no damage."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

from inbox_tui.domain.models import ConversationId, Kind
from inbox_tui.local.journal import Draft, Journal

ID = ConversationId("c-1")


def journal(file: Path | None) -> Journal:
    return Journal(file)


def test_a_draft_is_there_at_once_and_on_disk_soon(tmp_path: Path) -> None:
    first, second = journal(tmp_path / "s" / "unsent.db"), journal(tmp_path / "s" / "unsent.db")
    first.put("store", ID, Kind.MESSAGE, "one")
    first.put("store", ID, Kind.NOTE, "note")
    assert first.get("store", ID, Kind.MESSAGE) == "one"
    assert first.flush()
    assert second.get("store", ID, Kind.MESSAGE) == "one"
    assert second.get("other", ID, Kind.MESSAGE) is None
    second.put("store", ID, Kind.NOTE, "")
    second.put("store", ID, Kind.MESSAGE, "two \udcff")
    assert second.drafts("store") == [Draft(ID, Kind.MESSAGE, "two ?")]
    second.close()
    assert first.drafts("store") == [Draft(ID, Kind.MESSAGE, "two ?")]
    assert (first.problem, second.problem) == ("", "")
    first.close()
    first.close()
    assert (tmp_path / "s" / "unsent.db").stat().st_mode & 0o777 == 0o600


def test_closing_writes_what_is_left(tmp_path: Path) -> None:
    first = journal(tmp_path / "unsent.db")
    first.put("store", ID, Kind.MESSAGE, "typed")
    first.close()
    again = journal(tmp_path / "unsent.db")
    assert again.get("store", ID, Kind.MESSAGE) == "typed"
    again.close()


def test_a_damaged_journal_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "unsent.db"
    for number in (1, 2):
        file.write_bytes(b"not a database at all" * 100)
        mended = journal(file)
        assert f"unsent.db.damaged-{number}" in mended.problem
        mended.put("store", ID, Kind.MESSAGE, "typed")
        assert mended.flush()
        mended.close()
        assert (tmp_path / f"unsent.db.damaged-{number}").read_bytes().startswith(b"not a database")


def test_a_place_that_cannot_be_written_does_not_stop_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "unsent.db", tmp_path):
        unkept = journal(place)
        assert "kept in memory only" in unkept.problem
        unkept.put("store", ID, Kind.MESSAGE, "typed")
        assert unkept.get("store", ID, Kind.MESSAGE) == "typed"
        assert unkept.drafts("store") == [Draft(ID, Kind.MESSAGE, "typed")]
        unkept.put("store", ID, Kind.MESSAGE, "")
        assert unkept.get("store", ID, Kind.MESSAGE) is None
        unkept.close()


def test_a_locked_journal_is_written_when_the_lock_goes(tmp_path: Path) -> None:
    file = tmp_path / "unsent.db"
    kept = journal(file)
    lock = sqlite3.connect(file, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    kept.put("store", ID, Kind.MESSAGE, "typed")
    assert not kept.flush(timeout=2.5)
    assert "cannot be written to disk right now" in kept.problem
    assert kept.get("store", ID, Kind.MESSAGE) == "typed"
    lock.execute("ROLLBACK")
    lock.close()
    assert kept.flush(timeout=10)
    assert kept.problem == ""
    kept.close()


def test_many_threads_and_processes_write_at_once(tmp_path: Path) -> None:
    file = tmp_path / "unsent.db"
    program = (
        "import sys; from pathlib import Path; from inbox_tui.local.journal import Journal\n"
        "from inbox_tui.domain.models import Kind\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "for number in range(200): journal.put(sys.argv[2], f'c-{number}', Kind.MESSAGE, 'typed')\n"
        "journal.close(); assert not journal.problem, journal.problem\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program, str(file), f"p{n}"]) for n in range(3)]
    shared = journal(file)

    def write(store: str) -> None:
        for number in range(200):
            shared.put(store, ConversationId(f"c-{number}"), Kind.NOTE, "typed")

    threads = [threading.Thread(target=write, args=(f"t{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    shared.close()
    assert shared.problem == ""
    again = journal(file)
    assert sum(len(again.drafts(store)) for store in ("p0", "p1", "p2", "t0", "t1", "t2")) == 1200
    again.close()


NOON = datetime(2026, 11, 6, 12, tzinfo=timezone.utc)


def test_a_draft_is_as_old_as_its_first_key(tmp_path: Path) -> None:
    times = iter(NOON + timedelta(hours=hours) for hours in range(9))
    first = Journal(tmp_path / "unsent.db", lambda: next(times))
    assert first.begun("store", ID, Kind.MESSAGE) is None
    for text in ("h", "he", "hello"):
        first.put("store", ID, Kind.MESSAGE, text)
        assert first.begun("store", ID, Kind.MESSAGE) == NOON
        assert first.flush()
    first.close()
    again = Journal(tmp_path / "unsent.db", lambda: next(times))
    again.put("store", ID, Kind.MESSAGE, "hello again")
    assert again.flush()
    assert again.begun("store", ID, Kind.MESSAGE) == NOON
    again.put("store", ID, Kind.MESSAGE, "")
    assert again.begun("store", ID, Kind.MESSAGE) is None
    again.put("store", ID, Kind.MESSAGE, "another")
    assert again.flush()
    assert again.begun("store", ID, Kind.MESSAGE) == NOON + timedelta(hours=1)
    again.close()


def test_which_conversations_have_a_draft(tmp_path: Path) -> None:
    kept, in_memory = journal(tmp_path / "unsent.db"), journal(None)
    for drafts in (kept, in_memory):
        drafts.put("store", ID, Kind.NOTE, "typed")
        drafts.put("store", ConversationId("blank"), Kind.MESSAGE, " \n\t\u3000")
        drafts.put("other", ID, Kind.MESSAGE, "typed")
        assert drafts.drafts("store") == [Draft(ID, Kind.NOTE, "typed")]
        drafts.flush()
        assert drafts.drafts("store") == [Draft(ID, Kind.NOTE, "typed")]
        drafts.put("store", ID, Kind.NOTE, "")
        assert drafts.drafts("store") == []
        drafts.close()


def test_a_draft_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    file = tmp_path / "unsent.db"
    first = journal(file)
    first.put("store", ConversationId("a"), Kind.MESSAGE, "Dear Ana")
    first.put("store", ConversationId("z"), Kind.NOTE, "Zoe waits")
    first.close()
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("INSERT INTO draft VALUES ('store', 'b', 'voice', 'of a newer program', NULL)")
        other.execute("INSERT INTO draft VALUES ('store', 'c', 'message', CAST(x'48ff69' AS TEXT), NULL)")
    second = journal(file)
    found = {str(draft.conversation): draft.body for draft in second.drafts("store")}
    assert found == {"a": "Dear Ana", "c": "H\ufffdi", "z": "Zoe waits"}
    assert second.get("store", ConversationId("c"), Kind.MESSAGE) == "H\ufffdi"
    second.put("store", ConversationId("a"), Kind.MESSAGE, "Dear Ana,")
    second.close()
    with closing(sqlite3.connect(file)) as other, other:
        kept = other.execute("SELECT CAST(body AS BLOB) FROM draft WHERE conversation IN ('b', 'c')").fetchall()
    assert kept == [(b"of a newer program",), (b"H\xffi",)]
