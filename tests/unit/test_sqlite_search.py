"""What is typed into the search box never reaches SQLite as its language, and finds what it would find."""

from __future__ import annotations

import sqlite3
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.backends.sql.migrations import steps
from inbox_tui.backends.sql.search import typed
from inbox_tui.backends.sqlite.connections import FileConnection
from inbox_tui.backends.sqlite.schema import MIGRATIONS
from inbox_tui.backends.sqlite.search import TERMS_NAMED, Fts5
from inbox_tui.domain.words import cut

SAID = "Change my flight to Zürich, order a-17"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileConnection]:
    """A file with nothing but words in the two indexes, as a reader opens it."""
    file = tmp_path_factory.mktemp("search") / "index.db"
    with with_tables(file) as made:
        made.executemany("INSERT INTO message_fts VALUES (?)", [(SAID,), ("Two flights, or a flightless bird",)])
        made.executemany("INSERT INTO message_fts VALUES (?)", [(f"many{number}",) for number in range(TERMS_NAMED)])
        made.execute("INSERT INTO lead_fts (lead_name) VALUES (?)", (SAID,))
    made.close()
    found = reader(file)
    yield found
    found.close()


def with_tables(file: Path) -> sqlite3.Connection:
    """A file with the store's tables."""
    made = sqlite3.connect(file)
    for step in steps(MIGRATIONS):
        for statement in step.statements():
            made.execute(statement)
    return made


def reader(file: Path) -> FileConnection:
    return FileConnection(file, patience=1, random=Random(1), is_reader=True)


def finds(index: FileConnection, search: str) -> list[int]:
    found = index.rows(
        "SELECT rowid FROM message_fts WHERE message_fts MATCH :words ORDER BY rowid",
        words=typed(index, search, Fts5()).words,
    )
    return [id for (id,) in found]


def finds_leads(index: FileConnection, search: str) -> bool:
    known = typed(index, search, Fts5()).known
    return bool(index.rows("SELECT 1 FROM lead_fts WHERE lead_fts MATCH :known", known=known))


@pytest.mark.parametrize(
    "search",
    ["flight", "FLIGHT", "fli", "my flight", "zurich", "zür", "ZÜRI", "a-17", "order,", "“flight”", "to-zür"],
)
def test_words_are_found(index: FileConnection, search: str) -> None:
    assert 1 in finds(index, search)
    assert finds_leads(index, search)


@pytest.mark.parametrize("search", ["flightx", "fli my", "train", "flight train", "a 18", "my-zür", "light"])
def test_other_words_are_not(index: FileConnection, search: str) -> None:
    assert 1 not in finds(index, search)
    assert not finds_leads(index, search)


def test_the_last_word_may_be_begun(index: FileConnection) -> None:
    assert finds(index, "flight") == [1, 2]
    assert finds(index, "flights") == [2]
    assert finds(index, "or flig") == [2]
    assert finds(index, "fl") == [], "in messages it takes three letters"
    assert finds_leads(index, "fl")


def test_words_that_begin_alike_are_named_unless_they_are_too_many(index: FileConnection) -> None:
    assert typed(index, "my fli", Fts5()).words == '"my" AND ("flight" OR "flightless" OR "flights")'
    assert typed(index, "man", Fts5()).words.count("OR") == TERMS_NAMED - 1
    assert len(finds(index, "man")) == TERMS_NAMED
    with_one_more = [*finds(index, "man"), TERMS_NAMED + 3]
    index.run("PRAGMA query_only = OFF")
    index.run("INSERT INTO message_fts VALUES ('mango')")
    assert typed(index, "man", Fts5()).words == '"man"*'
    assert finds(index, "man") == with_one_more


WHERE_SIGNS_WILL_COME = (*range(0x20A0, 0x20D0), *range(0x1F900, 0x1FB00), *range(0x1FC00, 0x1FFFE))
"""Pictographs and currency signs stand here; no letter ever will."""
LEFT_THEIR_ACCENTS = set("Ǡǡ")
"""Of all Latin letters with two, FTS5 leaves these as they are."""


def test_every_character_is_cut_as_it_is_in_the_index(tmp_path: Path) -> None:
    """The words that are looked up would else be others than those that are there, and two stores would differ."""
    to_come = set(map(chr, WHERE_SIGNS_WILL_COME))
    characters = [char for char in map(chr, range(1, sys.maxunicode + 1)) if is_in_use(char) or char in to_come]
    with with_tables(tmp_path / "letters.db") as made:
        made.executemany("INSERT INTO message_fts VALUES (?)", ((f"a{char}b",) for char in characters))
    made.close()
    letters = reader(tmp_path / "letters.db")
    there: list[list[str]] = [[] for _ in characters]
    for term, doc in letters.rows("SELECT term, doc FROM temp.message_term ORDER BY doc, offset"):
        there[doc - 1].append(term)
    letters.close()
    differ = {char: words for char, words in zip(characters, there, strict=True) if cut(f"a{char}b") != words}
    assert len(characters) > 140_000
    assert {char for char, words in differ.items() if not is_young_capital(char, words)} == LEFT_THEIR_ACCENTS


def is_in_use(char: str) -> bool:
    """Whether people write it; private characters are nobody's, and half characters cannot be stored."""
    return unicodedata.category(char) not in ("Cn", "Co", "Cs")


def is_young_capital(char: str, words: list[str]) -> bool:
    """Whether only capitals differ, of letters that are younger than FTS5's tables may be."""
    is_same = [word.casefold() for word in cut(f"a{char}b")] == [word.casefold() for word in words]
    return is_same and unicodedata.ucd_3_2_0.category(char) == "Cn"


def test_what_is_cut_otherwise_is_found_all_the_same(index: FileConnection) -> None:
    index.run("PRAGMA query_only = OFF")
    index.run("INSERT INTO message_fts (rowid, body) VALUES (9000, '5µmeter Ελλάδα ǡbel Йй 가방')")
    for search in ("5µme", "ελλά", "ΕΛΛ", "ǡbe", "가방", "йи"):
        assert finds(index, search) == [9000], search


@pytest.mark.parametrize("search", ["", "  ", "!!!", "'", '"', "— …", "\0"])
def test_without_a_word_there_is_nothing_to_look_for(index: FileConnection, search: str) -> None:
    assert typed(index, search, Fts5()) == ("", "")


@given(st.text(st.characters(codec=None), max_size=40))
def test_anything_typed_is_a_valid_expression(index: FileConnection, search: str) -> None:
    if typed(index, search, Fts5()).words:
        finds(index, search)
        finds_leads(index, search)
