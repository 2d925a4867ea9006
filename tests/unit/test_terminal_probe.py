"""What a terminal's answers mean, and what is made of them; no terminal is needed for that."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from rich.console import Console

from inbox_tui.cli import open as opening
from inbox_tui.domain.text import clean
from inbox_tui.local.terminal_probe import CANNOT_DRAW, Answer, ask_terminal, understood
from inbox_tui.operations import diagnosis, diagnosis_files
from inbox_tui.operations.diagnosis import Environment, Finding, State, colours, multiplexer, newline_keys
from inbox_tui.operations.diagnosis_files import KeyringFact as Keyring
from inbox_tui.operations.diagnosis_files import (
    StoreFact,
    look_at_keyring,
    of_keyring,
    of_store,
    shown,
    without_secrets,
)
from inbox_tui.store.url import StoreUrl
from inbox_tui.tui.inbox import context, min_size

KITTY = b"\x1b[?0u\x1bP>|kitty(0.26.5)\x1b\\\x1b[?62;c"
XTERM = b"\x1bP>|XTerm(379)\x1b\\\x1b[?64;1;2c"
TMUX = b"\x1bP>|tmux 3.3a\x1b\\\x1b[?1;2c"
KEYS = ("shift+enter", "ctrl+j", "alt+enter")


def around(answer: Answer, *, keys: tuple[str, ...] = KEYS, extended_keys: str = "", **env: str) -> Environment:
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), True)
    return Environment(
        {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **env},
        answer,
        streams,
        "utf-8",
        keys,
        extended_keys=extended_keys,
    )


def there(said: bytes = KITTY, *, seconds: float = 0.005, columns: int = 80, lines: int = 24) -> Answer:
    told = understood(said, seconds)
    return Answer(
        is_there=True,
        columns=columns,
        lines=lines,
        speaks_kitty=told.speaks_kitty,
        name=told.name,
        round_trip=told.round_trip,
    )


def by_name(surroundings: Environment) -> dict[str, Finding]:
    found = [*diagnosis.of_terminal(surroundings), *diagnosis.of_multiplexer(surroundings)]
    return {finding.what: finding for finding in found}


@pytest.mark.parametrize(
    ("said", "speaks_kitty", "name", "has_answered"),
    [
        (KITTY, True, "kitty(0.26.5)", True),
        (XTERM, False, "XTerm(379)", True),
        (TMUX, False, "tmux 3.3a", True),
        (b"\x1bP>|foot(1.2)\x07\x1b[?62c", False, "foot(1.2)", True),
        (b"jk\r" + KITTY, True, "kitty(0.26.5)", True),
        (b"\x1b[?1;2c\x1b[?0u", False, "", True),
        (b"\x1b[?0u\x1bP>|ki", True, "", False),
        (b"", False, "", False),
        (b"\x1bP>|\xff\x9b\x1b\\\x1b[?1c", False, "\ufffd\ufffd", True),
        (b"\x1bP>|" + b"x" * 5000 + b"\x1b\\\x1b[?1c", False, "", True),
    ],
)
def test_answers_are_understood(said: bytes, speaks_kitty: bool, name: str, has_answered: bool) -> None:
    answer = understood(said, 0.01)
    assert (answer.speaks_kitty, answer.name, answer.round_trip) == (speaks_kitty, name, 0.01 if has_answered else None)


def test_what_is_no_terminal_is_not_asked() -> None:
    for device in ("/dev/null", "/no/such/device"):
        answer = ask_terminal({"TERM": "xterm"}, device)
        assert not answer.is_there
        assert answer.not_asked


def test_the_screens_need_what_is_said_here() -> None:
    assert (diagnosis.MIN_COLUMNS, diagnosis.MIN_LINES) == (min_size.MIN_COLUMNS, min_size.MIN_LINES)
    assert diagnosis.SLOW_CONNECTION == context.SLOW_CONNECTION
    assert opening._NO_SCREEN == CANNOT_DRAW


@pytest.mark.parametrize("colorterm", ["", "truecolor", "24bit", "yes"])
@pytest.mark.parametrize("term", ["xterm", "xterm-256color", "xterm-kitty", "screen", "tmux-256color", "linux"])
def test_colours_are_those_that_the_screens_will_have(term: str, colorterm: str) -> None:
    environ = {"TERM": term, "COLORTERM": colorterm}
    drawn = Console(force_terminal=True, _environ=environ).color_system
    assert colours(environ) == {"standard": "16", "256": "256", "truecolor": "truecolor"}[str(drawn)]
    assert colours({**environ, "NO_COLOR": ""}) == "none"


@pytest.mark.parametrize(
    ("environ", "name", "kind"),
    [
        ({"TMUX": "/tmp/x,1,0"}, "", "tmux"),
        ({"TERM": "screen-256color"}, "tmux 3.3a", "tmux"),
        ({"TERM": "screen-256color"}, "", "screen"),
        ({"TERM": "screen.xterm-256color"}, "", "screen"),
        ({"TERM": "tmux-256color"}, "", "tmux"),
        ({"STY": "1.pts"}, "", "screen"),
        ({"TMUX": "/tmp/x,1,0"}, "kitty(0.26.5)", ""),
        ({"TERM": "xterm"}, "", ""),
    ],
)
def test_what_stands_before_the_terminal(environ: dict[str, str], name: str, kind: str) -> None:
    assert multiplexer(environ, name) == kind


def test_keys_for_a_new_line() -> None:
    assert newline_keys(around(there(KITTY))) == ["shift+enter", "ctrl+j", "alt+enter"]
    assert newline_keys(around(there(XTERM))) == ["shift+enter", "ctrl+j"]
    assert newline_keys(around(there(TMUX))) == ["ctrl+j", "alt+enter"]
    only = by_name(around(there(b"\x1b[?1c"), keys=("shift+enter",)))["new line"]
    assert only.state is State.WRONG
    assert "ctrl+j" in only.mend


@pytest.mark.parametrize(
    ("surroundings", "what", "words"),
    [
        (around(there(columns=39)), "size", "40x10"),
        (around(there(lines=9)), "size", "40x10"),
        (around(there(seconds=0.3)), "round trip", "--slow"),
        (around(there(), TERM="dumb"), "TERM", "xterm-256color"),
        (around(there(TMUX), extended_keys="off"), "tmux", "set -s extended-keys on"),
    ],
)
def test_what_is_wrong_is_said_with_its_remedy(surroundings: Environment, what: str, words: str) -> None:
    wrong = {name: found for name, found in by_name(surroundings).items() if found.state is State.WRONG}
    assert list(wrong) == [what]
    assert words in wrong[what].value + wrong[what].mend
    assert wrong[what].mend


def test_limits_that_nothing_mends_are_not_wrong() -> None:
    tmux_unknown = by_name(around(there(TMUX)))
    assert tmux_unknown["tmux"].state is State.NOTE
    assert "set -s extended-keys on" in tmux_unknown["tmux"].mend
    assert by_name(around(there(TMUX), extended_keys="on"))["tmux"].state is State.OK
    screen = by_name(around(there(b"\x1b[?1;2c"), TERM="screen"))
    assert "ctrl+j" in screen["screen"].mend
    assert {found.state for found in screen.values()} <= {State.OK, State.NOTE}
    assert by_name(around(Answer()))["terminal"].value.startswith("none")


def test_what_the_surroundings_say_is_cleaned() -> None:
    hostile = "\x1b[31m\u202ex\x9b"
    answer = Answer(is_there=True, columns=80, lines=24, name=hostile, round_trip=0.001)
    for surroundings in (
        around(answer, TERM=hostile, LC_ALL=hostile),
        around(Answer(is_there=True), TERM_PROGRAM=hostile),
    ):
        for finding in by_name(surroundings).values():
            assert clean(finding.value) == finding.value
            assert clean(finding.mend) == finding.mend


def test_no_secret_of_an_address_is_shown() -> None:
    url = StoreUrl.parse("https://dana:hunt%40er2@desk.example:8443/inbox?token=abc123")
    said = f"Cannot reach {url.text}: dana:hunt%40er2 or hunt@er2 with abc123"
    for words in (without_secrets(said, url), shown(url)):
        assert not [secret for secret in ("hunt", "er2", "abc123") if secret in words]
    assert shown(StoreUrl.parse("sqlite:////srv/acme/inbox.db?x=1")) == "sqlite:////srv/acme/inbox.db"


def test_stores_and_keyrings() -> None:
    assert of_store(StoreFact("x://y", error="No.", hint="Do."))[-1].mend == "Do."
    assert of_store(StoreFact("x://y", opened=True, conversations=1))[-1].value == "1 conversation"
    assert of_keyring(Keyring(), takes_token=False).value == "not used by this store"
    assert of_keyring(Keyring(), takes_token=True).state is State.NOTE
    for backend, state in (
        ("", State.WRONG),
        ("keyring.backends.fail.Keyring", State.WRONG),
        ("keyring.backends.null.Keyring", State.WRONG),
        ("keyrings.alt.file.PlaintextKeyring", State.WRONG),
        ("keyring.backends.SecretService.Keyring", State.OK),
    ):
        assert of_keyring(Keyring(used=True, installed=True, backend=backend), takes_token=True).state is state


def test_a_keyring_that_waits_for_ever_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keyring.py").write_text("import threading\nthreading.Event().wait()\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "keyring", raising=False)
    monkeypatch.setattr(diagnosis_files, "KEYRING_TIMEOUT", 0.05)
    fact = look_at_keyring(takes_token=True)
    assert fact.used
    assert of_keyring(fact, takes_token=True).value.startswith("it does not answer")
