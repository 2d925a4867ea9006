"""What requests hold while they last: room for bodies and answers, turns, and nothing once their client has gone."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from inbox_tui.domain.limits import FIELD_LIMIT, TOPIC_LIMIT
from inbox_tui.domain.models import IncomingConversation, Lead, Status
from inbox_tui.domain.tokens import TokenId
from inbox_tui.server import answers as answers_module
from inbox_tui.server import bodies as bodies_module
from inbox_tui.server.budget import SMALL, Budget
from inbox_tui.server.problems import Refused
from inbox_tui.server.turns import Turns
from inbox_tui.store.api import BODY_LIMIT, IMPORT_LIMIT, Import, Problem
from inbox_tui.store.protocol import Intake, Store
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import DANA, EVE, SAM, incoming, said
from server.harness import GENEROUS, SOON, Served, serving
from server.team import ONE

MIB = 1024 * 1024


def word(content: bytes) -> str:
    return msgspec.json.decode(content, type=Problem).error


async def client_of(served: Served, email: str) -> httpx.AsyncClient:
    secret, _ = await served.token(email)
    return httpx.AsyncClient(base_url=served.api, headers={"Authorization": f"Bearer {secret}"}, timeout=SOON)


@asynccontextmanager
async def line_to(served: Served, *pieces: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which these bytes were sent; hung up at the end. It takes little that nobody reads."""
    parts = urlsplit(served.address)
    end = socket.socket()
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    end.setblocking(False)
    await asyncio.get_running_loop().sock_connect(end, (parts.hostname, parts.port))
    reader, writer = await asyncio.open_connection(sock=end, limit=4096)
    try:
        for piece in pieces:
            writer.write(piece)
        with suppress(ConnectionError):
            await writer.drain()
        yield reader, writer
    finally:
        writer.transport.abort()


