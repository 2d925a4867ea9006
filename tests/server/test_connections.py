"""Connections are counted from the first, those that wait make room, and whoever asks is answered."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from inbox_tui.backends.web.client import KEPT_FOR
from inbox_tui.server import listener as listener_module
from inbox_tui.server import pace as pace_module
from inbox_tui.server import protocol
from inbox_tui.server.connections import RESERVE, Connections, Slot
from inbox_tui.server.pace import Pace
from inbox_tui.store.protocol import Store
from inbox_tui.testing.factories import DANA, SAM
from server.harness import GENEROUS, SOON, Served, serving

MOST, OF_ONE, IN_RESERVE = 8, 3, 2


class ConnectionsMachine(RuleBasedStateMachine):
    """Connections that come, ask, rest and go, of few addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.connections = Connections(MOST, OF_ONE, IN_RESERVE)
        self.open: list[Slot] = []
        self.at_work: set[Slot] = set()

    def close(self, slot: Slot) -> None:
        assert slot not in self.at_work, "a connection at work is never closed for another"
        waiting = [other for other in self.open if other not in self.at_work and other.is_reserve == slot.is_reserve]
        own = [other for other in waiting if other.address == slot.address]
        assert slot in (waiting[0], own[0]), "the one that has waited longest makes room"
        self.open.remove(slot)

    @rule(address=st.sampled_from("abcd"))
    def come(self, address: str) -> None:
        busy = [slot for slot in self.at_work if not slot.is_reserve]
        of_one = sum(slot.address == address for slot in busy)
        slot = self.connections.admit(address)
        is_full = len(busy) == MOST or of_one == OF_ONE
        assert (slot is None or slot.is_reserve) == is_full
        if slot is None:
            assert sum(slot.is_reserve for slot in self.at_work) == IN_RESERVE
        else:
            slot.close = lambda: self.close(slot)
            self.open.append(slot)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from(self.open))
        self.connections.works(slot)
        self.at_work.add(slot)

    @precondition(lambda self: self.at_work)
    @rule(data=st.data())
    def rest(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from(sorted(self.at_work, key=self.open.index)))
        self.connections.waits(slot)
        self.at_work.discard(slot)
        self.open.remove(slot)
        self.open.append(slot)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def go(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from(self.open))
        self.connections.free(slot)
        self.connections.free(slot)
        self.open.remove(slot)
        self.at_work.discard(slot)

    @invariant()
    def limits_hold(self) -> None:
        assert len(self.connections) == len(self.open)
        assert sum(not slot.is_reserve for slot in self.open) <= MOST
        assert sum(slot.is_reserve for slot in self.open) <= IN_RESERVE
        assert all(count <= OF_ONE for count in Counter(s.address for s in self.open if not s.is_reserve).values())

    def teardown(self) -> None:
        for slot in list(self.open):
            slot.close = lambda: None
            self.connections.free(slot)
        assert not self.connections._of and not self.connections._waiting_of, "nothing is kept of who is gone"


