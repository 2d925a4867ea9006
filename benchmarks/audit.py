"""Whether a store kept what its server promised: read from its tables, once the server has ended."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.generate import COUNTED
from benchmarks.ledger import MARK, Promises

Select = Callable[[str], Sequence[tuple[Any, ...]]]
"""The rows of a statement."""

_SHARED = "(SELECT count(*) FROM message WHERE conversation_id = conversation.id AND kind <> 'event')"


class Audit(NamedTuple):
    """What was found."""

    kept: int
    """Texts that were acknowledged."""
    lost: int
    """Of these, not in the store."""
    doubled: int
    """Texts that are there more than once."""
    unheard: int
    """Acknowledged replies that their website did not hear."""
    heard_twice: int
    wrong_counters: int
    """Counters, and counts of messages, that are not what the conversations say."""

    @property
    def is_clean(self) -> bool:
        """Nothing was lost, doubled or miscounted."""
        return not any(self[1:])


def audit(select: Select, promises: Promises) -> Audit:
    """Hold a store against what was promised."""
    stored = Counter(body for (body,) in select(f"SELECT body FROM message WHERE body LIKE '{MARK}%'"))
    counters = {row[:3]: int(row[3]) for row in select("SELECT member_id, agent_id, name, n FROM counter") if row[3]}
    counted = {row[:3]: int(row[3]) for row in select(COUNTED)}
    [(miscounted,)] = select(f"SELECT count(*) FROM conversation WHERE message_count <> {_SHARED}")
    return Audit(
        len(promises.kept),
        len(promises.kept - stored.keys()),
        sum(1 for text, times in stored.items() if times > 1 or text not in promises.sent),
        len(promises.replies - promises.heard.keys()),
        sum(1 for times in promises.heard.values() if times > 1),
        len(set(counters.items()) ^ set(counted.items())) + miscounted,
    )


def audit_file(file: Path, promises: Promises) -> Audit:
    """Hold a SQLite workspace against what was promised. Raises RuntimeError for a damaged file."""
    db = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        found = db.execute("PRAGMA quick_check").fetchall()
        if found != [("ok",)]:
            raise RuntimeError(f"{file} is damaged: {found[:3]}")
        return audit(lambda statement: db.execute(statement).fetchall(), promises)
    finally:
        db.close()


def audit_database(address: str, promises: Promises) -> Audit:
    """Hold a PostgreSQL workspace against what was promised."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as db:
        return audit(lambda statement: db.execute(statement.encode()).fetchall(), promises)