def head(method: str, path: str, secret: str, length: int) -> bytes:
    return (
        f"{method} /v1/{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not is_so():
            await asyncio.sleep(0.001)


def is_idle(served: Served) -> bool:
    context = served.context
    return not (context.bodies.held or context.answers.held or context.turns.in_work or context.spools.used)


# Rights


@pytest.mark.parametrize(
    ("email", "method", "path", "length"),
    [
        (EVE, "POST", "import", IMPORT_LIMIT),
        (EVE, "POST", "bulk", BODY_LIMIT),
        (SAM, "POST", "members", BODY_LIMIT),
        ("", "POST", "import", IMPORT_LIMIT),
    ],
)
async def test_who_may_not_is_told_before_the_body_has_come(
    served: Served, email: str, method: str, path: str, length: int
) -> None:
    secret = (await served.token(email))[0] if email else "inbox_m_unknown"
    async with line_to(served, head(method, path, secret, length)) as (reader, _):
        async with asyncio.timeout(SOON):
            answer = await reader.read(-1)
        assert answer.startswith(b"HTTP/1.1 403 " if email else b"HTTP/1.1 401 "), answer
        assert b"connection: close" in answer.lower()
        assert served.context.bodies.held == 0


async def test_who_sends_it_all_the_same_reads_the_refusal(served: Served) -> None:
    async with await client_of(served, EVE) as eve:
        for _ in range(5):
            answer = await eve.post("/import", content=b" " * (IMPORT_LIMIT - 1))
            assert answer.status_code == 403
            assert word(answer.content) == "not_allowed"


# Room


Step = tuple[int, int]


@given(some.lists(some.tuples(some.integers(0, 2), some.integers(0, 3 * SMALL)), max_size=40))
def test_a_budget_is_never_exceeded_and_comes_back(steps: list[Step]) -> None:
    budget = Budget(each=4 * SMALL, all=8 * SMALL)
    with ExitStack() as held:
        for token, size in steps:
            share = held.enter_context(budget.share(TokenId(str(token))))
            with suppress(Refused):
                share.grow_to(size)
            assert budget.held <= 8 * SMALL
    assert budget.held == 0


def test_a_piece_larger_than_a_tokens_room_fits_in_alone() -> None:
    budget = Budget(each=10, all=100)
    with budget.share(TokenId("1")) as large:
        large.grow_to(50)
        with budget.share(TokenId("1")) as more, pytest.raises(Refused) as told:
            more.grow_to(1)
        assert told.value.status_code == 429
        assert int(told.value.headers["Retry-After"]) >= 1  # type: ignore[index]
        with budget.share(TokenId("2")) as others:
            others.grow_to(10)


def test_no_piece_is_larger_than_the_largest() -> None:
    budget = Budget(each=10, all=1_000, largest=50)
    with budget.share(TokenId("1")) as share:
        share.grow_to(50)
        with pytest.raises(Refused) as told:
            share.grow_to(51)
        assert (told.value.status_code, told.value.word) == (422, "too_large")
        assert budget.held == 50


def test_large_bodies_leave_room_for_small_ones() -> None:
    budget = Budget(each=16 * MIB, all=16 * MIB)
    with ExitStack() as held:
        for number in range(14):
            held.enter_context(budget.share(TokenId(str(number)))).grow_to(MIB)
        with pytest.raises(Refused) as told:
            held.enter_context(budget.share(TokenId("more"))).grow_to(MIB)
        assert told.value.status_code == 503
        held.enter_context(budget.share(TokenId("small"))).grow_to(SMALL)


async def test_bodies_that_do_not_come_take_no_more_than_their_room(store: Store) -> None:
    """A token's own are refused first, then everybody's large ones; a colleague's reply goes in all the same."""
    limits = msgspec.structs.replace(GENEROUS, token_bodies=4 * MIB, all_bodies=8 * MIB)
    async with serving(store, limits) as served, AsyncExitStack() as lines:
        secrets = [(await served.token(DANA))[0] for _ in range(3)]

        async def claim(secret: str) -> asyncio.StreamReader:
            reader, _ = await lines.enter_async_context(line_to(served, head("POST", "bulk", secret, BODY_LIMIT)))
            return reader

        async def refusal(secret: str) -> bytes:
            async with asyncio.timeout(SOON):
                return (await (await claim(secret)).read(-1)).partition(b"\r\n")[0]

        for secret, mine in ((secrets[0], 2), (secrets[1], 1)):
            for _ in range(mine):
                before = served.context.bodies.held
                await claim(secret)
                await until(lambda was=before: served.context.bodies.held == was + BODY_LIMIT)  # type: ignore[misc]
        assert await refusal(secrets[0]) == b"HTTP/1.1 429 Too Many Requests"
        assert await refusal(secrets[2]) == b"HTTP/1.1 503 Service Unavailable"
        async with await client_of(served, SAM) as sam:
            answer = await sam.put("/conversations/one/status", json={"status": "resolved", "expected": "open"})
            assert answer.status_code == 200
        await lines.aclose()
        await until(lambda: is_idle(served))


async def test_a_storm_of_aborted_uploads_leaves_nothing(served: Served) -> None:
    secrets = [(await served.token(email))[0] for email in (DANA, SAM, EVE)]
    body = b'{"conversations": [' + b" " * 500_000

    async def abort(number: int) -> None:
        path = ("import", "bulk")[number % 2]
        async with line_to(served, head("POST", path, secrets[number % 3], MIB), body[: number * 5_000]):
            await asyncio.sleep(0)

    await asyncio.gather(*(abort(number) for number in range(100)))
    await until(lambda: is_idle(served))
    async with await client_of(served, DANA) as dana:
        assert (await dana.post("/bulk", json={"changes": []})).status_code == 200
        assert (await dana.post("/bulk", content=b"nonsense")).status_code == 400
    await until(lambda: is_idle(served))


# Bodies


async def test_a_large_import_lets_others_go_on_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies_module, "PIECE", 1_000)
    given = Import([incoming(f"c-{number}", said("x" * 300)) for number in range(50)])
    went_on = 0

    async def others() -> None:
        nonlocal went_on
        while True:
            went_on += 1
            await asyncio.sleep(0)

    going = asyncio.create_task(others())
    assert await bodies_module._in_steps(bytearray(msgspec.json.encode(given))) == given
    going.cancel()
    assert went_on > 10


async def test_a_large_import_that_is_malformed_says_where(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies_module, "PIECE", 10)
    wrong: list[Any] = [msgspec.to_builtins(incoming("c-1")), {"id": 7}]
    async with serving(store) as served, await client_of(served, DANA) as dana:
        answer = await dana.post("/import", json={"conversations": wrong})
        assert answer.status_code == 400
        assert "$.conversations[1].id" in answer.text
        answer = await dana.post("/import", content=b'{"conversations": [{"id": "c-1",,}]}')
        assert answer.status_code == 400


async def test_a_client_sends_a_large_import_in_parts(served: Served, store: Store) -> None:
    remote = await served.open_as(DANA)
    assert isinstance(remote, Intake)
    large: list[IncomingConversation] = [
        incoming(f"large-{number}", said("x" * 900_000, key="m")) for number in range(22)
    ]
    assert sum(len(msgspec.json.encode(one)) for one in large) > IMPORT_LIMIT
    taken = await remote.ingest(large)
    assert (taken.added, taken.messages) == (22, 22)
    assert (await remote.ingest(large)).unchanged == 22
    await remote.aclose()


