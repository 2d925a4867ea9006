"""``doctor`` on real terminals: a tmux, and a pty whose other end answers as kitty and xterm do, or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import termios
import threading
from dataclasses import dataclass
from typing import Any

import pytest

from inbox_tui.local.terminal_probe import QUESTIONS, TIMEOUT, TIMEOUT_OVER_SSH

from .conftest import Desk
from .harness import BIN, environment, needs_tmux

KITTY = b"\x1b[?0u\x1bP>|kitty(0.26.5)\x1b\\\x1b[?62;c"
XTERM = b"\x1bP>|XTerm(379)\x1b\\\x1b[?64;1;2c"
SPOILED = 99
GENEROUS = 10.0
"""Seconds that nothing here takes, however busy the machine."""
MEASURED = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
DOCTOR = (str(BIN / "inbox-tui"), "doctor", "--json")

# The leader of the session must outlive the program: when it ends, the terminal is reset.
_LEADER = f"""
import fcntl, signal, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, lambda *_: None)
before = termios.tcgetattr(0)
code = subprocess.run(sys.argv[1:]).returncode
sys.exit(code if termios.tcgetattr(0) == before else {SPOILED})
"""
_TIMED = """
import os, time
from inbox_tui.local.terminal_probe import ask_terminal
begun = time.monotonic()
answer = ask_terminal(os.environ)
print(time.monotonic() - begun, answer.is_there, answer.round_trip)
"""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    seen: bytes
    """What came to the terminal."""

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


def on_terminal(desk: Desk, *command: str, reply: bytes, size: tuple[int, int] = (80, 24), **env: str) -> Ran:
    """Run a program on a terminal that answers the questions with ``reply``; its output goes to a pipe."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (size[1], size[0]))
    seen = bytearray()

    def answer() -> None:
        has_answered = False
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # nobody has the other end any more
                return
            seen.extend(piece)
            if QUESTIONS in seen and not has_answered:
                has_answered = True
                os.write(ours, reply)

    program = subprocess.Popen(
        [sys.executable, "-c", _LEADER, *command],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=desk.folder,
        env=environment(desk.home, **{"TERM": "xterm-256color", **MEASURED, **env}),
        start_new_session=True,
        text=True,
    )
    os.close(theirs)
    terminal = threading.Thread(target=answer)
    terminal.start()
    try:
        out, _ = program.communicate(timeout=60)
    finally:
        program.kill()
        terminal.join()
        os.close(ours)
    return Ran(program.returncode, out, bytes(seen))


def test_a_terminal_like_kitty(empty_desk: Desk) -> None:
    ran = on_terminal(empty_desk, *DOCTOR, reply=KITTY, COLORTERM="truecolor")
    assert ran.code == 0, ran.out
    terminal = ran.report["terminal"]
    assert terminal["name"] == "kitty(0.26.5)"
    assert (terminal["speaks_kitty"], terminal["tells_shift_enter"]) == (True, True)
    assert terminal["newline_keys"] == ["shift+enter", "ctrl+j", "alt+enter"]
    assert (terminal["columns"], terminal["lines"], terminal["colours"]) == (80, 24, "truecolor")
    assert 0 <= terminal["round_trip_ms"] <= TIMEOUT * 1000
    assert terminal["streams"] == {"stdin": True, "stdout": False, "stderr": True}


def test_a_terminal_like_xterm(empty_desk: Desk) -> None:
    ran = on_terminal(empty_desk, *DOCTOR, reply=XTERM)
    assert ran.code == 0, ran.out
    terminal = ran.report["terminal"]
    assert (terminal["name"], terminal["speaks_kitty"], terminal["colours"]) == ("XTerm(379)", False, "256")
    assert terminal["newline_keys"] == ["shift+enter", "ctrl+j"]


