"""The store in one local SQLite file."""

from inbox_tui.backends.sqlite.store import open_store

__all__ = ["open_store"]
