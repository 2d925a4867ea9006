"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "inbox_tui"
MODULES = sorted(SOURCE.rglob("*.py"))
SHIPPED = [path for path in MODULES if SOURCE / "testing" not in path.parents]
"""Without the contract suite, whose visitors write markup on purpose."""
TEXTS = [
    path
    for folder in ("src", "tests", "docs", "benchmarks", "styles")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".md", ".sql", ".tcss", ".toml", ".json", ".jsonl", ".svg", ".raw"}
]
TEXTS += [path for path in sorted(ROOT.iterdir()) if path.suffix in {".md", ".toml"} or path.name == "Makefile"]
MAX_LINES = 420
MAX_CLASS_LINES = 300
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc", "core", "base_classes"}
READS_MARKUP = re.compile(r"from_markup|\bMarkdown\(|\[@click|markup=True|\brich\.markup\b")
"""Ways by which a visitor's text could become a command to the screen."""
SHOWS_TEXT = {"Static", "Label", "Button", "notify"}
"""Calls that read markup from a text unless they are told not to."""
TITLES = {"border_title", "border_subtitle", "tooltip"}


def within(path: Path) -> str:
    return str(path.relative_to(ROOT))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id, node
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr, node


def names_in(handler: ast.ExceptHandler) -> set[str]:
    return {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else set()


def is_too_wide(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or "Exception" in names_in(handler)


def catches_everything(handler: ast.ExceptHandler) -> bool:
    return "BaseException" in names_in(handler)


def passes_on(handler: ast.ExceptHandler) -> bool:
    """The error is raised again, or kept under a name for whoever waits for the result."""
    is_kept = any(
        isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id == handler.name
        for node in handler.body
    )
    return isinstance(handler.body[-1], ast.Raise) or is_kept


def may_hold_markup(shown: ast.expr) -> bool:
    """A text that is put together here. A Content is none, and what a name stands for is for its type to tell."""
    is_joined = isinstance(shown, ast.JoinedStr | ast.BinOp)
    is_formatted = isinstance(shown, ast.Call) and isinstance(shown.func, ast.Attribute) and shown.func.attr == "format"
    return is_joined or is_formatted


def says_no_markup(call: ast.Call) -> bool:
    return any(
        keyword.arg == "markup" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in call.keywords
    )


def test_each_module_says_why_it_exists() -> None:
    assert [within(path) for path in MODULES if not (ast.get_docstring(parsed(path)) or "").strip()] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [within(path) for path in MODULES if {path.stem, path.parent.name} & EMPTY_NAMES] == []


def test_no_error_is_caught_unseen() -> None:
    """Every handler names what it expects. Who must catch all of it passes it on."""
    caught = [
        f"{within(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler)
        if is_too_wide(node) or (catches_everything(node) and not passes_on(node))
    ]
    assert caught == []


def test_nothing_reads_markup() -> None:
    found = [f"{within(path)}: {found[0]}" for path in SHIPPED if (found := READS_MARKUP.search(path.read_text()))]
    assert found == []


def test_a_text_that_is_shown_is_not_markup() -> None:
    shown = [
        f"{within(path)}:{call.lineno}: {name}"
        for path in SHIPPED
        for name, call in calls(parsed(path))
        if name in SHOWS_TEXT and not says_no_markup(call)
        if name == "notify" or (call.args and may_hold_markup(call.args[0]))
    ]
    assert shown == []


def test_titles_are_contents() -> None:
    """A border's title and a tooltip read markup from a text."""
    texts = [
        f"{within(path)}:{node.lineno}"
        for path in SHIPPED
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute) and target.attr in TITLES
        if not ast.unparse(node.value).startswith("Content")
    ]
    assert texts == []


def test_modules_can_be_read_in_one_go() -> None:
    lengths = {within(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_classes_can_be_held_in_mind() -> None:
    lengths = {
        f"{within(path)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in MODULES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_CLASS_LINES} == {}


def test_no_file_knows_the_machine_that_it_was_written_on() -> None:
    here = re.compile(rf"(?<![\w./-]){re.escape(str(ROOT))}(?![\w-])")
    assert [within(path) for path in TEXTS if here.search(path.read_text("utf-8"))] == []
