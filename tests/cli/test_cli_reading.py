from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from inbox_tui.cli.reading import short_time
from inbox_tui.operations.records import COLUMNS

from .conftest import RunCli, line, seed


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("filter", "ids"),
    [
        ("all", {"c-1", "c-2", "c-3", "c-4"}),
        ("your-inbox", {"c-4"}),
        ("unresolved", {"c-1", "c-2", "c-4"}),
        ("resolved", {"c-3"}),
        ("pending", {"c-2", "c-4"}),
        ("has-lead", {"c-1", "c-2", "c-4"}),
    ],
)
def test_list_prints_what_each_filter_holds(run_cli: RunCli, filter: str, ids: set[str]) -> None:
    ran = run_cli("list", "--filter", filter)
    assert (ran.code, ran.err) == (0, "")
    assert {text.split("\t")[0] for text in ran.lines} == ids


@pytest.mark.usefixtures("workspace")
def test_list_narrows_by_search_and_agent(run_cli: RunCli) -> None:
    assert run_cli("list", "--search", "flight friday").out.startswith(
        "c-1\topen\t2026-11-03T10:00:00Z\t\tMaya Lindqvist"
    )
    assert run_cli("list", "--agent", "booking assistant").out.startswith("c-3\tresolved")


@pytest.mark.usefixtures("workspace")
def test_list_names_the_agents_there_are(run_cli: RunCli) -> None:
    ran = run_cli("list", "--agent", "Nobody")
    assert ran.code == 2
    assert "No agent is called 'Nobody'" in ran.err
    assert "Booking assistant, Website assistant" in ran.err


@pytest.mark.usefixtures("workspace")
def test_list_json_has_the_columns_of_the_csv(run_cli: RunCli) -> None:
    found = {row["conversation_id"]: row for row in run_cli("list", "--json").objects}
    assert tuple(found["c-1"]) == COLUMNS
    assert found["c-2"]["needs_human"] is True
    assert found["c-2"]["waiting_since"] == "2026-11-03T10:00:00Z"
    assert found["c-3"]["topic"] == "Tables"
    assert found["c-4"]["assignee_email"] == "dana@acme.example"
    assert found["c-1"]["lead_phone"] is None


@pytest.mark.usefixtures("workspace")
def test_without_access_names_times_and_status_are_listed(run_cli: RunCli) -> None:
    run_cli("members", "add", "eve@acme.example", "--access", "none")
    as_eve = {"INBOX_TUI_AS": "\ufeffEve@acme.example"}  # the same person, as pasted from elsewhere
    rows = run_cli("list", "--json", env=as_eve).objects
    hidden = ("lead_email", "lead_phone", "lead_company", "topic", "last_message_author", "last_message")
    assert {row[column] for row in rows for column in hidden} == {None}
    shown = {row["conversation_id"]: row for row in rows}
    assert (shown["c-1"]["visitor"], shown["c-2"]["needs_human"]) == ("Maya Lindqvist", True)
    assert "flight" not in run_cli("list", env=as_eve).out
    for refused in (["list", "--search", "flight"], ["show", "c-1"], ["export"]):
        ran = run_cli(*refused, env=as_eve)
        assert ran.code == 1
        assert "Maya" not in ran.out
        assert "inbox-tui members" in ran.err


def test_list_says_when_it_is_not_all(run_cli: RunCli, store_file: Path) -> None:
    seed(store_file, [line(f"c-{number}") for number in range(1100)])
    ran = run_cli("list", "--limit", "600")
    assert len(ran.lines) == len(set(ran.lines)) == 600
    assert "600 of 1,100" in ran.err
    whole = run_cli("list", "--limit", "0")
    assert len(whole.lines) == 1100
    assert whole.err == ""


HOSTILE = "\x1b]0;owned\x07\x1b[31mred\u202egnp.exe\r\nnext\x7f\x9b2J [/] [bold]"


def test_nothing_from_a_visitor_reaches_the_terminal_raw(run_cli: RunCli, store_file: Path) -> None:
    seed(store_file, [line("c-\x1b[2J", HOSTILE, visitor={"name": HOSTILE}, topic=HOSTILE)])
    for ran in (run_cli("list"), run_cli("show", "c-\x1b[2J"), run_cli("resolve", "c-\x1b[2J", "c-\x1b]x")):
        text = ran.out + ran.err
        assert not [character for character in text if ord(character) < 32 and character not in "\n\t"]
        assert not {"\x7f", "\x9b", "\u202e"} & set(text)


def test_json_is_whole_but_only_ascii(run_cli: RunCli, store_file: Path) -> None:
    seed(store_file, [line("c-1", HOSTILE, visitor={"name": "Zo\x7fë"})])
    ran = run_cli("show", "c-1", "--json")
    assert ran.out.isascii()
    assert ran.out.rstrip("\n").isprintable()
    shown = json.loads(ran.out)
    assert shown["thread"][0]["body"] == HOSTILE
    assert shown["lead_name"] == "Zo\x7fë"


@pytest.mark.usefixtures("workspace")
def test_show_prints_the_thread(run_cli: RunCli) -> None:
    assert run_cli("note", "c-1", "Ask Lee").code == 0
    ran = run_cli("show", "c-1")
    assert ran.lines[:3] == ["Maya Lindqvist", "maya@mail.example", "Website assistant · open · unassigned"]
    assert "Maya Lindqvist · 2026-11-03 10:00" in ran.lines
    assert "    I need to change my flight to Friday" in ran.lines
    assert any(text.startswith("Dana Ortiz (note) · ") for text in ran.lines)


