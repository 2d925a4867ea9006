"""Ties a request to its client: a hang-up cancels the work, and the end of the request returns its resources."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import Any

from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from inbox_tui.server.problems import CLOSES
from inbox_tui.server.protocol import announces_body

LINGERS = 5.0
"""Seconds for which the rest of a body is thrown away after a refusal: whoever is still sending would not read it."""
_THROWN_AWAY = 20 * 1024 * 1024
"""At most this many bytes of it; a client that has not read the answer by then never stops sending."""
_AT_HAND = 0.01
"""Seconds that a refusal waits for what has come already."""
_SHORT = 64 * 1024
"""Bytes of it."""
_THROWN_AT_ONCE = 1
"""Refused bodies that are thrown away at the same time; others wait without being read."""
_PAUSE = 0.05
"""Seconds between two pieces that are thrown away."""
_PIECE = 512 * 1024
_KEY = "inbox_tui.attendance"
_FAILED = 400


class Attendance:
    """One request's client, and what the request holds.

    Args:
        receive: What the client sends.
        send: What it gets.
        throwing: Held while a refused body is thrown away.
        has_body: It announced a body.
    """

    def __init__(self, receive: Receive, send: Send, throwing: asyncio.Semaphore, *, has_body: bool) -> None:
        self.held = AsyncExitStack()
        """Is left when the request has ended, however it ended."""
        self.has_left = False
        self._receive = receive
        self._throwing = throwing
        self._send = send
        self._is_unread = has_body
        self._is_refused = False
        self._left = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """End the work when the client hangs up. Nothing more of what it sends is of interest."""
        self._watching = asyncio.create_task(self._watch(), name="attendance")

    def leave(self) -> None:
        """The client has gone, or counts as gone."""
        self.has_left = True
        self._left.set()
        if self._work is not None:
            self._work.cancel()

    async def receive(self) -> Any:
        """The client's next message."""
        if self._watching is not None:
            await self._left.wait()
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body"):
            self._is_unread = False
        return message

    async def send(self, message: Message) -> None:
        """Answer. A refusal whose request has not been read closes the connection; nobody waits for the rest."""
        if message["type"] == "http.response.start" and message["status"] >= _FAILED:
            await self._read_what_is_there()
            self._is_refused = self._is_unread
        if message["type"] == "http.response.start" and self._is_refused:
            message["headers"] = [*message.get("headers", ()), CLOSES]
        elif self._is_refused and message["type"] == "http.response.body" and not message.get("more_body"):
            await self._send({"type": "http.response.body", "body": message.get("body", b""), "more_body": True})
            await self._throw_away()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        """The request from its beginning to its end."""
        self._work = asyncio.create_task(_done(app, scope, self), name="request")
        try:
            await self._work
        except asyncio.CancelledError:
            if not (self.has_left and self._work.cancelled()):
                raise
        finally:
            if self._watching is not None:
                self._watching.cancel()
            await self.held.aclose()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.leave()

    async def _read_what_is_there(self) -> None:
        """Throw away a short body that has come with its request, so that the connection can stay."""
        if self._watching is None:
            with suppress(TimeoutError, HTTPException):  # the latter where the client has gone
                async with asyncio.timeout(_AT_HAND):
                    await self._read(_SHORT)

    async def _throw_away(self) -> None:
        if self._watching is not None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGERS), self._throwing:
                for _ in range(0, _THROWN_AWAY, _PIECE):
                    await self._read(_PIECE)
                    if not self._is_unread:
                        break
                    await asyncio.sleep(_PAUSE)  # whoever sends much is answered; it need not be taken fast

    async def _read(self, size: int) -> None:
        """Read so much of the body, or its rest, and forget it."""
        while size > 0 and self._is_unread:
            size -= len((await self.receive()).get("body", b""))


def attended(app: ASGIApp) -> ASGIApp:
    """Have each request end with its client."""

    throwing = asyncio.Semaphore(_THROWN_AT_ONCE)

    async def noticed(scope: Scope, receive: Receive, send: Send) -> None:
        here = Attendance(receive, send, throwing, has_body=announces_body(scope))
        seen: Any = scope
        seen[_KEY] = here
        await here.run(app, scope)

    return noticed


def attendance_of(scope: Any) -> Attendance:
    """The client of a request."""
    here: Attendance = scope[_KEY]
    return here


async def _done(app: ASGIApp, scope: Scope, here: Attendance) -> None:
    await app(scope, here.receive, here.send)