# Turns


@given(
    some.lists(some.tuples(some.sampled_from("abc"), some.booleans()), max_size=60), some.integers(1, 4), some.data()
)
def test_a_token_has_so_many_in_work_and_others_do_not_wait_for_it(
    asked: list[tuple[str, bool]], at_once: int, data: some.DataObject
) -> None:
    """Whoever is in work ends at any time; who waits may stop waiting."""

    async def play() -> None:
        turns = Turns(at_once, waiting=5)
        in_work: dict[str, list[asyncio.Event]] = {}
        tasks: list[asyncio.Task[None]] = []

        async def request(token: str) -> None:
            async with turns.turn(TokenId(token)):
                ends = asyncio.Event()
                in_work.setdefault(token, []).append(ends)
                assert len(in_work[token]) <= at_once
                try:
                    await ends.wait()
                finally:
                    in_work[token].remove(ends)

        for token, stops in asked:
            was = len(in_work.get(token, ()))
            tasks.append(asyncio.create_task(request(token)))
            await asyncio.sleep(0)
            assert was == at_once or len(in_work[token]) == was + 1, "nobody waits while there is a turn"
            if stops:
                data.draw(some.sampled_from(tasks)).cancel()
                for _ in range(3):
                    await asyncio.sleep(0)
        while turns.in_work:
            for line in list(in_work.values()):
                for ends in line:
                    ends.set()
            await asyncio.sleep(0)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(end is None or isinstance(end, Refused | asyncio.CancelledError) for end in ended), ended
        assert not turns._waiting and not turns._in_work

    asyncio.run(play())


async def test_those_who_stop_waiting_together_hinder_nobody() -> None:
    """A turn that comes by may find several who have gone and do not know it yet."""
    turns, ends = Turns(1, waiting=5), asyncio.Event()

    async def request() -> None:
        async with turns.turn(TokenId("t")):
            await ends.wait()

    first, second, third, fourth = [asyncio.create_task(request()) for _ in range(4)]
    await asyncio.sleep(0)
    for gone in (first, second, third):
        gone.cancel()
    ended = await asyncio.gather(first, second, third, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended
    ends.set()
    await fourth
    assert turns.in_work == 0


class Held:
    """Has the store's writer be busy for as long as the block lasts."""

    def __init__(self, store: Store) -> None:
        self._store: Any = store
        self._released = threading.Event()

    @property
    def waiting(self) -> int:
        """Writes that wait for it."""
        return sum(map(len, self._store._session._writer._jobs._waiting.values()))

    async def __aenter__(self) -> Held:
        started = threading.Event()

        def work(_: object) -> None:
            started.set()
            self._released.wait()

        self._holding = asyncio.create_task(self._store._session._writer.run(work))
        await asyncio.to_thread(started.wait)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._released.set()
        await self._holding


async def test_many_writes_of_one_token_do_not_keep_another_waiting(store: Store) -> None:
    limits = msgspec.structs.replace(GENEROUS, at_once=4, waiting=100)
    done: list[str] = []
    async with serving(store, limits) as served:
        dana, sam = await client_of(served, DANA), await client_of(served, SAM)

        async def note(client: httpx.AsyncClient, key: str) -> None:
            body = {"body": "x", "key": key, "last_seen": None, "kind": "note"}
            assert (await client.post("/conversations/one/messages", json=body)).status_code == 201
            done.append(key)

        async with Held(store) as writer:
            many = [asyncio.create_task(note(dana, f"d-{number}")) for number in range(40)]
            await until(lambda: writer.waiting == 4)
            one = asyncio.create_task(note(sam, "s"))
            await until(lambda: writer.waiting == 5)
        await asyncio.gather(one, *many)
        assert done.index("s") < 8, done
        await dana.aclose()
        await sam.aclose()


async def test_who_waits_behind_too_many_of_its_own_is_told_so(store: Store) -> None:
    limits = msgspec.structs.replace(GENEROUS, at_once=1, waiting=1)
    async with serving(store, limits) as served, await client_of(served, DANA) as dana:
        note: dict[str, Any] = {"body": "x", "last_seen": None, "kind": "note"}

        async def write(number: int) -> httpx.Response:
            return await dana.post("/conversations/one/messages", json={**note, "key": f"d-{number}"})

        async with Held(store):
            waiting = [asyncio.create_task(write(number)) for number in range(6)]
            while sum(task.done() for task in waiting) < 4:
                await asyncio.sleep(0.001)
        answers = [await task for task in waiting]
        assert sorted(answer.status_code for answer in answers) == [201, 201, 429, 429, 429, 429]
        assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 429)


