"""What make and .ci/versions run, with programs in place of the real ones that say how they were called."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("basename", "bash", "cp", "dirname", "env", "ls", "make", "mkdir", "seq", "sort", "touch")
SAYS_HOW = '#!/bin/sh\necho "$(basename "$0") $@"\n'


def program(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    file.chmod(0o755)
    return file


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with no environment, and no Python but those that a test makes."""
    folder = tmp_path / "project"
    (folder / ".ci").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", ".ci/versions"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "bin").mkdir()
    for name in TOOLS:
        (folder / "bin" / name).symlink_to(shutil.which(name) or name)
    return folder


def run(project: Path, command: Sequence[str], **env: str) -> subprocess.CompletedProcess[str]:
    own = {"PATH": str(project / "bin"), "HOME": str(project), "PYENV_ROOT": str(project / "pyenv")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "INBOX_TUI"))}
    return subprocess.run(
        command, cwd=project, env={**kept, **own, **env}, text=True, capture_output=True, check=False, timeout=60
    )


def with_environment(project: Path) -> None:
    """All that the targets need seems to be installed."""
    program(project / ".venv/bin/python", SAYS_HOW)
    for mark in (".runs", ".tests", ".ready"):
        (project / ".venv" / mark).touch()


def test_run_makes_an_environment_of_what_running_needs_and_says_so_in_one_line(project: Path) -> None:
    program(project / "bin/python3", 'case "$1" in\n -m) mkdir -p .venv/bin; cp python inbox-tui .venv/bin;;\nesac\n')
    program(project / "python", SAYS_HOW)
    program(project / "inbox-tui", SAYS_HOW)
    ran = run(project, ["make", "run"])
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.splitlines() == [
        "Making .venv, a Python environment with inbox-tui and the packages that it runs on; make clean removes it."
    ]
    assert ran.stdout.splitlines() == [
        "python -m pip install --quiet --disable-pip-version-check --editable .",
        "inbox-tui demo",
    ]
    again = run(project, ["make", "run"])
    assert (again.stdout, again.stderr) == ("inbox-tui demo\n", "")


def test_a_part_of_the_tests_can_be_named(project: Path) -> None:
    with_environment(project)
    ran = run(project, ["make", "test", "ARGS=-k word", "WORKERS=3"])
    assert (ran.stdout, ran.stderr) == ("python -m pytest -n 3 --dist loadgroup -k word\n", "")


@pytest.mark.parametrize("fails", [False, True])
def test_every_other_python_is_found_and_named(project: Path, fails: bool) -> None:
    def python(file: str, version: str) -> Path:
        return program(project / file, f"#!/bin/sh\necho {version}\n")

    python(".venv/bin/python", "3.11")
    python("bin/python3.11", "3.11")
    newer = python("bin/python3.12", "3.12")
    python("bin/python3.14", "3.14; exit 1")  # as a pyenv's, of a version that is not in use
    hidden = python("pyenv/versions/3.13.0/bin/python", "3.13")
    make = program(project / "make", f"#!/bin/sh\necho make $@\nexit {int(fails)}\n")
    ran = run(project, [".ci/versions"], MAKE=str(make))
    found = [line for line in ran.stdout.splitlines() if "3.12" in line or "3.13" in line]
    assert found == [
        f"The tests below the screens on Python 3.12 ({newer}):",
        f"make --no-print-directory below VENV=.venv-3.12 PYTHON={newer}",
        f"The tests below the screens on Python 3.13 ({hidden}):",
        f"make --no-print-directory below VENV=.venv-3.13 PYTHON={hidden}",
        *(["Failed on Python 3.12 3.13."] if fails else []),
    ]
    assert "Everything runs on Python 3.11." in ran.stdout
    assert "3.14" not in ran.stdout
    assert ran.returncode == int(fails)


def test_what_a_change_must_pass_includes_the_other_pythons() -> None:
    assert " versions" in (ROOT / ".ci/run").read_text("utf-8").rpartition("make ")[2]