def test_a_terminal_that_says_nothing(empty_desk: Desk) -> None:
    ran = on_terminal(empty_desk, *DOCTOR, reply=b"")
    assert ran.code == 0, ran.out
    terminal = ran.report["terminal"]
    assert (terminal["is_there"], terminal["name"], terminal["round_trip_ms"]) == (True, "", None)
    assert terminal["newline_keys"] == ["ctrl+j", "alt+enter"]


@pytest.mark.parametrize(("line", "patience"), [("", TIMEOUT), ("192.0.2.1 5 192.0.2.2 22", TIMEOUT_OVER_SSH)])
@pytest.mark.parametrize("reply", [b"", b"\x1b[?0u\x1bP>|ki", b"x" * 100], ids=["silence", "half", "keys"])
def test_waiting_has_an_end(empty_desk: Desk, reply: bytes, line: str, patience: float) -> None:
    ran = on_terminal(empty_desk, sys.executable, "-c", _TIMED, reply=reply, SSH_CONNECTION=line)
    seconds, is_there, round_trip = ran.out.split()
    assert (ran.code, is_there, round_trip) == (0, "True", "None")
    assert patience <= float(seconds) < GENEROUS


def test_an_answer_is_not_waited_for_any_longer(empty_desk: Desk) -> None:
    ran = on_terminal(empty_desk, sys.executable, "-c", _TIMED, reply=KITTY, SSH_CONNECTION="far away")
    assert (ran.code, ran.out.split()[1]) == (0, "True")
    assert float(ran.out.split()[2]) <= TIMEOUT_OVER_SSH


def test_ctrl_c_leaves_the_terminal_as_it_was(empty_desk: Desk) -> None:
    ran = on_terminal(empty_desk, *DOCTOR, reply=b"\x03")
    assert (ran.code, ran.out) == (130, "")
    assert b"interrupted" in ran.seen


@pytest.mark.parametrize("term", ["dumb", ""])
def test_what_cannot_draw_is_asked_nothing(empty_desk: Desk, term: str) -> None:
    ran = on_terminal(empty_desk, *DOCTOR, reply=b"", TERM=term)
    assert ran.code == 1
    assert ran.seen == b""
    assert [found["what"] for found in ran.report["findings"] if found["state"] == "wrong"] == ["TERM"]


def test_a_hostile_name_is_harmless(empty_desk: Desk) -> None:
    reply = b"\x1bP>|a\n\x9b31m\xe2\x80\xaeb\x1b\\\x1b[?1c"
    ran = on_terminal(empty_desk, *DOCTOR, reply=reply)
    assert ran.report["terminal"]["name"] == "a ⏎ \ufffd31m<RLO>b"


def test_a_window_that_is_too_small(empty_desk: Desk) -> None:
    ran = on_terminal(empty_desk, *DOCTOR, reply=KITTY, size=(39, 24))
    assert ran.code == 1
    assert [found["what"] for found in ran.report["findings"] if found["state"] == "wrong"] == ["size"]


@needs_tmux
def test_tmux_is_named_with_the_line_for_its_configuration(empty_desk: Desk) -> None:
    terminal = empty_desk.terminal(size=(140, 50))
    terminal.start("inbox-tui", "doctor")
    assert terminal.wait_for_end() == 1
    screen = terminal.screen()
    assert "!   tmux " in screen
    assert "swallows shift+enter" in screen
    assert "set -s extended-keys on" in screen
    assert "ok  size           140x50" in screen
    assert screen.rstrip().endswith("1 thing to mend, marked with !")


@needs_tmux
def test_a_tmux_that_is_set_right_is_left_in_peace(empty_desk: Desk) -> None:
    terminal = empty_desk.terminal(size=(140, 50))
    terminal.start("/bin/sh", "-c", "tmux set -s extended-keys on; exec inbox-tui doctor")
    assert terminal.wait_for_end() == 0
    assert "extended-keys on" in terminal.screen()
    assert "Nothing is wrong." in terminal.screen()
