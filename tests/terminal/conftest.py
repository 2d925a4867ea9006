"""A small shop's conversations, imported by the real command line, and terminals to work in."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

from .harness import BIN, Terminal, environment

ME = "dana@acme.example"
COLLEAGUE = "jonas@acme.example"


@dataclass(frozen=True)
class Desk:
    """A member's place: a store, a home, and the terminals that they open."""

    folder: Path
    home: Path
    store: Path
    terminals: ExitStack

    @property
    def url(self) -> str:
        return f"sqlite:///{self.store}"

    def configure(self, *lines: str) -> None:
        """Write the configuration that everything here runs with."""
        folder = self.home / "config" / "inbox-tui"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text("\n".join(lines) + "\n", "utf-8")

    def run(self, *arguments: str, stdin: str = "", as_: str = ME, check: bool = True) -> str:
        """Run a command of the program; returns what it prints."""
        done = subprocess.run(
            [str(BIN / "inbox-tui"), "--store", self.url, "--as", as_, *arguments],
            input=stdin,
            text=True,
            capture_output=True,
            cwd=self.folder,
            env=environment(self.home),
            timeout=60,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def terminal(self, *, size: tuple[int, int] = (120, 36), **env: str) -> Terminal:
        """A terminal in which nothing runs yet."""
        return self.terminals.enter_context(Terminal(self.folder, environment(self.home, **env), size=size))

    def open(self, *, as_: str = ME, size: tuple[int, int] = (120, 36), **env: str) -> Terminal:
        """A terminal in which the inbox is open and follows the store."""
        terminal = self.terminal(size=size, **env)
        terminal.start("inbox-tui", "--store", self.url, "--as", as_)
        terminal.wait_for("● live")
        return terminal

    def said(self, id: str) -> list[tuple[str, str]]:
        """The author and the text of each message of a conversation, without what happened to it."""
        thread = json.loads(self.run("show", id, "--json"))["thread"]
        return [(message["author"], message["body"]) for message in thread if message["kind"] == "message"]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the shop: copied for each test, so that it is imported only once."""
    folder = tmp_path_factory.mktemp("shop")
    with ExitStack() as terminals:
        desk = new_desk(folder, terminals)
        now = datetime.now(timezone.utc)
        (folder / "shop.jsonl").write_text("\n".join(json.dumps(line) for line in conversations(now)), "utf-8")
        found_workspace(desk)
        desk.run("import", "shop.jsonl")
        return desk.store


@pytest.fixture
def desk(tmp_path: Path, shop: Path) -> Iterator[Desk]:
    """Dana's place in the shop."""
    with ExitStack() as terminals:
        desk = new_desk(tmp_path, terminals)
        shutil.copy(shop, desk.store)
        desk.configure("undo_send = 0")
        yield desk


@pytest.fixture
def empty_desk(tmp_path: Path) -> Iterator[Desk]:
    """A place at which nothing was ever started."""
    with ExitStack() as terminals:
        yield new_desk(tmp_path, terminals)


def new_desk(folder: Path, terminals: ExitStack) -> Desk:
    """A place with an empty home and no store."""
    home = folder / "home"
    home.mkdir()
    return Desk(folder, home, folder / "inbox.db", terminals)


def found_workspace(desk: Desk) -> None:
    """Make the store, with Dana as its first member and Jonas as her colleague."""

    async def work() -> None:
        store = await open_store(StoreUrl.parse(desk.url), Identity(ME, "Dana Ortiz", is_given=True))
        await store.aclose()

    asyncio.run(work())
    desk.run("members", "add", COLLEAGUE, "--name", "Jonas Berg")


TOPICS = (
    ("Delivery", "Where is my parcel?", "It left our house this morning."),
    ("Refund", "I would like a refund for the blue lamp.", "Please tell me the order number."),
    ("Opening hours", "Are you open on Sundays?", "On Sundays from 10 to 4."),
)
FIRST = ("Ada", "Bo", "Cleo", "Dov", "Ewa", "Finn", "Gro", "Hugo", "Ines")
LAST = ("Lund", "Moss", "Nagy", "Otis")
WAITING, RESOLVED, MINE, THEIRS = range(4)
"""What becomes of a conversation, by its number modulo six."""


def visitor(number: int) -> str:
    """The name of a conversation's visitor; of every fourth nothing is known."""
    return f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST)]}"


def conversations(now: datetime) -> Sequence[dict[str, object]]:
    """36 conversations of the past days, the newest first. No two have the same visitor."""
    return [_conversation(number, now - timedelta(hours=number + 1, minutes=30)) for number in range(36)]


def _conversation(number: int, at: datetime) -> dict[str, object]:
    topic, question, answer = TOPICS[number % 3]
    said = [("visitor", question), ("agent", answer), ("visitor", f"Thank you. My number is {1000 + number}.")]
    fate: dict[int, dict[str, object]] = {
        WAITING: {"needs_human": True},
        RESOLVED: {"status": "resolved"},
        MINE: {"assignee": ME},
        THEIRS: {"assignee": COLLEAGUE},
    }
    known = {"name": visitor(number), "email": f"visitor{number}@mail.example"} if number % 4 != 3 else {}
    return {
        "id": f"c-{number}",
        "agent": "Website assistant",
        "topic": topic,
        "visitor": known,
        "messages": [
            {
                "id": f"c-{number}-{index}",
                "author": author,
                "body": body,
                "created_at": (at - timedelta(seconds=60 - 20 * index)).isoformat(),
            }
            for index, (author, body) in enumerate(said)
        ],
        **fate.get(number % 6, {}),
    }