def test_show_prints_a_thread_longer_than_a_page(run_cli: RunCli, store_file: Path) -> None:
    messages = [{"author": "agent", "body": f"number {number}"} for number in range(1203)]
    seed(store_file, [{"id": "long", "messages": messages, "created_at": "2026-11-03T10:00:00Z"}])
    thread = json.loads(run_cli("show", "long", "--json").out)["thread"]
    assert [message["body"] for message in thread] == [message["body"] for message in messages]


@pytest.mark.usefixtures("workspace")
def test_what_does_not_exist_is_said(run_cli: RunCli) -> None:
    ran = run_cli("show", "c-99")
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.startswith("inbox-tui: Conversation c-99 does not exist.\n  ")


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "--json"], ["export"], ["config"]])
def test_plain_commands_load_no_screen_and_no_network(
    run_cli: RunCli, workspace: Path, tmp_path: Path, arguments: list[str]
) -> None:
    program = (
        "import sys\nfrom inbox_tui.cli.main import main\ncode = main(sys.argv[1:])\n"
        "heavy = {'textual', 'rich', 'httpx', 'keyring', 'psycopg', 'importlib.metadata'} & set(sys.modules)\n"
        "assert not heavy, heavy\nsys.exit(code)"
    )
    probe = tmp_path / "probe.py"
    probe.write_text(program)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "INBOX_TUI_STORE": f"sqlite:///{workspace}"}
    done = subprocess.run(
        [sys.executable, str(probe), *arguments], env=env, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("last", [1, 3, 700, 5000])
def test_show_prints_the_last_messages(run_cli: RunCli, store_file: Path, last: int) -> None:
    messages = [{"author": "agent", "body": f"number {number}"} for number in range(1203)]
    seed(store_file, [{"id": "long", "messages": messages, "created_at": "2026-11-03T10:00:00Z"}])
    thread = json.loads(run_cli("show", "long", "--last", str(last), "--json").out)["thread"]
    assert [message["body"] for message in thread] == [message["body"] for message in messages][-last:]
    assert run_cli("show", "long", "--last", "2").out.count("number") == 2
    assert run_cli("show", "long", "--last", "0").code == 2


IDS = ["c" * 250, "a b", "x\u00a0y", "soft\u00adhyphen", "Zoë-\u200d-🩷", "\u202eabc", "ﬁ"]


def test_an_id_is_printed_as_commands_take_it(run_cli: RunCli, store_file: Path) -> None:
    seed(store_file, [line(id) for id in IDS])
    ran = run_cli("list")
    assert {text.split("\t")[0] for text in ran.lines} == set(IDS)
    done = run_cli("resolve", *(text.split("\t")[0] for text in ran.lines))
    assert (done.code, {text.split("\t")[0] for text in done.lines}) == (0, set(IDS))


def test_an_id_that_would_break_the_line_is_counted(run_cli: RunCli, store_file: Path) -> None:
    seed(store_file, [line("a\tb"), line("c\nd"), line("e")])
    ran = run_cli("list")
    assert len(ran.lines) == 3
    assert ran.err == "2 ids have characters that cannot be shown; see list --json.\n"


def test_show_prints_a_long_message_whole(run_cli: RunCli, store_file: Path) -> None:
    """In characters and in lines; tabs lead to the next column of eight."""
    seed(store_file, [line("long", "x" * 300_000, "\n".join(f"line {number}" for number in range(5_000)), "a\tb")])
    shown = run_cli("show", "long").out
    assert "x" * 300_000 in shown
    assert "    line 4999\n" in shown
    assert "    a       b\n" in shown
    assert "…" not in shown


def test_show_names_the_zone_where_the_hour_is_doubled(run_cli: RunCli, store_file: Path) -> None:
    at = ("2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z")
    said = [{"author": "visitor", "body": "x", "created_at": time} for time in at]
    seed(store_file, [{"id": "c", "messages": said}])
    shown = run_cli("show", "c", env={"TZ": "Europe/Stockholm"}).lines
    assert [text.split(" · ")[1] for text in shown if text.startswith("Visitor c · ")] == [
        "2026-10-25 01:30",
        "2026-10-25 02:30 CEST",
        "2026-10-25 02:30 CET",
        "2026-10-25 03:30",
    ]


def test_a_short_time_on_the_day_on_which_an_hour_comes_twice() -> None:
    """The morning has another offset than the evening, and still is of the same day."""
    stockholm = ZoneInfo("Europe/Stockholm")
    evening = datetime(2026, 10, 25, 20, tzinfo=timezone.utc)
    midnight = datetime(2026, 10, 24, 22, 5, tzinfo=timezone.utc)
    twice = [datetime(2026, 10, 25, hour, 30, tzinfo=timezone.utc) for hour in (0, 1)]
    assert [short_time(at, evening, stockholm) for at in (midnight, *twice)] == ["00:05", "02:30 CEST", "02:30 CET"]
    assert short_time(midnight - timedelta(hours=1), evening, stockholm) == "24 Oct"
    assert short_time(midnight - timedelta(days=365), evening, stockholm) == "2025-10-25"
