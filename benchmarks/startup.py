"""Where the start of inbox-tui goes: by part, and by imported module.

python -m benchmarks.startup [--size 1k] [--rounds 5] [--modules 40]
"""

from __future__ import annotations

import argparse
import re
import shlex
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.generate import default_folder, size, workspace
from benchmarks.pty import TIMEOUT, Terminal
from benchmarks.runs import command, surroundings
from benchmarks.truth import Truth, look_up

_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|(\s+)(\S+)")
_NS_PER_MS = 1e6
_US_PER_MS = 1e3

Parts = dict[str, float]
"""Part → milliseconds."""


def parts(folder: Path, file: Path, truth: Truth) -> Parts:
    """One start without the interpreter's own measuring."""
    notes = folder / "notes"
    started, painted = _run(folder, file, truth, [sys.executable, "-m", "benchmarks.startup_child", str(notes)])
    before = started
    found: Parts = {}
    for line in notes.read_text("utf-8").splitlines():
        at, _, name = line.partition(" ")
        found[name] = (int(at) - before) / _NS_PER_MS
        before = int(at)
    found["laid out and painted"] = (painted - before) / _NS_PER_MS
    found["all"] = (painted - started) / _NS_PER_MS
    return found


def imports(folder: Path, file: Path, truth: Truth) -> list[tuple[float, float, str]]:
    """Milliseconds by itself and with what it imports, for each module up to the first screen."""
    program = [sys.executable, "-X", "importtime", "-m", "benchmarks.startup_child", str(folder / "notes")]
    _run(folder, file, truth, program)
    lines = (folder / "errors").read_text("utf-8").splitlines()
    matches = (_IMPORT.match(line) for line in lines)
    return [(int(found[1]) / _US_PER_MS, int(found[2]) / _US_PER_MS, found[4]) for found in matches if found]


def _run(folder: Path, file: Path, truth: Truth, program: list[str]) -> tuple[int, int]:
    """When the program was started and when its list was painted."""
    words = shlex.join([*program, *command(file)[1:]])
    shell = ["/bin/sh", "-c", f"exec {words} 2>{shlex.quote(str(folder / 'errors'))}"]
    with Terminal(shell, surroundings(folder)) as terminal:
        answer = terminal.start(truth.newest.is_first)
        terminal.press(b"q")
        terminal.pause(TIMEOUT)  # until it has ended
    return terminal.started, terminal.started + int(answer.shown * _NS_PER_MS)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--size", default="1k", type=size)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--modules", type=int, default=40, help="how many modules to print")
    parser.add_argument("--folder", type=Path, default=default_folder(), help="where workspaces are kept")
    options = parser.parse_args()
    file = workspace(options.size, options.folder)
    truth = look_up(file)
    with tempfile.TemporaryDirectory(prefix="inbox-tui-bench-") as name:
        folder = Path(name)
        parts(folder, file, truth)  # once for nothing: compiles what is imported
        rounds = [parts(folder, file, truth) for _ in range(options.rounds)]
        modules = imports(folder, file, truth)
    print("| part | ms |\n|---|---|")
    for part in rounds[0]:
        print(f"| {part} | {statistics.median(found[part] for found in rounds):.1f} |")
    print(f"\n{len(modules)} modules\n\n| ms by itself | with its imports | module |\n|---|---|---|")
    for own, whole, module in sorted(modules, reverse=True)[: options.modules]:
        print(f"| {own:.1f} | {whole:.1f} | {module} |")


if __name__ == "__main__":
    main()
