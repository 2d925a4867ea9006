"""What is typed into the search box never reaches SQLite as its language, and finds what it would find."""

from __future__ import annotations

import sqlite3
import unicodedata
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.backends.sql.search import typed
from inbox_tui.backends.sqlite.connections import FileConnection
from inbox_tui.backends.sqlite.search import TERMS_NAMED, Fts5
from inbox_tui.domain.words import cut

SAID = "Change my flight to Zürich, order a-17"
FTS = "CREATE VIRTUAL TABLE {} USING fts5 (body{}, tokenize = 'unicode61 remove_diacritics 2')"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> FileConnection:
    """A file with nothing but the two indexes, as a reader opens it."""
    file = tmp_path_factory.mktemp("search") / "index.db"
    with sqlite3.connect(file) as made:
        made.execute(FTS.format("message_fts", ""))
        made.execute(FTS.format("lead_fts", ", prefix = '2 3'"))
        made.executemany("INSERT INTO message_fts VALUES (?)", [(SAID,), ("Two flights, or a flightless bird",)])
        made.executemany("INSERT INTO message_fts VALUES (?)", [(f"many{number}",) for number in range(TERMS_NAMED)])
        made.execute("INSERT INTO lead_fts VALUES (?)", (SAID,))
    made.close()
    return reader(file)


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


SCRIPTS = {
    "Latin": (0x30, 0x250),
    "marks, Greek, Cyrillic": (0x300, 0x378),
    "Greek": (0x384, 0x528),
    "Armenian, Hebrew, Arabic": (0x531, 0x7C0),
    "Devanagari": (0x900, 0x980),
    "Thai": (0xE00, 0xE80),
    "Hangul letters": (0x1100, 0x1200),
    "Vietnamese": (0x1E00, 0x1F00),
    "Japanese, Chinese": (0x3040, 0x4DB6),
    "Hangul": (0xAC00, 0xD7A4),
    "wide": (0xFF00, 0xFFA0),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_character_is_cut_as_it_is_in_the_index(tmp_path: Path, script: str) -> None:
    """The words that are looked up would else be others than those that are there, and two stores would differ."""
    characters = [char for char in map(chr, range(*SCRIPTS[script])) if unicodedata.category(char)[0] in "LNM"]
    with sqlite3.connect(tmp_path / "letters.db") as made:
        made.execute(FTS.format("message_fts", ""))
        made.executemany("INSERT INTO message_fts VALUES (?)", [(f"a{char}b",) for char in characters])
    made.close()
    terms = reader(tmp_path / "letters.db").rows("SELECT term, doc FROM temp.message_term ORDER BY doc, offset")
    there: dict[int, list[str]] = {}
    for term, doc in terms:
        there.setdefault(doc, []).append(term)
    odd = "Ǡǡ"  # FTS5 leaves their two accents
    differ = [char for doc, char in enumerate(characters, 1) if cut(f"a{char}b") != there[doc] and char not in odd]
    assert characters and not differ


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
