"""One line to one server: a request, its answer as a record, and patience with a server that asks for it.

Everything is over HTTP/1.1 with connections that are kept. Proxies and certificate
authorities come from the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE). Redirects are
not followed: a token goes where it was meant to go.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Protocol, TypeVar

import httpx
import msgspec

from inbox_tui import __version__
from inbox_tui.backends.web.errors import http_errors
from inbox_tui.domain.errors import InboxError, StoreBroken, StoreUnavailable
from inbox_tui.domain.text import replace_unstorable

T = TypeVar("T")

CONNECT_TIMEOUT = 5.0
"""Seconds within which a connection must stand."""
READ_TIMEOUT = 15.0
"""Seconds within which each piece of an answer must come."""
KEPT_FOR = 5.0
"""Seconds for which an idle connection is kept: fewer than a server keeps it, so that no request meets its end."""
_CONNECTIONS = 8
_ATTEMPTS = 4
_MAX_BACKOFF = 10.0
_BUSY = (429, 503)
_FAILED = 400
_READS = ("GET",)


class Api(Protocol):
    """How one kind of server answers."""

    @property
    def repeatable(self) -> frozenset[str]:
        """The methods of requests that may be sent again: GET, and whatever the server does only once."""

    def decoded(self, content: bytes, answer: type[T], name: str) -> T:
        """The record that an answer holds. Raises StoreBroken; ``name`` is the server, as it may be shown."""

    def error_in(self, response: httpx.Response, name: str) -> InboxError:
        """The error that an answer of 400 and above tells; the body has been read."""


class _Upload:
    """Whether a request may have been done although no answer says so: once its body has begun to leave."""

    def __init__(self) -> None:
        self._has_begun = False
        self._was_lost = False

    @property
    def is_in_doubt(self) -> bool:
        """It may have been done."""
        return self._has_begun or self._was_lost

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """httpcore's account of what it does; a proxy that is asked for a tunnel gets no body of ours."""
        if event == "http11.send_request_body.started" and info["request"].method != b"CONNECT":
            self._has_begun = True

    def lost(self) -> None:
        """The connection ended without an answer."""
        self._was_lost, self._has_begun = self.is_in_doubt, False

    def answered(self, status: int) -> None:
        """An answer came; one that refuses says itself whether the request may have been done."""
        self._has_begun = status < _FAILED


class ApiClient:
    """Requests to one server.

    Args:
        base: The address under which the API stands.
        name: The server, as it may be shown.
        headers: What each request carries, the member's secret among it.
        api: How the server answers.
        random: Spreads the attempts of several clients.
    """

    def __init__(self, base: str, name: str, headers: Mapping[str, str], api: Api, random: Random) -> None:
        self.name = name
        self.random = random
        self._api = api
        self._client = httpx.AsyncClient(
            base_url=base,
            headers={**headers, "User-Agent": f"inbox-tui/{__version__}"},
            timeout=httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT),
            limits=httpx.Limits(
                max_connections=None, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=KEPT_FOR
            ),
            follow_redirects=False,
            verify=base.startswith(
                "https"
            ),  # without TLS there is nothing to verify, and authorities take 30 ms to read
        )

    async def ask(
        self,
        method: str,
        path: str,
        answer: type[T],
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
        is_keyed: bool = False,
    ) -> T:
        """One request; its answer as a record. A server that is busy is asked again when it says.

        Args:
            method: GET and PUT are asked again once if the line breaks, for they can be.
            path: Below the API's root, its segments encoded.
            answer: The type of the answer; ``type(None)`` for none.
            params: The query. Texts may hold anything.
            body: A record.
            is_keyed: A POST that may be repeated, too: the server knows it by its key.

        Raises:
            InboxError: whatever the server says; StoreUnavailable if it cannot be reached. Of a write, its
                ``maybe_done`` tells whether the server may have done it.
        """
        upload = _Upload()
        try:
            return await self._ask(method, path, answer, upload, params=params, body=body, is_keyed=is_keyed)
        except (StoreUnavailable, StoreBroken) as error:
            error.maybe_done = method not in _READS and (error.maybe_done or upload.is_in_doubt)
            raise

    async def _ask(
        self,
        method: str,
        path: str,
        answer: type[T],
        upload: _Upload,
        *,
        params: Mapping[str, str | int] | None,
        body: object,
        is_keyed: bool,
    ) -> T:
        self._require_open()
        content = None if body is None else encoded(body)
        headers = {} if content is None else {"Content-Type": "application/json"}
        query = None if params is None else {key: replace_unstorable(str(value)) for key, value in params.items()}
        may_repeat = is_keyed or method in self._api.repeatable
        for attempt in range(1, _ATTEMPTS + 1):
            with http_errors(self.name):
                try:
                    response = await self._client.request(
                        method, path, params=query, content=content, headers=headers, extensions={"trace": upload.trace}
                    )
                except httpx.RemoteProtocolError:
                    if attempt > 1 or not may_repeat:  # a kept connection that the server closed meanwhile
                        raise
                    upload.lost()
                    continue
            upload.answered(response.status_code)
            if response.status_code in _BUSY and attempt < _ATTEMPTS:
                await asyncio.sleep(wait_of(response, attempt, self.random))
                continue
            if response.status_code >= _FAILED:
                raise self._api.error_in(response, self.name)
            return self._api.decoded(response.content, answer, self.name)
        raise StoreUnavailable(f"{self.name} is busy.")

    @asynccontextmanager
    async def listen(
        self, path: str, *, params: Mapping[str, str | int] | None = None, **options: Any
    ) -> AsyncIterator[httpx.Response]:
        """An answer that comes piece by piece; ``options`` are httpx's. Raises as ``ask``."""
        self._require_open()
        query = None if params is None else {key: replace_unstorable(str(value)) for key, value in params.items()}
        with http_errors(self.name):
            async with self._client.stream("GET", path, params=query, **options) as response:
                if response.status_code >= _FAILED:
                    await response.aread()
                    raise self._api.error_in(response, self.name)
                yield response

    def _require_open(self) -> None:
        if self._client.is_closed:
            raise StoreUnavailable("The store is closed.", hint="Open it again.")

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()


def encoded(body: object) -> bytes:
    """A record as JSON; what no store keeps becomes U+FFFD on this side already: JSON cannot hold half a pair."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        return msgspec.json.encode(_storable(msgspec.to_builtins(body)))


def wait_of(response: httpx.Response, attempt: int, random: Random) -> float:
    """Seconds that a busy server asks to wait, or doubling ones; somewhat spread either way."""
    asked = response.headers.get("retry-after", "")
    wait = float(asked) if asked.isascii() and asked.isdecimal() else 0.25 * 2.0**attempt
    return min(wait, _MAX_BACKOFF) * random.uniform(1.0, 1.25)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return replace_unstorable(value)
    if isinstance(value, list | tuple):
        return [_storable(part) for part in value]
    if isinstance(value, dict):
        return {key: _storable(part) for key, part in value.items()}
    return value
