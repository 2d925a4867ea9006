"""The inbox at the end of a line to a server, both as real programs, each killed when it is least welcome."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import ME, Desk
from .harness import BIN, Terminal, environment, needs_tmux

pytestmark = needs_tmux


@pytest.fixture
def token(desk: Desk) -> str:
    return desk.run("token", "create", ME).strip()


@contextmanager
def serving(desk: Desk, port: str = "0") -> Iterator[str]:
    """The address of a server over the shop's store; after the block it is killed, and hears nothing of it."""
    command = [str(BIN / "inbox-tui"), "--store", desk.url, "--as", ME, "serve", "--port", port, "--quiet"]
    with subprocess.Popen(command, env=environment(desk.home), stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            yield server.stderr.readline().split()[-1]
        finally:
            server.kill()


def open_at(desk: Desk, address: str, token: str) -> Terminal:
    terminal = desk.terminal(INBOX_TUI_TOKEN=token)
    terminal.start("inbox-tui", "--store", address)
    terminal.wait_for("● live")
    return terminal


def send(terminal: Terminal, text: str) -> None:
    """From the list or from the box."""
    terminal.escape()
    terminal.keys("r")
    terminal.text(text)
    terminal.wait_for(f"│ {text}")
    terminal.enter()


def test_a_reply_outlives_the_server_and_the_program(desk: Desk, token: str) -> None:
    with serving(desk) as address:
        first = open_at(desk, address, token)
        send(first, "Over the line")
        first.wait_for("✓ Sent to Ada Lund")
    first.wait_for("◌ reconnecting since")
    send(first, "Into the dark")
    first.wait_for("queued, offline")
    first.kill()
    assert ("member", "Into the dark") not in desk.said("c-0")
    with serving(desk, address.rpartition(":")[2]):
        second = open_at(desk, address, token)
        second.wait_for("✓ Sent to Ada Lund")
        assert second.screen().count("Into the dark") >= 1
    assert [text for author, text in desk.said("c-0") if author == "member"] == ["Over the line", "Into the dark"]


def test_the_line_comes_back_and_what_waits_is_delivered_once(desk: Desk, token: str) -> None:
    with serving(desk) as address:
        terminal = open_at(desk, address, token)
    terminal.wait_for("◌ reconnecting since")
    send(terminal, "First")
    send(terminal, "Second")
    terminal.wait_for("Second")
    with serving(desk, address.rpartition(":")[2]):
        terminal.wait_for("● live")
        terminal.wait_for(lambda screen: "queued, offline" not in screen)
        assert [text for author, text in desk.said("c-0") if author == "member"] == ["First", "Second"]


def test_leaving_without_a_line_says_what_waits(desk: Desk, token: str) -> None:
    with serving(desk) as address:
        terminal = open_at(desk, address, token)
    terminal.wait_for("◌ reconnecting since")
    send(terminal, "For later")
    terminal.wait_for("queued, offline")
    terminal.escape()
    terminal.keys("q")
    assert terminal.wait_for_end() == 0
    assert "Not delivered yet: 1. The next start of inbox-tui delivers it." in terminal.screen()


def test_a_token_is_asked_for_without_being_shown(desk: Desk, token: str, tmp_path: Path) -> None:
    with serving(desk) as address:
        terminal = desk.terminal(size=(80, 24))
        terminal.start("inbox-tui", "login", address)
        terminal.wait_for(f"Token for {address}:")
        terminal.text(token)
        terminal.keys("Enter")
        assert terminal.wait_for_end() == 0
        shown = terminal.screen()
        assert f"You are Dana Ortiz ({ME}), access admin.\nThe token is kept in " in shown
        assert token[:12] not in shown
        again = desk.terminal()
        again.start("inbox-tui", "--store", address)
        again.wait_for("● live")
