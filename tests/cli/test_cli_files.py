"""Import and export as files go in and out."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import large_workspace
from hostile_texts import FORMULAS
from inbox_tui.domain.rules import preview
from inbox_tui.operations import import_lines
from inbox_tui.operations.records import COLUMNS

from .conftest import RunCli, line, seed

READ_BY_DUCKDB = """
import duckdb, json, sys
rows = duckdb.execute(
    "SELECT topic, last_message, messages, needs_human, created_at FROM read_csv(?, header=true, quote='\\"', "
    "escape='\\"', all_varchar=true, new_line='\\\\r\\\\n', strict_mode=false)",
    sys.argv[1:],
).fetchall()
print(json.dumps(rows))
"""
"""In a process of its own: at its end it lists what it leaks, after which no report of other tests can be read."""


def jsonl(*lines: object) -> bytes:
    return b"".join(json.dumps(given).encode() + b"\n" for given in lines)


def ids(run_cli: RunCli) -> set[str]:
    return {text.split("\t")[0] for text in run_cli("list", "--limit", "0").lines}


# Import


def test_import_plain_compressed_and_standard_input(run_cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + jsonl(line("a")))
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(jsonl(line("b")) + b"\n\n"))
    ran = run_cli("import", "a.jsonl", "b.jsonl.gz", "-", stdin=jsonl(line("c"), line("d"))[:-1])
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "4 conversations added, 0 extended, 0 unchanged; 4 messages.\n"
    assert ids(run_cli) == {"a", "b", "c", "d"}
    assert run_cli("import", "-", stdin=gzip.compress(jsonl(line("e")))).code == 0
    assert "e" in ids(run_cli)


def test_importing_again_changes_nothing_and_more_messages_extend(run_cli: RunCli) -> None:
    short, long = line("a", "one"), line("a", "one", "two")
    assert "1 conversation added" in run_cli("import", "-", stdin=jsonl(short)).err
    before = run_cli("show", "a", "--json").out
    assert (
        "0 conversations added, 0 extended, 1 unchanged; 0 messages" in run_cli("import", "-", stdin=jsonl(short)).err
    )
    assert run_cli("show", "a", "--json").out == before
    assert "1 extended, 0 unchanged; 1 message." in run_cli("import", "-", stdin=jsonl(long)).err
    assert len(json.loads(run_cli("show", "a", "--json").out)["thread"]) == 2


def test_only_id_and_messages_are_required(run_cli: RunCli) -> None:
    bare = {"id": "a", "messages": [{"author": "visitor", "body": "Hi"}, {"author": "agent", "body": "Hello"}]}
    assert run_cli("import", "-", stdin=jsonl(bare)).code == 0
    (row,) = run_cli("list", "--json").objects
    assert (row["agent"], row["status"], row["messages"]) == ("Website assistant", "open", 2)


def test_unknown_people_become_members_without_access(run_cli: RunCli) -> None:
    given = line("a", assignee="new@acme.example", needs_human=True)
    given["messages"].append(  # type: ignore[attr-defined]
        {"author": "member", "member": "old@acme.example", "body": "Hello", "created_at": "2026-11-03T11:00:00"}
    )
    ran = run_cli("import", "-", stdin=jsonl(given, line("b", assignee="new@acme.example"), line("c")))
    assert ran.code == 0
    assert ran.err.splitlines()[1] == (
        "2 conversations were left unassigned: an assignee has no chat access."
        " Give it with: inbox-tui members access EMAIL edit"
    )
    team = {text.split("\t")[0]: text.split("\t")[1] for text in run_cli("members", "list").lines}
    assert team == {"dana@acme.example": "admin", "new@acme.example": "none", "old@acme.example": "none"}
    row = next(row for row in run_cli("list", "--json").objects if row["conversation_id"] == "a")
    assert row["assignee_email"] is None
    assert row["waiting_since"] == "2026-11-03T10:00:00Z"
    assert row["last_activity_at"] == "2026-11-03T11:00:00Z"


def test_who_has_access_is_assigned(run_cli: RunCli) -> None:
    run_cli("migrate")
    run_cli("members", "add", "new@acme.example")
    ran = run_cli("import", "-", stdin=jsonl(line("a", assignee="NEW@acme.example\u200b")))
    assert (ran.code, len(ran.err.splitlines())) == (0, 1)
    assert [row["assignee_email"] for row in run_cli("list", "--json").objects] == ["new@acme.example"]


@pytest.mark.parametrize("access", ["edit", "none"])
def test_only_an_admin_imports(run_cli: RunCli, access: str) -> None:
    run_cli("migrate")
    run_cli("members", "add", "sam@acme.example", "--access", access)
    sam = {"INBOX_TUI_AS": "sam@acme.example"}
    ran = run_cli("import", "-", stdin=jsonl(line("a", assignee="sam@acme.example")), env=sam)
    assert (ran.code, ran.out) == (1, "")
    assert "is not a workspace admin" in ran.err
    assert run_cli("list").out == ""
    assert f"sam@acme.example\t{access}" in run_cli("members", "list").out


def test_who_imported_is_shown_once_before_what_came(run_cli: RunCli) -> None:
    run_cli("import", "-", stdin=jsonl(line("a", "one", "two")))
    shown = [text for text in run_cli("show", "a").lines if text]
    assert shown[2].startswith("Imported by ")
    assert sum(text.startswith("Imported by ") for text in shown) == 1
    thread = json.loads(run_cli("show", "a", "--json").out)["thread"]
    assert [message["imported_by"] for message in thread] == ["dana@acme.example"] * 2


BAD = {
    b"hello": "it is not valid JSON",
    b'{"id": "a", "messages": [{"author": "visitor", "body": "cut': "it is not valid JSON",
    b'{"id": "a", "messages": [{"author": "visitor", "body": "\xff"}]}': "it is not valid UTF-8",
    b"[]": "it is a list […], not an object {…}",
    b'{"id": "a"}': '"messages" is missing',
    b'{"messages": []}': '"id" is missing',
    b'{"id": "a", "messages": []}': "it has no messages",
    b'{"id": 7, "messages": []}': '"id" is a number, not a text',
    b'{"id": " ", "messages": [{"author": "visitor", "body": "x"}]}': '"id" is empty',
    b'{"id": "a", "colour": 1, "messages": []}': 'unknown key "colour"',
    b'{"id": "a", "visitor": {"nmae": "x"}, "messages": []}': 'unknown key "visitor.nmae"',
    b'{"id": "a", "status": "done", "messages": []}': "\"status\" cannot be 'done'; it is one of open, resolved",
    b'{"id": "a", "messages": [{"author": "bot", "body": "x"}]}': (
        "\"messages[0].author\" cannot be 'bot'; it is one of visitor, agent, member, system"
    ),
    b'{"id": "a", "messages": [{"author": "visitor"}]}': '"messages[0].body" is missing',
    b'{"id": "a", "messages": [{"author": "visitor", "body": null}]}': '"messages[0].body" is null, not a text',
    b'{"id": "a", "created_at": "yesterday", "messages": []}': ('"created_at" is not a time like 2026-11-03T10:02:00Z'),
    b'{"id": "a", "created_at": "9999-12-31T23:59:59-14:00", "messages": [{"author": "visitor", "body": "x"}]}': (
        "The time 9999-12-31T23:59:59-14:00 is not between 1970-01-01 and"
    ),
    b'{"id": "a", "messages": [{"id": "m", "author": "visitor", "body": "x"}, '
    b'{"id": "m", "author": "visitor", "body": "y"}]}': "two of its messages have the id 'm'",
    b'{"id": "a", "status": "resolved", "needs_human": true, "messages": [{"author": "visitor", "body": "x"}]}': (
        '"needs_human" is true but "status" is resolved; a resolved conversation waits for nobody'
    ),
    b'{"id": "a", "messages": [{"author": "visitor", "body": "' + b"x" * 1_000_001 + b'"}]}': (
        "message 1 has 1,000,001 bytes; 1,000,000 is the most"
    ),
    b'{"id": "a", "messages": [{"author": "visitor", "kind": "note", "body": "x"}]}': (
        "message 1 is a note, which only a member can write"
    ),
    b'{"id": "a", "messages": [{"author": "visitor", "kind": "event", "body": "x"}]}': (
        'message 1 must have author "system" and kind "event" together'
    ),
    b'{"id": "a", "messages": [{"author": "agent", "member": "d@x.example", "body": "x"}]}': (
        'message 1 names a member but its author is "agent"'
    ),
    b'{"id": "good-1", "messages": [{"author": "visitor", "body": "x"}]}': (
        "the conversation id 'good-1' was used by an earlier line"
    ),
}


@pytest.fixture
def bad_file(tmp_path: Path) -> Path:
    file = tmp_path / "bad.jsonl"
    file.write_bytes(jsonl(line("good-1")) + b"".join(bad + b"\n" for bad in BAD) + jsonl(line("good-2")))
    return file


def test_each_bad_line_is_told_and_the_others_go_in(run_cli: RunCli, bad_file: Path) -> None:
    ran = run_cli("import", str(bad_file))
    assert ran.code == 1
    told = ran.err.splitlines()
    assert len(told) == len(BAD) + 1
    for number, (said, why) in enumerate(zip(told, BAD.values(), strict=False), 2):
        assert said.startswith(f"{bad_file}: line {number}: {why}")
    assert told[-1].startswith("2 conversations added") and told[-1].endswith(f"{len(BAD)} bad lines left out.")
    assert ids(run_cli) == {"good-1", "good-2"}


@pytest.mark.parametrize("indent", [0, 1, 4, "\t"])
def test_a_conversation_over_several_lines_is_one_error(run_cli: RunCli, tmp_path: Path, indent: int | str) -> None:
    """Whatever the indentation, and however many there are; what stands on a line of its own goes in."""
    printed = [json.dumps(line(id, "one", "two"), indent=indent) for id in ("a", "b")]
    (tmp_path / "pretty.json").write_text("\n".join(printed) + "\n" + jsonl(line("c")).decode())
    ran = run_cli("import", "pretty.json")
    [told, summary] = ran.err.splitlines()
    assert told.startswith("pretty.json: line 1: ") and "one conversation a line" in told
    assert summary == "1 conversation added, 0 extended, 0 unchanged; 1 message; 1 bad line left out."
    assert (ran.code, ids(run_cli)) == (1, {"c"})


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_of_conversations_is_one_error(run_cli: RunCli, tmp_path: Path, indent: int | None) -> None:
    whole = [line(id) for id in ("a", "b", "c")]
    (tmp_path / "list.json").write_text(json.dumps(whole, indent=indent))
    ran = run_cli("import", "list.json")
    assert len(ran.err.splitlines()) == 2
    assert ran.err.startswith("list.json: line 1: it is a list […]") and "one conversation a line" in ran.err


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_another_encoding_is_named_once(run_cli: RunCli, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "words.jsonl").write_bytes(jsonl(line("a"), line("b")).decode().encode(encoding))
    ran = run_cli("import", "words.jsonl")
    assert len(ran.err.splitlines()) == 2
    name = "UTF-32" if encoding == "utf-32" else "UTF-16" if "16" in encoding else "UTF-"
    assert f"words.jsonl: line 1: the file is {name}" in ran.err


def test_null_is_absent_in_every_key_that_can_be_absent(run_cli: RunCli) -> None:
    """In one line with all of them, and in one with none, so that a new key cannot be forgotten."""
    bare = {"id": "bare", "messages": [{"author": "visitor", "body": "x"}]}
    optional = dict.fromkeys(set(import_lines._Line.__struct_fields__) - {"id", "messages"})
    visitor = dict.fromkeys(import_lines._Visitor.__struct_fields__)
    message = dict.fromkeys(set(import_lines._Message.__struct_fields__) - {"author", "body"}) | {
        "author": "visitor",
        "body": "x",
    }
    nulls = [
        bare,
        {**optional, "id": "nulls", "messages": [message]},
        {"id": "visitor", "visitor": visitor, "messages": [message]},
    ]
    ran = run_cli("import", "-", stdin=b"".join(json.dumps(one).encode() + b"\n" for one in nulls))
    assert (ran.code, ran.err) == (0, "3 conversations added, 0 extended, 0 unchanged; 3 messages.\n")
    listed = [{**found, "conversation_id": ""} for found in run_cli("list", "--json").objects]
    for found in listed:
        for changes in ("created_at", "last_activity_at", "visitor"):
            found.pop(changes)
    assert listed[0] == listed[1] == listed[2]


def test_times_ahead_count_as_arrival_and_the_report_says_so(run_cli: RunCli) -> None:
    soon = (datetime.now(timezone.utc) + timedelta(minutes=45)).isoformat()
    given = {"id": "a", "messages": [{"author": "visitor", "body": "x", "created_at": soon}], "needs_human": True}
    data = json.dumps(given).encode()
    ran = run_cli("import", "-", stdin=data + b"\n" + jsonl(line("b")))
    assert ran.code == 0
    assert "1 conversation has times ahead of this machine's clock; they count as the time of the import." in ran.err
    [found] = [one for one in run_cli("list", "--json").objects if one["conversation_id"] == "a"]
    for key in ("created_at", "last_activity_at", "waiting_since"):
        assert datetime.fromisoformat(str(found[key])) <= datetime.now(timezone.utc)
    assert "0 extended, 1 unchanged" in run_cli("import", "-", stdin=data).err
    later = json.dumps({**given, "created_at": "2999-01-01T00:00:00Z"}).encode()
    assert "a day after its arrival" in run_cli("import", "-", stdin=later).err


def test_messages_without_ids_and_times_are_known_by_author_and_text(run_cli: RunCli) -> None:
    """However the file grows; what a time is given for is known by it too."""

    def given(*bodies: str) -> bytes:
        return jsonl({"id": "a", "messages": [{"author": "visitor", "body": body} for body in bodies]})

    run_cli("import", "-", stdin=given("one", "two", "one"))
    assert "0 messages" in run_cli("import", "-", stdin=given("one", "two", "one")).err
    assert "2 messages" in run_cli("import", "-", stdin=given("zero", "one", "two", "one", "three")).err
    said = [message["body"] for message in json.loads(run_cli("show", "a", "--json").out)["thread"]]
    assert sorted(said) == ["one", "one", "three", "two", "zero"]


def test_strict_takes_in_all_or_nothing(run_cli: RunCli, bad_file: Path, tmp_path: Path) -> None:
    for arguments, stdin in ((["bad.jsonl"], b""), (["-"], bad_file.read_bytes())):
        ran = run_cli("import", "--strict", *arguments, stdin=stdin)
        assert ran.code == 1
        assert f"Nothing was imported: {len(BAD)} bad lines." in ran.err
        assert ids(run_cli) == set()
    ran = run_cli("import", "--strict", "-", stdin=gzip.compress(jsonl(line("a"), line("b"))))
    assert (ran.code, ids(run_cli)) == (0, {"a", "b"})


def test_an_id_of_an_earlier_file_is_a_bad_line(run_cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl(line("a")))
    (tmp_path / "b.jsonl").write_bytes(jsonl(line("a", "other")))
    ran = run_cli("import", "a.jsonl", "b.jsonl")
    assert "b.jsonl: line 1: the conversation id 'a' was used by an earlier line" in ran.err


def test_many_bad_lines_are_counted_not_listed(run_cli: RunCli) -> None:
    ran = run_cli("import", "-", stdin=b"bad\n" * 1000)
    assert len(ran.err.splitlines()) == 52
    assert "… and 950 more bad lines." in ran.err


def test_a_line_beyond_the_limit_is_passed_over(run_cli: RunCli) -> None:
    huge = b'{"id": "x", "topic": "' + b"x" * (64 * 1024 * 1024) + b'"}\n'
    ran = run_cli("import", "-", stdin=huge + jsonl(line("a")))
    assert "line 1: it is longer than 64 MB" in ran.err
    assert ids(run_cli) == {"a"}


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), (gzip.compress(jsonl(line("a")), mtime=0)[:-12], "cut off or damaged")],
)
def test_a_file_that_cannot_be_read(run_cli: RunCli, tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "in.jsonl.gz").write_bytes(content)
    for strict in ([], ["--strict"]):
        ran = run_cli("import", "in.jsonl.gz", *strict)
        assert ran.code == 1
        assert words in ran.err
        assert "Traceback" not in ran.err


def test_a_folder_is_not_a_file(run_cli: RunCli, tmp_path: Path) -> None:
    assert "Is a directory" in run_cli("import", str(tmp_path)).err


@pytest.mark.slow
def test_two_thousand_twice_change_nothing(run_cli: RunCli, tmp_path: Path) -> None:
    file = str(large_workspace.write(tmp_path / "large.jsonl"))
    assert "2,000 conversations added" in run_cli("import", file).err
    before = run_cli("list", "--json", "--limit", "0").out
    ran = run_cli("import", file)
    assert "0 conversations added, 0 extended, 2,000 unchanged; 0 messages." in ran.err
    assert run_cli("list", "--json", "--limit", "0").out == before


# Export

CELLS = [
    *(text for text in FORMULAS.values() if not text.startswith("\r")),
    'say "hi", she said',
    "two\r\nlines\nmore",
    "plain",
    "0042",
]


@pytest.fixture
def hostile(store_file: Path) -> Path:
    seed(store_file, [line(f"c-{n}", text, topic=text, visitor={"name": text}) for n, text in enumerate(CELLS)])
    return store_file


@pytest.mark.usefixtures("hostile")
def test_raw_csv_reads_back_as_it_was(run_cli: RunCli, tmp_path: Path) -> None:
    ran = run_cli("export", "--raw", "-o", "out.csv")
    assert (ran.code, ran.out, ran.err) == (0, "", f"{len(CELLS)} conversations exported.\n")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as stream:
        rows = {row["conversation_id"]: row for row in csv.DictReader(stream)}
    assert {row["topic"] for row in rows.values()} == set(CELLS)
    assert {row["last_message"] for row in rows.values()} == {preview(text) for text in CELLS}
    assert (tmp_path / "out.csv").stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.usefixtures("hostile")
def test_no_cell_is_a_formula(run_cli: RunCli) -> None:
    rows = list(csv.reader(io.StringIO(run_cli("export").out, newline="")))
    assert tuple(rows[0]) == COLUMNS
    cells = [cell for row in rows[1:] for cell in row]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r＝＋－＠")]
    assert "'=1+1" in cells
    assert "plain" in cells and "0042" in cells


@pytest.mark.usefixtures("hostile")
def test_duckdb_reads_what_the_store_holds(run_cli: RunCli, tmp_path: Path) -> None:
    assert run_cli("export", "--raw", "--bom", "-o", "out.csv").code == 0
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    reader = [sys.executable, "-c", READ_BY_DUCKDB, str(tmp_path / "out.csv")]
    found = json.loads(subprocess.run(reader, capture_output=True, check=True).stdout)
    assert {row[0] for row in found} == set(CELLS)
    assert {row[1] for row in found} == {preview(text) for text in CELLS}
    assert {tuple(row[2:]) for row in found} == {("1", "false", "2026-11-03T10:00:00Z")}


def test_export_follows_filter_search_and_order(run_cli: RunCli, workspace: Path) -> None:
    def exported(*arguments: str) -> list[str]:
        return [row["conversation_id"] for row in csv.DictReader(io.StringIO(run_cli("export", *arguments).out))]

    assert set(exported("--filter", "pending")) == {"c-2", "c-4"}
    assert exported("--search", "table 8") == ["c-2"]
    assert exported("--agent", "Booking assistant") == ["c-3"]
    assert exported("--filter", "your-inbox") == ["c-4"]


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize(("given", "delimiter"), [(";", ";"), ("|", "|"), ("tab", "\t"), ("\\t", "\t"), (",", ",")])
def test_the_delimiter_can_be_chosen(run_cli: RunCli, given: str, delimiter: str) -> None:
    out = run_cli("export", "--delimiter", given).out
    rows = list(csv.reader(io.StringIO(out, newline=""), delimiter=delimiter))
    assert tuple(rows[0]) == COLUMNS
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert len(rows) == len(CELLS) + 1


@pytest.mark.parametrize("given", ["", "x", ";;", '"', "\n", "="])
def test_another_delimiter_is_a_mistake(run_cli: RunCli, given: str) -> None:
    ran = run_cli("export", "--delimiter", given)
    assert (ran.code, ran.out) == (2, "")
    assert "is not one of ',', ';', '|' and 'tab'" in ran.err


@pytest.mark.usefixtures("workspace")
def test_export_replaces_a_file_only_when_complete(run_cli: RunCli, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("older")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    assert run_cli("export", "--agent", "nobody", "-o", "link.csv").code == 2
    assert target.read_text() == "older"
    assert run_cli("export", "-o", "link.csv").code == 0
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith("conversation_id,")


@pytest.mark.usefixtures("workspace")
def test_export_takes_over_what_a_killed_export_left(run_cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "out.csv.part").write_text("left" * 10000)
    assert run_cli("export", "-o", "out.csv").code == 0
    assert "left" not in (tmp_path / "out.csv").read_text()
    assert not (tmp_path / "out.csv.part").exists()


@pytest.mark.usefixtures("workspace")
def test_export_to_a_device_writes_to_it(run_cli: RunCli) -> None:
    assert run_cli("export", "-o", "/dev/stdout").out.startswith("conversation_id,")
    assert run_cli("export", "-o", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(("target", "words"), [(".", "Is a directory"), ("no/such/out.csv", "No such file")])
def test_export_to_where_it_cannot(run_cli: RunCli, target: str, words: str) -> None:
    ran = run_cli("export", "-o", target)
    assert ran.code == 1
    assert words in ran.err and "No half file was left." in ran.err


def test_export_is_private_whatever_the_mask(run_cli: RunCli, workspace: Path, tmp_path: Path) -> None:
    was = os.umask(0)
    try:
        run_cli("export", "-o", "out.csv")
    finally:
        os.umask(was)
    assert (tmp_path / "out.csv").stat().st_mode & 0o777 == 0o600
