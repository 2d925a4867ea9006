"""Anything that people and agents may do, in any order, through a server that starts anew at any moment.

Each member has a client of their own, whose line leads to whichever process serves at the
time. After each step the whole workspace is the model's.
"""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from hypothesis import settings
from hypothesis.stateful import precondition, rule

from inbox_tui.backends.http.store import HttpStore
from inbox_tui.backends.sql.store import SqlStore
from inbox_tui.backends.sqlite.store import SqliteStore
from inbox_tui.testing.factories import DANA
from server.harness import Served, serving
from server.wire import Wire, wire_to

from .test_rules_machine import InboxMachine


class ServedMachine(InboxMachine):
    def __init__(self) -> None:
        super().__init__()
        self.line = AsyncExitStack()
        self.process = AsyncExitStack()
        self.store: SqliteStore | None = None
        self.wire: Wire | None = None
        self.served: Served | None = None

    async def _open_real(self, email: str) -> SqlStore | HttpStore:
        if self.store is None:
            await self._serve()
        assert self.served is not None and self.wire is not None
        remote = await self.served.open_as(email, over=self.wire.address, clock=lambda: self.now)
        assert isinstance(remote, HttpStore)
        return remote

    async def _serve(self) -> None:
        """A process over the file, with the line leading to it."""
        opened = await super()._open_real(DANA)
        assert isinstance(opened, SqliteStore)
        self.store = opened
        self.served = await self.process.enter_async_context(serving(opened, clock=lambda: self.now))
        self.process.push_async_callback(opened.aclose)
        if self.wire is None:
            self.wire = await self.line.enter_async_context(wire_to(self.served.address))
        self.wire.lead_to(self.served.address)

    async def _start_anew(self) -> None:
        await self.process.aclose()
        await self._serve()

    @precondition(lambda self: self.handles)
    @rule()
    def the_server_starts_anew(self) -> None:
        self.runner.run(self._start_anew())

    def teardown(self) -> None:
        for real, _ in self.handles.values():
            self.runner.run(real.aclose())
        self.runner.run(self.line.aclose())
        self.runner.run(self.process.aclose())
        super().teardown()


TestServedMachine = pytest.mark.timeout(300)(ServedMachine.TestCase)
TestServedMachine.settings = settings(max_examples=3, stateful_step_count=10, deadline=None)


class LongServedMachine(ServedMachine):
    pass


TestLongServedMachine = pytest.mark.slow(pytest.mark.timeout(1800)(LongServedMachine.TestCase))
TestLongServedMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
