"""Exports wait on disk for their clients, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.server import spool as spool_module
from inbox_tui.server.spool import Spools
from inbox_tui.store.protocol import Intake, Store
from inbox_tui.testing.factories import DANA, SAM, incoming, said
from server.harness import GENEROUS, SOON, serving
from server.test_holding import head, is_idle, line_to, until

MIB = 1024 * 1024


async def parts_of(pieces: list[bytes]) -> AsyncGenerator[bytes]:
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


@settings(deadline=None, max_examples=60)
@given(some.lists(some.integers(0, 900), max_size=30), some.integers(1, 2_000), some.integers(0, 2**32))
def test_what_goes_in_comes_out_however_small_the_room(sizes: list[int], room: int, seed: int) -> None:
    random = Random(seed)
    given = [random.randbytes(size) for size in sizes]

    async def play() -> None:
        spools = Spools(room, 10 * room)
        taken: list[bytes] = []
        told: list[bool] = []
        async for piece in spools.wrap(parts_of(given), lambda: told.append(True)):
            assert spools.used <= room
            taken.append(piece)
            if random.random() < 0.5:
                await asyncio.sleep(0)
        assert b"".join(taken) == b"".join(given)
        assert (told, spools.used) == ([True], 0)

    asyncio.run(play())


async def test_what_goes_wrong_with_the_store_comes_out_behind_what_was_read() -> None:
    async def failing() -> AsyncGenerator[bytes]:
        yield b"some"
        raise StoreUnavailable("It went away.")

    taken = []
    with pytest.raises(StoreUnavailable, match="went away"):
        async for piece in Spools(100, 100).wrap(failing(), lambda: None):
            taken.append(piece)
    assert b"".join(taken) == b"some"


async def test_a_store_is_let_go_of_though_nobody_takes_its_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "WAITS", 0.05)
    monkeypatch.setattr(spool_module, "_LOOKS_AGAIN", 0.01)
    spools = Spools(100, 100)
    is_read = asyncio.Event()
    export = spools.wrap(parts_of([b"x" * 90] * 10), is_read.set)
    assert await anext(export)
    async with asyncio.timeout(SOON):
        await is_read.wait()
    with pytest.raises(TimeoutError, match="too slowly"):
        while True:
            await anext(export)
    assert spools.used == 0


async def test_a_full_disk_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async with serving(store) as served:
        secret, _ = await served.token(DANA)
        async with httpx.AsyncClient(base_url=served.api, headers={"Authorization": f"Bearer {secret}"}) as dana:
            with monkeypatch.context() as patch:
                patch.setattr(os, "pwrite", full)
                answer = await dana.get("/export.csv")
            assert answer.status_code == 503
            assert "No space left" in answer.text and "/" not in answer.json()["message"]
            assert (await dana.get("/export.csv")).status_code == 200
        await until(lambda: is_idle(served))


async def test_nothing_is_left_and_nobody_else_can_read_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    export = Spools(100, 100).wrap(parts_of([b"secret"]), lambda: None)
    assert await anext(export) == b"secret"
    assert list(tmp_path.iterdir()) == []
    assert await anext(export, b"") == b""


async def test_slow_readers_keep_neither_the_store_nor_other_exports(store: Store, tmp_path: Path) -> None:
    """Four tokens that do not read on: the log does not grow, and a fifth has its export. One for each token."""
    assert isinstance(store, Intake)
    await store.ingest([incoming(f"c-{number}", said("x" * 20_000), said("y" * 20_000, 1)) for number in range(400)])
    limits = msgspec.structs.replace(GENEROUS, scans=4)
    async with serving(store, limits) as served, AsyncExitStack() as slow:
        for email in (DANA, DANA, SAM, SAM):
            secret, _ = await served.token(email)
            reader, _ = await slow.enter_async_context(line_to(served, head("GET", "scan", secret, 0)))
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")
            async with line_to(served, head("GET", "scan", secret, 0)) as (again, _):
                assert (await again.readuntil(b"\r\n")).startswith(b"HTTP/1.1 429 ")
        await until(lambda: served.context.places._scans == 0)
        assert served.context.spools.used > 4 * 7 * MIB
        log = tmp_path / "team.db-wal"
        for number in range(30):
            await store.ingest([incoming(f"more-{number}", said("z" * 500_000))])
        first = log.stat().st_size
        for number in range(30):
            await store.ingest([incoming(f"again-{number}", said("z" * 500_000))])
        assert log.stat().st_size <= max(2 * first, 40 * MIB)
        secret, _ = await served.token(DANA)
        async with httpx.AsyncClient(base_url=served.api, headers={"Authorization": f"Bearer {secret}"}) as fifth:
            assert len((await fifth.get("/scan", timeout=SOON)).content.splitlines()) == 464
        await slow.aclose()
        await until(lambda: is_idle(served))
