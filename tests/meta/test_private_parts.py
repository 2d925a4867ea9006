"""Raising Textual's pin is one file's work: nothing but ``terminal/private.py`` touches what Textual keeps to itself.

Three ways lead to a private part: its module, an attribute of somebody else's object, and a name of one's own class
that its Textual base class has too, be it to call, to set or to override it. Each is looked for in every module.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "src"
ALLOWED = ROOT / "inbox_tui" / "tui" / "terminal" / "private.py"
LIBRARIES = ("textual", "rich")
OF_NAMEDTUPLE = {"_replace", "_asdict", "_fields", "_make"}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Modules, and names in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = sorted(
    path
    for path in (ROOT / "inbox_tui").rglob("*.py")
    if path != ALLOWED and any(name.partition(".")[0] in LIBRARIES for name in imported(tree_of(path)))
)


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def of_a_library(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in LIBRARIES


@cache
def private_names(kind: type) -> frozenset[str]:
    """What a class of a library keeps to itself: in its body, and on its instances."""
    names = set(vars(kind))
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
            names.add(node.attr)
    # A handler may be written with or without the underscore: ``_on_key`` beside ``on_key`` is Textual's custom.
    return frozenset(name for name in names if is_private(name))


@cache
def all_private_names() -> frozenset[str]:
    """What any class of the libraries that is loaded with the screens keeps to itself."""
    names: set[str] = set()
    for module in {importlib.import_module(name_of(path)) for path in MODULES}:
        for _, kind in inspect.getmembers(module, inspect.isclass):
            for base in kind.__mro__:
                if of_a_library(base):
                    names |= private_names(base)
    return frozenset(names)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def private_imports(tree: ast.AST) -> Iterator[str]:
    """Modules and names of the libraries that begin with an underscore."""
    for name in imported(tree):
        library, *rest = name.split(".")
        if library in LIBRARIES and any(is_private(part) for part in rest):
            yield name


def private_attributes(tree: ast.AST, ours: frozenset[str], theirs: frozenset[str]) -> Iterator[str]:
    """Private attributes of objects other than ``self``: those of a library, and those that no class here has."""
    modules = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not is_private(node.attr) or node.attr in OF_NAMEDTUPLE:
            continue
        if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls", *modules}:
            continue
        if node.attr in theirs or node.attr not in ours:
            yield ast.unparse(node)


def names_used(body: ast.ClassDef) -> Iterator[str]:
    """Private names that a class defines, or uses on its own instances."""
    for node in ast.walk(body):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
            yield node.attr
    for statement in body.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield statement.name
        elif isinstance(statement, ast.Assign):
            yield from (target.id for target in statement.targets if isinstance(target, ast.Name))
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id


def shared_names(kind: type, body: ast.ClassDef) -> set[str]:
    """Private names that a class of ours has in common with a base class of a library."""
    theirs: frozenset[str] = frozenset().union(*(private_names(base) for base in kind.__mro__ if of_a_library(base)))
    return {name for name in names_used(body) if is_private(name)} & theirs


def ours_in(tree: ast.AST) -> frozenset[str]:
    """Private names that the classes and functions of a module bring with them."""
    found = {name for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for name in names_used(node)}
    return frozenset(found)


@cache
def ours() -> frozenset[str]:
    return frozenset().union(*(ours_in(tree_of(path)) for path in MODULES))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_private_module_or_name_is_imported(path: Path) -> None:
    assert not list(private_imports(tree_of(path)))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_private_attribute_of_the_libraries_is_used(path: Path) -> None:
    assert not list(private_attributes(tree_of(path), ours(), all_private_names()))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_class_shares_a_private_name_with_a_base_class_of_the_libraries(path: Path) -> None:
    module = importlib.import_module(name_of(path))
    for body in ast.walk(tree_of(path)):
        if isinstance(body, ast.ClassDef) and isinstance(kind := getattr(module, body.name, None), type):
            assert not shared_names(kind, body), f"{name_of(path)}.{body.name}"


def test_the_file_of_private_parts_is_found_out_by_each_of_these() -> None:
    """The tests above can fail: what is allowed there would be refused elsewhere."""
    tree = tree_of(ALLOWED)
    module = importlib.import_module(name_of(ALLOWED))
    assert "textual._compositor.Compositor" in set(private_imports(tree))
    assert "node._bindings" in set(private_attributes(tree, ours(), all_private_names()))
    (body,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "PrivateApp")
    assert {"_display", "_fatal_error", "_batch_count"} <= shared_names(module.PrivateApp, body)
