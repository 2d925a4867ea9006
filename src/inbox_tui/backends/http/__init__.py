"""The store behind a server's HTTP API: asks and listens, decides nothing, keeps nothing."""

from inbox_tui.backends.http.store import HttpStore, open_store

__all__ = ["HttpStore", "open_store"]
