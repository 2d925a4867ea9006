"""What a server of ours says when it refuses, in the words of the domain."""

from __future__ import annotations

import httpx
import msgspec

from inbox_tui.backends.web.errors import AWAY
from inbox_tui.domain.errors import CredentialError, InboxError, Rejected, StoreBroken, StoreUnavailable
from inbox_tui.domain.text import clean_line
from inbox_tui.store.api import Problem, error_of

_LOGIN = "Ask an admin for a token, and keep it with: inbox-tui login URL"
_TOO_LARGE = 413
_UNKNOWN_TOKEN = 401
_GATEWAYS = (429, 502, 503, 504)
_PASSED_ON = (502, 504)
"""With these a proxy says that the request went on to the server, and that no good answer came back."""
_SERVER_FAILED = 500


def error_in(response: httpx.Response, name: str) -> InboxError:
    """The error that an answer of 400 and above tells; the body has been read."""
    status = response.status_code
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except (msgspec.DecodeError, msgspec.ValidationError):
        problem = None  # not of ours: a proxy's page
    if status in _GATEWAYS:
        words = problem.message if problem else f"status {status}"
        maybe_done = problem.maybe_done if problem else status in _PASSED_ON
        return StoreUnavailable(f"{name} cannot answer now: {clean_line(words)}", hint=AWAY, maybe_done=maybe_done)
    if status == _UNKNOWN_TOKEN:
        words = problem.message if problem else "The token is not accepted."
        return CredentialError(f"{name}: {clean_line(words)}", hint=_LOGIN)
    if status == _TOO_LARGE:
        return Rejected(f"{name} does not take so much at once.", hint="Send it in parts.")
    if problem is not None:
        return error_of(problem)
    return StoreBroken(
        f"{name} answered with status {status}, and not as a server of inbox-tui does.",
        hint="Check the address; 'inbox-tui doctor' shows what answers there.",
        maybe_done=status >= _SERVER_FAILED,
    )


def no_answer_of_ours(name: str, error: Exception) -> StoreBroken:
    """An answer that cannot be read."""
    return StoreBroken(
        f"The answer of {name} cannot be read: {clean_line(str(error))}.",
        hint="The server may be of another version, or another program may answer there.",
    )
