"""A backup of a database's tables, put back in place as a restore would, under whoever has the database open."""

from __future__ import annotations

import psycopg

from postgres.cluster import Cluster

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"


class KeptTables:
    """All tables of a workspace and the numbers that it gives out next."""

    def __init__(self, cluster: Cluster, database: str) -> None:
        self._address = cluster.url(database)
        self._next: dict[str, int | None] = {}

    async def take(self) -> None:
        with psycopg.connect(self._address) as connection:
            connection.execute("CREATE SCHEMA kept")
            for (table,) in connection.execute(_TABLES).fetchall():
                connection.execute(f"CREATE TABLE kept.{table} AS TABLE public.{table}")
            self._next = dict(connection.execute(_SEQUENCES).fetchall())

    async def restore(self) -> None:
        with psycopg.connect(self._address) as connection:
            connection.execute("SET session_replication_role = replica")  # the tables come in no order of their keys
            for (table,) in connection.execute(_TABLES).fetchall():
                connection.execute(f"DELETE FROM public.{table}")
                connection.execute(f"INSERT INTO public.{table} SELECT * FROM kept.{table}")
            for sequence, last in self._next.items():
                connection.execute("SELECT setval(%s::regclass, %s, %s)", (f"public.{sequence}", last or 1, bool(last)))
