"""Every error that a person can meet says what to do, with an exit code that is written down."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox_tui.cli.main import COMMANDS, INTERRUPTED, USAGE
from inbox_tui.domain import errors
from inbox_tui.domain.errors import InboxError

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "inbox_tui"
ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, InboxError)]
LEAVES = [kind for kind in ALL if not kind.__subclasses__()]
NAMED_COMMAND = re.compile(r"(?:'|\(|: ?)inbox-tui ([a-z]+)")


def documented_exit_codes() -> set[int]:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    return {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}


def texts() -> Iterator[tuple[str, str]]:
    """Every text in the source that names a command, with the file in which it stands."""
    for path in SOURCE.rglob("*.py"):
        if path != SOURCE / "domain" / "errors.py":
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield str(path.relative_to(ROOT)), node.value


@pytest.mark.parametrize("kind", LEAVES)
def test_each_says_what_to_do(kind: type[InboxError]) -> None:
    assert kind.default_hint.endswith((".", ")."))
    assert set(NAMED_COMMAND.findall(kind.default_hint)) <= set(COMMANDS)


@pytest.mark.parametrize("kind", LEAVES)
def test_each_ends_with_a_documented_code(kind: type[InboxError]) -> None:
    assert kind.exit_code in documented_exit_codes() - {0}


def test_no_code_is_documented_for_nothing() -> None:
    assert documented_exit_codes() == {0, USAGE, INTERRUPTED, *(kind.exit_code for kind in LEAVES)}


def test_no_text_names_a_command_that_does_not_exist() -> None:
    named = {(path, command) for path, text in texts() for command in NAMED_COMMAND.findall(text)}
    assert named
    assert {(path, command) for path, command in named if command not in COMMANDS} == set()


def test_no_error_is_made_outside_the_tree() -> None:
    """A class of errors of its own is for inside a module, or an answer; what leaves it is in the tree."""
    own = {
        (path.stem, node.name)
        for path in SOURCE.rglob("*.py")
        if path.parent.name not in {"domain", "testing", "contract"}
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id.endswith(("Error", "Exception")) for base in node.bases)
    }
    assert own == {("answers", "NotAsked"), ("import_lines", "WrongLine"), ("problems", "Refused")}
