"""Errors as answers: each tells in one word, one sentence and a hint what was wrong, and no more than that.

What went wrong inside the server goes to its log, never to a client.
"""

from __future__ import annotations

import logging
from copy import copy
from math import ceil
from typing import Any

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import Send

from inbox_tui.domain.errors import (
    Conflict,
    CredentialError,
    InboxError,
    NotAllowed,
    NotFound,
    ProfileIncomplete,
    Rejected,
    StoreBroken,
    StoreUnavailable,
    Unsupported,
)
from inbox_tui.server.seldom import Seldom
from inbox_tui.store.api import Problem, problem_of

_log = logging.getLogger("inbox_tui.server.failures")
_log.addFilter(Seldom())
_away = logging.getLogger("inbox_tui.server.store")
_away.addFilter(Seldom())

CLOSES = (b"connection", b"close")
"""The header of an answer that ends its connection."""
RETRY_AFTER = 2
"""Seconds after which a client shall try again when the store cannot answer."""
_UNAVAILABLE = 503
_BROKEN = 500
_BAD = 400

_OF_RULES = (CredentialError, NotAllowed, NotFound, Conflict, Rejected, ProfileIncomplete, Unsupported)
"""What rules say, of the request and not of the store; a store's own such errors have public words."""
_WORDS: dict[type[InboxError], str] = {
    Rejected: "This value cannot be stored.",
    StoreUnavailable: "The store cannot answer now.",
    StoreBroken: "The store cannot do this.",
}
_HINTS: dict[type[InboxError], str] = {
    Rejected: "It contains a character or a number that cannot be stored.",
    StoreUnavailable: "Try again in a moment. If that does not help, ask whoever runs the server.",
    StoreBroken: "Ask whoever runs the server; its log tells more.",
}


class Refused(HTTPException):
    """A request that is not done for a reason of the server's own: too many, too large, too slow.

    Args:
        status: The HTTP status.
        word: The reason for programs.
        message: The reason for people.
        retry_after: Seconds after which it may be tried again; None if that would not help.
        closes: Whether its connection ends with it.
    """

    def __init__(
        self, status: int, word: str, message: str, *, retry_after: float | None = None, closes: bool = False
    ) -> None:
        headers = {} if retry_after is None else {"Retry-After": str(max(1, ceil(retry_after)))}
        if closes:
            headers["Connection"] = "close"
        super().__init__(detail=message, status_code=status, headers=headers)
        self.word = word


def tell_error(error: InboxError, store: str) -> Response[bytes]:
    """What the store, or a rule, said. ``store`` is the store's name, which is not told."""
    told = outside(error, store)
    status, problem = problem_of(told)
    if status >= _BROKEN:
        is_foreseen = status == _UNAVAILABLE  # and told with every request while the store is away
        beneath = None if is_foreseen else error.__cause__
        (_away if is_foreseen else _log).error(*_in_log(error), exc_info=beneath)
    elif told is not error:
        _away.error(*_in_log(error))
    headers = {"Retry-After": str(RETRY_AFTER)} if status == _UNAVAILABLE else {}
    if problem.error == "credentials":
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(status, problem, headers)


def _in_log(error: InboxError) -> tuple[str, str, str]:
    """The template of a line, the same for all errors of a kind, and what stands in it."""
    return f"{type(error).__name__}: %s %s", error.message, error.hint


def outside(error: InboxError, store: str) -> InboxError:
    """An error as clients may know it: without the file, the host or the database where the store is.

    Args:
        error: What the store or a rule said.
        store: The store's name.
    """
    kind = type(error)
    if kind in _OF_RULES and not error.public:
        if store not in error.message + error.hint:
            return error
        told = copy(error)
        told.message, told.hint = (words.replace(store, "the store") for words in (error.message, error.hint))
        return told
    if kind in (Rejected, StoreBroken):
        return kind(error.public or _WORDS[kind], hint=_HINTS[kind])
    kind = StoreUnavailable if kind in (StoreUnavailable, CredentialError) else StoreBroken
    return kind(error.public or _WORDS[kind], hint=_HINTS[kind])


def tell_refusal(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework or the server itself said: an unknown path, a malformed body, too many requests."""
    if isinstance(error, Refused):
        word = error.word
    else:
        word = {404: "not_found", 405: "method", 413: "too_large"}.get(error.status_code, "malformed")
    words = error.detail
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        places = (_wrong(str(place.get("key", "")), str(place.get("message", ""))) for place in error.extra)
        words = f"The request is malformed: {'; '.join(places)}."
    return _answer(error.status_code, Problem(word, words), error.headers or {})


def tell_mistake(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer for a bug in the program; a body that is nested too deep is the client's fault."""
    if isinstance(error, RecursionError):
        return _answer(_BAD, Problem("malformed", "The body is nested too deep."), {})
    _log.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    return _answer(_BROKEN, Problem("broken", "The server made a mistake; its log tells more.", maybe_done=True), {})


async def send_problem(send: Send, status: int, problem: Problem, *headers: tuple[bytes, bytes]) -> None:
    """Answer in place of the application."""
    body = msgspec.json.encode(problem)
    of_body = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*of_body, *headers]})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _wrong(name: str, words: str) -> str:
    """What is wrong with a parameter; the framework's word for one that is missing is its name in quotes."""
    shown = "the body" if name == "data" else name
    return f"{shown} is missing" if words == repr(name) else f"{shown}: {words}"


def _answer(status: int, problem: Problem, headers: dict[str, str]) -> Response[bytes]:
    return Response(msgspec.json.encode(problem), status_code=status, media_type=MediaType.JSON, headers=headers)