# Hanging up


async def test_what_a_client_that_hung_up_asked_for_is_not_begun(served: Served, store: Store) -> None:
    secret, _ = await served.token(SAM)
    body = b'{"status": "resolved", "expected": "open"}'
    request = head("PUT", "conversations/one/status", secret, len(body)) + body
    async with Held(store) as writer:
        async with line_to(served, request):
            await until(lambda: writer.waiting == 1)
        await until(lambda: is_idle(served))
    assert (await store.get(ONE)).status is Status.OPEN
    async with line_to(served, request) as (reader, _):
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")
    assert (await store.get(ONE)).status is Status.RESOLVED


async def test_an_import_ends_with_its_client(store: Store) -> None:
    """After the part that is under way."""
    async with serving(store) as served:
        secret, _ = await served.token(DANA)
        many = Import([incoming(f"c-{number}", *(["some words"] * 20)) for number in range(2_000)])
        body = msgspec.json.encode(many)
        async with line_to(served, head("POST", "import", secret, len(body)) + body):
            async with asyncio.timeout(SOON):
                while (await store.counts()).all < 50:
                    await asyncio.sleep(0.001)
        await until(lambda: is_idle(served))
        await set_status(store, ONE, Status.RESOLVED, Status.OPEN)  # behind the part under way
        stopped = (await store.counts()).all
        assert stopped < 2_000
        await set_status(store, ONE, Status.OPEN, Status.RESOLVED)
        assert (await store.counts()).all == stopped


# Answers


LARGE, MANY = "matching?limit=10000", 2_800
"""What has the largest answer there is, and how many conversations make it so."""


async def long_list(store: Store) -> None:
    assert isinstance(store, Intake)
    lead, topic = Lead(*["x" * FIELD_LIMIT] * 4), "t" * TOPIC_LIMIT
    await store.ingest([incoming(f"c-{number}", lead=lead, topic=topic) for number in range(MANY)])


async def test_answers_nobody_takes_have_no_more_than_their_room(store: Store) -> None:
    await long_list(store)
    limits = msgspec.structs.replace(GENEROUS, token_answers=10 * MIB, all_answers=16 * MIB)
    async with serving(store, limits) as served, AsyncExitStack() as lines:
        secrets = [(await served.token(DANA))[0] for _ in range(2)]

        async def ask(secret: str) -> asyncio.StreamReader:
            request = head("GET", LARGE, secret, 0)
            return (await lines.enter_async_context(line_to(served, request)))[0]

        first = await ask(secrets[0])
        await until(lambda: served.context.answers.held > 7 * MIB)
        assert (await (await ask(secrets[0])).readuntil(b"\r\n")).startswith(b"HTTP/1.1 429 ")
        assert (await (await ask(secrets[1])).readuntil(b"\r\n")).startswith(b"HTTP/1.1 503 ")
        async with asyncio.timeout(SOON):
            top = await first.readuntil(b"\r\n\r\n")
            length = int(top.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            taken = await first.readexactly(length)
        assert len(msgspec.json.decode(taken)) > MANY
        await until(lambda: is_idle(served))


async def test_who_takes_an_answer_too_slowly_is_let_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers_module, "RATED_AFTER", 0.3)
    monkeypatch.setattr(answers_module, "LEAST_RATE", 1_000 * MIB)
    await long_list(store)
    async with serving(store) as served:
        secret, _ = await served.token(DANA)
        async with line_to(served, head("GET", LARGE, secret, 0)) as (reader, _):
            assert b" 200 OK" in await reader.readuntil(b"\r\n\r\n")
            taken = 0
            while not is_idle(served):
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        taken += len(await reader.read(1_000))
            assert taken < 8 * MIB


async def test_bodies_of_one_token_that_are_arriving_have_a_number(store: Store) -> None:
    async with serving(store, msgspec.structs.replace(GENEROUS, arriving=3)) as served, AsyncExitStack() as lines:
        secret, _ = await served.token(DANA)
        request = head("POST", f"conversations/{ONE}/messages", secret, 10)
        for _ in range(3):
            await lines.enter_async_context(line_to(served, request))
        await until(lambda: served.context.places.arriving == 3)
        async with await client_of(served, SAM) as sam, line_to(served, request) as (reader, _):
            assert (await sam.get("/counts")).is_success
            assert b" 429 " in await reader.readline()
        await lines.aclose()
        await until(lambda: not served.context.places.arriving)
