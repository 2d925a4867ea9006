"""The access log: a line for each request. Those that are refused unread are left to ``seldom``."""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from inbox_tui.domain.text import clean_line
from inbox_tui.server.access import bearer_of

_access = logging.getLogger("inbox_tui.access")


def logged(app: ASGIApp) -> ASGIApp:
    """Note each request: who, what, how it ended; no query, no header, no body."""

    async def noted(scope: Scope, receive: Receive, send: Send) -> None:
        if not _access.isEnabledFor(logging.INFO):
            await app(scope, receive, send)
            return
        began = monotonic()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, watched)
        finally:
            seen: Any = scope
            client = scope.get("client")
            _access.info(
                "%s token=%s %s %s %s %.1fms",
                clean_line(client[0]) if client else "-",
                bearer.token.id if (bearer := bearer_of(scope)) else "-",
                seen["method"],
                clean_line(scope["path"]),
                status or "-",
                (monotonic() - began) * 1000,
            )

    return noted
