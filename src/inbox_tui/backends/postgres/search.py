"""Full-text search on PostgreSQL's own index, over the words that the program cuts.

PostgreSQL's parser is not asked: the words are handed over as a finished tsvector.
"""

from __future__ import annotations

from collections.abc import Sequence

from inbox_tui.backends.postgres.connections import ServerConnection
from inbox_tui.backends.sql.database import Database, Hits, Value
from inbox_tui.domain.sought import Phrase, Term
from inbox_tui.domain.words import words

_LAST_PLACE = 16_383
"""Places of words that PostgreSQL tells apart."""
_PLACES_OF_A_WORD = 255
"""Places that PostgreSQL keeps of one word."""
_ROOM = 1_000_000
"""Bytes of one tsvector, of which PostgreSQL takes 2^20 - 1."""
_WORD_COST, _PLACE_COST = 4, 2
"""Bytes that a word takes beside its letters, and one place of it."""

_NEW_TEXTS = "SELECT id, conversation_id, body FROM message WHERE id > :newest AND kind <> 'event'"
_INDEX = "INSERT INTO message_words (id, conversation_id, words) VALUES (:id, :conversation, CAST(:words AS tsvector))"
_KNOWN = "SELECT id, lead_name, lead_email, lead_phone, lead_company, topic, public_id FROM conversation"
_LEADS = f"{_KNOWN} WHERE id = ANY(:newly_known)"
_INDEX_LEAD = (
    "INSERT INTO lead_words (id, words) VALUES (:id, CAST(:words AS tsvector))"
    " ON CONFLICT (id) DO UPDATE SET words = excluded.words WHERE lead_words.words <> excluded.words"
)

_FORGET = (
    "DELETE FROM message_words WHERE conversation_id = ANY(:removed) RETURNING id",
    "DELETE FROM lead_words WHERE id = ANY(:removed) RETURNING id",
)
_ALL_TEXTS = "SELECT id, conversation_id, body FROM message WHERE kind <> 'event' AND id > :id ORDER BY id LIMIT :most"
_ALL_KNOWN = f"{_KNOWN} WHERE id > :id ORDER BY id LIMIT :most"
_AT_ONCE = 5_000
"""Rows that are read and indexed together when all are."""
_INDEXES = {"message_words_found": "message_words", "lead_words_found": "lead_words"}


class WordIndex:
    """A TextSearch; messages and what is known of visitors are indexed at the end of their transaction."""

    messages = Hits(
        "SELECT conversation_id AS id, id AS place FROM message_words WHERE words @@ CAST(:words AS tsquery)"
        " ORDER BY message_words.id DESC LIMIT :most",  # not id: that is what it is called outside
        "ORDER BY hit.place DESC",
    )
    known = Hits(
        "SELECT id FROM lead_words WHERE words @@ CAST(:known AS tsquery) ORDER BY id DESC LIMIT :most",
        "ORDER BY hit.id DESC",
    )
    number_of_messages = (
        "SELECT count(*) FROM (SELECT id FROM message_words WHERE words @@ CAST(:words AS tsquery)"
        " ORDER BY id DESC LIMIT :most) AS newest"
    )
    all_hits = (
        "SELECT conversation_id FROM message_words WHERE words @@ CAST(:words AS tsquery)"
        " UNION SELECT id FROM lead_words WHERE words @@ CAST(:known AS tsquery)"
    )

    unindexed = (
        "SELECT (SELECT count(*) FROM message WHERE kind <> 'event'"
        " AND NOT EXISTS (SELECT 1 FROM message_words WHERE message_words.id = message.id)),"
        " (SELECT count(*) FROM conversation"
        " WHERE NOT EXISTS (SELECT 1 FROM lead_words WHERE lead_words.id = conversation.id))"
    )

    def expression(self, db: Database, terms: Sequence[Term], *, in_messages: bool) -> str:
        """What PostgreSQL calls a tsquery."""
        return " & ".join(
            "(" + " | ".join("(" + " & ".join(map(_phrase, way)) + ")" for way in term) + ")" for term in terms
        )

    def index(self, db: Database, newest: int, newly_known: Sequence[int]) -> None:
        """Make findable what this transaction wrote."""
        assert isinstance(db, ServerConnection)
        messages: list[dict[str, Value]] = [
            {"id": id, "conversation": conversation, "words": vector(body)}
            for id, conversation, body in db.rows(_NEW_TEXTS, newest=newest)
        ]
        db.run_each(_INDEX, messages)
        if newly_known:
            known: list[dict[str, Value]] = [
                {"id": id, "words": vector(*facts)} for id, *facts in db.rows(_LEADS, newly_known=newly_known)
            ]
            db.run_each(_INDEX_LEAD, known)

    def is_damaged(self, db: Database) -> bool:
        """Never: what a server's disk does to an index is told by the server."""
        return False

    def forget(self, db: Database, removed: Sequence[int]) -> None:
        """Take conversations out of the index."""
        assert isinstance(db, ServerConnection)
        for statement in _FORGET:
            db.rows(statement, removed=removed)

    def rebuild(self, db: Database) -> None:
        """Index everything again. The server sorts the words in at the end: that is much faster.

        Raises psycopg's InsufficientPrivilege for a role that does not own the tables.
        """
        assert isinstance(db, ServerConnection)
        with db.unhurried():
            for index in _INDEXES:
                db.run(f"DROP INDEX IF EXISTS {index}")
            db.run("TRUNCATE message_words, lead_words")
            last = 0
            while texts := db.rows(_ALL_TEXTS, id=last, most=_AT_ONCE):
                db.run_each(_INDEX, [{"id": id, "conversation": of, "words": vector(body)} for id, of, body in texts])
                last = texts[-1][0]
            last = 0
            while leads := db.rows(_ALL_KNOWN, id=last, most=_AT_ONCE):
                db.run_each(_INDEX_LEAD, [{"id": id, "words": vector(*facts)} for id, *facts in leads])
                last = leads[-1][0]
            for index, table in _INDEXES.items():
                db.run(f"CREATE INDEX {index} ON {table} USING gin (words)")


def vector(*texts: str) -> str:
    """Texts as one tsvector's literal: each word, and the places where it stands.

    No phrase goes from one text into the next. Never more than PostgreSQL takes: the words at the end of a longer
    one are not found.
    """
    places: dict[str, list[int]] = {}
    room, place = _ROOM, 0
    for text in texts:
        for word in words(text):
            place += 1
            cost = _PLACE_COST if word in places else _PLACE_COST + _WORD_COST + len(word.encode())
            if cost <= room and len(places.setdefault(word, [])) < _PLACES_OF_A_WORD:
                places[word].append(min(place, _LAST_PLACE))
                room -= cost
        place += 1
    return " ".join(f"'{word}':{','.join(map(str, at))}" for word, at in places.items())


def _phrase(phrase: Phrase) -> str:
    """Words alone: nothing in one needs an escape."""
    return "(" + " <-> ".join(f"'{word}'" for word in phrase.words) + (":*)" if phrase.is_begun else ")")
