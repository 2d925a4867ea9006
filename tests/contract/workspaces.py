"""Workspaces of the contract's tests that can be put back to a backup."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from copy import deepcopy
from pathlib import Path

from inbox_tui.store.protocol import Store, Upkeep
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract import OpenAs
from inbox_tui.testing.factories import DANA
from inbox_tui.testing.workspace import ModelWorkspace
from server.harness import Line, direct, opened_over_http
from server.wire import Fault, wire_to


class ModelBackup:
    """All that a model workspace holds."""

    def __init__(self, workspace: ModelWorkspace) -> None:
        self._workspace = workspace
        self._kept: dict[str, object] = {}

    async def take(self) -> None:
        self._kept = {name: deepcopy(held) for name, held in vars(self._workspace).items() if name != "written"}

    async def restore(self) -> None:
        vars(self._workspace).update(deepcopy(self._kept))


class SqliteFile:
    """A workspace's file, opened the way the program opens it, which can be put back to a backup."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "inbox.db"
        self._backup = folder / "backup.db"
        self._opened: list[Store] = []

    async def open_as(self, email: str) -> Store:
        url = StoreUrl.parse(f"sqlite:///{self._path}")
        self._opened.append(await open_store(url, Identity(email, "Dana Ortiz", is_given=True)))
        return self._opened[-1]

    async def take(self) -> None:
        store = self._opened[0]
        assert isinstance(store, Upkeep)
        await store.back_up(self._backup)

    async def restore(self) -> None:
        await self.close()
        for left in ("", "-wal", "-shm"):
            self._path.with_name(f"inbox.db{left}").unlink(missing_ok=True)
        shutil.copy(self._backup, self._path)

    async def close(self) -> None:
        for store in self._opened:
            await store.aclose()
        self._opened.clear()


class ServedFile:
    """The same behind a server, which is stopped while the file is put back."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._serving = AsyncExitStack()
        self._open: OpenAs = file.open_as

    async def start(self, line: Line = direct) -> None:
        dana = await self._file.open_as(DANA)

        async def known(email: str) -> bool:
            return any(member.email == email for member in await dana.members())

        self._open = await self._serving.enter_async_context(opened_over_http(dana, known, line))

    async def open_as(self, email: str) -> Store:
        return await self._open(email)

    async def take(self) -> None:
        await self._file.take()

    async def restore(self) -> None:
        await self.stop()
        await self._file.restore()
        await self.start()

    async def stop(self) -> None:
        await self._serving.aclose()


class ServedOverWire:
    """A line to the server that loses the next answer, or the next request, once."""

    def __init__(self) -> None:
        self._next = Fault.NONE

    @asynccontextmanager
    async def line(self, address: str) -> AsyncIterator[str]:
        """The line, for as long as the block lasts."""
        async with wire_to(address) as wire:
            wire.choose = self._choose
            yield wire.address

    def lose_answer(self) -> None:
        self._next = Fault.CUT_ANSWER

    def lose_request(self) -> None:
        self._next = Fault.CUT_REQUEST

    def _choose(self, method: str, path: str) -> Fault:
        if method == "GET":
            return Fault.NONE
        fault, self._next = self._next, Fault.NONE
        return fault
