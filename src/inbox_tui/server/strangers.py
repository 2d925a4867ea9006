"""Rate-limits requests without a valid token, for each address.

Whoever has a good token must not suffer from a flood that comes from the same address: a colleague behind the same
router, or everybody behind a proxy. So a token that was good lately is let through to be looked up, and of the others
as many as can be looked up without harm.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from time import monotonic
from typing import Any

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from inbox_tui.domain.tokens import TokenId
from inbox_tui.server.access import ServerContext, bearer_of, hash_in
from inbox_tui.server.attendance import attended
from inbox_tui.server.limits import REMEMBERED, TOO_MANY, Limits, RateLimiter
from inbox_tui.server.problems import CLOSES, send_problem
from inbox_tui.server.protocol import announces_body, connection_of
from inbox_tui.server.proxy import client_of
from inbox_tui.server.seldom import Seldom
from inbox_tui.store.api import ROOT, Problem

PROBES_A_SECOND = 50.0
"""Requests for the server's health and readiness, for each address: a count of their own, for others may flood."""
PROBES_AT_ONCE = 200
LOOKUPS_A_SECOND = 20.0
"""Unknown tokens that are looked up for an address although it has asked too much."""
LOOKUPS_AT_ONCE = 40
HEALTH = f"{ROOT}/health"
_PROBES = (HEALTH, f"{ROOT}/ready")
_UNAUTHORIZED = 401
_REFUSAL = "inbox_tui.refusal"
_WAIT = "Too many requests; wait a moment."
_BUSY = 503

_log = logging.getLogger("inbox_tui.server.refused")
_log.addFilter(Seldom())


class Strangers:
    """Counts what is asked without a good token, and remembers which tokens were good."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic) -> None:
        self.asked = RateLimiter[str](limits.address_rate, limits.address_burst, clock)
        self.probes = RateLimiter[str](PROBES_A_SECOND, PROBES_AT_ONCE, clock)
        self.lookups = RateLimiter[str](LOOKUPS_A_SECOND, LOOKUPS_AT_ONCE, clock)
        self._good: OrderedDict[bytes, TokenId] = OrderedDict()

    def token_of(self, hash: bytes | None) -> TokenId | None:
        """The token that a hash was good for when it was last seen."""
        return self._good.get(hash) if hash else None

    def remember(self, hash: bytes, token: TokenId) -> None:
        """A token was found to be good."""
        self._good[hash] = token
        self._good.move_to_end(hash)
        if len(self._good) > REMEMBERED:
            self._good.popitem(last=False)

    def forget(self, hash: bytes) -> None:
        """A token is good no longer."""
        self._good.pop(hash, None)


def bounded(context: ServerContext, app: ASGIApp, *, slows: bool) -> ASGIApp:
    """Refuse what an address, or a token, asks beyond its limit, before anything is read or looked up for it.

    Args:
        context: Counts the requests of each token.
        app: What answers the others.
        slows: Also read on from a refused client only after a pause; not from a proxy, which speaks for many.
    """
    strangers = Strangers(context.limits)
    refuse_unread = attended(_refuse)

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        asked = _Asked(scope, receive, send, refuse_unread, slows=slows)
        if connection_of(scope).slot.is_reserve and scope["path"] != HEALTH:
            await asked.refuse(_BUSY, "Too many connections are open.", 5.0, CLOSES)
            return
        address = client_of(scope)
        if scope["path"] in _PROBES:
            if wait := strangers.probes.take(address):
                await asked.refuse_one_too_many(wait)
            else:
                await app(scope, receive, send)
            return
        hash = hash_in(scope)
        token = strangers.token_of(hash)
        if token is not None:
            wait = context.rates.wait(token)
            in_debt = 0.0
        else:
            in_debt = wait = strangers.asked.take(address)
            if hash is not None and in_debt:
                wait = strangers.lookups.take(address)
        whose = f"token {token}" if token else address
        is_refused = False

        async def judged(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start":
                bearer = bearer_of(scope)
                if bearer is not None:
                    strangers.remember(bearer.hash, bearer.token.id)
                    if token is None and not in_debt:
                        strangers.asked.give_back(address)
                elif token is not None:
                    strangers.asked.take(address)
                    context.rates.charge(token, 1)
                    if message["status"] == _UNAUTHORIZED and hash is not None:
                        strangers.forget(hash)
                elif in_debt:
                    is_refused = True
                    closes = (header for header in message["headers"] if header == CLOSES)
                    await asked.refuse_one_too_many(in_debt, whose, *closes)
            if not is_refused:
                await send(message)

        if wait:
            await asked.refuse_one_too_many(wait, whose)
        else:
            await app(scope, receive, judged)

    return counted


class _Asked:
    """One request, and how it is refused.

    Args:
        scope, receive, send: The request.
        refuse_unread: Refuses one whose body is still coming, and closes its connection.
        slows: Read on only after a pause when it was one too many.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, refuse_unread: ASGIApp, *, slows: bool) -> None:
        self._scope: Any = scope
        self._receive = receive
        self._send = send
        self._refuse_unread = refuse_unread
        self._slows = slows

    async def refuse(self, status: int, words: str, wait: float, *headers: tuple[bytes, bytes]) -> None:
        """Refuse it. ``wait``: seconds after which it may be tried again."""
        self._scope[_REFUSAL] = _Refusal(status, words, wait, headers)
        app = self._refuse_unread if announces_body(self._scope) else _refuse
        await app(self._scope, self._receive, self._send)

    async def refuse_one_too_many(self, wait: float, whose: str = "", *headers: tuple[bytes, bytes]) -> None:
        """Refuse it because others were before it. ``whose`` names them in the log; probes are not worth a line."""
        if self._slows:
            connection_of(self._scope).slow_down()
        if whose:
            _log.warning("Requests are refused: too many of %s", whose)
        await self.refuse(TOO_MANY, _WAIT, wait, *headers)


class _Refusal(msgspec.Struct, frozen=True):
    """What a request is told that is not looked at any further."""

    status: int
    words: str
    wait: float
    """Seconds."""
    headers: tuple[tuple[bytes, bytes], ...]


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    seen: Any = scope
    refusal: _Refusal = seen[_REFUSAL]
    later = (b"retry-after", b"%d" % max(1, ceil(refusal.wait)))
    problem = Problem("too_many", refusal.words, "Try again in a moment.")
    await send_problem(send, refusal.status, problem, later, *refusal.headers)
