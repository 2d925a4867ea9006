"""Full-text search by FTS5.

It walks the newest messages first and stops at a limit, so a common word costs no more
than a rare one. What was typed never reaches it as its language: each word is a quoted string.
"""

from __future__ import annotations

from collections.abc import Sequence

from inbox_tui.backends.sql.database import Database
from inbox_tui.backends.sql.search import words_of

_INDEX = "INSERT INTO message_fts (rowid, body) SELECT id, body FROM message_text WHERE id > :newest"


class Fts5:
    """A TextSearch. What is known of visitors is indexed by triggers; messages at the end of their transaction."""

    hits = (
        "WITH newest AS MATERIALIZED ("
        "SELECT rowid AS id FROM message_fts WHERE message_fts MATCH :words ORDER BY rowid DESC LIMIT :most"
        "), hit AS ("
        "SELECT message.conversation_id AS id FROM newest CROSS JOIN message ON message.id = newest.id"
        " UNION SELECT id FROM (SELECT rowid AS id FROM lead_fts"
        " WHERE lead_fts MATCH :words ORDER BY rowid DESC LIMIT :most)"
        ")"
    )
    all_hits = (
        "SELECT conversation_id FROM message"
        " WHERE id IN (SELECT rowid FROM message_fts WHERE message_fts MATCH :words)"
        " UNION SELECT rowid FROM lead_fts WHERE lead_fts MATCH :words"
    )

    def expression(self, search: str) -> str:
        """All the words, the last as the beginning of one; empty if there is no word in it."""
        words = words_of(search)
        return " ".join(_quoted(word) for word in words) + "*" if words else ""

    def index(self, db: Database, newest: int, newly_known: Sequence[int]) -> None:
        """Make messages after row ``newest`` findable."""
        db.run(_INDEX, newest=newest)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
