"""What a server answers, how fast, and how soon a visitor's words are on a member's screen.

    python -m benchmarks.server [--size 100k] [--clients 1,10,100] [--seconds 5] [--messages 60] [--folder FOLDER]

Server, clients and terminals are processes of this one machine and share its cores. The
clients speak just enough HTTP to ask and to read to the answer's end, so that most of
what is measured is the server.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from benchmarks.__main__ import machine
from benchmarks.generate import ME, SEED, default_folder, size, workspace
from benchmarks.pty import Terminal
from benchmarks.runs import surroundings

FEEDS, FEEDS_OF_A_TOKEN = 200, 20
TERMINALS = 2
_API = "/v1"
_AGENT = "Website assistant"
_MANY = "10000"
_PAGE, _KNOWN = 50, 1_000
_NS_PER_MS = 1e6
_PATIENCE = 30.0
_SETTLED = 1.0
"""Seconds after which a screen that has come up is at rest."""
_REST = 0.1
"""Seconds between two visitors' messages, so that each finds everybody at rest."""

Request = tuple[str, str, dict[str, object] | None]
"""Method, path and query, and what is sent."""


class Server:
    """``inbox-tui serve`` over a copy of a workspace, in a process of its own."""

    def __init__(self, file: Path, home: Path) -> None:
        self._environment = surroundings(home) | {"INBOX_TUI_STORE": f"sqlite:///{file}", "INBOX_TUI_AS": ME}
        self.program = str(Path(sys.executable).with_name("inbox-tui"))

    def token(self, *whose: str) -> str:
        """A new token."""
        words = [self.program, "token", "create", *whose]
        made = subprocess.run(words, env=self._environment, capture_output=True, text=True, check=True)
        return made.stdout.strip()

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The address, for as long as it is served."""
        command = [self.program, "serve", "--port", "0", "--rate", _MANY, "--quiet"]
        with subprocess.Popen(command, env=self._environment, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            yield process.stderr.readline().split()[-1]
            process.terminate()


class Client:
    """One connection, kept open, that asks one thing after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        self._reader = reader
        self._writer = writer
        self._head = head

    @classmethod
    async def open(cls, address: str, token: str) -> Client:
        """Connect."""
        parts = urlsplit(address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 24)
        return cls(reader, writer, f"Host: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n")

    async def ask(self, request: Request) -> bytes:
        """The answer's body. Raises RuntimeError for one that is not a success."""
        method, path, content = request
        body = b"" if content is None else msgspec.json.encode(content)
        kind = "Content-Type: application/json\r\n" if body else ""
        self._writer.write(
            f"{method} {_API}{path} HTTP/1.1\r\n{self._head}{kind}Content-Length: {len(body)}\r\n\r\n".encode() + body
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        answer = await self._reader.readexactly(length)
        if not head.startswith(b"http/1.1 2"):
            raise RuntimeError(f"{method} {path}: {head.splitlines()[0].decode()} {answer[:200].decode()}")
        return answer

    async def close(self) -> None:
        """Let go of the connection."""
        self._writer.close()
        await self._writer.wait_closed()


async def requests_of(address: str, token: str, random: Random) -> dict[str, Callable[[], Request]]:
    """What is asked for, by name: each call gives another request."""
    client = await Client.open(address, token)
    listed = msgspec.json.decode(await client.ask(("GET", f"/conversations?limit={_KNOWN}", None)))
    rows: list[dict[str, Any]] = listed["rows"]
    ids = [row["id"] for row in rows]
    quiet = [row for row in rows if row["status"] == "open"]
    threads = [
        msgspec.json.decode(await client.ask(("GET", f"/conversations/{row['id']}/thread", None))) for row in quiet
    ]
    await client.close()
    seen = {row["id"]: thread["messages"][-1]["id"] for row, thread in zip(quiet, threads, strict=True)}
    numbers = count()

    def reply() -> Request:
        id = random.choice(list(seen))
        number = next(numbers)
        body = {"body": f"Let me look into that: {number}", "key": f"bench-{number}", "last_seen": seen[id]}
        return "POST", f"/conversations/{id}/messages", body

    return {
        "list": lambda: (
            "GET",
            f"/conversations?filter=unresolved&limit={_PAGE}&offset={random.randrange(1_000)}",
            None,
        ),
        "counts": lambda: ("GET", "/counts", None),
        "thread": lambda: ("GET", f"/conversations/{random.choice(ids)}/thread", None),
        "reply": reply,
    }


async def answered(address: str, token: str, clients: int, seconds: float, make: Callable[[], Request]) -> list[float]:
    """Milliseconds for each request that so many clients got an answer to, each asking again at once."""
    taken: list[float] = []

    async def ask_on(client: Client, until: float) -> None:
        while time.monotonic() < until:
            begin = time.monotonic_ns()
            await client.ask(make())
            taken.append((time.monotonic_ns() - begin) / _NS_PER_MS)

    opened = [await Client.open(address, token) for _ in range(clients)]
    until = time.monotonic() + seconds
    await asyncio.gather(*(ask_on(client, until) for client in opened))
    for client in opened:
        await client.close()
    return taken


async def requests_table(address: str, token: str, clients: list[int], seconds: float) -> str:
    """Markdown: requests a second and how long each took."""
    lines = ["| requests/s · p50 / p95 / p99, ms | " + " | ".join(f"{number} clients" for number in clients) + " |"]
    lines.append("|---" * (len(clients) + 1) + "|")
    for name, make in (await requests_of(address, token, Random(SEED))).items():
        cells = []
        for number in clients:
            taken = await answered(address, token, number, seconds, make)
            cells.append(f"{len(taken) / seconds:,.0f} · {_spread(taken)}")
            print(f"{name}, {number} clients: {cells[-1]}", file=sys.stderr)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


class Bot:
    """A website: begins a conversation and says what its visitor says."""

    def __init__(self, address: str, token: str, id: str) -> None:
        self._client = httpx.Client(
            base_url=f"{address}{_API}/agent", headers={"Authorization": f"Bearer {token}"}, timeout=_PATIENCE
        )
        self._id = id
        new = {"id": id, "lead": {"name": f"Visitor {id}"}, "messages": []}
        self._client.post("/conversations", json=new).raise_for_status()

    def __enter__(self) -> Bot:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()

    def say(self, words: str) -> None:
        """One message of the visitor's."""
        message = {"author": "visitor", "body": words, "key": words}
        self._client.post(f"/conversations/{self._id}/messages", json=message).raise_for_status()


def painted(address: str, member: str, bot: str, home: Path, messages: int) -> list[float]:
    """Milliseconds from a visitor's message on its way to the server until a member's screen shows it."""
    environment = surroundings(home) | {"INBOX_TUI_TOKEN": member}
    command = [str(Path(sys.executable).with_name("inbox-tui")), "--store", address]
    taken: list[float] = []

    def shows(words: str) -> Callable[[list[str]], bool]:
        return lambda lines: any(words in line for line in lines)

    with ExitStack() as stack:
        website = stack.enter_context(Bot(address, bot, "screen"))
        website.say("Hello")
        terminals = [stack.enter_context(Terminal(command, environment)) for _ in range(TERMINALS)]
        pool = stack.enter_context(ThreadPoolExecutor(1))
        for terminal in terminals:
            terminal.start(shows("Hello"))
            terminal.pause(_SETTLED)
        for number in range(messages):
            words = _words(number)
            watched = terminals[number % TERMINALS]
            begin = time.monotonic_ns()
            sending = pool.submit(website.say, words)
            taken.append(watched.await_shown(begin, shows(words)).shown)
            sending.result()
            for terminal in terminals:
                terminal.pause(_REST)
    return taken


async def heard(
    address: str, tokens: list[str], bot: str, messages: int, feeds: int = FEEDS
) -> tuple[list[float], list[float]]:
    """Milliseconds until each of so many feeds has been told of a message, and until the last of them has."""
    told: list[asyncio.Queue[int]] = []

    async def follow(client: httpx.AsyncClient, stack: AsyncExitStack, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await stack.enter_async_context(client.stream("GET", f"{address}{_API}/events", headers=headers))
        answer.raise_for_status()
        queue: asyncio.Queue[int] = asyncio.Queue()
        told.append(queue)

        async def listen() -> None:
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    queue.put_nowait(time.monotonic_ns())

        listening = asyncio.create_task(listen())
        stack.callback(listening.cancel)
        await queue.get()  # the first report is about what was before

    limits = httpx.Limits(max_connections=None)
    each: list[float] = []
    last: list[float] = []
    async with AsyncExitStack() as stack:
        website = stack.enter_context(await asyncio.to_thread(Bot, address, bot, "feeds"))
        client = await stack.enter_async_context(httpx.AsyncClient(limits=limits, timeout=_PATIENCE))
        for number in range(feeds):
            await follow(client, stack, tokens[number // FEEDS_OF_A_TOKEN])
        for number in range(messages):
            begin = time.monotonic_ns()
            await asyncio.to_thread(website.say, _words(number))
            stamps = await asyncio.gather(*(asyncio.wait_for(queue.get(), _PATIENCE) for queue in told))
            taken = [(stamp - begin) / _NS_PER_MS for stamp in stamps]
            each += taken
            last.append(max(taken))
            await asyncio.sleep(_REST)
    return each, last


def _words(number: int) -> str:
    return f"word {number:04} of it"


def _spread(values: list[float]) -> str:
    ordered = sorted(values)
    at = {share: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.95, 0.99)}
    return f"{statistics.median(ordered):.1f} / {at[0.95]:.1f} / {at[0.99]:.1f}"


def main() -> None:
    """Serve, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server", description=__doc__)
    parser.add_argument("--size", default="100k", type=size)
    parser.add_argument("--clients", default="1,10,100", help="how many ask at once")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each number of clients and kind of request")
    parser.add_argument("--messages", type=int, default=60, help="that visitors send, for the latencies")
    parser.add_argument("--folder", type=Path, default=default_folder(), help="where workspaces are kept")
    options = parser.parse_args()
    clients = [int(number) for number in options.clients.split(",")]
    kept = workspace(options.size, options.folder)
    with tempfile.TemporaryDirectory(prefix="inbox-tui-bench-") as name:
        home, file = Path(name), Path(name) / "inbox.db"
        shutil.copy(kept, file)
        server = Server(file, home)
        members = [server.token(ME) for _ in range(FEEDS // FEEDS_OF_A_TOKEN)]
        bot = server.token("--agent", _AGENT)
        with server.serving() as address:
            print(f"{machine()}; {options.size:,} conversations\n")
            print(asyncio.run(requests_table(address, members[0], clients, options.seconds)), end="\n\n")
            on_screens = painted(address, members[0], bot, home, options.messages)
            each, last = asyncio.run(heard(address, members, bot, options.messages))
    print("| from a visitor's message on its way, ms | p50 / p95 / p99 |\n|---|---|")
    print(f"| to the paint on a member's screen, {TERMINALS} being open | {_spread(on_screens)} |")
    print(f"| to each of {FEEDS} feeds | {_spread(each)} |")
    print(f"| to the last of {FEEDS} feeds | {_spread(last)} |")


if __name__ == "__main__":
    main()
