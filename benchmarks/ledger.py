"""What clients asked a server for, how long it took, and what the server promised."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from benchmarks.loopback import Line

API = "/v1"
TIMEOUT = 30.0
"""Seconds after which a client gives an act up."""
AGAIN_AFTER = 0.25
"""Seconds after which a request that was refused or cut is sent again."""
MARK = "bench shift"
"""How every text of the load begins; the rest makes it the only one."""
_ATTEMPT = 15.0
"""Seconds that one request may take."""


class Act(NamedTuple):
    """One thing that was done."""

    due: float
    group: str
    """``read``, ``search``, ``write``, ``export`` or ``health``; ``website`` for all that an AI agent's client does."""
    taken: float
    """Seconds from when it was due."""
    has_failed: bool


@dataclass
class Promises:
    """What the server acknowledged, and what it may have done."""

    kept: set[str] = field(default_factory=set)
    """Texts that were acknowledged: each must be in the store, once."""
    sent: set[str] = field(default_factory=set)
    """All texts that were sent: none may be there twice."""
    replies: set[str] = field(default_factory=set)
    """Acknowledged texts that a website must hear."""
    heard: Counter[str] = field(default_factory=Counter)
    """What the websites heard."""


class Request(NamedTuple):
    """What a client asks for."""

    method: str
    path: str
    content: dict[str, Any] | None = None
    text: str = ""
    """The words by which what it writes is known again."""
    is_reply: bool = False


class Ledger:
    """All that the clients of one run did."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.lags: list[float] = []
        """Seconds by which clients woke late: the machine's share of what is measured."""
        self.answers: Counter[str] = Counter()
        """By status, or by what became of the line."""
        self.promises = Promises()

    async def done(self, line: Line, request: Request) -> bytes | None:
        """Send a request until it is answered with a success; None when it was refused for good or took too long."""
        until = time.monotonic() + TIMEOUT
        body = None if request.content is None else msgspec.json.encode(request.content)
        if request.text:
            self.promises.sent.add(request.text)
        while (left := until - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(min(left, _ATTEMPT)):
                    answer = await line.ask(request.method, API + request.path, body)
            except TimeoutError:
                self.answers["silence"] += 1
                continue
            except (OSError, EOFError, asyncio.LimitOverrunError):
                self.answers["cut"] += 1
                await asyncio.sleep(AGAIN_AFTER)
                continue
            self.answers[str(answer.status)] += 1
            if answer.status < 300:
                self._promised(request)
                return answer.body
            if answer.status not in (429, 500, 503):
                return None
            await asyncio.sleep(AGAIN_AFTER)
        return None

    def _promised(self, request: Request) -> None:
        if request.text:
            self.promises.kept.add(request.text)
            if request.is_reply:
                self.promises.replies.add(request.text)


def due_until(due: float, now: float, interval: float) -> list[float]:
    """When an act was due that has just ended, and the acts that could not begin because of it."""
    return [due + number * interval for number in range(max(1, math.ceil((now - due) / interval)))]
