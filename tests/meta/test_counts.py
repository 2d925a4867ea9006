"""Wherever the program counts things, one of them reads right."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import inbox_tui
from inbox_tui.domain.counts import counted

SOURCES = Path(inbox_tui.__file__).parent
NOUNS = (
    "addresses|agents|bytes|changes|characters|colleagues|conversations|decisions|entries|errors|files|hits|keys|lines"
    "|members|messages|notes|people|rejects|replies|requests|rows|texts|things|times|tokens|visitors|words"
)
_FOLLOWS_A_NUMBER = re.compile(rf" (?:(?:bad|damaged|earlier|more|new|other) )*(?:{NOUNS})\b")
NEVER_ONE = {
    "domain/limits.py",
    "domain/team.py",
    "domain/tokens.py",
    "domain/words.py",
    "domain/agents.py",
    "operations/import_lines.py",
    "backends/sql/repair.py",
    "server/serving.py",
}
"""Where a number is beyond a limit or was compared with one, or is no number."""


def plurals_after_numbers(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr):
            for before, after in pairwise(node.values):
                is_noun = isinstance(after, ast.Constant) and _FOLLOWS_A_NUMBER.match(str(after.value))
                follows = is_noun and isinstance(before, ast.FormattedValue) and "counted(" not in ast.unparse(before)
                if follows:
                    yield f"{path.name}:{node.lineno}: {ast.unparse(node)}"


def test_no_number_is_followed_by_a_plural_of_its_own() -> None:
    """``counted`` says both forms; whoever writes one of them alone says "1 conversations"."""
    found = [
        line
        for path in sorted(SOURCES.rglob("*.py"))
        if path.relative_to(SOURCES).as_posix() not in NEVER_ONE and "testing" not in path.parts
        for line in plurals_after_numbers(path)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 replies"), (1, "1 reply"), (2, "2 replies"), (1_000, "1,000 replies")]
)
def test_one_is_one(number: int, words: str) -> None:
    assert counted(number, "reply", "replies") == words
    assert counted(1, "row was", "rows were") == "1 row was"
    assert counted(3, "line") == "3 lines"
