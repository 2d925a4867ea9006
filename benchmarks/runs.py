"""One run of a program from start to end, and what was measured in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.generate import ME
from benchmarks.hello import TEXT
from benchmarks.pty import QUIET, Terminal
from benchmarks.truth import Truth

Samples = dict[str, list[float]]
"""Measure → its values, in milliseconds, bytes or megabytes as its name says."""

MOVES = 60
HELD = 40
START, FIRST_SCREEN, MEMORY = "start to first list, ms", "first screen, bytes", "peak memory, MB"

_PAGE_DOWN, _PAGE_UP, _ESCAPE = b"\x1b[6~", b"\x1b[5~", b"\x1b"
_SETTLED = 0.3
"""Seconds after the start until what is fetched ahead has been fetched."""
_ROWS = slice(3, 35)
_LIST_COLUMNS = 55
_MARKER = "▌"
_MEGABYTE = 1e6
_FILTER_KEYS = (5, 3, 4, 6, 2, 1)
_REST = 1.0
"""Seconds without a byte after which a program is idle."""
_IDLE = 5.0
"""Seconds in which nothing is done, and what that costs is counted."""


def surroundings(home: Path) -> dict[str, str]:
    """An environment without this user's settings, drafts and terminal."""
    here = str(Path(__file__).parents[1])
    return {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": here}


def hello(environment: dict[str, str]) -> Samples:
    """The yardstick."""
    samples: Samples = {}
    with Terminal([sys.executable, "-m", "benchmarks.hello"], environment) as terminal:
        _started(samples, terminal, lambda lines: any(TEXT in line for line in lines))
        _idle(samples, terminal)
        samples[MEMORY] = [terminal.peak_memory() / _MEGABYTE]
    return samples


def warm_up(environment: dict[str, str], file: Path, truth: Truth) -> None:
    """Start and end."""
    with Terminal(command(file), environment) as terminal:
        terminal.start(truth.newest.is_first)


def inbox(environment: dict[str, str], file: Path, truth: Truth) -> Samples:
    """A short shift in the inbox."""
    samples: Samples = {}
    with Terminal(command(file), environment) as terminal:
        _started(samples, terminal, truth.newest.is_first)
        terminal.pause(_SETTLED)
        _move(samples, terminal)
        _jump(samples, terminal, truth)
        _filter(samples, terminal, truth)
        _search(samples, terminal, truth)
        _write(samples, terminal)
        _hold(samples, terminal)
        _idle(samples, terminal)
        samples[MEMORY] = [terminal.peak_memory() / _MEGABYTE]
    return samples


def command(file: Path) -> list[str]:
    """inbox-tui on a generated workspace."""
    program = Path(sys.executable).with_name("inbox-tui")
    return [str(program), "--store", f"sqlite:///{file.absolute()}", "--as", ME]


def _started(samples: Samples, terminal: Terminal, shown: Callable[[list[str]], bool]) -> None:
    answer = terminal.start(shown)
    samples[START] = [answer.shown]
    samples[FIRST_SCREEN] = [answer.size]


def _move(samples: Samples, terminal: Terminal) -> None:
    """The cursor down, key by key, as a person reads: past the end of the first screen."""
    for _ in range(MOVES):
        top = terminal.lines[_ROWS.start][1:]
        answer = terminal.press(b"j", pane_follows)
        has_scrolled = terminal.lines[_ROWS.start][1:_LIST_COLUMNS] != top[: _LIST_COLUMNS - 1]
        late = terminal.pause()
        _add(samples, "j to first byte, ms", answer.first)
        _add(samples, "j to last byte, ms", answer.last)
        _add(samples, "j that scrolls, bytes" if has_scrolled else "j, bytes", answer.size + late)
        _add(samples, "j, bytes after 60 ms of quiet", late)


def _jump(samples: Samples, terminal: Terminal, truth: Truth) -> None:
    """To the far end and back, each until the conversation is painted beside the list."""
    _add(samples, "G to the oldest, opened, ms", terminal.press(b"G", truth.oldest.is_open).shown)
    terminal.pause()
    _add(samples, "g to the newest, opened, ms", terminal.press(b"g", truth.newest.is_open).shown)
    terminal.pause()
    for name, key in (("page down, ms", _PAGE_DOWN), ("page up, ms", _PAGE_UP)):
        answer = terminal.press(key, pane_follows)
        _add(samples, name, answer.last)
        _add(samples, name.replace("ms", "bytes"), answer.size + terminal.pause())


def _filter(samples: Samples, terminal: Terminal, truth: Truth) -> None:
    for key in _FILTER_KEYS:
        answer = terminal.press(str(key).encode(), truth.filter_shown(key))
        _add(samples, "filter switch, ms", answer.shown)
        _add(samples, "filter switch, bytes", answer.size + terminal.pause())


def _search(samples: Samples, terminal: Terminal, truth: Truth) -> None:
    for name, (word, target) in truth.searches.items():
        terminal.press(b"/")
        terminal.pause()
        _add(samples, f"search, {name}, ms", terminal.press(word.encode(), target.is_first).shown)
        terminal.pause()
        terminal.press(_ESCAPE, truth.newest.is_first)
        terminal.pause(_SETTLED)


def _write(samples: Samples, terminal: Terminal) -> None:
    terminal.press(b"g", pane_follows)
    terminal.pause(_SETTLED)
    _add(samples, "Enter to the reply box, ms", terminal.press(b"\r").last)
    terminal.pause()
    _add(samples, "a letter in the reply box, ms", terminal.press(b"x").last)
    terminal.press(b"\x7f")
    terminal.press(_ESCAPE)
    terminal.pause(_SETTLED)


def _hold(samples: Samples, terminal: Terminal) -> None:
    """A key held down: how long its last repetition is behind."""
    answer = terminal.press(b"j" * HELD, pane_follows)
    terminal.pause(2 * QUIET)
    _add(samples, f"{HELD} j at once, ms", answer.last)
    _add(samples, f"{HELD} j at once, bytes", answer.size)


def _idle(samples: Samples, terminal: Terminal) -> None:
    """The program looked at, and nothing pressed."""
    while terminal.pause(_REST):
        pass  # something is still being painted
    before = terminal.usage()
    sent = terminal.pause(_IDLE)
    after = terminal.usage()
    _add(samples, "idle: wake-ups a second", (after.wake_ups - before.wake_ups) / _IDLE)
    _add(samples, "idle: CPU, ms a second", (after.cpu - before.cpu) / _IDLE)
    _add(samples, "idle: bytes", sent)


def pane_follows(lines: list[str]) -> bool:
    """The pane is headed by the conversation that the list marks."""
    marked = next((line for line in lines[_ROWS] if line.startswith(_MARKER)), None)
    if marked is None:
        return False
    name = marked[3:_LIST_COLUMNS].split("  ")[0].rstrip("… ")
    return name in lines[_ROWS.start - 1][_LIST_COLUMNS:]


def _add(samples: Samples, measure: str, value: float) -> None:
    samples.setdefault(measure, []).append(value)
