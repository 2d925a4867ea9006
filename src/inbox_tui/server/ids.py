"""Conversation ids in paths. They are anybody's text, slashes and dots included.

The server routes on the path as it was sent, so that an encoded slash stays part of its
id; here the id is decoded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from inbox_tui.domain.models import ConversationId

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send

_NOWHERE = "/"
_AUTHORITY = re.compile("https?://[^/]*", re.IGNORECASE)
"""What precedes the path where a request names its target whole (RFC 9112, 3.2.2)."""


def conversation_id(segment: str) -> ConversationId:
    """The id that a segment of a path holds."""
    return ConversationId(unquote(segment, errors="replace"))


def on_raw_path(app: ASGIApp) -> ASGIApp:
    """Have the application see each path as it was sent, percent signs and all.

    It would leave an empty segment out, and so ask another question than was meant: that one leads nowhere.
    """

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("ascii", "replace")
        if named := _AUTHORITY.match(path):
            path = path[named.end() :]
        scope["path"] = _NOWHERE if "//" in path or path.endswith("/") else path
        await app(scope, receive, send)

    return routed
