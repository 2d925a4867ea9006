"""The command line as its users meet it: a process of its own, a real file, nothing of this machine's."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from inbox_tui.operations.import_lines import read_line
from inbox_tui.store.protocol import Intake, Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

ME = "dana@acme.example"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def objects(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines]


RunCli = Callable[..., Ran]


@pytest.fixture
def store_file(tmp_path: Path) -> Path:
    return tmp_path / "inbox.db"


@pytest.fixture
def environment(tmp_path: Path, store_file: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "xterm-256color",
        "INBOX_TUI_STORE": f"sqlite:///{store_file}",
        "INBOX_TUI_AS": ME,
    }


def ran(command: Sequence[str], folder: Path, environment: dict[str, str], **stdin: Any) -> Ran:
    done = subprocess.run(command, capture_output=True, cwd=folder, env=environment, timeout=60, check=False, **stdin)
    return Ran(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


@pytest.fixture
def run_cli(tmp_path: Path, environment: dict[str, str]) -> RunCli:
    def run(*arguments: str, stdin: str | bytes = b"", env: dict[str, str] | None = None) -> Ran:
        command = [sys.executable, "-m", "inbox_tui", *arguments]
        given = stdin.encode() if isinstance(stdin, str) else stdin
        return ran(command, tmp_path, environment | (env or {}), input=given)

    return run


def line(id: str, *bodies: str, **more: object) -> dict[str, object]:
    """An import line: a visitor's messages, and whatever else is given."""
    messages = [
        {"id": f"{id}-{index}", "author": "visitor", "body": body, "created_at": f"2026-11-03T10:{index:02}:00Z"}
        for index, body in enumerate(bodies or ("Hello",))
    ]
    return {"id": id, "messages": messages, **more}


def seed(store_file: Path, lines: Sequence[dict[str, object]]) -> None:
    """Fill a store whose first member is Dana, who may do everything."""

    async def fill(store: Store) -> None:
        now = datetime(2026, 11, 6, 15, tzinfo=timezone.utc)
        assert isinstance(store, Intake)
        if lines:
            await store.ingest([read_line(json.dumps(given).encode(), now) for given in lines])

    in_store(store_file, fill)


def in_store(store_file: Path, act: Callable[[Store], Awaitable[None]]) -> None:
    """Do something that no command is needed for, as Dana."""

    async def work() -> None:
        store = await open_store(StoreUrl.parse(f"sqlite:///{store_file}"), Identity(ME, "Dana Ortiz", is_given=True))
        try:
            await act(store)
        finally:
            await store.aclose()

    asyncio.run(work())


MAYA = {"name": "Maya Lindqvist", "email": "maya@mail.example"}
WORKSPACE = [
    line(
        "c-1", "I need to change my flight to Friday", visitor={"name": "Maya Lindqvist", "email": "maya@mail.example"}
    ),
    line("c-2", "Is the table for 7 or 8 pm?", visitor={"name": "Jonas Costa"}, needs_human=True),
    line("c-3", "Thanks, all good", status="resolved", agent="Booking assistant", topic="Tables"),
    line("c-4", "Anybody there?", assignee=ME, needs_human=True, visitor={"phone": "+46 70 123"}),
]


@pytest.fixture
def workspace(store_file: Path) -> Path:
    seed(store_file, WORKSPACE)
    return store_file
