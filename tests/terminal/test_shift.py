"""A whole shift by keyboard alone: filter, search, read, assign, take, reply, resolve, undo, next, export.

The same keys are pressed in a shop of 36 conversations, whose frames stand here as
they must look, and in a workspace of 2,000, whose numbers are counted from its file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

import large_workspace

from .conftest import ME, Desk, found_workspace, new_desk
from .harness import Terminal, needs_tmux

pytestmark = needs_tmux

LABELS = ("1 All", "2 Your inbox", "3 Unresolved", "4 Resolved", "5 Pending human reply", "6 Has lead")
PANE = 56
"""Columns that the list takes of 120, the line beside it included."""
REPLY = ("Hello,", "your matter is settled.", "Kind regards, Dana")
EVENTS = (
    "Jonas Berg was assigned by Dana Ortiz",
    "Dana Ortiz took this",
    "Dana Ortiz reopened this",
    "Dana Ortiz marked this resolved",
)
"""What the thread says of the shift, before and after the reply; the first resolve was done again by the undo."""

FRAMES = {
    "1": """\
[1 All 36] 2 Your inbox 6  3 Unresolved 30  4 Resolved 6  5 Pending human reply 6  6 Has lead 27
 ⌕ search · newest first                  ⤓ Export CSV │
▌● Ada Lund                            waiting 1h ＋  ▐│
▌  Thank you. My number is 1000.                      ▐│
 ✓ Bo Lund                                     2h ＋  ▐│
   Thank you. My number is 1001.                      ▐│
   Cleo Lund                                   3h you ▐│
   Thank you. My number is 1002.                      ▐│
   Visitor c-3                                 4h (JB)▐│
""",
    "2": """\
 1 All 36 [2 Your inbox 6] 3 Unresolved 30  4 Resolved 6  5 Pending human reply 6  6 Has lead 27
 ⌕ search · newest first                  ⤓ Export CSV │
▌  Cleo Lund                                   3h you  │
▌  Thank you. My number is 1002.                       │
   Ines Lund                                   9h you  │
   Thank you. My number is 1008.                       │
""",
    "3": """\
 1 All 36  2 Your inbox 6 [3 Unresolved 30] 4 Resolved 6  5 Pending human reply 6  6 Has lead 27
 ⌕ search · newest first                  ⤓ Export CSV │
▌● Ada Lund                            waiting 1h ＋  ▐│
▌  Thank you. My number is 1000.                      ▐│
   Cleo Lund                                   3h you ▐│
""",
    "4": """\
 1 All 36  2 Your inbox 6  3 Unresolved 30 [4 Resolved 6] 5 Pending human reply 6  6 Has lead 27
 ⌕ search · newest first                  ⤓ Export CSV │
▌✓ Bo Lund                                     2h ＋   │
▌  Thank you. My number is 1001.                       │
 ✓ Visitor c-7                                 8h ＋   │
""",
    "5": """\
 1 All 36  2 Your inbox 6  3 Unresolved 30  4 Resolved 6 [5 Pending human reply 6] 6 Has lead 27
 ⌕ search · longest waiting first         ⤓ Export CSV │
▌● Dov Otis                            waiting 1d ＋   │
▌  Thank you. My number is 1030.                       │
 ● Gro Nagy                            waiting 1d ＋   │
   Thank you. My number is 1024.                       │
 ● Ada Nagy                           waiting 19h ＋   │
""",
    "6": """\
 1 All 36  2 Your inbox 6  3 Unresolved 30  4 Resolved 6  5 Pending human reply 6 [6 Has lead 27]
 ⌕ search · newest first                  ⤓ Export CSV │
▌● Ada Lund                            waiting 1h ＋  ▐│
▌  Thank you. My number is 1000.                      ▐│
 ✓ Bo Lund                                     2h ＋  ▐│
   Thank you. My number is 1001.                      ▐│
   Cleo Lund                                   3h you ▐│
   Thank you. My number is 1002.                      ▐│
   Ewa Lund                                    5h ＋  ▐│
""",
}
"""The shop under each filter: the filters, the list's header and its first rows."""
ASSIGN_MENU = """\
Assign ＋  ✓ Mark resolved
╭─ Assign to ─────────────────────────────────╮
│type a name                                  │
│✓ ＋   Unassigned                            │
│  (DO) You · Dana Ortiz  dana@acme.example   │
│  (JB) Jonas Berg  jonas@acme.example        │
╰─────────────────────────────────────────────╯"""
"""What hangs from the button: nobody first, who is asking second."""


