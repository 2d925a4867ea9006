"""Measures inbox-tui against a hello-world program, and prints a table.

    python -m benchmarks [--sizes 1k,100k,1M] [--rounds 5] [--folder FOLDER]

All programs take turns within one run, so that a busy machine slows each alike: what
counts are the ratios.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from benchmarks import runs
from benchmarks.generate import default_folder, size, workspace
from benchmarks.pty import COLUMNS, LINES
from benchmarks.runs import FIRST_SCREEN, MEMORY, START, Samples
from benchmarks.truth import Truth, look_up

_RATIOS = {START, FIRST_SCREEN, MEMORY}
"""Measures that are also given as a multiple of hello's."""
_P95 = 0.95


def measure(files: dict[str, Path], rounds: int) -> dict[str, Samples]:
    """Column → samples of all rounds; the first column is hello."""
    truths: dict[str, Truth] = {name: look_up(file) for name, file in files.items()}
    columns: dict[str, Samples] = {"hello": {}, **{name: {} for name in files}}
    with tempfile.TemporaryDirectory(prefix="inbox-tui-bench-") as home:
        environment = runs.surroundings(Path(home))
        runs.hello(environment)  # once for nothing: what is measured is compiled and in the disk's cache
        for name, file in files.items():
            runs.warm_up(environment, file, truths[name])
        for turn in range(rounds):
            _extend(columns["hello"], runs.hello(environment))
            for name, file in files.items():
                _extend(columns[name], runs.inbox(environment, file, truths[name]))
                print(f"round {turn + 1} of {rounds}: {name}", file=sys.stderr)
    return columns


def table(columns: dict[str, Samples]) -> str:
    """Markdown: median / p95, and how many times hello."""
    measures = list(dict.fromkeys(measure for samples in columns.values() for measure in samples))
    lines = [f"| median / p95 | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    yardstick = columns["hello"]
    for measure in measures:
        base = statistics.median(yardstick[measure]) if measure in _RATIOS else None
        cells = (_cell(samples.get(measure, []), base) for samples in columns.values())
        lines.append(f"| {measure} | {' | '.join(cells)} |")
    return "\n".join(lines)


def machine() -> str:
    """What was measured on."""
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()},"
        f" Textual {version('textual')}, SQLite {sqlite3.sqlite_version};"
        f" pty {COLUMNS}×{LINES}, xterm-256color"
    )


def _extend(samples: Samples, more: Samples) -> None:
    for measure, values in more.items():
        samples.setdefault(measure, []).extend(values)


def _cell(values: list[float], base: float | None) -> str:
    if not values:
        return ""
    median = statistics.median(values)
    p95 = sorted(values)[min(len(values) - 1, int(len(values) * _P95))]
    ratio = "" if base is None else f" (× {median / base:.2f})"
    digits = 1 if median < 100 else 0
    return f"{median:,.{digits}f} / {p95:,.{digits}f}{ratio}"


def main() -> None:
    """Make what is missing, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", default="1k,100k,1M", help="conversations, comma-separated (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=default_folder(), help="where workspaces are kept")
    options = parser.parse_args()
    files = {name: workspace(size(name), options.folder) for name in options.sizes.split(",")}
    columns = measure(files, options.rounds)
    print(f"{machine()}; {options.rounds} rounds\n\n{table(columns)}")


if __name__ == "__main__":
    main()
