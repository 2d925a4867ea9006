"""What may be asked without a good token: so much from each address, whatever it is that it asks.

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

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from inbox_tui.domain.tokens import TokenId
from inbox_tui.server.access import Gate, carried, hash_in
from inbox_tui.server.limits import REMEMBERED, TOO_MANY, Buckets, Limits
from inbox_tui.server.problems import CLOSES, send_problem
from inbox_tui.server.protocol import connection_of
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
_BUSY = 503

_log = logging.getLogger("inbox_tui.server.refused")
_log.addFilter(Seldom())


class Strangers:
    """Counts what is asked without a good token, and remembers which tokens were good."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic) -> None:
        self.asked = Buckets[str](limits.address_rate, limits.address_burst, clock)
        self.probes = Buckets[str](PROBES_A_SECOND, PROBES_AT_ONCE, clock)
        self.lookups = Buckets[str](LOOKUPS_A_SECOND, LOOKUPS_AT_ONCE, clock)
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


def bounded(gate: Gate, app: ASGIApp, *, slows: bool) -> ASGIApp:
    """Refuse what an address, or a token, asks beyond its limit, before anything is read or looked up for it.

    Args:
        gate: Counts the requests of each token.
        app: What answers the others.
        slows: Also read on from a refused client only after a pause; not from a proxy, which speaks for many.
    """
    strangers = Strangers(gate.limits)

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        address = client_of(scope)
        if connection_of(scope).slot.is_reserve and scope["path"] != HEALTH:
            await _refuse(send, _BUSY, "Too many connections are open.", 5.0, CLOSES)
            return
        if scope["path"] in _PROBES:
            if wait := strangers.probes.take(address):
                if slows:
                    connection_of(scope).slow_down()
                await _refuse(send, TOO_MANY, "Too many requests; wait a moment.", wait)
            else:
                await app(scope, receive, send)
            return
        hash = hash_in(scope)
        token = strangers.token_of(hash)
        if token is not None:
            wait = gate.rates.wait(token)
            in_debt = 0.0
        else:
            in_debt = wait = strangers.asked.take(address)
            if hash is not None and in_debt:
                wait = strangers.lookups.take(address)

        async def refuse(seconds: float) -> None:
            if slows:
                connection_of(scope).slow_down()
            _log.warning("Requests are refused: too many of %s", f"token {token}" if token else address)
            await _refuse(send, TOO_MANY, "Too many requests; wait a moment.", seconds)

        is_refused = False

        async def judged(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start":
                bearer = carried(scope)
                if bearer is not None:
                    strangers.remember(bearer.hash, bearer.token.id)
                    if token is None and not in_debt:
                        strangers.asked.give_back(address)
                elif token is not None:
                    strangers.asked.take(address)
                    gate.rates.charge(token, 1)
                    if message["status"] == _UNAUTHORIZED and hash is not None:
                        strangers.forget(hash)
                elif in_debt:
                    is_refused = True
                    await refuse(in_debt)
            if not is_refused:
                await send(message)

        if wait:
            await refuse(wait)
        else:
            await app(scope, receive, judged)

    return counted


async def _refuse(send: Send, status: int, words: str, wait: float, *headers: tuple[bytes, bytes]) -> None:
    later = (b"retry-after", b"%d" % max(1, ceil(wait)))
    await send_problem(send, status, Problem("too_many", words, "Try again in a moment."), later, *headers)
