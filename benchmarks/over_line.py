"""How long the inbox takes over a long line: our server, and a database, at the other end of a proxy that delays.

    python -m benchmarks.over_line [--size 100k] [--round-trips 0,20,100,300] [--rounds 3] [--folder FOLDER]
        [--postgres postgresql://superuser@127.0.0.1:PORT/postgres] [--postgres-size 10k]

A round trip is given in milliseconds; making a connection takes one, as on a real line. For the first list the
table says how many the program waited for and how many requests it made, which no busy machine changes.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from benchmarks.__main__ import machine
from benchmarks.generate import ME, default_folder, size, workspace
from benchmarks.proxy import HERE, Proxy, Tally, far_away
from benchmarks.pty import LINES, Terminal
from benchmarks.runs import pane_follows, surroundings
from benchmarks.server import Server
from benchmarks.truth import Truth, look_up
from inbox_tui.domain.filters import Filter

FIRST_LIST, MOVE = "first list", "j, with its thread"
FILTER, FILTER_AGAIN = "a filter not seen", "a filter seen before"
REPLY_SHOWN, REPLY_ACKNOWLEDGED = "a reply shown", "a reply acknowledged"
MOVES, REPLIES = 10, 3
_FILTER_KEYS = (5, 2, 4, 3, 6, 1)
_SETTLED = 1.0
"""Seconds, beside a few round trips, after which what is read ahead has been read."""
_REST = 0.25
"""The same between two keys."""
_AFTER_TYPING = 1.0
"""Seconds after which Enter cannot belong to what was typed: before, the inbox waits to see whether more comes."""
_LIST_COLUMNS = 55
_THREAD_ROWS = slice(4, LINES - 10)
_SENDING = "sending"
_NO_HOLD = 'undo_send = 0\nafter_send = "list"\n'
_MS = 1000

Samples = dict[str, list[float]]
"""What was done → milliseconds, each time."""


class Column(NamedTuple):
    """What was measured at one distance."""

    samples: Samples
    first_list: Tally
    """What passed until the first list was there, and all that was read right after it."""


def remote(address: str, environment: Mapping[str, str], truth: Truth, round_trip: float, rounds: int) -> Column:
    """The start, and moves and filters, at our server."""
    parts = urlsplit(address)
    command = [_program(), "--store"]
    with far_away(parts.hostname or HERE, parts.port or 0, round_trip) as proxy:
        command.append(f"http://{HERE}:{proxy.port}")
        column = started(command, environment, truth, proxy, rounds)
        with Terminal(command, dict(environment)) as terminal:
            terminal.start(truth.newest.is_first)
            terminal.pause(_SETTLED + 4 * round_trip)
            samples = column.samples
            samples[MOVE] = [_pressed(terminal, b"j", thread_follows, round_trip) for _ in range(MOVES)]
            terminal.press(b"g", pane_follows)
            samples[FILTER] = list(_filters(terminal, truth, round_trip))
            samples[FILTER_AGAIN] = list(_filters(terminal, truth, round_trip))
    return column


def replies(address: str, environment: Mapping[str, str], truth: Truth, round_trip: float) -> Samples:
    """Replies in the newest conversation, which stays the newest."""
    parts = urlsplit(address)
    samples: Samples = {}
    with far_away(parts.hostname or HERE, parts.port or 0, round_trip) as proxy:
        command = [_program(), "--store", f"http://{HERE}:{proxy.port}"]
        with Terminal(command, dict(environment)) as terminal:
            terminal.start(truth.newest.is_first)
            terminal.pause(_SETTLED + 4 * round_trip)
            for measure, value in _replies(terminal, round_trip):
                samples.setdefault(measure, []).append(value)
    return samples


def database(address: str, environment: Mapping[str, str], truth: Truth, round_trip: float, rounds: int) -> Column:
    """The start at a database."""
    parts = urlsplit(address)
    with far_away(parts.hostname or HERE, parts.port or 0, round_trip) as proxy:
        user = f"{parts.username}@" if parts.username else ""
        far = urlunsplit(parts._replace(netloc=f"{user}{HERE}:{proxy.port}"))
        return started([_program(), "--store", far, "--as", ME], environment, truth, proxy, rounds)


def started(command: Sequence[str], environment: Mapping[str, str], truth: Truth, proxy: Proxy, rounds: int) -> Column:
    """The first list, again and again."""
    samples: Samples = {FIRST_LIST: []}
    passed = Tally()
    for _ in range(rounds):
        proxy.begin()
        with Terminal(command, dict(environment)) as terminal:
            samples[FIRST_LIST].append(terminal.start(truth.newest.is_first).shown)
            terminal.pause(_REST)
            passed = proxy.tally
    return Column(samples, passed)


def thread_follows(lines: list[str]) -> bool:
    """The pane is headed by the conversation that the list marks, and some of its messages are there."""
    return pane_follows(lines) and any(line[_LIST_COLUMNS + 1 :].strip() for line in lines[_THREAD_ROWS])


def table(columns: Mapping[str, Column]) -> str:
    """Markdown: medians, in milliseconds."""
    measures = list(dict.fromkeys(measure for column in columns.values() for measure in column.samples))
    lines = [f"| median, ms | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for measure in measures:
        lines.append(f"| {measure} | {' | '.join(_cell(column.samples[measure]) for column in columns.values())} |")
    for name in Tally._fields:
        counted = (f"{getattr(column.first_list, name):,}" for column in columns.values())
        lines.append(f"| until it and what follows it stand: {name.replace('_', ' ')} | {' | '.join(counted)} |")
    return "\n".join(lines)


def _filters(terminal: Terminal, truth: Truth, round_trip: float) -> Sequence[float]:
    """Each filter once. Where the row that comes first is that of the list before, nobody can see when it is there."""
    taken: list[float] = []
    before = truth.newest
    for key in _FILTER_KEYS:
        target = truth.filters[list(Filter)[key - 1]]
        value = _pressed(terminal, str(key).encode(), truth.filter_shown(key), round_trip)
        if target is not None and target.visitor != before.visitor:
            taken.append(value)
        before = target or before
    return taken


def _replies(terminal: Terminal, round_trip: float) -> Iterator[tuple[str, float]]:
    """Replies, of which every other one is watched until it is acknowledged."""
    for number in range(2 * REPLIES):
        terminal.press(b"r")
        terminal.pause(_REST + 2 * round_trip)
        words = f"answer {number} to this"
        terminal.press(words.encode())
        terminal.pause(_AFTER_TYPING)
        measure, shown = (REPLY_SHOWN, _says) if number % 2 else (REPLY_ACKNOWLEDGED, _has_sent)
        yield measure, _pressed(terminal, b"\r", shown(words), round_trip)


def _says(words: str) -> Callable[[list[str]], bool]:
    """The words stand in the thread, not only in the box."""
    return lambda lines: any(words in line[_LIST_COLUMNS:] for line in lines[_THREAD_ROWS])


def _has_sent(words: str) -> Callable[[list[str]], bool]:
    """The words stand in the thread, and nothing is on its way."""
    return lambda lines: _says(words)(lines) and not any(_SENDING in line for line in lines)


def _pressed(terminal: Terminal, key: bytes, shown: Callable[[list[str]], bool], round_trip: float) -> float:
    value = terminal.press(key, shown).shown
    terminal.pause(_REST + 2 * round_trip)
    return value


def _cell(values: list[float]) -> str:
    return f"{statistics.median(values):,.0f}" if values else ""


def _program() -> str:
    return str(Path(sys.executable).with_name("inbox-tui"))


def main() -> None:
    """Serve, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.over_line", description=__doc__)
    parser.add_argument("--size", default="100k", type=size)
    parser.add_argument("--round-trips", default="0,20,100,300", help="milliseconds, comma-separated")
    parser.add_argument("--rounds", type=int, default=3, help="starts at each distance")
    parser.add_argument(
        "--postgres", default="", help="a superuser's address over TCP; without it only HTTP is measured"
    )
    parser.add_argument("--postgres-size", default="10k", type=size)
    parser.add_argument("--folder", type=Path, default=default_folder(), help="where workspaces are kept")
    options = parser.parse_args()
    distances = [int(word) for word in options.round_trips.split(",")]
    kept = workspace(options.size, options.folder)
    truth = look_up(kept)
    with tempfile.TemporaryDirectory(prefix="inbox-tui-bench-") as name:
        home, file = Path(name), Path(name) / "inbox.db"
        config = home / "config.toml"
        config.write_text(_NO_HOLD)
        environment = surroundings(home) | {"INBOX_TUI_CONFIG": str(config)}
        shutil.copy(kept, file)
        server = Server(file, home)
        member = environment | {"INBOX_TUI_TOKEN": server.token(ME)}
        columns: dict[str, Column] = {}
        with server.serving() as address:
            for distance in distances:
                columns[f"{distance} ms"] = remote(address, member, truth, distance / _MS, options.rounds)
                print(f"our server, {distance} ms: read", file=sys.stderr)
            for distance in distances:  # afterwards: a reply changes what the filters hold
                columns[f"{distance} ms"].samples.update(replies(address, member, truth, distance / _MS))
                print(f"our server, {distance} ms: replied", file=sys.stderr)
        print(f"{machine()}\n\nOur server, {options.size:,} conversations\n\n{table(columns)}")
        if options.postgres:
            from benchmarks.postgres import database as filled

            near = workspace(options.postgres_size, options.folder)
            address, known = filled(options.postgres, near), look_up(near)
            columns = {
                f"{distance} ms": database(address, environment, known, distance / _MS, options.rounds)
                for distance in distances
            }
            print(f"\nPostgreSQL, {options.postgres_size:,} conversations\n\n{table(columns)}")


if __name__ == "__main__":
    main()
