"""The first start: an empty inbox asks what shall be in it, and a demo leaves no trace."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

import inbox_tui.sample

from .conftest import Desk, conversations
from .harness import Terminal, needs_tmux

pytestmark = needs_tmux

SAMPLE = Path(inbox_tui.sample.__file__).with_name("conversations.jsonl")


@pytest.fixture
def welcome(empty_desk: Desk) -> Terminal:
    """The first start of all."""
    terminal = empty_desk.terminal()
    terminal.start("inbox-tui")
    terminal.wait_for("Welcome to inbox-tui")
    terminal.wait_for("[1] Load sample conversations")
    return terminal


def total(screen: str) -> int:
    """The number in the filter All."""
    found = re.match(r"[\[ ]1 All ([\d,]+)", screen.splitlines()[1])
    return int(found[1].replace(",", "")) if found else 0


def is_welcome(screen: str) -> bool:
    return "Welcome to inbox-tui" in screen


def test_it_offers_a_sample_an_import_and_a_remote_inbox(welcome: Terminal) -> None:
    screen = welcome.screen()
    for words in ("This inbox is empty.", "Load sample conversations", "Import a file", "Connect to a team's inbox"):
        assert words in screen
    assert "Start empty" in screen


def test_the_sample_fills_the_list(welcome: Terminal, empty_desk: Desk) -> None:
    welcome.keys("1")
    whole = len(SAMPLE.read_text("utf-8").splitlines())  # it comes in parts
    welcome.wait_for(lambda screen: total(screen) == whole and f"Imported {whole} conversations" in screen)
    welcome.wait_for(lambda screen: any(line.startswith("▌") for line in screen.splitlines()))
    welcome.keys("q")
    assert welcome.wait_for_end() == 0
    again = empty_desk.terminal()
    again.start("inbox-tui")
    shown = again.wait_for("● live")
    assert total(shown) == whole
    assert not is_welcome(shown)


def test_a_file_can_be_imported(welcome: Terminal, empty_desk: Desk) -> None:
    lines = [json.dumps(line) for line in conversations(datetime.now(timezone.utc))]
    (empty_desk.folder / "mine.jsonl").write_text("\n".join(lines), "utf-8")
    welcome.keys("2")
    welcome.wait_for("~/conversations.jsonl")
    welcome.text("nowhere.jsonl\r")
    welcome.wait_for("There is no file nowhere.jsonl.")
    welcome.text("\x15mine.jsonl\r")
    welcome.wait_for(lambda screen: total(screen) == 36 and "▌● Ada Lund" in screen)


def test_a_teams_inbox_is_explained(welcome: Terminal) -> None:
    welcome.keys("3")
    welcome.wait_for("inbox-tui with --store URL")
    welcome.escape()
    welcome.wait_for(lambda screen: not is_welcome(screen) and "No conversations yet." in screen)
    for offer in ("Load sample conversations", "Import a file", "Connect to a team's inbox"):
        assert offer in welcome.screen()


def test_a_demo_leaves_nothing_behind(empty_desk: Desk) -> None:
    kept = empty_desk.folder / "kept"
    kept.mkdir()
    terminal = empty_desk.terminal(TMPDIR=str(kept))
    terminal.start("inbox-tui", "demo")
    screen = terminal.wait_for("● live")
    assert total(screen) > 10
    assert "sample" in screen.splitlines()[0]
    terminal.text("ra draft")
    terminal.wait_for("│ a draft")
    terminal.escape()
    terminal.keys("i", "e")
    terminal.wait_for("✓ Resolved ")
    terminal.keys("q")
    assert terminal.wait_for_end() == 0
    assert left(empty_desk.home) == left(kept) == []


def test_a_demo_that_is_hung_up_leaves_nothing_behind(empty_desk: Desk) -> None:
    kept = empty_desk.folder / "kept"
    kept.mkdir()
    terminal = empty_desk.terminal(TMPDIR=str(kept))
    terminal.start("inbox-tui", "demo")
    terminal.wait_for("● live")
    terminal.hang_up()
    assert left(empty_desk.home) == left(kept) == []


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
