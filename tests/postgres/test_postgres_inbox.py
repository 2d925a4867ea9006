"""The inbox over a database: what it says of a store that is heard and takes nothing."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from inbox_tui.domain.models import ConversationId
from inbox_tui.domain.writes import ReplyWrite
from inbox_tui.local.journal import Journal
from inbox_tui.local.outbox import Outbox
from inbox_tui.operations import delivery
from inbox_tui.store.url import StoreUrl
from inbox_tui.tui import messages as m
from postgres.cluster import Cluster, needs_postgres
from postgres.test_postgres_lines import end_connections
from tui.workspace import Team4

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    """Empty, for the team to make it theirs."""
    with cluster.database() as name:
        yield name


@pytest.fixture
async def team(url: StoreUrl, tmp_path: Path) -> AsyncIterator[Team4]:
    team = Team4(tmp_path)
    team.url = url
    yield await team.build()
    await team.close()


async def test_what_a_store_holds_back_is_told_and_delivered_later(
    team: Team4, cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A primary that became a replica, a full disk: nothing looks as if it had been done for good."""
    monkeypatch.setattr(delivery, "INITIAL_BACKOFF", 0.02)
    async with team.inbox() as inbox:
        cluster.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
        end_connections(cluster, database)
        await inbox.pilot.press("r")
        await inbox.write("On my way")
        await inbox.pilot.press("enter")
        await inbox.until(lambda: "Not delivered yet, will retry: postgresql:///" in inbox.text())
        await inbox.until(lambda: "◌ sending paused" in inbox.text())
        assert "takes no writes now." in inbox.text()
        assert not inbox.heard(m.ReplySent)
        inbox.context.status.clear()
        await inbox.pilot.press("i")
        await inbox.until(lambda: "Not delivered yet" in inbox.text())
        cluster.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = off")
        end_connections(cluster, database)
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.until(lambda: "● live" in inbox.text())
        await inbox.settled()
        assert "Not delivered yet" not in inbox.text()
        thread = await (await team.store()).thread(ConversationId("priya"))
        assert [message.body for message in thread.messages].count("On my way") == 1


async def test_a_server_that_hangs_is_told_and_quitting_does_not_wait_for_it(
    team: Team4, cluster: Cluster, impatient: None
) -> None:
    async with team.inbox() as inbox:
        launch, opened = inbox.app.launch, inbox.app.opened
        with cluster.hung():
            await inbox.until(lambda: "◌ reconnecting since" in inbox.text())
            await inbox.pilot.press("r")
            await inbox.write("On my way")
            await inbox.pilot.press("enter", "escape")
            await inbox.until(lambda: "queued, offline" in inbox.text())
            began = time.monotonic()
            await inbox.app.action_quit()
            await opened.aclose()
            assert time.monotonic() - began < 3
    left = Outbox(Journal(launch.journal.file), opened.outbox.sender)
    [waiting] = left.take_over()
    left.journal.close()
    assert isinstance(waiting.write, ReplyWrite) and waiting.write.draft.body == "On my way"
