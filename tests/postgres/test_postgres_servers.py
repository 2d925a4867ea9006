"""Several servers, each a process of its own, over one database: they behave as one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from itertools import count, cycle
from pathlib import Path

import httpx
import pytest

from inbox_tui.domain.errors import Conflict, CredentialError, StoreUnavailable
from inbox_tui.domain.models import Access, Badge, Color, ReplyDraft
from inbox_tui.domain.tokens import NewToken, Token, hash_of, secret_of
from inbox_tui.store.protocol import Host, Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.contract import OpenAs
from inbox_tui.testing.contract.base import C1, intake_of, last_seen, messages, reply, team_of
from inbox_tui.testing.contract.feed import FeedContract
from inbox_tui.testing.contract.hosting import host_of
from inbox_tui.testing.contract.racing import RacingContract, require_whole
from inbox_tui.testing.factories import DANA, SAM, incoming, said
from inbox_tui.testing.following import next_written
from postgres.cluster import Cluster, needs_postgres

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]

TIMEOUT = 20
"""Seconds after which something is given up."""


class ServerProcess:
    """``inbox-tui serve`` over a database."""

    def __init__(self, url: StoreUrl, home: Path) -> None:
        words = ["--store", url.text, "--as", DANA, "serve", "--port", "0", "--quiet"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "inbox_tui", *words],
            env={**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def address(self) -> str:
        """Where it listens, once it does."""
        assert self._process.stderr is not None
        said = self._process.stderr.readline()
        assert said.startswith("Serving"), said
        return said.split()[-1]

    def end(self, how: signal.Signals = signal.SIGTERM) -> str:
        """Stop it, if it still runs; what it said since it listens."""
        if self._process.stderr is None or self._process.stderr.closed:
            return ""
        self._process.send_signal(how)
        _, said = self._process.communicate()
        return said


@pytest.fixture
def processes(url: StoreUrl, tmp_path: Path) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Two of them, which were started together."""
    both = ServerProcess(url, tmp_path), ServerProcess(url, tmp_path)
    yield both
    for process in both:
        process.end()


@pytest.fixture
def addresses(processes: tuple[ServerProcess, ServerProcess]) -> tuple[str, str]:
    """Where they listen."""
    first, second = processes
    return first.address(), second.address()


async def token_for(host: Store, email: str) -> tuple[str, Token]:
    """A member's new secret, and its token."""
    secret = secret_of(os.urandom(32), is_agent=False)
    assert isinstance(host, Host)
    return secret, await host.add_token(NewToken(hash_of(secret), email))


@pytest.fixture
async def open_with(addresses: tuple[str, str]) -> AsyncIterator[OpenAs]:
    """Opens the workspace with a secret, each time at the other server, the first one first."""
    opened: list[Store] = []
    servers = cycle(addresses)

    async def open_with(secret: str) -> Store:
        opened.append(await open_store(StoreUrl.parse(next(servers)), Identity("", token=secret)))
        return opened[-1]

    yield open_with
    for store in opened:
        await store.aclose()


