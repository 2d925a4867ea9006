"""Sends answers in pieces, within the budget, and disconnects clients that do not read them."""

from __future__ import annotations

from time import monotonic
from typing import Any

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from inbox_tui.server.access import bearer_of, context_of
from inbox_tui.server.attendance import attendance_of
from inbox_tui.server.budget import SMALL, Share
from inbox_tui.server.problems import Refused
from inbox_tui.store.api import EVENT_STREAM, Problem

PIECE = SMALL
"""Bytes that are handed to a connection at a time; it holds hardly more of what its client does not take."""
LEAST_RATE = 64 * 1024
"""Bytes a second that a client takes on average …"""
RATED_AFTER = 60.0
"""… once it has kept the server waiting for so many seconds."""
_ROOM = "inbox_tui.room"


def keep_room(scope: Scope, size: int) -> None:
    """Hold room for an answer before what it tells is done. Raises Refused: then nothing is done.

    ``size``: the most bytes that it may have. A small answer always has room.
    """
    bearer = bearer_of(scope)
    if size > SMALL and bearer is not None:
        share = attendance_of(scope).held.enter_context(context_of(scope).answers.share(bearer.token.id))
        share.grow_to(size)
        scope[_ROOM] = share  # type: ignore[literal-required]


class _Answer:
    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._waited = 0.0
        self._taken = 0
        self._is_rated = True
        self._is_replaced = False

    async def send(self, message: Message) -> None:
        if self._is_replaced:
            return
        if message["type"] == "http.response.start":
            headers = {name.lower(): value for name, value in message.get("headers", ())}
            self._is_rated = not headers.get(b"content-type", b"").startswith(EVENT_STREAM.encode())
            await self._begin(message, int(headers.get(b"content-length", b"0")))
            return
        body: bytes = message.get("body", b"")  # type: ignore[assignment]
        is_last = not message.get("more_body")
        view = memoryview(body)
        for start in range(0, max(1, len(body)), PIECE):
            piece = bytes(view[start : start + PIECE])
            more = not is_last or start + PIECE < len(body)
            await self._hand_over({"type": "http.response.body", "body": piece, "more_body": more}, len(piece))

    async def _begin(self, message: Message, size: int) -> None:
        """Begin to answer, or say that there is no room for the answer."""
        bearer = bearer_of(self._scope)
        if bearer is not None:
            context_of(self._scope).charge(bearer.token.id, size)
        if size > SMALL and bearer is not None:
            share: Share | None = self._scope.get(_ROOM)  # type: ignore[assignment]  # ours
            try:
                if share is None:
                    keep_room(self._scope, size)
                else:
                    share.grow_to(size)
            except Refused as refusal:
                self._is_replaced = True
                await self._refuse(refusal)
                return
        await self._send(message)

    async def _refuse(self, refusal: Refused) -> None:
        body = msgspec.json.encode(Problem(refusal.word, refusal.detail))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in (refusal.headers or {}).items()]
        await self._send({"type": "http.response.start", "status": refusal.status_code, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def _hand_over(self, message: Any, size: int) -> None:
        began = monotonic()
        await self._send(message)
        self._waited += monotonic() - began
        self._taken += size
        if self._is_rated and self._waited > RATED_AFTER and self._taken < self._waited * LEAST_RATE:
            attendance_of(self._scope).leave()


def in_pieces(app: ASGIApp) -> ASGIApp:
    """Have each answer go out in pieces."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, _Answer(scope, send).send)

    return answered
