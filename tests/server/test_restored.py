"""A server's workspace is put back to an older backup: each client hears of it, and nothing is lost or repeated."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from httpx_sse import EventSource, ServerSentEvent

from inbox_tui.domain.models import ConversationId, Kind, ReplyDraft
from inbox_tui.store.protocol import Store, Upkeep
from inbox_tui.testing.factories import DANA, WEBSITE
from server.harness import SOON, Ear, Served, serving
from server.team import ONE, TWO, open_in, team_in
from server.wire import Wire, wire_to


class Site:
    """A workspace's file and whoever serves it at the moment, behind an address that stays."""

    def __init__(self, folder: Path, wire: Wire) -> None:
        self.folder = folder
        self.wire = wire

    @asynccontextmanager
    async def served(self) -> AsyncIterator[tuple[Served, Store]]:
        store = await open_in(self.folder)
        async with serving(store) as served:
            self.wire.lead_to(served.address)
            yield served, store
        await store.aclose()

    async def back_up(self, store: Store) -> None:
        assert isinstance(store, Upkeep)
        await store.back_up(self.folder / "backup.db")

    def restore(self) -> None:
        """While nobody serves."""
        for left in ("", "-wal", "-shm"):
            (self.folder / f"team.db{left}").unlink(missing_ok=True)
        shutil.copy(self.folder / "backup.db", self.folder / "team.db")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    await (await team_in(tmp_path)).aclose()
    async with wire_to("http://127.0.0.1:9") as wire:
        yield Site(tmp_path, wire)


async def reply(store: Store, body: str, id: ConversationId = ONE) -> None:
    thread = await store.thread(id)
    await store.reply(id, ReplyDraft(body, f"key of {body}", last_seen=thread.messages[-1].id))


@asynccontextmanager
async def heard_by(site: Site, secret: str, path: str, last: str = "") -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
    """What a client hears over the line."""
    headers = {"Authorization": f"Bearer {secret}"} | ({"Last-Event-ID": last} if last else {})
    url = f"{site.wire.address}/v1/{path}"
    async with httpx.AsyncClient() as client, client.stream("GET", url, headers=headers, timeout=SOON) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield EventSource(answer).aiter_sse()


async def some(events: AsyncIterator[ServerSentEvent], count: int) -> Sequence[ServerSentEvent]:
    async with asyncio.timeout(SOON):
        return [await anext(events) for _ in range(count)]


async def test_a_website_hears_every_reply_after_a_restore(site: Site) -> None:
    async with site.served() as (served, store):
        secret, _ = await served.token(agent=WEBSITE)
        await reply(store, "Before the backup")
        await site.back_up(store)
        async with heard_by(site, secret, "agent/replies") as events:
            for number in range(5):
                await reply(store, f"Undone {number}")
            heard = await some(events, 5)
    site.restore()
    async with site.served() as (served, store):
        async with heard_by(site, secret, "agent/replies", heard[-1].id) as events:
            [reset] = await some(events, 1)
            assert (reset.event, reset.json()) == ("reset", {"since": heard[-1].json()["created_at"]})
        for number in range(6):
            await reply(store, f"New {number}", TWO if number % 2 else ONE)
        async with heard_by(site, secret, "agent/replies", heard[-1].id) as events:
            reset, *replies = await some(events, 7)
            assert reset.event == "reset"
            assert [event.json()["body"] for event in replies] == [f"New {number}" for number in range(6)]
            assert [event.json()["key"] for event in replies] == [f"key of New {number}" for number in range(6)]
            assert {event.event for event in replies} == {"message"}
            await reply(store, "Live")
            assert (await some(events, 1))[0].json()["body"] == "Live"
        async with heard_by(site, secret, "agent/replies", replies[2].id) as events:
            bodies = [event.json()["body"] for event in await some(events, 4)]
            assert bodies == ["New 3", "New 4", "New 5", "Live"], "the new ids hold"


async def test_until_a_reply_was_heard_each_stream_begins_with_the_reset(site: Site) -> None:
    """A client keeps the last id that it got. The reset has none, so a line that is lost after it loses nothing."""
    async with site.served() as (served, store):
        secret, _ = await served.token(agent=WEBSITE)
        await site.back_up(store)
        async with heard_by(site, secret, "agent/replies") as events:
            await reply(store, "Undone")
            [heard] = await some(events, 1)
    site.restore()
    async with site.served() as (served, store):
        for _ in range(2):
            async with heard_by(site, secret, "agent/replies", heard.id) as events:
                [reset] = await some(events, 1)
                assert reset.event == "reset"
                assert reset.id in ("", heard.id), "what an SSE client knows is not moved by it"
                await reply(store, f"New {_}")
                assert (await some(events, 1))[0].json()["body"] == "New 0"


async def test_a_website_that_heard_no_more_than_the_backup_holds_is_not_disturbed(site: Site) -> None:
    async with site.served() as (served, store):
        secret, _ = await served.token(agent=WEBSITE)
        async with heard_by(site, secret, "agent/replies") as events:
            await reply(store, "Heard")
            [heard] = await some(events, 1)
        await reply(store, "Missed")
        await site.back_up(store)
        await reply(store, "Undone")
    site.restore()
    async with site.served() as (served, store):
        await reply(store, "New")
        async with heard_by(site, secret, "agent/replies", heard.id) as events:
            told = await some(events, 2)
            assert [(event.event, event.json()["body"]) for event in told] == [
                ("message", "Missed"),
                ("message", "New"),
            ]


@pytest.mark.parametrize("last", ["15910.9f8e7d6c.1764286000123456", "999999", "3.00000000"])
async def test_an_id_of_another_store_is_answered_with_a_reset(site: Site, last: str) -> None:
    async with site.served() as (served, store):
        secret, _ = await served.token(agent=WEBSITE)
        async with heard_by(site, secret, "agent/replies", last) as events:
            assert (await some(events, 1))[0].event == "reset"
            await reply(store, "From now on")
            assert (await some(events, 1))[0].json()["body"] == "From now on"


async def test_a_member_s_program_reads_everything_again(site: Site) -> None:
    """``/v1/events`` as any client hears it, and our own client over the restart."""
    async with site.served() as (served, store):
        secret, _ = await served.token(DANA)
        await site.back_up(store)
        remote = await served.open_with(secret, over=site.wire.address)
        for number in range(3):
            await reply(store, f"Undone {number}")
        async with heard_by(site, secret, "events") as events:
            [heard] = await some(events, 1)
        ear = Ear(remote)
        await ear.next()
    site.restore()
    async with site.served() as (served, store):
        for number in range(3):
            await reply(store, f"New {number}")
        report = await ear.until_written()
        assert (report.reset, report.team) == (True, True)
        await store.reply(TWO, ReplyDraft("a note", "n-1", Kind.NOTE))
        await ear.until(TWO)
        async with heard_by(site, secret, "events", heard.id) as events:
            assert (await some(events, 1))[0].json()["reset"] is True
        async with heard_by(site, secret, "events", report.id) as events:
            told = (await some(events, 1))[0].json()
            assert (told["reset"], TWO in told["conversations"]) == (False, True)
        await ear.close()
        await remote.aclose()
