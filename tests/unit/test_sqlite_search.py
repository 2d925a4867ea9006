"""What is typed into the search box never reaches SQLite as its language, and finds what it would find."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.backends.sql.migrations import steps
from inbox_tui.backends.sql.search import typed
from inbox_tui.backends.sqlite.connections import FileConnection
from inbox_tui.backends.sqlite.schema import MIGRATIONS
from inbox_tui.backends.sqlite.search import TERMS_NAMED, Fts5, words_of
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.words import words

SAID = "Change my flight to Zürich, order a-17"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileConnection]:
    """A file with nothing but words in the two indexes, as a reader opens it."""
    file = tmp_path_factory.mktemp("search") / "index.db"
    with with_tables(file) as made:
        for said in (SAID, "Two flights, or a flightless bird"):
            made.execute("INSERT INTO message_fts VALUES (?)", (words_of(said.encode()),))
        made.executemany("INSERT INTO message_fts VALUES (?)", [(f"many{number}",) for number in range(TERMS_NAMED)])
        made.execute("INSERT INTO lead_fts (known) VALUES (?)", (words_of(SAID.encode()),))
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


def test_what_begins_no_word_is_not_looked_for(index: FileConnection) -> None:
    """So a number that is nowhere costs no more than a look into the vocabulary."""
    assert typed(index, "5550199", Fts5()).words == typed(index, "qqq", Fts5()).words
    assert finds(index, "5550199") == finds(index, "qqq") == []


def test_words_that_begin_alike_are_named_unless_they_are_too_many(index: FileConnection) -> None:
    assert typed(index, "my fli", Fts5()).words == '("my") AND (("flight" OR "flightless" OR "flights"))'
    assert typed(index, "man", Fts5()).words.count("OR") == TERMS_NAMED - 1
    assert len(finds(index, "man")) == TERMS_NAMED
    with_one_more = [*finds(index, "man"), TERMS_NAMED + 3]
    index.run("PRAGMA query_only = OFF")
    index.run("INSERT INTO message_fts VALUES ('mango')")
    assert typed(index, "man", Fts5()).words == '("man"*)'
    assert finds(index, "man") == with_one_more


EVERY_CHARACTER = [char for char in map(chr, range(1, sys.maxunicode + 1)) if not "\ud800" <= char <= "\udfff"]


def test_words_are_indexed_as_they_are_cut(tmp_path: Path) -> None:
    """The words that are looked up would else be others than those that are there, and two stores would differ."""
    some = EVERY_CHARACTER[:0x3100] + EVERY_CHARACTER[0x3100::97]
    assert indexed_otherwise(tmp_path, some) == {}


@pytest.mark.slow
def test_every_character_is_indexed_as_it_is_cut(tmp_path: Path) -> None:
    assert indexed_otherwise(tmp_path, EVERY_CHARACTER) == {}


def indexed_otherwise(folder: Path, characters: Sequence[str]) -> dict[str, list[str]]:
    """Each character of whose text other words are in the index than are cut, with these."""
    texts = [f"a{char}b 12{char}34567" for char in characters]
    with with_tables(folder / "letters.db") as made:
        made.executemany("INSERT INTO message_fts VALUES (?)", ((words_of(text.encode()),) for text in texts))
    made.close()
    letters = reader(folder / "letters.db")
    there: list[list[str]] = [[] for _ in characters]
    for term, doc in letters.rows("SELECT term, doc FROM temp.message_term ORDER BY doc, offset"):
        there[doc - 1].append(term)
    letters.close()
    return {char: found for char, text, found in zip(characters, texts, there, strict=True) if words(text) != found}


@pytest.mark.parametrize("search", ["", "  ", "!!!", "'", '"', "— …", "\0"])
def test_without_a_word_there_is_nothing_to_look_for(index: FileConnection, search: str) -> None:
    assert typed(index, search, Fts5()) == ("", "")


@given(st.text(st.characters(codec=None), max_size=40))
def test_anything_typed_is_a_valid_expression(index: FileConnection, search: str) -> None:
    with suppress(Rejected):  # one character may be several words
        if typed(index, search, Fts5()).words:
            finds(index, search)
            finds_leads(index, search)
