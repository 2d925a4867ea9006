"""``serve`` when the log beside its file is deleted: it says so, confirms nothing, and a kill loses nothing."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import httpx
import pytest

from inbox_tui.domain.tokens import NewToken, hash_of, secret_of
from inbox_tui.store.protocol import Host, Store

from .conftest import ME, RunCli, in_store, line, seed
from .test_cli_server import TIMEOUT, serving


@pytest.fixture
def api(store_file: Path) -> httpx.Client:
    """Asks with a token of Dana's at a workspace with one conversation."""
    seed(store_file, [line("c-1")])
    secret = secret_of(bytes(range(32)), is_agent=False)

    async def admit(store: Store) -> None:
        assert isinstance(store, Host)
        await store.add_token(NewToken(hash_of(secret), ME))

    in_store(store_file, admit)
    return httpx.Client(headers={"Authorization": f"Bearer {secret}"}, timeout=TIMEOUT)


@pytest.mark.parametrize("suffixes", [("-wal",), ("-shm",), ("-wal", "-shm")])
def test_a_deleted_log_ends_the_writing_and_loses_nothing(
    api: httpx.Client, run_cli: RunCli, store_file: Path, environment: dict[str, str], suffixes: tuple[str, ...]
) -> None:
    with serving(environment) as server, api:
        replies = f"{server.address}/v1/conversations/c-1/messages"

        def reply(key: str) -> httpx.Response:
            return api.post(replies, json={"body": f"Said {key}", "key": key, "kind": "message"})

        for number in range(3):
            assert reply(f"k-{number}").status_code == 201
        assert api.get(f"{server.address}/v1/ready").status_code == 200
        for suffix in suffixes:
            store_file.with_name(store_file.name + suffix).unlink()
        refused = reply("late")
        assert refused.status_code in (500, 503)
        assert "was deleted or replaced while it was open" in refused.json()["message"]
        until = time.monotonic() + TIMEOUT
        while api.get(f"{server.address}/v1/ready").status_code == 200:
            assert time.monotonic() < until
        for _ in range(20):  # and it does not come back
            assert api.get(f"{server.address}/v1/ready").status_code in (500, 503)
            assert reply("later").status_code in (500, 503)
        log = server.end(signal.SIGKILL)
        assert "Nothing that was confirmed is lost" in log
    shown = run_cli("show", "c-1").out
    assert all(f"Said k-{number}" in shown for number in range(3))
    assert "Said later" not in shown
