"""Standard streams that are closed, or that nobody reads to the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Ran, RunCli, line, ran, seed

PROGRAM = f"{sys.executable} -m inbox_tui"
INPUT_CLOSED = "inbox-tui: Standard input is closed, so there is nothing to read.\n"
OUTPUT_CLOSED = "inbox-tui: Standard output is closed, so nothing can be printed.\n"


@pytest.fixture
def in_shell(tmp_path: Path, environment: dict[str, str], workspace: Path) -> RunCli:
    """Runs a line of bash in which ``inbox`` is the program."""

    def run(command: str, env: dict[str, str] | None = None) -> Ran:
        script = f'set -o pipefail; inbox() {{ {PROGRAM} "$@"; }}; {command}'
        return ran(["bash", "-c", script], tmp_path, environment | (env or {}), stdin=subprocess.DEVNULL)

    return run


@pytest.mark.parametrize("command", ["reply c-1", "note c-1 -", "import -", "login http://127.0.0.1:1"])
def test_without_standard_input_nothing_is_read(in_shell: RunCli, command: str) -> None:
    ran = in_shell(f"inbox {command} <&-")
    assert (ran.code, ran.out, ran.err) == (1, "", INPUT_CLOSED)


@pytest.mark.parametrize(
    "command",
    ["list", "list --json", "show c-1", "show c-1 --json", "export", "members list", "config", "stores", "doctor"],
)
def test_without_standard_output_nothing_is_printed(in_shell: RunCli, command: str) -> None:
    ran = in_shell(f"inbox {command} >&-")
    assert (ran.code, ran.err) == (1, OUTPUT_CLOSED)


@pytest.mark.parametrize("command", ["reply c-1 Hello", "note c-1 Hello", "resolve c-1", "reopen c-3", "assign c-1 me"])
def test_without_standard_output_nothing_is_done(in_shell: RunCli, run_cli: RunCli, command: str) -> None:
    before = run_cli("list", "--json").out
    ran = in_shell(f"inbox {command} >&-")
    assert (ran.code, ran.err) == (1, OUTPUT_CLOSED)
    assert run_cli("list", "--json").out == before


@pytest.mark.parametrize("command", ["list 2>&-", "list <&-", "resolve c-1 <&- 2>&-", "export -o out.csv <&- >&- 2>&-"])
def test_a_stream_that_is_not_needed_may_be_closed(in_shell: RunCli, command: str) -> None:
    ran = in_shell(f"inbox {command}")
    assert (ran.code, ran.err.replace("4 conversations exported.\n", "")) == (0, "")


def test_no_file_takes_the_place_of_a_closed_stream(in_shell: RunCli, run_cli: RunCli) -> None:
    assert in_shell("inbox show c-99 <&- >&- 2>&-").code == 1
    assert in_shell("inbox import nowhere.jsonl >&- 2>&-").code == 1
    assert run_cli("doctor").out.count("is damaged") == 0
    assert len(run_cli("list").lines) == 4


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "command", ["list --limit 0", "list --limit 0 --json", "show long", "show long --json", "export"]
)
def test_a_reader_that_leaves_ends_each_command_alike(
    in_shell: RunCli, store_file: Path, command: str, unbuffered: str
) -> None:
    lines = [line(f"c-{number}", "x" * 300) for number in range(600)]
    messages = [{"author": "agent", "body": f"{number} " + "word " * 2_000} for number in range(60)]
    seed(store_file, [*lines, {"id": "long", "messages": messages}])
    ran = in_shell(f"inbox {command} | head -c 1 >/dev/null", env={"PYTHONUNBUFFERED": unbuffered})
    assert (ran.code, ran.err) == (1, "")


def test_what_a_slow_reader_takes_is_whole(in_shell: RunCli, store_file: Path) -> None:
    body = "word " * 180_000
    seed(store_file, [{"id": "long", "messages": [{"author": "visitor", "body": body}]}])
    ran = in_shell("inbox show long --json", env={"PYTHONUNBUFFERED": "1"})
    assert ran.objects[0]["thread"][0]["body"] == body  # type: ignore[index]
