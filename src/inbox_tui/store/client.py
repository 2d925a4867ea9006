"""For which client of a server a store works at the moment.

A server's clients share the store's threads. They take turns there, so that the work of one does not keep the others
waiting, and what was to be done for a client that hung up is not begun. The program's own work has no client: what it
hands over is done, in order, even if nobody waits for it any more.
"""

from __future__ import annotations

from contextvars import ContextVar

CLIENT: ContextVar[str | None] = ContextVar("client", default=None)
"""Names the client within one server process; None for the program's own work."""
