"""What the commands say and do where a row cannot be read, and in the time zones at the edges of the world."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contract.damage import AFTER_CALENDARS, BEFORE_CALENDARS

from .conftest import RunCli

ZONES = ("America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kolkata")


@pytest.fixture
def damaged(workspace: Path) -> Path:
    """c-2 waits since a time that no calendar has; a message of c-1 is of another."""
    with closing(sqlite3.connect(workspace)) as database, database:
        database.execute(
            "UPDATE conversation SET waiting_since = ?, wait_rank = ? WHERE public_id = 'c-2'", [BEFORE_CALENDARS] * 2
        )
        database.execute("UPDATE message SET created_at = ? WHERE conversation_id = 1", [AFTER_CALENDARS])
    return workspace


@pytest.mark.usefixtures("damaged")
@pytest.mark.parametrize("zone", [ZONES[0], *(pytest.param(zone, marks=pytest.mark.slow) for zone in ZONES[1:])])
def test_everything_else_can_be_read(run_cli: RunCli, zone: str) -> None:
    for filter in ("all", "pending"):
        ran = run_cli("list", "--filter", filter, env={"TZ": zone})
        assert ran.code == 0, ran.err
        assert {line.split("\t")[0]: line.split("\t")[1] for line in ran.lines}["c-2"] == "damaged"
        assert "Conversation c-2 is damaged: waiting_since cannot be read." in ran.err
        assert "inbox-tui doctor" in ran.err
    assert "c-4" in run_cli("list", "--filter", "pending", env={"TZ": zone}).out
    for id in ("c-1", "c-2"):
        shown = run_cli("show", id, env={"TZ": zone})
        assert shown.code == 0, shown.err
    assert "damaged" in run_cli("show", "c-1", env={"TZ": zone}).out


@pytest.mark.usefixtures("damaged")
def test_an_export_leaves_the_cell_empty_and_says_so(run_cli: RunCli) -> None:
    ran = run_cli("export")
    assert ran.code == 0, ran.err
    assert "4 conversations exported." in ran.err
    assert "c-2 is damaged" in ran.err
    [row] = [row for row in run_cli("list", "--json").objects if row["conversation_id"] == "c-2"]
    assert (row["needs_human"], row["waiting_since"]) == (True, None)


@pytest.mark.usefixtures("damaged")
def test_doctor_finds_it_and_its_advice_mends_it(run_cli: RunCli) -> None:
    ran = run_cli("doctor", "--json")
    assert ran.code == 1
    [finding] = [found for found in json.loads(ran.out)["findings"] if found["what"] == "rows"]
    assert "c-2 (waiting_since)" in finding["value"]
    assert "c-1 (the time of a message)" in finding["value"]
    assert "inbox-tui migrate" in finding["mend"]
    assert "2 damaged rows were repaired." in run_cli("migrate").err
    assert run_cli("doctor").code == 0
    assert "damaged" not in run_cli("list").err
    assert "nothing to do" in run_cli("migrate").err


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE message_fts_data SET block = x'ffffffffffffffffffff'", "damaged; the messages are not"),
        ("DELETE FROM lead_fts_data WHERE id > 10", "damaged; the messages are not"),
        ("UPDATE message SET body = 'changed' WHERE id = 1", "1 message; another program wrote it"),
        ("UPDATE conversation SET topic = 'changed' WHERE id = 1", "what is known in 1 conversation"),
    ],
)
def test_doctor_finds_what_a_search_does_not_and_its_advice_mends_it(
    run_cli: RunCli, workspace: Path, damage: str, words: str
) -> None:
    assert run_cli("doctor").code == 0
    with closing(sqlite3.connect(workspace)) as database, database:
        database.execute(damage)
    ran = run_cli("doctor", "--json")
    assert ran.code == 1
    [finding] = [found for found in json.loads(ran.out)["findings"] if found["what"] == "search index"]
    assert words in finding["value"]
    assert finding["mend"].endswith("inbox-tui migrate --reindex")
    assert "the search index was rebuilt." in run_cli("migrate", "--reindex").err
    assert run_cli("doctor").code == 0
    assert run_cli("list", "--search", "changed").code == 0


@pytest.mark.usefixtures("damaged")
def test_it_can_be_decided_about(run_cli: RunCli) -> None:
    assert run_cli("resolve", "c-2").code == 0
    assert "c-2" not in run_cli("list", "--filter", "pending").out
    assert "damaged" not in run_cli("list").err


@pytest.mark.parametrize("zone", [ZONES[0], *(pytest.param(zone, marks=pytest.mark.slow) for zone in ZONES[1:])])
def test_the_first_and_the_last_times_that_go_in_come_out(run_cli: RunCli, zone: str) -> None:
    message = {"author": "visitor", "body": "Hello", "created_at": "1970-01-01T00:00:00Z"}
    line = json.dumps({"id": "old", "created_at": "1970-01-01T00:00:00Z", "messages": [message]})
    assert run_cli("import", "-", stdin=line, env={"TZ": zone}).code == 0
    for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "1969-12-31T23:59:59Z"):
        refused = run_cli("import", "-", stdin=line.replace("1970-01-01T00:00:00Z", at), env={"TZ": zone})
        assert refused.code == 1
        assert "is not between 1970-01-01 and" in refused.err
    for command in (["list"], ["list", "--json"], ["show", "old"], ["show", "old", "--json"], ["export"]):
        ran = run_cli(*command, env={"TZ": zone})
        assert ran.code == 0, ran.err
        assert "old" in ran.out or "Hello" in ran.out
