from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import RunCli

pytestmark = pytest.mark.usefixtures("workspace")


def thread_of(run_cli: RunCli, id: str) -> list[dict[str, str]]:
    thread: list[dict[str, str]] = json.loads(run_cli("show", id, "--json").out)["thread"]
    return thread


def row_of(run_cli: RunCli, id: str) -> dict[str, object]:
    return next(row for row in run_cli("list", "--json").objects if row["conversation_id"] == id)


def test_a_reply_ends_the_wait_and_takes_the_conversation(run_cli: RunCli) -> None:
    ran = run_cli("reply", "c-2", "At 8 pm.")
    assert (ran.code, ran.err) == (0, "Sent to Jonas Costa.\n")
    row = row_of(run_cli, "c-2")
    assert (row["needs_human"], row["assignee_email"], row["last_message"]) == (False, "dana@acme.example", "At 8 pm.")
    assert ran.out.strip() in {message["id"] for message in thread_of(run_cli, "c-2")}


def test_auto_assign_can_be_turned_off(run_cli: RunCli, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text("auto_assign = false\n")
    assert run_cli("reply", "c-2", "At 8 pm.", "--config", str(config)).code == 0
    assert row_of(run_cli, "c-2")["assignee_email"] is None


@pytest.mark.parametrize("arguments", [["c-1"], ["c-1", "-"]])
def test_text_comes_from_standard_input(run_cli: RunCli, arguments: list[str]) -> None:
    assert run_cli("reply", *arguments, stdin="Two\nlines\n").code == 0
    assert thread_of(run_cli, "c-1")[-1]["body"] == "Two\nlines"


@pytest.mark.parametrize("text", ["\ufeffTwo\r\nlines\r\n\r\n", "\ufeffTwo\nlines", "Two\r\nlines"])
def test_what_windows_adds_to_a_text_is_dropped(run_cli: RunCli, text: str) -> None:
    assert run_cli("reply", "c-1", stdin=text).code == 0
    assert run_cli("note", "c-1", text.rstrip()).code == 0
    assert [message["body"] for message in thread_of(run_cli, "c-1")[-2:]] == ["Two\nlines"] * 2


def test_a_note_is_for_the_team(run_cli: RunCli) -> None:
    assert run_cli("note", "c-2", "Ask Lee").code == 0
    assert thread_of(run_cli, "c-2")[-1]["kind"] == "note"
    assert row_of(run_cli, "c-2")["needs_human"] is True


def test_an_empty_reply_is_refused(run_cli: RunCli) -> None:
    ran = run_cli("reply", "c-1", stdin="  \n")
    assert ran.code == 1
    assert "The message is empty." in ran.err


def test_assign_to_me_to_somebody_to_nobody(run_cli: RunCli) -> None:
    assert run_cli("members", "add", "lee@acme.example", "--name", "Lee Park").code == 0
    for who, email in (("me", "dana@acme.example"), ("LEE@acme.example", "lee@acme.example"), ("none", None)):
        ran = run_cli("assign", "c-1", "c-3", who)
        assert (ran.code, ran.err) == (0, "")
        assert [text.split("\t")[0] for text in ran.lines] == ["c-1", "c-3"]
        assert row_of(run_cli, "c-1")["assignee_email"] == row_of(run_cli, "c-3")["assignee_email"] == email


def test_assign_to_a_stranger_names_the_nearest(run_cli: RunCli) -> None:
    ran = run_cli("assign", "c-1", "dana@acme.exampel")
    assert ran.code == 1
    assert "Did you mean dana@acme.example?" in ran.err


def test_each_id_has_its_own_result(run_cli: RunCli) -> None:
    ran = run_cli("resolve", "c-1", "c-99", "c-2")
    assert ran.code == 1
    assert ran.lines == ["c-1\tresolved", "c-2\tresolved"]
    assert ran.err == "c-99: Conversation c-99 does not exist.\n"
    assert run_cli("reopen", "c-1", "c-2", "c-1").lines == ["c-1\topen", "c-2\topen"]


def test_one_id_that_does_not_exist(run_cli: RunCli) -> None:
    assert run_cli("resolve", "c-99").err.startswith("inbox-tui: Conversation c-99 does not exist.")


def test_without_access_one_may_look_but_not_act(run_cli: RunCli) -> None:
    run_cli("members", "add", "kim@acme.example", "--access", "none")
    kim = ("--as", "kim@acme.example")
    assert run_cli("list", *kim).code == 0
    for command in (["show", "c-1"], ["reply", "c-1", "x"], ["resolve", "c-1"], ["resolve", "c-1", "c-2"], ["export"]):
        ran = run_cli(*command, *kim)
        assert ran.code == 1
        assert "has no chat access" in ran.err
        assert "inbox-tui members" in ran.err


def test_the_team(run_cli: RunCli) -> None:
    assert run_cli("members", "add", "lee@acme.example", "--name", "Lee Park").code == 0
    assert "lee@acme.example\tedit\tLee Park" in run_cli("members", "list").lines
    assert run_cli("members", "access", "lee@acme.example", "admin").code == 0
    assert "lee@acme.example\tadmin\tLee Park" in run_cli("members", "list").lines
    assert run_cli("members", "access", "lee@acme.example", "boss").code == 2
    assert run_cli("members", "add", "LEE@acme.example").code == 1
    ran = run_cli("members", "add", "x@acme.example", "--as", "stranger@acme.example")
    assert ran.code == 3


def test_only_admins_manage_the_team(run_cli: RunCli) -> None:
    run_cli("members", "add", "lee@acme.example")
    ran = run_cli("members", "add", "x@acme.example", "--as", "lee@acme.example")
    assert ran.code == 1
    assert "is not a workspace admin" in ran.err


def test_the_last_admin_stays(run_cli: RunCli) -> None:
    ran = run_cli("members", "access", "dana@acme.example", "edit")
    assert ran.code == 1
    assert "is the last admin" in ran.err


def test_losing_access_loses_the_conversations(run_cli: RunCli) -> None:
    run_cli("members", "add", "lee@acme.example")
    run_cli("assign", "c-1", "lee@acme.example")
    assert run_cli("members", "access", "lee@acme.example", "none").code == 0
    assert row_of(run_cli, "c-1")["assignee_email"] is None


@pytest.mark.parametrize("who", ["lee@acme.example ", " LEE@acme.example\n", "\u200blee@acme.example\u00a0"])
def test_blanks_around_an_address_do_not_matter(run_cli: RunCli, who: str) -> None:
    run_cli("members", "add", "lee@acme.example")
    assert run_cli("assign", "c-1", who).code == 0
    assert row_of(run_cli, "c-1")["assignee_email"] == "lee@acme.example"
    assert run_cli("assign", "c-1", " me ").code == run_cli("assign", "c-1", "none ").code == 0


@pytest.mark.parametrize("who", ["lee", "Lee Park", "Prak", "lee@other.example", "LEE@ACME.EXAMPEL", "parks "])
def test_an_unknown_name_is_answered_with_the_nearest(run_cli: RunCli, who: str) -> None:
    run_cli("members", "add", "lee@acme.example", "--name", "Lee Park")
    ran = run_cli("assign", "c-1", who)
    assert ran.code == 1
    assert "Did you mean lee@acme.example?" in ran.err
    assert row_of(run_cli, "c-1")["assignee_email"] is None