@dataclass(frozen=True)
class Shift:
    """A workspace, and what is known of it beforehand."""

    desk: Desk
    counts: tuple[int, ...]
    search: str
    found: int
    """How many unresolved conversations the search finds."""


def require_frame(terminal: Terminal, frame: str) -> None:
    """The screen, from its second line on, begins with a frame (the filters whole, else the list's columns)."""
    filters, *rows = frame.splitlines()

    def is_shown(screen: str) -> bool:
        lines = screen.splitlines()[1:]
        return lines[0] == filters and all(line.startswith(row) for line, row in zip(lines[1:], rows, strict=False))

    terminal.wait_for(is_shown)


def filter_line(counts: Sequence[int], active: int) -> str:
    """The line of the filters."""
    parts = [f"{label} {count:,}" for label, count in zip(LABELS, counts, strict=True)]
    return "".join(f"[{part}]" if number == active else f" {part} " for number, part in enumerate(parts, 1)).rstrip()


def wait_for_counts(terminal: Terminal, counts: Sequence[int], active: int) -> None:
    terminal.wait_for(lambda screen: screen.splitlines()[1].rstrip() == filter_line(counts, active))


def header(screen: str) -> str:
    """The line above the open conversation: who wrote, who has it, what its status is."""
    return screen.splitlines()[2].partition("│")[2]


def is_open(screen: str) -> bool:
    """The pane shows the conversation that is highlighted in the list."""
    name = highlighted(screen)[3:PANE].split("  ")[0].strip()
    return bool(name) and visitor_of(screen) == name


def highlighted(screen: str) -> str:
    """The first line of the highlighted row."""
    return next((line for line in screen.splitlines() if line.startswith("▌")), "")


def visitor_of(screen: str) -> str:
    return header(screen).strip().split("  ")[0]


def require_thread(desk: Desk, id: str) -> None:
    """The command line prints what was done on the screen, in its order."""
    printed = re.sub(r"\s+", " ", desk.run("show", id))
    places = [printed.rfind(words) for words in (*EVENTS[:2], " ".join(REPLY), *EVENTS[2:])]
    assert -1 not in places and places == sorted(places), printed


