"""Full-text search by FTS5.

It walks the newest messages first and stops at a limit, so a common word costs no more
than a rare one. What was typed never reaches it as its language: each word is a quoted string.
"""

from __future__ import annotations

from collections.abc import Sequence

from inbox_tui.backends.sql.database import Database

_INDEX = "INSERT INTO message_fts (rowid, body) SELECT id, body FROM message_text WHERE id > :newest"


class Fts5:
    """A TextSearch. What is known of visitors is indexed by triggers; messages at the end of their transaction."""

    messages = (
        "SELECT message.conversation_id AS id FROM ("
        "SELECT rowid AS id FROM message_fts WHERE message_fts MATCH :words ORDER BY rowid DESC LIMIT :most"
        ") AS newest CROSS JOIN message ON message.id = newest.id"
    )
    known = "SELECT rowid AS id FROM lead_fts WHERE lead_fts MATCH :known ORDER BY rowid DESC LIMIT :most"
    number_of_messages = (
        "SELECT count(*) FROM (SELECT rowid FROM message_fts WHERE message_fts MATCH :words LIMIT :most)"
    )
    all_hits = (
        "SELECT conversation_id FROM message"
        " WHERE id IN (SELECT rowid FROM message_fts WHERE message_fts MATCH :words)"
        " UNION SELECT rowid FROM lead_fts WHERE lead_fts MATCH :known"
    )

    def expression(self, words: Sequence[str], *, is_begun: bool) -> str:
        """Each word a string, so that nothing in it is a command."""
        return " ".join(map(_quoted, words)) + "*" * is_begun

    def index(self, db: Database, newest: int, newly_known: Sequence[int]) -> None:
        """Make messages after row ``newest`` findable."""
        db.run(_INDEX, newest=newest)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
