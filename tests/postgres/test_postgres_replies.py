"""What an agent's website reads, read by an index."""

from __future__ import annotations

import psycopg

from inbox_tui.backends.postgres.connections import _in_its_words
from inbox_tui.backends.sql import statements
from postgres.cluster import Cluster

VALUES = {"since": -1, "agent": 1, "after": 0, "last": 10**9, "limit": 100}


async def test_an_agents_replies_are_read_by_its_own_index(cluster: Cluster, database: str) -> None:
    """However many others' there are."""
    with psycopg.connect(cluster.url(database), autocommit=True) as db:
        db.execute("INSERT INTO agent (id, name) VALUES (1, 'few'), (2, 'many')")
        db.execute(
            "INSERT INTO conversation (id, public_id, agent_id, status, handoff_requested, created_at,"
            " last_activity_at, message_count, last_message, lead_name, lead_email, lead_phone, lead_company, topic,"
            " has_lead, pending, wait_rank)"
            " SELECT n, n, n, 0, 0, 0, 0, 0, '', '', '', '', '', '', 0, 0, 4611686018427387904"
            " FROM generate_series(1, 2) n"
        )
        db.execute(
            "INSERT INTO message (conversation_id, author, kind, body, created_at, reply_agent_id)"
            " SELECT 1 + least(n % 1000, 1), 'member', 'message', 'x', 0, 1 + least(n % 1000, 1)"
            " FROM generate_series(1, 20000) n"
        )
        db.execute("ANALYZE message")
        plan = db.execute(
            f"EXPLAIN (ANALYZE, FORMAT TEXT) {_in_its_words(statements.REPLIES_OF_AGENT)}",
            VALUES,
        ).fetchall()
    text = "\n".join(line for (line,) in plan)
    assert "message_reply" in text and "Rows Removed" not in text, text
