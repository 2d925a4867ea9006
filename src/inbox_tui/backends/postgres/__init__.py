"""The store in a PostgreSQL database."""

from inbox_tui.backends.postgres.store import open_store

__all__ = ["open_store"]
