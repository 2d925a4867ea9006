"""A generated workspace in a PostgreSQL database: the SQLite file of the same size, table by table.

The store itself makes the tables; the rows go in without indexes, which are made anew at
the end. The words that searches find are cut by the store's own code.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from benchmarks.generate import ME
from inbox_tui.backends.postgres.search import vector
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

_TABLES = ("agent", "member", "conversation", "message", "counter", "change")
_NUMBERED = ("agent", "member", "conversation", "message")
_INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
    " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
)


def database(server: str, file: Path) -> str:
    """The address of a database with the file's workspace, made if there is none yet.

    Args:
        server: ``postgresql://…`` of a superuser, any database.
        file: A generated workspace; its name is its recipe.
    """
    name = f"bench_{file.stem.replace('-', '_')}"
    parts = urlsplit(server)
    address = urlunsplit(parts._replace(path=f"/{name}"))
    with psycopg.connect(server, autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return address
        part = f"{name}_part"
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(part)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(part)))
        _fill(urlunsplit(parts._replace(path=f"/{part}")), file)
        admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(part), sql.Identifier(name)))
    return address


def _fill(address: str, file: Path) -> None:
    asyncio.run(_make_empty(address))
    workspace = f"file:{file}?mode=ro"
    with psycopg.connect(address, autocommit=True) as db, closing(sqlite3.connect(workspace, uri=True)) as given:
        db.execute("SET session_replication_role = replica")  # the rows come from a file that keeps its promises
        db.execute("SET synchronous_commit = off")
        db.execute("SET maintenance_work_mem = '1GB'")
        later = db.execute(_INDEXES).fetchall()
        for name, _ in later:
            db.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        for table in _TABLES:
            _copy(db, given, table)
        _index_words(db, given)
        for _, statement in later:
            _tell(f"{statement[:60]}…")
            db.execute(statement)
        for table in _NUMBERED:
            db.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        db.execute("SELECT setval(pg_get_serial_sequence('change', 'seq'), (SELECT max(seq) FROM change))")
        db.execute("VACUUM (ANALYZE)")


def _copy(db: psycopg.Connection, given: sqlite3.Connection, table: str) -> None:
    _tell(table)
    columns = ", ".join(row[1] for row in given.execute(f"PRAGMA table_info({table})"))
    db.execute(f"DELETE FROM {table}")
    with db.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in given.execute(f"SELECT {columns} FROM {table}"):
            copy.write_row(row)


def _index_words(db: psycopg.Connection, given: sqlite3.Connection) -> None:
    _tell("words")
    with db.cursor().copy("COPY message_words (id, conversation_id, words) FROM STDIN") as copy:
        for id, conversation, body in given.execute(
            "SELECT id, conversation_id, body FROM message WHERE kind <> 'event' ORDER BY id"
        ):
            copy.write_row((id, conversation, vector(body)))
    with db.cursor().copy("COPY lead_words (id, words) FROM STDIN") as copy:
        for id, *known in given.execute(
            "SELECT id, lead_name, lead_email, lead_phone, lead_company, topic, public_id FROM conversation"
        ):
            copy.write_row((id, vector(*known)))


async def _make_empty(address: str) -> None:
    store = await open_store(StoreUrl.parse(address), Identity(ME, "Max Example", is_given=True))
    await store.aclose()


def _tell(step: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {step}", file=sys.stderr)
