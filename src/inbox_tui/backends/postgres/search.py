"""Full-text search on PostgreSQL's own index, with the words that SQLite's would find.

PostgreSQL's parser sees addresses, numbers with signs and hyphenated words where FTS5 sees
letters and digits; so the words are cut here and handed over as a finished tsvector.
"""

from __future__ import annotations

from collections.abc import Sequence

from inbox_tui.backends.postgres.connections import ServerConnection
from inbox_tui.backends.sql.database import Database, Hits, Value
from inbox_tui.domain.words import cut

_LONGEST = 500
"""Characters of a word that are compared; PostgreSQL takes 2,046 bytes."""
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
_LEADS = (
    "SELECT id, lead_name, lead_email, lead_phone, lead_company, topic FROM conversation WHERE id = ANY(:newly_known)"
)
_INDEX_LEAD = (
    "INSERT INTO lead_words (id, words) VALUES (:id, CAST(:words AS tsvector))"
    " ON CONFLICT (id) DO UPDATE SET words = excluded.words WHERE lead_words.words <> excluded.words"
)


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

    def expression(self, db: Database, words: Sequence[str], *, in_messages: bool, is_begun: bool) -> str:
        """What PostgreSQL calls a tsquery; a word with a mark inside is several that follow each other."""
        phrases = [" <-> ".join(map(_quoted, parts)) for word in words if (parts := cut(word))]
        if not phrases:
            return ""
        whole = " & ".join(f"({phrase})" for phrase in phrases)
        return f"{whole[:-1]}:*)" if is_begun else whole

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


def vector(*texts: str) -> str:
    """Texts as one tsvector's literal: each word, and the places where it stands.

    No phrase goes from one text into the next. Never more than PostgreSQL takes: the words at the end of a longer
    one are not found.
    """
    places: dict[str, list[int]] = {}
    room, place = _ROOM, 0
    for text in texts:
        for word in map(_kept, cut(text)):
            place += 1
            cost = _PLACE_COST if word in places else _PLACE_COST + _WORD_COST + len(word.encode())
            if cost <= room and len(places.setdefault(word, [])) < _PLACES_OF_A_WORD:
                places[word].append(min(place, _LAST_PLACE))
                room -= cost
        place += 1
    return " ".join(f"'{word}':{','.join(map(str, at))}" for word, at in places.items())


def _quoted(word: str) -> str:
    return f"'{_kept(word)}'"  # letters and digits alone: nothing in it needs an escape


def _kept(word: str) -> str:
    return word[:_LONGEST]