def work(shift: Shift) -> None:
    """The shift."""
    desk, terminal = shift.desk, shift.desk.open()
    every, mine, unresolved, resolved, pending, leads = shift.counts
    for number in range(1, 7):
        terminal.keys(str(number))
        wait_for_counts(terminal, shift.counts, number)

    terminal.keys("3", "/")
    terminal.wait_for("words in messages, names, topics")
    terminal.text(shift.search)
    terminal.keys("Enter")
    screen = terminal.wait_for(lambda screen: f"⌕ {shift.search} · {shift.found} found" in screen and is_open(screen))
    who = visitor_of(screen)
    mine -= "(DO)" in header(screen)
    pending -= "waiting" in highlighted(screen)

    terminal.keys("a")
    terminal.wait_for("type a name")
    terminal.text("jonas")
    terminal.wait_for(lambda screen: "Unassigned" not in screen)
    terminal.keys("Enter")
    terminal.wait_for(
        lambda screen: "(JB) Jonas Berg ▾" in header(screen) and f"Assigned {who} to Jonas Berg" in screen
    )
    terminal.keys("i")
    terminal.wait_for("Jonas Berg has this. Take it over?")
    terminal.keys("Enter")
    terminal.wait_for(lambda screen: "(DO) Dana Ortiz ▾" in header(screen) and f"Assigned {who} to Dana" in screen)

    terminal.keys("r")
    for line in REPLY[:-1]:
        terminal.text(line)
        terminal.keys("C-j")
    terminal.text(REPLY[-1])
    terminal.wait_for(lambda screen: all(line in screen for line in (f"│ {REPLY[0]}", f"│ {REPLY[-1]}")))
    terminal.enter()
    last_words = "Team: " + " ".join(REPLY)[:40]
    terminal.wait_for(lambda screen: f"✓ Sent to {who}" in screen and last_words in screen)

    terminal.keys("e")
    screen = terminal.wait_for(f"✓ Resolved {who} · z undo")
    terminal.wait_for(lambda screen: header(screen).endswith("✓ Mark resolved"))
    unresolved, resolved = unresolved - 1, resolved + 1
    terminal.escape()
    terminal.wait_for("⌕ search · newest first")
    terminal.keys("4")
    wait_for_counts(terminal, (every, mine, unresolved, resolved, pending, leads), 4)
    terminal.wait_for(lambda screen: is_open(screen) and visitor_of(screen) == who)
    terminal.keys("e")
    terminal.wait_for(f"✓ Reopened {who} · z undo")
    wait_for_counts(terminal, (every, mine + 1, unresolved + 1, resolved - 1, pending, leads), 4)
    terminal.keys("z")
    terminal.wait_for(f"✓ {who} is resolved again")
    wait_for_counts(terminal, (every, mine, unresolved, resolved, pending, leads), 4)

    terminal.keys("n")
    wait_for_counts(terminal, (every, mine, unresolved, resolved, pending, leads), 5)
    first = visitor_of(terminal.wait_for(lambda screen: is_open(screen) and "● waiting" in screen.splitlines()[3]))
    place = [line.startswith("▌") for line in terminal.lines()].index(True)
    terminal.keys("n")
    terminal.wait_for(lambda screen: screen.splitlines()[place + 2].startswith("▌"))
    terminal.wait_for(is_open)
    assert first != who

    terminal.keys("1")
    wait_for_counts(terminal, (every, mine, unresolved, resolved, pending, leads), 1)
    terminal.keys("E")
    terminal.wait_for(f"{every:,} conversations to a CSV file.")
    terminal.keys("C-u")
    terminal.text("shift.csv")
    terminal.keys("Enter")
    terminal.wait_for(f"{every:,} conversations in ")
    terminal.keys("Enter")
    terminal.wait_for(lambda screen: "Export CSV │" in screen)
    terminal.keys("q")
    assert terminal.wait_for_end() == 0

    with (desk.folder / "shift.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == every
    assert sum(row["status"] == "resolved" for row in rows) == resolved
    (row,) = [row for row in rows if row["last_message"] == "\n".join(REPLY) or row["last_message"] == " ".join(REPLY)]
    assert (row["visitor"], row["status"], row["assignee_email"]) == (who, "resolved", ME)
    assert row["first_human_reply_at"] and row["resolved_at"]
    require_thread(desk, row["conversation_id"])


def test_a_shift_in_a_small_shop(desk: Desk) -> None:
    work(Shift(desk, counts=(36, 6, 30, 6, 6, 27), search="refund", found=6))


def test_the_frames_of_a_small_shop(desk: Desk) -> None:
    terminal = desk.open()
    for key, frame in FRAMES.items():
        terminal.keys(key)
        require_frame(terminal, frame)
    terminal.keys("1", "a")
    terminal.wait_for("Unassigned")
    shown = terminal.lines()
    for number, line in enumerate(ASSIGN_MENU.splitlines(), 2):
        assert line in shown[number]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shift]:
    """The workspace of 2,000, and its numbers as its file has them."""
    lines = large_workspace.conversations()
    is_open = [line.get("status", "open") == "open" for line in lines]
    mine = sum(line.get("assignee") == ME and opened for line, opened in zip(lines, is_open, strict=True))
    pending = sum(bool(line.get("needs_human")) and opened for line, opened in zip(lines, is_open, strict=True))
    leads = sum(bool(line.get("visitor")) for line in lines)
    counts = (len(lines), mine, sum(is_open), len(lines) - sum(is_open), pending, leads)
    found = sum(_says(line, "vegetarian") and opened for line, opened in zip(lines, is_open, strict=True))
    with ExitStack() as terminals:
        desk = new_desk(tmp_path_factory.mktemp("large"), terminals)
        found_workspace(desk)
        desk.run("import", str(large_workspace.write(desk.folder / "large.jsonl")))
        yield Shift(desk, counts, "vegetarian", found)


@pytest.mark.slow
def test_a_shift_among_two_thousand(large: Shift) -> None:
    work(large)


def _says(line: dict[str, list[dict[str, str]]], word: str) -> bool:
    return any(re.search(rf"\b{word}", message["body"], re.IGNORECASE) for message in line["messages"])
