"""What lies on this machine: settings written back, keys, drafts."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import tomllib
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox_tui.domain.errors import ConfigError
from inbox_tui.domain.models import ConversationId, Kind
from inbox_tui.local.crash_report import write_report
from inbox_tui.local.drafts import Draft, DraftJournal
from inbox_tui.local.keymap import DEFAULT_KEYS, character_name, keymap
from inbox_tui.local.settings import Settings, checked, load_settings, names
from inbox_tui.local.settings_file import save_settings

ID = ConversationId("c-1")

# Settings


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# mine\nstore = 'sqlite:///x.db'\n",
        "theme = 'dark'  # at night\nmouse = false",
        "  theme='dark'\n[keys]\ntheme = 'not this one'\n",
        '[keys]\n"inbox.reply" = "w"\n',
        "auto_assign = true\r\n\r\n[keys]\r\n",
    ],
)
def test_saving_changes_one_setting_and_keeps_the_rest(tmp_path: Path, text: str) -> None:
    file = tmp_path / "folder" / "config.toml"
    if text:
        file.parent.mkdir()
        file.write_bytes(text.encode())
        file.chmod(0o640)
    was = tomllib.loads(text.replace("\r\n", "\n"))
    save_settings(file, {"theme": "light", "auto_assign": False})
    assert tomllib.loads(file.read_text()) == {**was, "theme": "light", "auto_assign": False}
    for kept in ("# mine", "# at night", "'not this one'"):
        assert (kept in text) == (kept in file.read_text())
    if text:
        assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


def test_saving_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles.toml").write_text("theme = 'dark'\n")
    (tmp_path / "config.toml").symlink_to("dotfiles.toml")
    save_settings(tmp_path / "config.toml", {"theme": "light"})
    assert (tmp_path / "config.toml").is_symlink()
    assert (tmp_path / "dotfiles.toml").read_text() == 'theme = "light"\n'


def test_what_cannot_be_changed_safely_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    text = 'as = """\ntheme = "dark"\n"""\ntheme = "dark"\n'
    file.write_text(text)
    with pytest.raises(ConfigError, match="cannot be changed from here"):
        save_settings(file, {"theme": "light"})
    assert file.read_text() == text
    (tmp_path / "plain").write_text("")
    with pytest.raises(ConfigError):
        save_settings(tmp_path / "plain" / "config.toml", {"theme": "light"})


@pytest.mark.parametrize("value", ['quote " and \\ and \x07 \x7f', "ü € 😀", ""])
def test_any_text_can_be_saved(tmp_path: Path, value: str) -> None:
    save_settings(tmp_path / "c.toml", {"as": value})
    assert load_settings({}, str(tmp_path / "c.toml"), {}).settings.identity == value


def test_every_setting_has_words_and_a_default() -> None:
    from msgspec.inspect import StructType, type_info

    described = type_info(Settings)
    assert isinstance(described, StructType)
    assert names() == [
        *("store", "as", "token_command", "theme", "auto_assign"),
        *("undo_send", "after_send", "slow", "mouse", "keys"),
    ]
    assert Settings() is not None
    import typing

    for hint in typing.get_type_hints(Settings, include_extras=True).values():
        assert hint.__metadata__[0].description.endswith(".")


ANY_VALUE = st.recursive(
    st.one_of(st.text(), st.booleans(), st.integers(), st.floats(), st.datetimes(), st.dates(), st.times()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
)


@given(st.dictionaries(st.sampled_from(names()), ANY_VALUE))
def test_any_value_is_a_setting_or_a_mistake_in_words(values: dict[str, object]) -> None:
    file = Path("c.toml")
    try:
        found = checked(values, file)
        keymap(found.keys, file)
    except ConfigError as error:
        assert error.message.startswith("c.toml: ")


# Keys


def test_keys_are_named_as_textual_names_them() -> None:
    from textual.keys import _character_to_key

    for point in range(0x21, 0x7F):
        assert character_name(chr(point)) == _character_to_key(chr(point))


def test_the_defaults_are_a_valid_keymap() -> None:
    split = {id: keys.split(",") for id, keys in DEFAULT_KEYS.items()}
    assert keymap(split, Path("c.toml")) == DEFAULT_KEYS


def test_every_id_is_a_binding_with_these_keys() -> None:
    from textual.binding import Binding

    from inbox_tui.tui.app import InboxApp
    from inbox_tui.tui.dialogs.conflict import ConflictDialog
    from inbox_tui.tui.inbox.screen import InboxScreen
    from inbox_tui.tui.widgets import reply_box
    from inbox_tui.tui.widgets.conversation_list import ConversationList

    owners = [InboxApp, InboxScreen, ConflictDialog, ConversationList, *vars(reply_box).values()]
    bindings = [binding for owner in owners for binding in getattr(owner, "BINDINGS", ())]
    found = {binding.id: binding.key for binding in bindings if isinstance(binding, Binding) and binding.id}
    assert {id: key for id, key in found.items() if id.startswith(("inbox.", "reply.", "app."))} == DEFAULT_KEYS


def test_two_keys_can_change_places() -> None:
    changed = keymap({"inbox.reply": "a", "inbox.assign": "r"}, Path("c.toml"))
    assert changed == {"inbox.reply": "a", "inbox.assign": "r"}


# Drafts


def journal(file: Path | None) -> DraftJournal:
    return DraftJournal(file)


def test_a_draft_is_there_at_once_and_on_disk_soon(tmp_path: Path) -> None:
    first, second = journal(tmp_path / "s" / "drafts.db"), journal(tmp_path / "s" / "drafts.db")
    first.put("store", ID, Kind.MESSAGE, "one")
    first.put("store", ID, Kind.NOTE, "note")
    assert first.get("store", ID, Kind.MESSAGE) == "one"
    assert first.flush()
    assert second.get("store", ID, Kind.MESSAGE) == "one"
    assert second.get("other", ID, Kind.MESSAGE) is None
    second.discard("store", ID, Kind.NOTE)
    second.put("store", ID, Kind.MESSAGE, "two \udcff")
    assert second.all() == [Draft("store", ID, Kind.MESSAGE, "two ?")]
    second.close()
    assert first.all() == [Draft("store", ID, Kind.MESSAGE, "two ?")]
    assert (first.problem, second.problem) == ("", "")
    first.close()
    first.close()
    assert (tmp_path / "s" / "drafts.db").stat().st_mode & 0o777 == 0o600


def test_closing_writes_what_is_left(tmp_path: Path) -> None:
    first = journal(tmp_path / "drafts.db")
    first.put("store", ID, Kind.MESSAGE, "typed")
    first.close()
    again = journal(tmp_path / "drafts.db")
    assert again.get("store", ID, Kind.MESSAGE) == "typed"
    again.close()


def test_a_damaged_journal_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "drafts.db"
    for number in (1, 2):
        file.write_bytes(b"not a database at all" * 100)
        mended = journal(file)
        assert f"drafts.db.damaged-{number}" in mended.problem
        mended.put("store", ID, Kind.MESSAGE, "typed")
        assert mended.flush()
        mended.close()
        assert (tmp_path / f"drafts.db.damaged-{number}").read_bytes().startswith(b"not a database")


def test_a_place_that_cannot_be_written_does_not_stop_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "drafts.db", tmp_path):
        unkept = journal(place)
        assert "kept in memory only" in unkept.problem
        unkept.put("store", ID, Kind.MESSAGE, "typed")
        assert unkept.get("store", ID, Kind.MESSAGE) == "typed"
        assert unkept.all() == [Draft("store", ID, Kind.MESSAGE, "typed")]
        unkept.discard("store", ID, Kind.MESSAGE)
        assert unkept.get("store", ID, Kind.MESSAGE) is None
        unkept.close()


def test_a_locked_journal_is_written_when_the_lock_goes(tmp_path: Path) -> None:
    file = tmp_path / "drafts.db"
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
    file = tmp_path / "drafts.db"
    program = (
        "import sys; from pathlib import Path; from inbox_tui.local.drafts import DraftJournal\n"
        "from inbox_tui.domain.models import Kind\n"
        "journal = DraftJournal(Path(sys.argv[1]))\n"
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
    assert len(again.all()) == 1200
    again.close()


NOON = datetime(2026, 11, 6, 12, tzinfo=timezone.utc)
OLDER = """CREATE TABLE draft (
    store TEXT NOT NULL, conversation TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (store, conversation, kind)
) STRICT, WITHOUT ROWID"""
"""The file before it knew when a draft was begun."""


def test_a_draft_is_as_old_as_its_first_key(tmp_path: Path) -> None:
    times = iter(NOON + timedelta(hours=hours) for hours in range(9))
    first = DraftJournal(tmp_path / "drafts.db", lambda: next(times))
    assert first.begun("store", ID, Kind.MESSAGE) is None
    for text in ("h", "he", "hello"):
        first.put("store", ID, Kind.MESSAGE, text)
        assert first.begun("store", ID, Kind.MESSAGE) == NOON
        assert first.flush()
    first.close()
    again = DraftJournal(tmp_path / "drafts.db", lambda: next(times))
    again.put("store", ID, Kind.MESSAGE, "hello again")
    assert again.flush()
    assert again.begun("store", ID, Kind.MESSAGE) == NOON
    again.discard("store", ID, Kind.MESSAGE)
    assert again.begun("store", ID, Kind.MESSAGE) is None
    again.put("store", ID, Kind.MESSAGE, "another")
    assert again.flush()
    assert again.begun("store", ID, Kind.MESSAGE) == NOON + timedelta(hours=1)
    again.close()


def test_which_conversations_have_a_draft(tmp_path: Path) -> None:
    kept, in_memory = journal(tmp_path / "drafts.db"), journal(None)
    for drafts in (kept, in_memory):
        drafts.put("store", ID, Kind.NOTE, "typed")
        drafts.put("store", ConversationId("blank"), Kind.MESSAGE, " \n\t\u3000")
        drafts.put("other", ID, Kind.MESSAGE, "typed")
        assert drafts.drafted("store") == {(ID, Kind.NOTE)}
        drafts.flush()
        assert drafts.drafted("store") == {(ID, Kind.NOTE)}
        drafts.discard("store", ID, Kind.NOTE)
        assert drafts.drafted("store") == set()
        drafts.close()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drafts=st.dictionaries(
        st.tuples(st.text(max_size=5), st.text(max_size=5), st.sampled_from(["message", "note", "voice"])),
        st.text(st.characters(codec="utf-8", exclude_characters="\0")),
        min_size=1,
    )
)
def test_a_file_of_an_older_program_is_taken_over_and_shared_with_it(
    tmp_path_factory: pytest.TempPathFactory, drafts: dict[tuple[str, str, str], str]
) -> None:
    file = tmp_path_factory.mktemp("older") / "drafts.db"
    older = sqlite3.connect(file, isolation_level=None)
    older.execute("PRAGMA journal_mode = WAL")
    older.execute(OLDER)
    older.executemany("INSERT INTO draft VALUES (?, ?, ?, ?)", [(*key, body) for key, body in drafts.items()])
    newer = DraftJournal(file, lambda: NOON)
    assert newer.problem == ""
    everything = "SELECT store, conversation, kind, body FROM draft"
    assert {row[:3]: row[3] for row in older.execute(everything)} == drafts
    (store, id, kind), body = next(iter(drafts.items()))
    if kind != "voice":
        assert newer.get(store, ConversationId(id), Kind(kind)) == body
        newer.put(store, ConversationId(id), Kind(kind), "typed on")
        assert newer.flush()
        assert newer.begun(store, ConversationId(id), Kind(kind)) is None, "nobody knows"
    newer.put("new", ID, Kind.NOTE, "begun now")
    assert newer.flush()
    assert newer.begun("new", ID, Kind.NOTE) == NOON
    # The older program is still open in another window.
    older.execute("INSERT OR REPLACE INTO draft VALUES ('new', ?, 'note', 'gone on with there')", (ID,))
    assert (newer.get("new", ID, Kind.NOTE), newer.begun("new", ID, Kind.NOTE)) == ("gone on with there", NOON)
    older.execute("DELETE FROM draft WHERE store = 'new'")
    older.execute("INSERT OR REPLACE INTO draft VALUES ('new', ?, 'note', 'another')", (ID,))
    assert newer.begun("new", ID, Kind.NOTE) is None
    newer.close()
    older.close()


# Reports of crashes


def test_a_report_says_where_and_nothing_that_anybody_wrote(tmp_path: Path) -> None:
    def fail() -> None:
        token = "s3cret of a visitor"
        try:
            raise KeyError(token)
        except KeyError as error:
            raise RuntimeError(token) from error

    folder = tmp_path / "state" / "crashes"
    with pytest.raises(RuntimeError) as failed:
        fail()
    report = write_report(failed.value, folder, datetime(2026, 11, 6, 15, tzinfo=timezone.utc))
    text = report.read_text("utf-8")
    assert "s3cret" not in text
    assert text.index("builtins.KeyError") < text.index("builtins.RuntimeError")
    assert f"{__file__}:" in text
    assert "2026-11-06T15:00:00+00:00" in text
    assert (report.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_draft_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    file = tmp_path / "drafts.db"
    first = journal(file)
    first.put("store", ConversationId("a"), Kind.MESSAGE, "Dear Ana")
    first.put("store", ConversationId("z"), Kind.NOTE, "Zoe waits")
    first.close()
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("INSERT INTO draft VALUES ('store', 'b', 'voice', 'of a newer program')")
        other.execute("INSERT INTO draft VALUES ('store', 'c', 'message', CAST(x'48ff69' AS TEXT))")
    second = journal(file)
    found = {str(draft.conversation): draft.body for draft in second.all()}
    assert found == {"a": "Dear Ana", "c": "H\ufffdi", "z": "Zoe waits"}
    assert second.get("store", ConversationId("c"), Kind.MESSAGE) == "H\ufffdi"
    second.put("store", ConversationId("a"), Kind.MESSAGE, "Dear Ana,")
    second.close()
    with closing(sqlite3.connect(file)) as other, other:
        kept = other.execute("SELECT CAST(body AS BLOB) FROM draft WHERE conversation IN ('b', 'c')").fetchall()
    assert kept == [(b"of a newer program",), (b"H\xffi",)]
