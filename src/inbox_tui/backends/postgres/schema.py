"""Making the tables in an empty database, recognising ours, and bringing older ones up to date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from inbox_tui.backends.postgres.connections import ServerConnection
from inbox_tui.backends.sql.migrations import Step, require_known, steps
from inbox_tui.domain.errors import StoreBroken
from inbox_tui.store.protocol import Schema

MIGRATIONS = Path(__file__).with_name("migrations")
# The table that holds the number of the last migration, and tells our tables from other programs'.
# Not to_regclass: it may still not know what another program has just made.
_TABLES = (
    "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    " WHERE nspname = current_schema() AND relname IN ('inbox_tui_schema', 'message')"
)
_VERSION = "SELECT version FROM inbox_tui_schema"
_SET_VERSION = "UPDATE inbox_tui_schema SET version = :newest"


def prepare(connection: ServerConnection, name: str, settle: Callable[[ServerConnection], None]) -> Schema:
    """Bring the tables to this program's schema; ``settle`` fills new ones in the same transaction.

    Raises:
        StoreBroken: the tables are another program's, or from a newer inbox-tui.
    """
    known = steps(MIGRATIONS)
    newest = known[-1].number
    with connection.snapshot():
        version = _version(connection, name, known)
    if version == newest:
        return Schema(version, newest)
    with connection.transaction():
        version = _version(connection, name, known)  # another process may have been faster
        if version == newest:
            return Schema(version, newest)
        for step in (step for step in known if step.number > version):
            for statement in step.statements():
                connection.run(statement)
        if version == 0:
            settle(connection)
        connection.run(_SET_VERSION, newest=newest)
    return Schema(version, newest)


def _version(connection: ServerConnection, name: str, known: list[Step]) -> int:
    tables = {name for (name,) in connection.rows(_TABLES)}
    if "inbox_tui_schema" not in tables:
        if tables:
            raise StoreBroken(
                f"{name} has tables of another program.", hint="Create a database for inbox-tui alone: createdb inbox"
            )
        return 0
    row = connection.row(_VERSION)
    version: int = row[0] if row else 0
    require_known(version, known, name)
    return version
