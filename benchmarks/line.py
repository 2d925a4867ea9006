"""What goes over the line: bytes that the inbox sends for each thing a person does, beside others' programs.

    python -m benchmarks.line [--size 1k] [--moves 40] [--idle 60] [--folder FOLDER]

The same inbox painted by the toolkit's own display is the second column; neomutt, on a
thousand mails, the last where it is installed.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from email.message import EmailMessage
from mailbox import mbox
from pathlib import Path

from benchmarks.__main__ import machine
from benchmarks.generate import default_folder, size, workspace
from benchmarks.pty import Terminal
from benchmarks.runs import command, pane_follows, surroundings
from benchmarks.truth import Truth, look_up

Sizes = dict[str, list[int]]
"""What was done → bytes, each time."""

FIRST, MOVE, SCROLL = "first screen", "j, pane following", "j that scrolls, pane following"
LIST_ONLY, FILTER, OPEN = "j, before the pane follows", "filter switch", "open, to the reply box"
LETTER, IDLE = "a typed character", "idle, {:.0f} s"
_MAILS = 1_000
_WORDS = "Let me look into that for you "
_FILTER_KEYS = (5, 3, 4, 6, 2, 1)
_SETTLED = 0.4
"""Seconds after which what is done ahead of a person is done."""
_FOLLOWED = 0.8
"""Seconds after which a pane that follows a resting cursor has followed."""
_TOP, _LIST = 3, slice(1, 55)
"""The list's first line on the screen, and its columns without the marker of the highlight."""


def inbox(program: Sequence[str], environment: dict[str, str], truth: Truth, moves: int, idle: float) -> Sizes:
    """A person at work, then away."""
    found: Sizes = {}
    with Terminal(program, environment) as terminal:
        found[FIRST] = [terminal.start(truth.newest.is_first).size + terminal.pause(_SETTLED)]
        for _ in range(moves):
            top = terminal.lines[_TOP][_LIST]
            sent = terminal.press(b"j", pane_follows).size + terminal.pause()
            found.setdefault(MOVE if terminal.lines[_TOP][_LIST] == top else SCROLL, []).append(sent)
        found[FILTER] = [
            terminal.press(str(key).encode(), truth.filter_shown(key)).size + terminal.pause() for key in _FILTER_KEYS
        ]
        found[OPEN], found[LETTER] = _write(terminal)
        terminal.press(b"\x15")
        terminal.press(b"\x1b[27u")
        terminal.pause(_SETTLED)
        found[IDLE.format(idle)] = [terminal.pause(idle)]
    return found


def stock(program: Sequence[str]) -> list[str]:
    """The same inbox, painted by the toolkit."""
    return [sys.executable, "-m", "benchmarks.line_stock", *program[1:]]


def slow(program: Sequence[str], environment: dict[str, str], truth: Truth, moves: int) -> Sizes:
    """The same with --slow, where the list moves first and the pane follows once the cursor rests."""
    found: Sizes = {LIST_ONLY: [], MOVE: [], SCROLL: []}
    with Terminal([*program, "--slow"], environment) as terminal:
        found[FIRST] = [terminal.start(truth.newest.is_first).size + terminal.pause(_SETTLED)]
        for _ in range(moves):
            top = terminal.lines[_TOP][_LIST]
            at_once = terminal.press(b"j").size
            in_all = at_once + terminal.pause(_FOLLOWED)
            if terminal.lines[_TOP][_LIST] == top:
                found[LIST_ONLY].append(at_once)
                found[MOVE].append(in_all)
            else:
                found[SCROLL].append(in_all)
        found[OPEN], found[LETTER] = _write(terminal)
    return found


def neomutt(program: str, home: Path, moves: int, idle: float) -> Sizes:
    """The index of a mailbox, and a mail opened in it."""
    box = mbox(home / "mails")
    for number in range(_MAILS):
        mail = EmailMessage()
        mail["From"] = f"Visitor {number} <visitor{number}@mail.example>"
        mail["Subject"] = f"Where is parcel {number}?"
        mail["Date"] = f"{1 + number % 28} Oct 2026 10:{number % 60:02}:00 +0000"
        mail.set_content("It should have come on Friday.\n" * 12)
        box.add(mail)
    box.close()
    found: Sizes = {}
    settings = "set folder=.; set sidebar_visible=no; set quit=yes; set mark_old=no"
    words = [program, "-n", "-F", "/dev/null", "-e", settings, "-f", str(home / "mails")]
    with Terminal(words, surroundings(home)) as terminal:
        found[FIRST] = [terminal.start(lambda lines: any("parcel" in line for line in lines)).size + terminal.pause()]
        found[LIST_ONLY] = [terminal.press(b"j").size + terminal.pause() for _ in range(moves)]
        found[IDLE.format(idle)] = [terminal.pause(idle)]
        opened = terminal.press(b"\r", lambda lines: any("Friday" in line for line in lines))
        found["open a mail"] = [opened.size + terminal.pause()]
    return found


def table(columns: dict[str, Sizes]) -> str:
    """Markdown: the median, and the 95th percentile where there are several."""
    measures = list(dict.fromkeys(measure for sizes in columns.values() for measure in sizes))
    lines = [f"| bytes, median / p95 | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for measure in measures:
        lines.append(f"| {measure} | {' | '.join(_cell(sizes.get(measure, [])) for sizes in columns.values())} |")
    return "\n".join(lines)


def _write(terminal: Terminal) -> tuple[list[int], list[int]]:
    opened = terminal.press(b"r").size + terminal.pause(_SETTLED)
    return [opened], [terminal.press(letter.encode()).size for letter in _WORDS]


def _cell(values: list[int]) -> str:
    if not values:
        return ""
    median = f"{statistics.median(values):,.0f}"
    return median if len(values) == 1 else f"{median} / {sorted(values)[int(len(values) * 0.95)]:,}"


def main() -> None:
    """Count, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.line", description=__doc__)
    parser.add_argument("--size", default="1k", type=size)
    parser.add_argument("--moves", type=int, default=40)
    parser.add_argument("--idle", type=float, default=60.0, help="seconds in which nobody does anything")
    parser.add_argument("--folder", type=Path, default=default_folder(), help="where workspaces are kept")
    options = parser.parse_args()
    file = workspace(options.size, options.folder)
    truth, program = look_up(file), command(file)
    columns: dict[str, Sizes] = {}
    with tempfile.TemporaryDirectory(prefix="inbox-tui-bench-") as name:
        environment = surroundings(Path(name))
        columns["inbox-tui"] = inbox(program, environment, truth, options.moves, options.idle)
        columns["painted by the toolkit"] = inbox(stock(program), environment, truth, options.moves, options.idle)
        columns["inbox-tui --slow"] = slow(program, environment, truth, options.moves)
        if found := shutil.which("neomutt"):
            columns["neomutt"] = neomutt(found, Path(name), options.moves, options.idle)
        else:
            print("neomutt is not installed and therefore not measured", file=sys.stderr)
    print(f"{machine()}\n\n{table(columns)}")


if __name__ == "__main__":
    main()
