"""One table of filters: another one is an entry and a condition, and nothing else knows them all."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox_tui.backends.sql.statements import CONDITIONS
from inbox_tui.domain.filters import Filter
from tui.workspace import CHATS, Team4

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "inbox_tui"
TABLE = SOURCE / "domain" / "filter_table.py"
MODULES = [path for path in sorted(SOURCE.rglob("*.py")) if path != TABLE]
FEW = 3
"""Filters that one module may name: some mean something to it. Whoever names more has a list of them."""

ENTRY = """
    UNASSIGNED = (
        "unassigned",
        Entry(
            title="Unassigned",
            short="Free",
            key="7",
            matches=lambda conversation, me: conversation.is_open and conversation.assignee is None,
            condition="unassigned",
            empty="Everybody has somebody.",
            left=lambda conversation: "taken",
        ),
    )

"""
AFTER_ENTRIES = '''
    @property
    def label(self) -> str:
        """The filter's name on screen."""
'''
CONDITION = '    "unassigned": Condition("status = 0 AND assignee_id IS NULL"),\n'
FREE = sorted(chat.id for chat in CHATS if chat.status == "open" and not chat.assignee_email)


def put_before(file: Path, anchor: str, text: str) -> None:
    """Edit a file as somebody does who adds a filter."""
    source = file.read_text("utf-8")
    assert source.count(anchor) == 1, anchor
    file.write_text(source.replace(anchor, text + anchor), "utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with a seventh filter, by the two edits that the tutorial names."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(SOURCE, copy / "inbox_tui", ignore=shutil.ignore_patterns("__pycache__"))
    put_before(copy / "inbox_tui/domain/filter_table.py", AFTER_ENTRIES, ENTRY)
    put_before(copy / "inbox_tui/backends/sql/statements.py", '}\n"""By the name that the table of filters', CONDITION)
    return copy


def run(copy: Path, *arguments: str) -> str:
    """What a program says that runs from the copy."""
    path = os.pathsep.join(map(str, (copy, ROOT / "tests", ROOT)))
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_seventh_filter_is_an_entry_and_a_condition(copy: Path, tmp_path: Path) -> None:
    team = Team4(tmp_path)
    await team.build()  # without the filter: its number must come from somewhere
    await team.close()

    command = ("-m", "inbox_tui", "--store", team.url.text, "--as", "dana@acme.example", "list")
    listed = [json.loads(line) for line in run(copy, *command, "--filter", "unassigned", "--json").splitlines()]
    assert sorted(row["conversation_id"] for row in listed) == FREE
    assert "|unassigned]" in run(copy, "-m", "inbox_tui", "--help").replace("\n", "").replace(" ", "")

    seen = json.loads(run(copy, str(ROOT / "tests/meta/seventh_filter.py"), str(tmp_path)))
    assert seen["sqlite"] == seen["http"]
    assert seen["sqlite"]["listed"][0] == seen["rows"] == FREE
    assert seen["sqlite"]["counted"] == [len(ids) for ids in seen["sqlite"]["listed"]]
    assert f"[7 Unassigned {len(FREE)}]" in seen["bar"]
    assert f"[7 Unassigned {len(FREE) - 1}]" in seen["bar after taking one"]
    assert "taken" in seen["word"]
    assert seen["after"]["counted"] == [len(ids) for ids in seen["after"]["listed"]]
    assert seen["after"]["counted"][0] == len(FREE) - 2


def named(path: Path) -> Iterator[str]:
    """The filters that a module names, by whatever name."""
    names = {word: filter for filter in Filter for word in (filter.value, filter.field, filter.label, filter.binding)}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Filter":
            yield getattr(Filter, node.attr, Filter.ALL).value
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names:
            yield names[node.value].value
        elif isinstance(node, ast.keyword) and node.arg in names:
            yield names[node.arg].value


def test_no_module_but_the_table_lists_the_filters() -> None:
    lists = {str(path.relative_to(SOURCE)): found for path in MODULES if len(found := set(named(path))) > FEW}
    assert not lists


def test_a_list_of_filters_elsewhere_would_be_noticed(tmp_path: Path) -> None:
    members = "a = [Filter.ALL, Filter.PENDING, Filter.RESOLVED, Filter.HAS_LEAD]"
    for text in (
        members,
        "a = 'all', 'pending', 'resolved', 'has-lead'",
        "f(all=1, pending=2, resolved=3, has_lead=4)",
    ):
        (tmp_path / "module.py").write_text(text)
        assert len(set(named(tmp_path / "module.py"))) > FEW


def test_each_filter_has_its_condition_and_each_condition_its_filter() -> None:
    assert {filter.entry.condition for filter in Filter} == set(CONDITIONS)
