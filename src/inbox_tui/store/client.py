"""The client of a server for which the store is working.

A server's clients share the store's threads. They take turns there, so that one client's work does not delay the
others', and the store drops queued work of a client that hung up. The program's own work has no client: the store
does all of it, in order, even if nobody waits for it any more.
"""

from __future__ import annotations

from contextvars import ContextVar

CLIENT: ContextVar[str | None] = ContextVar("client", default=None)
"""Names the client within one server process; None for the program's own work."""
