"""Words are cut the same whatever the Unicode tables: an index is read by other Pythons than the one that made it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.domain import letters
from inbox_tui.domain.letters import folded
from inbox_tui.domain.sought import sought
from inbox_tui.domain.words import has_words, words

DIGEST = "ae22e108ca7faa4fd610f8556b706140c5a7ce9812611ed8d91f61c2ed9ea44a"
"""Of what each code point stands for. With another one, both databases need a migration that rebuilds their indexes."""
MOST_DIGEST = "07e4cbe9fb27ece333eb9046bfa0d05bca19252f661b271458db53bac455a974"
"""Of all that are in use or likely to be, and of every 64th of the others."""
SUM_UP = """
import hashlib, runpy, sys
folded = runpy.run_path(sys.argv[1])["folded"]
step = int(sys.argv[2])
points = [*range(0x32000), *range(0x32000, 0xE0000, step), *range(0xE0000, 0xE1000), *range(0xE1000, 0x110000, step)]
points = (point for point in points if not 0xD800 <= point < 0xE000)
print(hashlib.sha256("\\n".join(folded(chr(point)) for point in points).encode()).hexdigest())
"""
ROOT = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
NAMES = ("python3.11", "python3.12", "python3.13", "python3.14")
ON_PATH = [Path(found) for name in NAMES if (found := shutil.which(name))]
PYTHONS = sorted(
    {
        str(python.resolve())
        for python in (*ON_PATH, *ROOT.glob("versions/3.1[1-9]*/bin/python"), Path(sys.executable))
        if ROOT / "shims" not in python.parents  # one may stand for a version that is not chosen
    }
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


@pytest.mark.parametrize("python", PYTHONS)
def test_every_python_folds_characters_the_same(python: str) -> None:
    assert digest(python, step=64) == MOST_DIGEST


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS)
def test_every_python_folds_every_code_point_the_same(python: str) -> None:
    assert digest(python, step=1) == DIGEST


def digest(python: str, step: int) -> str:
    """What this Python makes of all code points, or of each ``step``-th where next to none is in use."""
    command = [python, "-I", "-c", SUM_UP, str(letters.__file__), str(step)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@given(TEXTS)
def test_what_is_cut_stays_as_it_is(text: str) -> None:
    """So what a store has can be cut again: a word found in a text finds that text."""
    assert folded(folded(text)) == folded(text)


@given(TEXTS)
def test_canonical_forms_and_capitals_are_the_same_words(text: str) -> None:
    known = "".join(char for char in text if unicodedata.ucd_3_2_0.category(char) not in ("Cn", "Co"))
    assert words(unicodedata.ucd_3_2_0.normalize("NFC", known)) == words(known)
    assert words(known.casefold()) == words(known)


@given(TEXTS)
def test_every_part_of_a_text_is_found_in_it(text: str) -> None:
    """Between blanks, with the last word in full."""
    there = words(text)
    for part in text.split()[:12]:
        for term in sought(part[:100], 99) if len(part) < 100 else ():
            ways = [[" ".join(phrase.words) for phrase in way] for way in term]
            said = f" {' '.join(there)} "
            assert any(all(f" {phrase} " in said or f" {phrase}" in said for phrase in way) for way in ways)


@pytest.mark.parametrize(
    "search", ["🚀", "()", "  ", "\u200b", "\u00ad", "₺", "— …", "\ue000", "❤\ufe0f", "👩\u200d👧", "\0"]
)
def test_signs_are_nothing_to_look_for(search: str) -> None:
    assert not has_words(search)
    assert sought(search, 3) == ()