TestConnections = ConnectionsMachine.TestCase
TestConnections.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@asynccontextmanager
async def silent(served: Served, count: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Connections on which nothing is ever sent."""
    parts = urlsplit(served.address)
    opened = []
    try:
        for _ in range(count):
            opened.append(await asyncio.open_connection(parts.hostname, parts.port))
        yield [reader for reader, _ in opened]
    finally:
        for _, writer in opened:
            writer.transport.abort()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """On a busy machine the first would go before the last come."""
    monkeypatch.setattr(protocol, "HEAD_TIMEOUT", 600.0)
    yield


async def headers_of(served: Served, email: str) -> dict[str, str]:
    secret, _ = await served.token(email)
    return {"Authorization": f"Bearer {secret}"}


async def test_silent_connections_make_room_for_those_who_ask(patient: None, store: Store) -> None:
    places = 30
    async with serving(
        store, msgspec.structs.replace(GENEROUS, connections=places, address_connections=places)
    ) as served:
        headers = await headers_of(served, DANA)
        async with silent(served, 10 * places) as readers:
            for path in ("me", "health", "me"):
                async with httpx.AsyncClient(headers=headers) as client:
                    assert (await client.get(f"{served.api}/{path}")).status_code == 200
            gone = [reader for reader in readers if reader.at_eof() or reader.exception()]
            assert len(readers) - len(gone) <= places


async def test_when_all_are_at_work_health_is_answered_and_others_are_told(patient: None, store: Store) -> None:
    places = 10
    async with (
        serving(store, msgspec.structs.replace(GENEROUS, connections=places, address_connections=places)) as served,
        AsyncExitStack() as work,
    ):
        headers = await headers_of(served, DANA)
        client = await work.enter_async_context(httpx.AsyncClient(headers=headers))
        for _ in range(places):
            answer = await work.enter_async_context(client.stream("GET", f"{served.api}/events"))
            assert answer.status_code == 200
        async with silent(served, 2 * RESERVE):
            for path, expected in {"health": 200, "me": 503, "ready": 503, "openapi.json": 503}.items():
                async with httpx.AsyncClient(headers=headers) as late:
                    told = await late.get(f"{served.api}/{path}")
                    assert told.status_code == expected, path
                    assert (told.headers.get("retry-after"), "too_many" in told.text) == (
                        (None, False) if expected == 200 else ("5", True)
                    )
        await work.aclose()
        async with httpx.AsyncClient(headers=headers) as late:
            while (await late.get(f"{served.api}/me")).status_code == 503:
                await late.aclose()
                late = httpx.AsyncClient(headers=headers)  # noqa: PLW2901
            assert (await late.get(f"{served.api}/me")).status_code == 200, "there is room again"
            await late.aclose()


async def test_one_address_has_no_more_than_its_share(patient: None, store: Store) -> None:
    limits = msgspec.structs.replace(GENEROUS, connections=40, address_connections=5)
    async with serving(store, limits) as served, AsyncExitStack() as work:
        headers = await headers_of(served, DANA)
        client = await work.enter_async_context(httpx.AsyncClient(headers=headers))
        for _ in range(5):
            await work.enter_async_context(client.stream("GET", f"{served.api}/events"))
        assert (await client.get(f"{served.api}/me")).status_code == 503
        elsewhere = httpx.AsyncHTTPTransport(local_address="127.0.0.9")
        async with httpx.AsyncClient(headers=await headers_of(served, SAM), transport=elsewhere) as other:
            assert (await other.get(f"{served.api}/me")).status_code == 200


async def test_a_flood_of_connections_keeps_nobody_out(
    patient: None, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace_module, "MADE_A_SECOND", 10.0)
    monkeypatch.setattr(pace_module, "MADE_AT_ONCE", 5)
    places = 40
    limits = msgspec.structs.replace(GENEROUS, connections=2 * places, address_connections=places)
    async with serving(store, limits) as served, silent(served, 5 * places) as readers:
        elsewhere = httpx.AsyncHTTPTransport(local_address="127.0.0.9")
        async with httpx.AsyncClient(transport=elsewhere, timeout=SOON) as other:
            for _ in range(3):
                assert (await other.get(f"{served.api}/health")).status_code == 200, "nobody else waits"
        async with httpx.AsyncClient(timeout=SOON) as late:
            assert (await late.get(f"{served.api}/health")).status_code == 200, "who comes last is next"
        gone = [reader for reader in readers if reader.at_eof() or reader.exception()]
        assert places <= len(readers) - len(gone) + 1 <= places + 2


async def test_connections_that_wait_are_made_in_turns_of_their_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_module, "MADE_A_SECOND", 50.0)
    monkeypatch.setattr(pace_module, "MADE_AT_ONCE", 2)
    made: list[Slot] = []

    def make(connection: socket.socket, slot: Slot) -> None:
        connection.close()
        made.append(slot)

    pace = Pace(make)
    slots = [Slot(address) for address in "aaaaaabc"]
    for slot in slots:
        pace.begin(socket.socket(), slot)
    assert made == slots[:2]
    slots[3].close()  # makes room for another
    async with asyncio.timeout(SOON):
        while len(made) < 7:
            await asyncio.sleep(0.001)
    assert made[2:] == [slots[place] for place in (7, 6, 5, 4, 2)], "the newest address, then the newest of each"
    pace.begin(socket.socket(), last := Slot("a"))
    pace.stop()
    last.close()


@pytest.mark.parametrize("first", [b"", b"GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n"], ids=["at-once", "after-one"])
async def test_a_silent_connection_ends(store: Store, monkeypatch: pytest.MonkeyPatch, first: bytes) -> None:
    assert protocol.HEAD_TIMEOUT == protocol.IDLE == 15
    monkeypatch.setattr(protocol, "HEAD_TIMEOUT", 0.1)
    monkeypatch.setattr("inbox_tui.server.serving.IDLE", 0.1)
    async with serving(store) as served:
        parts = urlsplit(served.address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(first)
        async with asyncio.timeout(10):
            assert (await reader.read(-1)).count(b" 200 ") == bool(first)
        writer.close()


def test_the_client_lets_go_of_a_connection_before_the_server_does() -> None:
    assert 2 * KEPT_FOR < protocol.IDLE


async def test_no_room_in_the_system_is_waited_for_and_told_once(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where others have used up the machine's files: EMFILE cannot be had without harm to the test itself."""
    monkeypatch.setattr(listener_module, "_TRY_AGAIN", 0.01)
    failures = iter(range(50))
    accept = socket.socket.accept

    def full(listener: socket.socket) -> tuple[socket.socket, tuple[str, int]]:
        if next(failures, None) is not None:
            raise OSError(24, "Too many open files")
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", full)
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{served.api}/health")).status_code == 200
    assert next(failures, None) is None
    told = [record for record in caplog.records if "Too many open files" in record.getMessage()]
    assert 1 <= len(told) <= 3
