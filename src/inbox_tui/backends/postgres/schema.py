"""Making the tables in an empty database, recognising ours, and bringing older ones up to date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg

from inbox_tui.backends.postgres.connections import ServerConnection
from inbox_tui.backends.postgres.search import WordIndex
from inbox_tui.backends.sql import counters
from inbox_tui.backends.sql.database import Asked, Database
from inbox_tui.backends.sql.migrations import Step, no_inbox, require_known, steps, take_steps, tell
from inbox_tui.domain.errors import ConfigError, StoreBroken
from inbox_tui.store.protocol import Schema

MIGRATIONS = Path(__file__).with_name("migrations")
# Ours have one that holds the number of the last migration. What an extension brought is nobody's.
_TABLES = (
    "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    " WHERE nspname = current_schema() AND relkind IN ('r', 'p') AND NOT EXISTS ("
    "SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND classid = CAST('pg_class' AS regclass) AND deptype = 'e')"
    " ORDER BY relname"
)
_WHERE = "SELECT current_database(), current_schema()"
# Another schema's table may be in sight behind this one's.
_VERSION_HERE = (
    "SELECT version FROM inbox_tui_schema JOIN pg_class ON pg_class.oid = inbox_tui_schema.tableoid"
    " JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = current_schema()"
)
_USUAL_SCHEMA = "public"
_ENCODING = "SELECT current_setting('server_encoding')"
_NAMED = 3
"""Tables that a refusal names."""
_WORDS_CHANGED = 6
"""The last migration after which other words are indexed."""
_SET_VERSION = "UPDATE inbox_tui_schema SET version = :newest"


def prepare(
    connection: ServerConnection,
    name: str,
    bootstrap: Callable[[ServerConnection], None] | None,
    fix: Callable[[ServerConnection], None],
) -> Schema:
    """Bring the tables to this program's schema.

    In the same transaction ``settle`` fills new ones and ``mend`` repairs older ones.
    Without ``settle`` none are made.

    Raises:
        StoreUnavailable: there are no tables, and none are to be made.
        ConfigError: the database cannot hold every character.
        StoreBroken: the tables are another program's, or from a newer inbox-tui, or not the role's to make or change.
    """
    known = steps(MIGRATIONS)
    newest = known[-1].number
    with connection.snapshot():
        version = _version(connection, name, known)
    if version == newest:
        return Schema(version, newest)
    if version == 0 and bootstrap is None:
        raise no_inbox(f"in {name}")
    if version != 0:
        tell(name, version, known)
    try:
        with connection.migration(), connection.unhurried():
            version = _version(connection, name, known)  # another process may have been faster
            take_steps(connection, known, version, bootstrap, fix)
            if 0 < version < _WORDS_CHANGED:
                WordIndex().rebuild(connection)
            if version < newest:
                connection.run(_SET_VERSION, newest=newest)
    except psycopg.errors.InsufficientPrivilege as error:
        lacking = (
            "tables that are older than this inbox-tui, and your role may not change them"
            if version
            else "no tables yet, and your role may not make them"
        )
        raise StoreBroken(f"{name} has {lacking}.", hint="Run as their owner: inbox-tui migrate") from error
    return Schema(version, newest)


LOOK = (Asked(_VERSION_HERE), Asked(_WHERE), Asked(counters.MARKED_COUNTERS))
"""What ``current`` and ``located`` read."""


def current(answers: Database) -> Schema | None:
    """The schema, if the tables and counters are this program's of today, as nearly always; else there is work to do.

    Raises psycopg.ProgrammingError if there are no tables, or none that the role may read.
    """
    newest = steps(MIGRATIONS)[-1].number
    is_current = answers.row(_VERSION_HERE) == (newest,) and not counters.uncounted(answers)
    return Schema(newest, newest) if is_current else None


def located(connection: Database, name: str) -> str:
    """A name that no other workspace of the server has: an address may leave the database or the schema to the role."""
    [(database, schema)] = connection.rows(_WHERE)
    place, _, query = name.partition("?")
    scheme, _, rest = place.partition("://")
    host = rest.partition("/")[0]
    said = [query] if query else []
    if schema != _USUAL_SCHEMA:
        said.append(f"schema={schema}")
    return f"{scheme}://{host}/{database}{'?' if said else ''}{'&'.join(said)}"


def _version(connection: ServerConnection, name: str, known: list[Step]) -> int:
    tables = [table for (table,) in connection.rows(_TABLES)]
    if "inbox_tui_schema" not in tables:
        if tables:
            raise StoreBroken(
                f"{name} has tables of another program: {', '.join(tables[:_NAMED])}.",
                hint="Create a database for inbox-tui alone: createdb inbox; or a schema, and name it as search_path.",
            )
        [(encoding,)] = connection.rows(_ENCODING)
        if encoding != "UTF8":
            raise ConfigError(
                f"{name} holds {encoding}, not UTF8: not every character could be stored.",
                hint="Create it with: CREATE DATABASE inbox ENCODING 'UTF8' TEMPLATE template0",
            )
        return 0
    version = connection.schema_number()
    require_known(version, known, name)
    return version
