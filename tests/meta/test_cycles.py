"""No two files import each other, not even for a type or inside a function: each is understood after those below it."""

from __future__ import annotations

import ast
from collections.abc import Collection
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "inbox_tui"


def imports_of(folder: Path) -> dict[str, set[str]]:
    """Each module of a package, with the modules of it that it imports anywhere."""
    files = {name_of(file, folder): file for file in folder.rglob("*.py")}
    return {name: imported(file, files.keys()) - {name} for name, file in files.items()}


def name_of(file: Path, folder: Path) -> str:
    """The dotted name under which a file is imported."""
    return ".".join(file.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__")


def imported(file: Path, known: Collection[str]) -> set[str]:
    """Those of the known modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            within = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else str(node.module) for name in within}
    return {name for name in found if name in known}


def test_no_two_files_import_each_other() -> None:
    list(TopologicalSorter(imports_of(PACKAGE)).static_order())


@pytest.mark.parametrize("second", ["from house.first import X", "def f():\n    import house.first"])
def test_two_files_that_do_are_found(tmp_path: Path, second: str) -> None:
    house = tmp_path / "house"
    house.mkdir()
    (house / "__init__.py").touch()
    (house / "first.py").write_text("from house import second\n")
    (house / "second.py").write_text(second)
    with pytest.raises(CycleError, match="second"):
        list(TopologicalSorter(imports_of(house)).static_order())
