"""Full-text search by FTS5.

It walks the newest messages first and stops at a limit, so a common word costs no more
than a rare one. What was typed never reaches it as its language: each word is a quoted string.

The beginning of a word is the exception: FTS5 collects every row of every word that begins
so before it gives the first. The words themselves are few, so they are looked up and named.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from inbox_tui.backends.sql.database import Database, Hits
from inbox_tui.backends.sqlite.errors import primary_code
from inbox_tui.domain.words import cut

VOCABULARIES = (
    "CREATE VIRTUAL TABLE temp.message_term USING fts5vocab (main, message_fts, instance)",
    "CREATE VIRTUAL TABLE temp.lead_term USING fts5vocab (main, lead_fts, instance)",
)
"""What a connection that searches needs: the words that there are. They hold no rows of their own."""
TERMS_NAMED = 256
"""Words with one beginning that are named; to look up more takes longer than to collect all their rows."""

# Not term > :last, for which FTS5 passes over all rows of the last one. No word has a character before a digit.
_NEXT_IN_MESSAGES = "SELECT term FROM temp.message_term WHERE term >= :least ORDER BY term LIMIT 1"
_NEXT_IN_LEADS = "SELECT term FROM temp.lead_term WHERE term >= :least ORDER BY term LIMIT 1"
_JUST_AFTER = "\x01"
_LEADS_HAVE = (2, 3)
"""Lengths of beginnings that ``lead_fts`` has an index for."""
_INDEX = "INSERT INTO message_fts (rowid, body) SELECT id, body FROM message_text WHERE id > :newest"


class Fts5:
    """A TextSearch. What is known of visitors is indexed by triggers; messages at the end of their transaction."""

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

    def expression(self, db: Database, words: Sequence[str], *, in_messages: bool, is_begun: bool) -> str:
        """Each word a string, so that nothing in it is a command."""
        *whole, last = words
        expression = " ".join(map(_quoted, whole))
        end = self._begun(db, last, in_messages=in_messages) if is_begun else _quoted(last)
        return f"{expression} AND {end}" if expression else end

    def _begun(self, db: Database, word: str, *, in_messages: bool) -> str:
        """What finds every word that begins like the last part of this one."""
        *before, last = cut(word) or [""]
        if last and (in_messages or len(last) not in _LEADS_HAVE):
            try:
                found = _beginning(db, _NEXT_IN_MESSAGES if in_messages else _NEXT_IN_LEADS, last)
            except sqlite3.DatabaseError as error:
                if primary_code(error) != sqlite3.SQLITE_CORRUPT:
                    raise
                found = []  # the search itself will say what is damaged: the file, or only its index
            if 0 < len(found) <= TERMS_NAMED:
                return "(" + " OR ".join(_quoted(" ".join((*before, term))) for term in found) + ")"
        return _quoted(word) + "*"

    def index(self, db: Database, newest: int, newly_known: Sequence[int]) -> None:
        """Make messages after row ``newest`` findable."""
        db.run(_INDEX, newest=newest)


def _beginning(db: Database, next_term: str, beginning: str) -> list[str]:
    """The words that begin so, or one more than can be named of them."""
    found: list[str] = []
    least = beginning
    while len(found) <= TERMS_NAMED and (row := db.row(next_term, least=least)) and row[0].startswith(beginning):
        found.append(row[0])
        least = row[0] + _JUST_AFTER
    return found


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
