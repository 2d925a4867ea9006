"""How a server of ours answers, for the client that all HTTP stores share."""

from __future__ import annotations

from typing import TypeVar

import httpx

from inbox_tui.backends.http import answers, errors
from inbox_tui.domain.errors import InboxError

T = TypeVar("T")


class InboxApi:
    """Records as JSON, refusals as ``Problem``, and writes by PUT that may come twice."""

    repeatable = frozenset(("GET", "PUT"))

    def decoded(self, content: bytes, answer: type[T], name: str) -> T:
        """The record that an answer holds. Raises StoreBroken."""
        return answers.decoded(content, answer, name)

    def error_in(self, response: httpx.Response, name: str) -> InboxError:
        """The error that an answer of 400 and above tells."""
        return errors.error_in(response, name)
