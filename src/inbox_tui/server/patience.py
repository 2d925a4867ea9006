"""Timeouts for receiving a request and for sending its answer, and an orderly end when one breaks off."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from litestar.exceptions import HTTPException, LitestarException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.text import clean_line
from inbox_tui.server.problems import CLOSES, Refused, send_problem
from inbox_tui.server.protocol import OF_BODY, SEND_TIMEOUT, announces_body, connection_of
from inbox_tui.server.seldom import Seldom
from inbox_tui.store.api import Problem

BODY_TIMEOUT = 60.0
"""Seconds within which the body of a request must have come."""

_log = logging.getLogger("inbox_tui.server.broken_off")
_log.addFilter(Seldom())

_SINGLE = {b"authorization", b"content-type", b"last-event-id"}
"""Headers that are read here: of two, a proxy in front could believe the other."""


def patient(app: ASGIApp) -> ASGIApp:
    """Wait for a body, and for a client to take its answer, but not for ever.

    An answer that breaks off, for this or any other reason, ends its connection and is one line in the log.
    """

    async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
        deadline = asyncio.get_running_loop().time() + BODY_TIMEOUT
        has_all = not announces_body(scope)
        has_begun = False

        async def receive_soon() -> Any:
            nonlocal has_all
            if has_all:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                message = {"type": "http.disconnect"}
                words = f"The body of the request did not come within {BODY_TIMEOUT:.0f} seconds."
                refusal = Refused(408, "too_slow", words, closes=True)
            else:
                refusal = Refused(400, "malformed", "The body of the request was not sent whole.", closes=True)
            has_all = message["type"] != "http.request" or not message.get("more_body")
            if message["type"] == "http.disconnect" and not has_begun:
                raise refusal
            return message

        async def send_soon(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            async with asyncio.timeout(SEND_TIMEOUT):
                await send(message)

        try:
            await app(scope, receive_soon, send_soon)
        except (LitestarException, TimeoutError) as error:
            if not has_begun:
                raise
            _note(scope, _beneath(error))
            connection_of(scope).cut()

    return bounded


def unambiguous(app: ASGIApp) -> ASGIApp:
    """Refuse a request that could be read in two ways: a proxy in front may read it in the other (RFC 9112, 6.1)."""

    async def single(scope: Scope, receive: Receive, send: Send) -> None:
        names = [name for name, _ in scope["headers"]]
        twice = next((name for name in _SINGLE if names.count(name) > 1), None)
        if twice:
            words = f"The request has two {twice.decode().title()} headers."
        elif all(name in names for name in OF_BODY):
            words = "A request has a length or is chunked, not both."
        else:
            await app(scope, receive, send)
            return
        await send_problem(send, 400, Problem("malformed", words), CLOSES)

    return single


def _beneath(error: BaseException) -> BaseException:
    """The error that the framework's errors, and groups of one, stand for."""
    while True:
        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        elif isinstance(error, LitestarException) and not isinstance(error, HTTPException) and error.__cause__:
            error = error.__cause__
        else:
            return error


def _note(scope: Any, error: BaseException) -> None:
    what = f"{scope['method']} {clean_line(scope['path'])}"
    if isinstance(error, TimeoutError):
        _log.info("An answer was broken off (%s): the client does not take it.", what)
    elif isinstance(error, InboxError):
        _log.error("An answer was broken off (%s): %s", what, error.message)
    elif isinstance(error, HTTPException):
        _log.info("An answer was broken off (%s): %s", what, error.detail)
    else:
        _log.error("An answer was broken off (%s) by a mistake of the program", what, exc_info=error)