class TestServers:
    """What one of them did, the other knows."""

    @pytest.fixture
    async def here(self, open_postgres: OpenAs) -> Store:
        """The database itself, with a conversation and a second member."""
        store = await open_postgres(DANA)
        await intake_of(store).ingest([incoming("c-1", said("flight"), needs_human=True)])
        await team_of(store).add_member(SAM, "Sam Okafor", Access.EDIT)
        await team_of(await open_postgres(SAM)).save_profile("Sam Okafor", Badge("SO", Color.GREEN))
        return store

    @pytest.fixture
    async def dana(self, here: Store, open_with: OpenAs) -> Store:
        return await open_with((await token_for(here, DANA))[0])

    @pytest.fixture
    async def sam(self, here: Store, dana: Store, open_with: OpenAs) -> Store:
        """At the other server than Dana."""
        return await open_with((await token_for(here, SAM))[0])

    async def test_what_is_written_at_one_is_heard_at_the_other(self, dana: Store, sam: Store) -> None:
        reports = sam.changes()
        assert isinstance(reports, AsyncGenerator)
        await anext(reports)
        for turn in range(5):
            await reply(dana, f"Number {turn}", f"k-{turn}")
            async with asyncio.timeout(TIMEOUT):
                while "c-1" not in (await next_written(reports)).conversations:
                    pass
            assert f"k-{turn}" in {message.key for message in await messages(sam)}
        await reports.aclose()

    async def test_the_same_reply_through_both_is_one(self, here: Store, dana: Store, open_with: OpenAs) -> None:
        again = await open_with((await token_for(here, DANA))[0])
        draft = ReplyDraft("On it", "k-1", last_seen=await last_seen(dana))
        sent = await asyncio.gather(*(store.reply(C1, draft) for store in (dana, again, dana, again)))
        assert len({one.message.id for one in sent}) == 1
        assert sorted(one.was_known for one in sent) == [False, True, True, True]

    async def test_who_is_taken_out_at_one_is_out_at_the_other(self, here: Store, dana: Store, sam: Store) -> None:
        [token] = [token for token in await host_of(here).tokens() if token.member and token.member.email == SAM]
        await sam.get(C1)
        await host_of(here).revoke_token(token.id)
        with pytest.raises(CredentialError):
            await sam.get(C1)
        assert (await dana.get(C1)).id == C1

    async def test_when_one_is_killed_the_other_goes_on(
        self, here: Store, dana: Store, sam: Store, processes: tuple[ServerProcess, ServerProcess]
    ) -> None:
        told: list[str] = []
        seen = await last_seen(sam)
        async with asyncio.timeout(TIMEOUT):
            reports = sam.changes()
            assert isinstance(reports, AsyncGenerator)
            since = (await next_written(reports)).id
            await reports.aclose()
            composing = asyncio.create_task(reply_until_it_ends(dana, told))
            while len(told) < 3:
                await asyncio.sleep(0.01)
            processes[0].end(signal.SIGKILL)
            await composing
        assert set(told) <= {message.key for message in await messages(sam)}, "what was acknowledged is there"
        with pytest.raises(Conflict):
            await sam.reply(C1, ReplyDraft("mine", "s-1", last_seen=seen))
        reports = sam.changes(since)
        assert isinstance(reports, AsyncGenerator)
        assert "c-1" in (await next_written(reports)).conversations, "any server goes on from any server's number"
        await reports.aclose()
        await require_whole(here)


async def reply_until_it_ends(store: Store, told: list[str]) -> None:
    """Reply until the server is gone; ``told`` are the keys that it acknowledged."""
    for number in count():
        try:
            await store.reply(C1, ReplyDraft(f"Number {number}", f"k-{number}"))
        except StoreUnavailable:
            return
        told.append(f"k-{number}")


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_a_server_whose_database_hangs_ends_without_a_fuss(
    cluster: Cluster, url: StoreUrl, open_postgres: OpenAs, tmp_path: Path
) -> None:
    secret, _ = await token_for(await open_postgres(DANA), DANA)
    process = ServerProcess(url, tmp_path)
    address = process.address()
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {secret}"}, timeout=60) as client:
        assert (await client.get(f"{address}/v1/counts")).status_code == 200
        with cluster.hung():
            asked = [asyncio.create_task(client.get(f"{address}/v1/{path}")) for path in ("counts", "ready", "me")]
            await asyncio.wait(asked, timeout=1)
            said = await asyncio.to_thread(process.end)
        await asyncio.gather(*asked, return_exceptions=True)
    assert "Traceback" not in said


class TestServersContract(RacingContract, FeedContract):
    """Each session at the other server than the one before it."""

    @pytest.fixture
    async def open_as(self, open_postgres: OpenAs, open_with: OpenAs) -> OpenAs:
        here = await open_postgres(DANA)
        secrets: dict[str, str] = {}

        async def open_as(email: str) -> Store:
            if email not in secrets and any(member.email == email for member in await here.members()):
                secrets[email], _ = await token_for(here, email)
            return await open_with(secrets.get(email, "inbox_m_unknown"))

        return open_as
