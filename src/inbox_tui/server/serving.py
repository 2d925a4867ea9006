"""A server process: the port, TLS, clients that are slow or too many, the access log, and an orderly end.

Uvicorn speaks HTTP; what it leaves open is closed here: it waits for ever for the rest of a
request, and takes any number of idle connections.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from ssl import SSLError
from time import monotonic
from types import FrameType
from typing import Any

import h11
import msgspec
import uvicorn
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from inbox_tui.domain.errors import ConfigError, StoreUnavailable
from inbox_tui.domain.text import clean_line
from inbox_tui.server.access import Gate, carried
from inbox_tui.server.app import through
from inbox_tui.server.ids import on_raw_path
from inbox_tui.server.limits import Limits
from inbox_tui.store.api import Problem
from inbox_tui.store.url import is_loopback

_log = logging.getLogger("inbox_tui.server")
_access = logging.getLogger("inbox_tui.access")

HEAD_WITHIN = 15.0
"""Seconds within which the head of a request must have come."""
BODY_WITHIN = 60.0
"""Seconds within which its body must have come."""
SENT_WITHIN = 60.0
"""Seconds within which a client must take a piece of an answer."""
HEAD_LIMIT = 64 * 1024
"""Bytes of the head of a request: an id of any characters fits into its path."""
IDLE = 75
"""Seconds that a connection stays open between requests."""
ENDS_WITHIN = 20
"""Seconds that requests under way are given at the end."""
_BACKLOG = 2_048
"""Connections that may wait to be accepted, if only to be refused."""
_FILES_BESIDE = 64
"""Files that the process needs besides its connections."""

_BUSY = msgspec.json.encode(Problem("too_many", "Too many connections are open.", "Try again in a moment."))
_TWO_ENDS = msgspec.json.encode(Problem("malformed", "A request has a length or is chunked, not both."))
_BUSY_ANSWER = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(_BUSY), _BUSY)
)


class Binding(msgspec.Struct, frozen=True):
    """Where a server listens."""

    host: str
    port: int
    """0 lets the system choose."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    behind_proxy: bool = False
    """A proxy in front ends TLS; its word for the client's address is believed."""

    @property
    def scheme(self) -> str:
        """What a client writes before ``://``."""
        return "https" if self.tls_cert else "http"


def require_safe(binding: Binding) -> None:
    """Raises ConfigError for tokens that would travel unencrypted, or half of what TLS needs."""
    if (binding.tls_cert is None) is not (binding.tls_key is None):
        raise ConfigError("TLS needs a certificate and its key.", hint="Give both --tls-cert and --tls-key.")
    if not (is_loopback(binding.host) or binding.tls_cert or binding.behind_proxy):
        raise ConfigError(
            f"At {binding.host} tokens and conversations would travel unencrypted.",
            hint="Give --tls-cert and --tls-key, or --behind-proxy if a proxy in front does TLS.",
        )


async def serve(gate: Gate, binding: Binding, *, listening: Callable[[str], None]) -> None:
    """Answer requests until SIGTERM or SIGINT; then finish what is under way.

    Args:
        gate: To the store, which stays its opener's to close.
        binding: Where to listen.
        listening: Is told the address, once requests can come.

    Raises:
        ConfigError: the address or the certificate cannot be used.
        StoreUnavailable: the address is taken.
    """
    require_safe(binding)
    limits = gate.limits
    config = uvicorn.Config(
        _logged(_unambiguous(_patient(on_raw_path(through(gate))))),
        http=_protocol(limits),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=binding.behind_proxy,
        forwarded_allow_ips="*" if binding.behind_proxy else None,
        timeout_keep_alive=IDLE,
        h11_max_incomplete_event_size=HEAD_LIMIT,
        timeout_graceful_shutdown=ENDS_WITHIN,
        ssl_certfile=binding.tls_cert,
        ssl_keyfile=binding.tls_key,
        backlog=_BACKLOG,
    )
    _allow_files(limits.connections + _FILES_BESIDE)
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    try:
        config.load()
    except (SSLError, OSError) as error:
        raise ConfigError(f"The certificate {binding.tls_cert} cannot be used: {error}.") from error
    with _listener(binding) as listener:
        host, port = listener.getsockname()[:2]
        address = f"{binding.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
        server = _Server(config, gate, lambda: listening(address))
        await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends the streams before it waits for requests under way: they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, gate: Gate, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._gate = gate
        self._listening = listening
        self._ending = asyncio.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._ending.set()

    async def main_loop(self) -> None:
        """As uvicorn's, which wakes ten times a second: once, for the date, and when the end has come."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), 1.0)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order on the first SIGTERM or SIGINT, at once on the second. Uvicorn would raise them again."""
        loop = asyncio.get_running_loop()
        for ending in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(ending, self.handle_exit, ending, None)
        try:
            yield
        finally:
            for ending in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(ending)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._gate.hub.start()
        await super().startup(sockets)
        if self.started:
            self._listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._gate.hub.aclose()
        await super().shutdown(sockets)
        await self._gate.aclose()


