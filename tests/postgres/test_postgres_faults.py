"""Programs and servers that are killed in the middle of writes: nothing acknowledged is lost, nothing is half done."""

from __future__ import annotations

import random
import signal
import subprocess
import sys

import psycopg
import pytest

from inbox_tui.domain.models import ConversationId
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract.base import intake_of, messages
from inbox_tui.testing.contract.racing import require_whole
from inbox_tui.testing.factories import DANA, incoming
from postgres.cluster import Cluster, needs_postgres, running

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]

REPLY_FOR_EVER = """
import asyncio, itertools, sys
from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.domain.models import ConversationId, ReplyDraft, Status
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

async def main():
    url, name = sys.argv[1:]
    store = await open_store(StoreUrl.parse(url), Identity("dana@acme.example", is_given=True))
    for number in itertools.count():
        key, id = f"{name}-{number}", ConversationId(f"c-{number % 3}")
        while True:
            try:
                seen = (await store.thread(id, limit=1)).messages[-1].id
                await store.reply(id, ReplyDraft("On it. " + "x" * 3000, key, last_seen=seen))
                break
            except StoreUnavailable:
                await asyncio.sleep(0.02)
        print(key, flush=True)

asyncio.run(main())
"""


class Writer:
    """A program that replies for ever, and says what it was told is done."""

    def __init__(self, url: str, name: str) -> None:
        words = [sys.executable, "-c", REPLY_FOR_EVER, url, name]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

    def acknowledged(self, count: int) -> list[str]:
        """The next keys."""
        assert self._process.stdout is not None
        return [self._process.stdout.readline().strip() for _ in range(count)]

    def kill(self) -> list[str]:
        """End it as the machine would; the keys that it had still said."""
        self._process.send_signal(signal.SIGKILL)
        assert self._process.stdout is not None
        rest = self._process.stdout.read().split()
        self._process.wait()
        self._process.stdout.close()
        return rest


async def opened(url: str) -> Store:
    return await open_store(StoreUrl.parse(url), Identity(DANA, "Dana Ortiz", is_given=True))


async def prepare(url: str) -> None:
    """Three conversations to write in."""
    store = await opened(url)
    await intake_of(store).ingest([incoming(f"c-{number}") for number in range(3)])
    await store.aclose()


async def require_kept(url: str, acknowledged: list[str]) -> None:
    """All that was acknowledged is there once, and can be found; counts, rows and threads agree."""
    assert acknowledged and all(acknowledged)
    store = await opened(url)
    keys = [m.key for n in range(3) for m in await messages(store, ConversationId(f"c-{n}")) if m.member]
    assert set(acknowledged) <= set(keys)
    assert len(set(keys)) == len(keys)
    await require_whole(store)
    await store.aclose()
    with psycopg.connect(url) as db:
        missing = (
            "SELECT count(*) FROM message LEFT JOIN message_words USING (id) WHERE words IS NULL AND kind <> 'event'"
        )
        assert db.execute(missing).fetchone() == (0,)


async def killed_writers_lose_nothing(url: str, rounds: int) -> None:
    chance, acknowledged = random.Random(7), list[str]()
    await prepare(url)
    for number in range(rounds):
        writers = [Writer(url, f"{number}-{name}") for name in "ab"]
        for writer in writers:
            acknowledged += writer.acknowledged(chance.randint(1, 20))
        for writer in writers:
            acknowledged += writer.kill()
    await require_kept(url, acknowledged)


async def killed_servers_lose_nothing(rounds: int) -> None:
    chance, acknowledged = random.Random(8), list[str]()
    with running() as cluster:
        cluster.execute("CREATE DATABASE inbox")
        url = cluster.url("inbox")
        await prepare(url)
        writers = [Writer(url, name) for name in "ab"]
        for _ in range(rounds):
            for writer in writers:
                acknowledged += writer.acknowledged(chance.randint(1, 20))
            cluster.stop(signal.SIGKILL)
            cluster.start()
        for writer in writers:
            acknowledged += writer.acknowledged(5)
            acknowledged += writer.kill()
        await require_kept(url, acknowledged)


async def test_nothing_acknowledged_is_lost_when_writers_are_killed(cluster: Cluster, database: str) -> None:
    await killed_writers_lose_nothing(cluster.url(database), rounds=3)


async def test_nothing_acknowledged_is_lost_when_the_server_is_killed() -> None:
    await killed_servers_lose_nothing(rounds=2)


async def test_nothing_that_came_in_is_lost_when_the_server_is_killed_at_once() -> None:
    """Whole conversations too: a website is told that they are kept."""
    with running() as cluster:
        cluster.execute("CREATE DATABASE inbox")
        for number in range(3):
            store = await opened(cluster.url("inbox"))
            await intake_of(store).ingest([incoming(f"c-{number}")])
            cluster.stop(signal.SIGKILL)
            cluster.start()
            assert (await store.counts()).all == number + 1
            await store.aclose()


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_nothing_acknowledged_is_lost_when_writers_are_killed_often(cluster: Cluster, database: str) -> None:
    await killed_writers_lose_nothing(cluster.url(database), rounds=60)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_nothing_acknowledged_is_lost_when_the_server_is_killed_often() -> None:
    await killed_servers_lose_nothing(rounds=40)
