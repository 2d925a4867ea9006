"""One's own profile, given without a screen."""

from __future__ import annotations

import pytest

from .conftest import RunCli

NEW = {"INBOX_TUI_AS": "lee@acme.example"}


@pytest.fixture
def run_lee(run_cli: RunCli, workspace: object) -> RunCli:
    assert run_cli("members", "add", "lee@acme.example").code == 0
    return lambda *arguments, **more: run_cli(*arguments, env=NEW, **more)


def test_a_script_can_reply_before_the_screen_was_ever_opened(run_lee: RunCli) -> None:
    refused = run_lee("reply", "c-2", "Hello")
    assert refused.code == 1
    assert "inbox-tui profile --name NAME" in refused.err
    assert run_lee("profile", "--name", " Lee Park ").out == "lee@acme.example\tLee Park\tLP\tteal\n"
    assert run_lee("reply", "c-2", "Hello").code == 0


def test_only_what_is_given_changes(run_lee: RunCli) -> None:
    empty = run_lee("profile")
    assert (empty.out, empty.err) == (
        "lee@acme.example\t\t\t\n",
        "A reply needs a profile: inbox-tui profile --name NAME\n",
    )
    run_lee("profile", "--name", "Lee Park", "--initials", "xy", "--color", "pink")
    assert run_lee("profile").out == "lee@acme.example\tLee Park\tXY\tpink\n"
    assert run_lee("profile", "--name", "Lee P.").out == "lee@acme.example\tLee P.\tXY\tpink\n"
    assert run_lee("profile", "--color", "red").out == "lee@acme.example\tLee P.\tXY\tred\n"
    assert "lee@acme.example\tedit\tLee P." in run_lee("members", "list").lines


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--name", ""], 1, "The display name is empty"),
        (["--name", "\u200b"], 1, "The display name is empty"),
        (["--name", "x" * 81], 1, "80 is the most"),
        (["--name", "Lee", "--initials", "LEE"], 1, "one or two letters"),
        (["--initials", "L"], 1, "The display name is empty"),
        (["--name", "Lee", "--color", "mauve"], 2, "'violet'"),
    ],
)
def test_a_profile_that_cannot_be(run_lee: RunCli, arguments: list[str], code: int, words: str) -> None:
    ran = run_lee("profile", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err
    assert run_lee("profile").out == "lee@acme.example\t\t\t\n"
