"""What is typed into the search box never reaches SQLite as its language."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.backends.sql.search import typed
from inbox_tui.backends.sqlite.search import Fts5

INDEX = sqlite3.connect(":memory:", check_same_thread=False)
INDEX.execute("CREATE VIRTUAL TABLE t USING fts5 (body, tokenize = 'unicode61 remove_diacritics 2')")
INDEX.execute("INSERT INTO t VALUES ('Change my flight to Zürich, order a-17')")


def finds(search: str) -> bool:
    return bool(INDEX.execute("SELECT 1 FROM t WHERE t MATCH ?", (typed(search, Fts5()).words,)).fetchall())


@pytest.mark.parametrize(
    "search", ["flight", "FLIGHT", "fli", "my flight", "zurich", "zür", "a-17", "order,", "“flight”"]
)
def test_words_are_found(search: str) -> None:
    assert finds(search)


@pytest.mark.parametrize("search", ["flights", "fli my", "train", "flight train", "a 18"])
def test_other_words_are_not(search: str) -> None:
    assert not finds(search)


@pytest.mark.parametrize("search", ["", "  ", "!!!", "'", '"', "— …", "\0"])
def test_without_a_word_there_is_nothing_to_look_for(search: str) -> None:
    assert typed(search, Fts5()) == ("", "")


@given(st.text(st.characters(codec=None), max_size=40))
def test_anything_typed_is_a_valid_expression(search: str) -> None:
    if typed(search, Fts5()).words:
        finds(search)
