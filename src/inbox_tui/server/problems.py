"""Errors as answers: each tells in one word, one sentence and a hint what was wrong, and no more than that.

What went wrong inside the server goes to its log, never to a client.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException

from inbox_tui.domain.errors import InboxError
from inbox_tui.store.api import Problem, problem_of

_log = logging.getLogger("inbox_tui.server")

RETRY_AFTER = 2
"""Seconds after which a client shall try again when the store cannot answer."""
_UNAVAILABLE = 503
_BROKEN = 500
_BAD = 400


class Refused(HTTPException):
    """A request that is not done for a reason of the server's own: too many, too large, too slow.

    Args:
        status: The HTTP status.
        word: The reason for programs.
        message: The reason for people.
        retry_after: Seconds after which it may be tried again; None if that would not help.
    """

    def __init__(self, status: int, word: str, message: str, *, retry_after: float | None = None) -> None:
        headers = {} if retry_after is None else {"Retry-After": str(max(1, round(retry_after)))}
        super().__init__(detail=message, status_code=status, headers=headers)
        self.word = word


def tell_error(_: Request[Any, Any, Any], error: InboxError) -> Response[bytes]:
    """What the store, or a rule, said."""
    status, problem = problem_of(error)
    if status >= _BROKEN:
        is_foreseen = status == _UNAVAILABLE  # and told with every request while the store is away
        beneath = None if is_foreseen else error.__cause__
        _log.error("%s: %s", type(error).__name__, error.message, exc_info=beneath)
    headers = {"Retry-After": str(RETRY_AFTER)} if status == _UNAVAILABLE else {}
    if problem.error == "credentials":
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(status, problem, headers)


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
    """A mistake of the program's own; a body that is nested too deep is the client's."""
    if isinstance(error, RecursionError):
        return _answer(_BAD, Problem("malformed", "The body is nested too deep."), {})
    _log.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    return _answer(_BROKEN, Problem("broken", "The server made a mistake; its log tells more."), {})


def _wrong(name: str, words: str) -> str:
    """What is wrong with a parameter; the framework's word for one that is missing is its name in quotes."""
    shown = "the body" if name == "data" else name
    return f"{shown} is missing" if words == repr(name) else f"{shown}: {words}"


def _answer(status: int, problem: Problem, headers: dict[str, str]) -> Response[bytes]:
    return Response(msgspec.json.encode(problem), status_code=status, media_type=MediaType.JSON, headers=headers)