def _protocol(limits: Limits) -> type[asyncio.Protocol]:
    """HTTP as uvicorn speaks it, to no more clients than are allowed, and not for ever."""

    class Guarded(H11Protocol):
        _waiting: asyncio.TimerHandle | None = None
        _cycle_seen: object = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
            super().connection_made(transport)
            if len(self.connections) > limits.connections:
                transport.write(_BUSY_ANSWER)
                transport.close()
                return
            self._wait_for_head()

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():
                return
            self._wait_for_head()  # of the next request on this connection
            super().data_received(data)
            if self.cycle is not self._cycle_seen:
                self._cycle_seen = self.cycle
                self._stop_waiting()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.conn.their_state is h11.SEND_BODY or self.conn.trailing_data[0]:
                self._wait_for_head()  # what has come of a request already must be followed by the rest of it

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _wait_for_head(self) -> None:
            under_way: Any = self.cycle  # None before the first request
            if self._waiting is None and (under_way is None or under_way.response_complete):
                self._waiting = self.loop.call_later(HEAD_WITHIN, self._give_up)

        def _stop_waiting(self) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None

        def _give_up(self) -> None:
            self._waiting = None
            if not self.transport.is_closing():
                self.transport.close()

    return Guarded


def _patient(app: ASGIApp) -> ASGIApp:
    """Wait for a body, and for a client to take its answer, but not for ever."""

    async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
        deadline = monotonic() + BODY_WITHIN
        has_all = False

        async def receive_soon() -> Any:
            nonlocal has_all
            if has_all:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, deadline - monotonic()))
            except TimeoutError:
                has_all = True
                return {"type": "http.disconnect"}
            has_all = message["type"] != "http.request" or not message.get("more_body")
            return message

        async def send_soon(message: Message) -> None:
            await asyncio.wait_for(send(message), SENT_WITHIN)

        with suppress(TimeoutError):  # whoever does not read gets no more
            await app(scope, receive_soon, send_soon)

    return bounded


def _unambiguous(app: ASGIApp) -> ASGIApp:
    """Refuse a request whose end could be seen in two places: a proxy in front may see the other (RFC 9112, 6.1)."""

    async def single(scope: Scope, receive: Receive, send: Send) -> None:
        names = [name.lower() for name, _ in scope.get("headers", ())]
        if b"transfer-encoding" not in names or b"content-length" not in names:
            await app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        await send({"type": "http.response.body", "body": _TWO_ENDS, "more_body": False})

    return single


def _is_news(record: logging.LogRecord) -> bool:
    """Not that a request was ended which the server itself ended with all others, at its own end."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _logged(app: ASGIApp) -> ASGIApp:
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
                client[0] if client else "-",
                bearer.token.id if (bearer := carried(scope)) else "-",
                seen["method"],
                clean_line(scope["path"]),
                status or "-",
                (monotonic() - began) * 1000,
            )

    return noted


def _listener(binding: Binding) -> socket.socket:
    family = socket.AF_INET6 if ":" in binding.host else socket.AF_INET
    # Named as TCP, or asyncio would leave each answer waiting for the acknowledgement of its head: 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((binding.host, binding.port))
        listener.setblocking(False)
    except socket.gaierror as error:
        listener.close()
        raise ConfigError(f"{binding.host} is no address of this machine: {error.strerror}.") from error
    except OSError as error:
        listener.close()
        raise StoreUnavailable(
            f"Cannot listen at {binding.host} port {binding.port}: {error.strerror}.",
            hint="Choose another with --host and --port.",
        ) from error
    return listener


def _allow_files(wanted: int) -> None:
    """Raise the limit of open files as far as it goes; a process that may not is limited by the system."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
