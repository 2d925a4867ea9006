"""Full-text search by FTS5, over the words that the program cuts.

It walks the newest messages first and stops at a limit, so a common word costs no more
than a rare one. What was typed never reaches it as its language: each word is a quoted string.

The beginning of a word is the exception: FTS5 collects every row of every word that begins
so before it gives the first. The words themselves are few, so they are looked up and named.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from inbox_tui.backends.sql.database import Database, Hits
from inbox_tui.backends.sqlite.errors import primary_code
from inbox_tui.domain.phones import may_be_a_number, stands_for_a_number
from inbox_tui.domain.sought import Phrase, Term
from inbox_tui.domain.words import words

VOCABULARIES = (
    "CREATE VIRTUAL TABLE temp.message_term USING fts5vocab (main, message_fts, instance)",
    "CREATE VIRTUAL TABLE temp.lead_term USING fts5vocab (main, lead_fts, instance)",
    "CREATE VIRTUAL TABLE temp.message_terms USING fts5vocab (main, message_fts, row)",
    "CREATE VIRTUAL TABLE temp.lead_terms USING fts5vocab (main, lead_fts, row)",
)
"""What a connection that searches needs: the words that there are. They hold no rows of their own."""
_EVERY_TERM = ("SELECT sum(cnt) FROM temp.message_terms", "SELECT sum(cnt) FROM temp.lead_terms")
TERMS_NAMED = 256
"""Words with one beginning that are named; to look up more takes longer than to collect all their rows."""

# Not term > :last, for which FTS5 passes over all rows of the last one. No word has a character before a digit.
_NEXT_IN_MESSAGES = "SELECT term FROM temp.message_term WHERE term >= :least ORDER BY term LIMIT 1"
_NEXT_IN_LEADS = "SELECT term FROM temp.lead_term WHERE term >= :least ORDER BY term LIMIT 1"
_JUST_AFTER = "\x01"
_LEADS_HAVE = (2, 3)
"""Lengths of beginnings that ``lead_fts`` has an index for."""
_NOWHERE = '"¬"'
"""A word that nothing has: it is a sign."""
_BETWEEN = " ¦ "
"""Parts what is known of a visitor: no phrase goes from one text into the next. A sign, so no text has such a word."""

_WAITING = (
    "SELECT EXISTS (SELECT 1 FROM message_before), EXISTS (SELECT 1 FROM message_to_index),"
    " EXISTS (SELECT 1 FROM lead_to_index)"
)
_MESSAGES = "SELECT id, words_of(CAST(body AS BLOB)) FROM message_text"
_LEADS = (
    "SELECT id, words_of(CAST(lead_name AS BLOB), CAST(lead_email AS BLOB), CAST(lead_phone AS BLOB),"
    " CAST(lead_company AS BLOB), CAST(topic AS BLOB), CAST(public_id AS BLOB)) FROM conversation"
)
_ADD_MESSAGES = " ".join(("INSERT INTO message_fts (rowid, body)", _MESSAGES))
_ADD_LEADS = " ".join(("INSERT INTO lead_words (id, known)", _LEADS))
_FORGET_BEFORE = (
    "INSERT INTO message_fts (message_fts, rowid, body) SELECT 'delete', id, words_of(CAST(body AS BLOB))"
    " FROM message_before WHERE id IN (SELECT id FROM message_fts_docsize)",
    "DELETE FROM message_before",
)
_INDEX_MESSAGES = (
    " ".join((_ADD_MESSAGES, "WHERE id IN (SELECT id FROM message_to_index) ORDER BY id")),
    "DELETE FROM message_to_index",
)
_INDEX_LEADS = (
    "INSERT INTO lead_fts (lead_fts, rowid, known) SELECT 'delete', id, known FROM lead_words"
    " WHERE id IN (SELECT id FROM lead_to_index)",
    "DELETE FROM lead_words WHERE id IN (SELECT id FROM lead_to_index)",
    " ".join((_ADD_LEADS, "WHERE id IN (SELECT id FROM lead_to_index)")),
    "INSERT INTO lead_fts (rowid, known) SELECT id, known FROM lead_words"
    " WHERE id IN (SELECT id FROM lead_to_index) ORDER BY id",
    "DELETE FROM lead_to_index",
)
REBUILD = (
    # A damaged index can neither be emptied nor dropped, but its tables can be made those of an empty one.
    "CREATE VIRTUAL TABLE temp.fresh_fts USING fts5 (words, content = '', tokenize = 'ascii')",
    *(
        statement.format(index=index)
        for index in ("message_fts", "lead_fts")
        for statement in (
            "DELETE FROM {index}_data",
            "INSERT INTO {index}_data SELECT * FROM temp.fresh_fts_data",
            "DELETE FROM {index}_config",
            "INSERT INTO {index}_config SELECT * FROM temp.fresh_fts_config",
        )
    ),
    "DROP TABLE temp.fresh_fts",
    "INSERT INTO message_fts (message_fts) VALUES ('delete-all')",
    " ".join((_ADD_MESSAGES, "ORDER BY id")),
    "DELETE FROM lead_words",
    " ".join((_ADD_LEADS, "ORDER BY id")),
    "INSERT INTO lead_fts (lead_fts) VALUES ('rebuild')",
    # In one piece each: a look-up goes to every piece that there is.
    "INSERT INTO message_fts (message_fts) VALUES ('optimize')",
    "INSERT INTO lead_fts (lead_fts) VALUES ('optimize')",
    "DELETE FROM message_before",
    "DELETE FROM message_to_index",
    "DELETE FROM lead_to_index",
)
"""Statements that index everything again."""


def words_of(*texts: bytes) -> str:
    """The function of the statements that index: the words of texts, and what parts two of them.

    It takes bytes: one text that is not UTF-8 must not keep the others from being found.
    """
    return _BETWEEN.join(" ".join(words(text.decode(errors="replace"))) for text in texts if text)


class Fts5:
    """A TextSearch. Triggers note what was written; it is indexed at the end of the program's next transaction."""

    messages = Hits(  # a CROSS JOIN goes through what stands before it, in its order
        "SELECT message.conversation_id AS id FROM ("
        "SELECT rowid AS id FROM message_fts WHERE message_fts MATCH :words ORDER BY rowid DESC LIMIT :most"
        ") AS newest CROSS JOIN message ON message.id = newest.id"
    )
    known = Hits("SELECT rowid AS id FROM lead_fts WHERE lead_fts MATCH :known ORDER BY rowid DESC LIMIT :most")
    number_of_messages = (
        "SELECT count(*) FROM (SELECT rowid FROM message_fts WHERE message_fts MATCH :words LIMIT :most)"
    )
    all_hits = (
        "SELECT conversation_id FROM message"
        " WHERE id IN (SELECT rowid FROM message_fts WHERE message_fts MATCH :words)"
        " UNION SELECT rowid FROM lead_fts WHERE lead_fts MATCH :known"
    )

    unindexed = (
        "SELECT (SELECT count(*) FROM (SELECT id FROM message WHERE kind <> 'event'"
        " AND id NOT IN (SELECT id FROM message_fts_docsize)"
        " UNION SELECT id FROM message_to_index UNION SELECT id FROM message_before)),"
        " (SELECT count(*) FROM (SELECT id FROM conversation WHERE id NOT IN (SELECT id FROM lead_words)"
        " UNION SELECT id FROM lead_to_index))"
    )

    def expression(self, db: Database, terms: Sequence[Term], *, in_messages: bool) -> str:
        """Each phrase a string, so that nothing in it is a command."""
        return " AND ".join(self._term(db, term, in_messages=in_messages) for term in terms)

    def _term(self, db: Database, term: Term, *, in_messages: bool) -> str:
        ways = [[self._phrase(db, phrase, in_messages=in_messages) for phrase in way] for way in term]
        possible = [" AND ".join(way) for way in ways if _NOWHERE not in way]
        return _any_of(possible) if possible else _NOWHERE

    def _phrase(self, db: Database, phrase: Phrase, *, in_messages: bool) -> str:
        if not phrase.is_begun:
            return _quoted(phrase.words)
        *before, last = phrase.words
        # A number that is known of many visitors is nobody's; in messages it may be the team's own.
        are_few = len(last) in _LEADS_HAVE or stands_for_a_number(last) or may_be_a_number(last)
        if in_messages or not are_few:
            try:
                found = _beginning(db, _NEXT_IN_MESSAGES if in_messages else _NEXT_IN_LEADS, last)
            except sqlite3.DatabaseError as error:
                if primary_code(error) != sqlite3.SQLITE_CORRUPT:
                    raise  # else the search itself will say what is damaged: the file, or only its index
            else:
                if not found:
                    return _NOWHERE
                if len(found) <= TERMS_NAMED:
                    return _any_of(_quoted((*before, term)) for term in found)
        return _quoted(phrase.words) + "*"

    def index(self, db: Database, newest: int, newly_known: Sequence[int]) -> None:
        """Make findable what was written, by other programs as well."""
        row = db.row(_WAITING)
        assert row is not None
        for is_waiting, statements in zip(row, (_FORGET_BEFORE, _INDEX_MESSAGES, _INDEX_LEADS), strict=True):
            for statement in statements if is_waiting else ():
                db.run(statement)

    def is_damaged(self, db: Database) -> bool:
        """Whether the index itself cannot be read. Reads most of it."""
        try:
            for every_term in _EVERY_TERM:
                db.row(every_term)
        except sqlite3.DatabaseError as error:
            if primary_code(error) != sqlite3.SQLITE_CORRUPT:
                raise
            return True
        return False

    def rebuild(self, db: Database) -> None:
        """Index everything again, whatever the index holds."""
        for statement in REBUILD:
            db.run(statement)

    def forget(self, db: Database, removed: Sequence[int]) -> None:
        """Nothing more to do: triggers noted what was deleted, and ``index`` took it out."""


def _beginning(db: Database, next_term: str, beginning: str) -> list[str]:
    """The words that begin so, or one more than can be named of them."""
    found: list[str] = []
    least = beginning
    while len(found) <= TERMS_NAMED and (row := db.row(next_term, least=least)) and row[0].startswith(beginning):
        found.append(row[0])
        least = row[0] + _JUST_AFTER
    return found


def _any_of(ways: Iterable[str]) -> str:
    return "(" + " OR ".join(f"({way})" if " AND " in way else way for way in ways) + ")"


def _quoted(words: Sequence[str]) -> str:
    return f'"{" ".join(words)}"'  # words alone: nothing in one needs an escape
