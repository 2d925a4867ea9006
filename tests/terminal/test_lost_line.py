"""Ending without a person: signals, a terminal that is gone, one that takes nothing, a mistake of the program's own."""

from __future__ import annotations

import signal
import sqlite3
import sys
import termios
import time
from contextlib import closing

import pytest

from .conftest import ME, Desk
from .harness import END_TIMEOUT, POLL, TIMEOUT, Terminal, needs_tmux
from .line import Line

pytestmark = needs_tmux

ADA = "c-0"
LONG_HOLD = "undo_send = 60"


def write(terminal: Terminal, text: str) -> None:
    terminal.keys("r")
    terminal.text(text)
    terminal.wait_for(f"│ {text}")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_it_with_the_text_kept_and_the_terminal_restored(desk: Desk, number: signal.Signals) -> None:
    terminal = desk.open()
    write(terminal, "Cut off in mid-w")
    terminal.signal(number)
    assert terminal.wait_for_end() == 128 + number
    assert "Cut off" not in terminal.screen(), "the screen from before is back"
    assert desk.open().wait_for("│ Cut off in mid-w")
    assert [author for author, _ in desk.said(ADA)].count("member") == 0


def test_what_is_held_when_the_line_goes_is_a_draft(desk: Desk) -> None:
    desk.configure(LONG_HOLD)
    terminal = desk.open()
    write(terminal, "Held back")
    terminal.enter()
    terminal.wait_for("sending · ")
    assert terminal.hang_up() == 128 + signal.SIGHUP
    assert desk.open().wait_for("│ Held back")
    assert [author for author, _ in desk.said(ADA)].count("member") == 0


def test_quitting_sends_what_is_held_and_says_so(desk: Desk) -> None:
    desk.configure(LONG_HOLD)
    terminal = desk.open()
    write(terminal, "Held a moment")
    terminal.enter()
    terminal.wait_for("sending · ")
    terminal.escape()
    terminal.keys("C-q")
    assert terminal.wait_for_end() == 0
    assert "Sent before leaving: 1." in terminal.screen()
    assert ("member", "Held a moment") in desk.said(ADA)


def test_an_editor_that_fails_leaves_the_inbox_alive(desk: Desk) -> None:
    terminal = desk.open(EDITOR="false")
    write(terminal, "Before the editor")
    terminal.keys("C-o")
    terminal.wait_for("! The editor 'false' ended with 1; the text was not changed.")
    terminal.text(" and after")
    terminal.wait_for("│ Before the editor and after")


def test_a_parent_that_ignores_hang_ups_leaves_nothing_spinning(desk: Desk) -> None:
    line = Line(desk, before="trap '' HUP;")
    line.read_until(b"Ada Lund")
    line.type(b"rIgnored")
    line.read_until(b"d")
    line.hang_up()
    assert line.end() == 128 + signal.SIGHUP


def test_a_line_that_nobody_reads_keeps_drafts_and_ends_when_told(desk: Desk) -> None:
    line = Line(desk)
    line.read_until(b"Enter sends")
    line.type(b"r")
    line.read_until(b"REPLY")  # keys that come while the box opens could be taken for a paste
    for number in range(60):  # from here on nobody reads: the terminal is full after some of these
        line.resize(100 + number % 2, 36)
        line.type(b"Stalled " if number == 0 else b"x")
    wait_for_draft(desk, "Stalled x")
    began = time.monotonic()
    line.process.send_signal(signal.SIGTERM)
    assert line.end() == 128 + signal.SIGTERM
    assert time.monotonic() - began < END_TIMEOUT
    assert termios.tcgetattr(line.slave)[3] == line.attributes[3], "keys are echoed again"
    line.hang_up()
    assert desk.open().wait_for("│ Stalled")


def wait_for_draft(desk: Desk, begin: str) -> None:
    """Wait until a text that begins so is on disk."""
    until = time.monotonic() + TIMEOUT
    bodies: list[str] = []
    while not any(body.startswith(begin) for body in bodies):
        assert time.monotonic() < until, bodies
        with closing(sqlite3.connect(desk.home / "data" / "inbox-tui" / "unsent.db")) as drafts:
            bodies = [body for (body,) in drafts.execute("SELECT body FROM draft")]
        time.sleep(POLL)


CRASHING = """
import sys
from inbox_tui.tui.inbox.screen import InboxScreen
def action_help(self):
    token = "SECRET-TOKEN-123"
    raise RuntimeError(f"what a visitor wrote, {token}")
InboxScreen.action_help = action_help
from inbox_tui.cli.main import run
run()
"""


def test_a_mistake_of_its_own_is_one_sentence_and_a_private_report(desk: Desk) -> None:
    line = Line(desk, sys.executable, "-c", CRASHING, "--store", desk.url, "--as", ME)
    line.read_until(b"Enter sends")
    line.type(b"rHalf a sent")
    line.read_until(b"t")
    line.type(b"\x1b[27u")
    line.type(b"?")
    line.read_until(b"it holds no message")
    assert line.end() == 1
    said = line.seen[line.seen.index(b"\x1b[?1049l") :]
    assert b"inbox-tui crashed (RuntimeError). Your drafts are kept." in said
    assert b"Traceback" not in said and b"SECRET" not in said
    (report,) = (desk.home / "state").rglob("crash-*.txt")
    assert report.stat().st_mode & 0o777 == 0o600
    kept = report.read_text("utf-8")
    assert "builtins.RuntimeError" in kept and "in action_help" in kept
    assert "SECRET" not in kept and "visitor" not in kept
    line.hang_up()
    assert desk.open().wait_for("│ Half a sent")
