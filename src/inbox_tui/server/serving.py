"""A server: the port, TLS, what stands before the application, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from ssl import OP_NO_RENEGOTIATION, SSLError, TLSVersion
from types import FrameType

import msgspec
import uvicorn
from litestar.types import ASGIApp

from inbox_tui.domain.errors import ConfigError, StoreUnavailable
from inbox_tui.server.access import ServerContext
from inbox_tui.server.access_log import logged
from inbox_tui.server.app import wrap
from inbox_tui.server.connections import Connections, Slot
from inbox_tui.server.ids import on_raw_path
from inbox_tui.server.limits import Limits
from inbox_tui.server.listener import Listener
from inbox_tui.server.patience import patient, unambiguous
from inbox_tui.server.process import allow_connections
from inbox_tui.server.protocol import HEAD_LIMIT, IDLE, IDLE_BEHIND_PROXY, READ_AT_ONCE, Guarded, plain_answer
from inbox_tui.server.proxy import behind, encrypted
from inbox_tui.server.seldom import Seldom, is_news
from inbox_tui.server.strangers import bounded
from inbox_tui.store.api import Problem
from inbox_tui.store.pauses import pause
from inbox_tui.store.url import is_loopback

_log = logging.getLogger("inbox_tui.server")
_seldom = Seldom()

END_TIMEOUT = 20
"""Seconds that requests under way are given at the end."""
_TOO_MANY = Problem("too_many", "Too many connections are open.", "Try again in a moment.")
_BUSY = plain_answer(503, _TOO_MANY, "http", b"Retry-After: 5")
_TAKEN_IN = 128 * 1024
"""Bytes that the system takes in for a connection before anything of them is read; without a limit, megabytes."""
_LEAST_OF_ONE = 64
"""Connections that an address may have at the least, however few there may be."""
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2; TLS 1.3 has none that are weak."""


class ListenAddress(msgspec.Struct, frozen=True):
    """Where a server listens."""

    host: str
    port: int
    """0 lets the system choose."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    proxies: int = 0
    """How many stand in front, one behind the other. They end TLS; who the client is, the outermost says."""

    @property
    def scheme(self) -> str:
        """What a client writes before ``://``."""
        return "https" if self.tls_cert else "http"


def require_safe(binding: ListenAddress) -> None:
    """Raises ConfigError for tokens that would travel unencrypted, or half of what TLS needs."""
    if (binding.tls_cert is None) is not (binding.tls_key is None):
        raise ConfigError("TLS needs a certificate and its key.", hint="Give both --tls-cert and --tls-key.")
    if not (is_loopback(binding.host) or binding.tls_cert or binding.proxies):
        raise ConfigError(
            f"At {binding.host} tokens and conversations would travel unencrypted.",
            hint="Give --tls-cert and --tls-key, or --behind-proxy if a proxy in front does TLS.",
        )


async def serve(context: ServerContext, binding: ListenAddress, *, listening: Callable[[str], None]) -> None:
    """Answer requests until SIGTERM or SIGINT; then finish what is under way.

    Args:
        context: What the requests share; the store stays its opener's to close.
        binding: Where to listen.
        listening: Is told the address, once requests can come.

    Raises:
        ConfigError: the address or the certificate cannot be used.
        StoreUnavailable: the address is taken.
    """
    require_safe(binding)
    config = uvicorn.Config(
        _answering(context, binding),
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_BEHIND_PROXY if binding.proxies else IDLE,
        h11_max_incomplete_event_size=HEAD_LIMIT,
        timeout_graceful_shutdown=END_TIMEOUT,
        ssl_certfile=binding.tls_cert,
        ssl_keyfile=binding.tls_key,
        ssl_ciphers=_CIPHERS,
    )
    for name in ("uvicorn.error", "asyncio"):
        logging.getLogger(name).addFilter(_seldom)
    logging.getLogger("uvicorn.error").addFilter(is_news)
    try:
        config.load()
    except (SSLError, OSError) as error:
        raise ConfigError(f"The certificate {binding.tls_cert} cannot be used: {error}.") from error
    if config.ssl is not None:
        config.ssl.minimum_version = TLSVersion.TLSv1_2
        config.ssl.options |= OP_NO_RENEGOTIATION
        SSLProtocol.max_size = READ_AT_ONCE
    with _bound(binding) as bound:
        host, port = bound.getsockname()[:2]
        address = f"{binding.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
        connections = _room(context.limits, binding)
        server = _Server(config, context, connections, lambda: listening(address))
        await server.serve(sockets=[bound])


class _Server(uvicorn.Server):
    """Ends the streams before it waits for requests under way: they would never end by themselves."""

    def __init__(
        self, config: uvicorn.Config, context: ServerContext, connections: Connections, listening: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._context = context
        self._connections = connections
        self._listeners: list[Listener] = []
        self._listening = listening
        self._ending = asyncio.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._ending.set()

    async def main_loop(self) -> None:
        """As uvicorn's, which wakes ten times a second: once, for the date, and when the end has come."""
        while not await self.on_tick(0):
            await pause(self._ending, 1.0)

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
        """Accept connections: not as uvicorn does, which counts them too late."""
        self._context.hub.start()
        self.servers = []
        for bound in sockets or ():
            listener = Listener(bound, self._connections, self._protocol, self.config.ssl, _BUSY)
            listener.open()
            self._listeners.append(listener)
        self.started = True
        self._listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self._listeners:
            listener.close()
        await self._context.hub.aclose()
        await super().shutdown(sockets)
        self._connections.close()
        await self._context.aclose()

    def _protocol(self, slot: Slot) -> Guarded:
        return Guarded(self.config, self.server_state, slot, self._connections)


def _answering(context: ServerContext, binding: ListenAddress) -> ASGIApp:
    """The application and all that stands before it, the first to see a request last."""
    app = unambiguous(patient(wrap(context)))
    return behind(binding.proxies, encrypted(on_raw_path(bounded(context, logged(app), slows=not binding.proxies))))


def _room(limits: Limits, binding: ListenAddress) -> Connections:
    """As many connections as are allowed, by us and by the system."""
    most = allow_connections(limits.connections)
    if most < limits.connections:
        _log.warning(
            "The system's limit of open files leaves room for %d connections, not %d.", most, limits.connections
        )
    of_one = limits.address_connections or max(most // 4, _LEAST_OF_ONE)
    return Connections(most, most if binding.proxies else min(most, of_one))


def _bound(binding: ListenAddress) -> socket.socket:
    family = socket.AF_INET6 if ":" in binding.host else socket.AF_INET
    # Named as TCP, or asyncio would leave each answer waiting for the acknowledgement of its head: 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _TAKEN_IN)
        bound.bind((binding.host, binding.port))
        bound.setblocking(False)
    except socket.gaierror as error:
        bound.close()
        raise ConfigError(f"{binding.host} is no address of this machine: {error.strerror}.") from error
    except OSError as error:
        bound.close()
        raise StoreUnavailable(
            f"Cannot listen at {binding.host} port {binding.port}: {error.strerror}.",
            hint="Choose another with --host and --port.",
        ) from error
    return bound
