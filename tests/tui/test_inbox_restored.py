"""The workspace is put back to an older backup while the inbox is open, at the other end of a line."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from inbox_tui.domain.models import ConversationId, Message
from inbox_tui.store.protocol import Intake, Store, Upkeep
from inbox_tui.tui import messages as m
from inbox_tui.tui.dialogs.conflict import ConflictDialog
from server.harness import Served, serving
from server.wire import Fault, Wire, wire_to
from tui.terminal import Inbox
from tui.workspace import DANA, MAYA, VISITOR, Team4, chat, reply_as, said

PRIYA, LONG = ConversationId("priya"), ConversationId("long")


class Site:
    """The team's file, and a server over it that can be stopped for a restore."""

    def __init__(self, team: Team4, wire: Wire) -> None:
        self.team = team
        self.wire = wire
        self._serving = AsyncExitStack()
        self._secret = ""

    async def start(self) -> None:
        store = await self.team.store()
        served = await self._serving.enter_async_context(serving(store, clock=self.team.clock))
        self._served: Served = served
        if not self._secret:
            self._secret, _ = await served.token(DANA)
        self.wire.lead_to(served.address)

    async def open(self, email: str) -> Store:
        return await self._served.open_with(self._secret, over=self.wire.address, clock=self.team.clock)

    async def back_up(self) -> None:
        store = await self.team.store()
        assert isinstance(store, Upkeep)
        await store.back_up(self.team.folder / "backup.db")

    async def restore(self) -> None:
        """Leaves the server stopped."""
        await self.stop()
        await self.team.close()
        for left in ("", "-wal", "-shm"):
            (self.team.folder / f"team.db{left}").unlink(missing_ok=True)
        shutil.copy(self.team.folder / "backup.db", self.team.folder / "team.db")
        self.team.clock.pass_(minutes=30)

    async def stop(self) -> None:
        await self._serving.aclose()


@pytest.fixture
async def site(team: Team4) -> AsyncIterator[Site]:
    async with wire_to("http://127.0.0.1:9") as wire:
        site = Site(team, wire)
        await site.start()
        team.opens = site.open
        yield site
        await site.stop()


async def replies(team: Team4, word: str, count: int, id: str = PRIYA) -> None:
    for number in range(count):
        team.clock.pass_(seconds=10)
        await reply_as(await team.store(MAYA), id, f"{word} {number}")


async def stored(team: Team4, id: ConversationId = PRIYA) -> tuple[Message, ...]:
    return (await (await team.store()).thread(id, limit=1_000)).messages


async def reset(inbox: Inbox) -> None:
    await inbox.until(lambda: any(event.changes.reset for event in inbox.heard(m.ChangesSeen)))
    await inbox.settled()


async def load_earlier(inbox: Inbox) -> None:
    """Go to the first message on screen, and have those before it come in."""
    count = len(inbox.messages)
    inbox.context.thread.action_move(-100_000)
    await inbox.until(lambda: len(inbox.messages) > count)
    await inbox.settled()


async def test_the_open_conversation_and_its_row_are_read_again(team: Team4, site: Site) -> None:
    await site.back_up()
    async with team.inbox() as inbox:
        await replies(team, "Undone", 3)
        await inbox.until(lambda: "Undone 2" in inbox.text())
        await site.restore()
        await replies(team, "New", 3)
        await site.start()
        await reset(inbox)
        await inbox.until(lambda: "New 2" in inbox.text())
        assert "Undone" not in inbox.text()
        assert inbox.messages == await stored(team)
        held = inbox.context.list.conversation(PRIYA)
        assert held is not None and held.last_message == "New 2"


async def back_up_with_a_long_thread(team: Team4, site: Site) -> None:
    store = await team.store()
    assert isinstance(store, Intake)
    await store.ingest((chat(LONG, *(said(VISITOR, f"Line {number}", 500 - number) for number in range(250))),))
    await site.back_up()


async def read_what_will_be_undone(team: Team4, inbox: Inbox) -> None:
    await inbox.go_to(LONG)
    await replies(team, "Undone", 120, LONG)
    await inbox.until(lambda: bool(inbox.messages) and inbox.messages[-1].body == "Undone 119")
    inbox.context.pane.focus_thread()


async def test_a_long_thread_is_no_mixture_of_two_histories(team: Team4, site: Site) -> None:
    await back_up_with_a_long_thread(team, site)
    async with team.inbox() as inbox:
        await read_what_will_be_undone(team, inbox)
        for _ in range(2):
            await load_earlier(inbox)
        await site.restore()
        await replies(team, "New", 40, LONG)
        await site.start()
        await reset(inbox)
        await inbox.until(lambda: bool(inbox.messages) and inbox.messages[-1].body == "New 39")
        whole = await stored(team, LONG)
        assert inbox.messages == whole[-len(inbox.messages) :]
        while len(inbox.messages) < len(whole):
            await load_earlier(inbox)
        assert inbox.messages == whole


async def test_whoever_reads_the_beginning_is_brought_to_what_is_stored_now(team: Team4, site: Site) -> None:
    await back_up_with_a_long_thread(team, site)
    async with team.inbox() as inbox:
        await read_what_will_be_undone(team, inbox)
        await inbox.press("g")
        await inbox.until(lambda: inbox.messages[0].body == "Line 0")
        await site.restore()
        await replies(team, "New", 40, LONG)
        await site.start()
        await reset(inbox)
        await inbox.until(lambda: bool(inbox.messages) and inbox.messages[-1].body == "New 39")
        whole = await stored(team, LONG)
        assert inbox.messages == whole[-len(inbox.messages) :]


async def test_a_reply_that_was_begun_before_does_not_go_over_a_colleague_s_head(team: Team4, site: Site) -> None:
    await site.back_up()
    async with team.inbox() as inbox:
        await replies(team, "Undone", 3)
        await inbox.until(lambda: "Undone 2" in inbox.text())
        await inbox.pilot.press("r")
        await inbox.write("My answer")
        await site.restore()
        await replies(team, "New", 1)
        await site.start()
        await reset(inbox)
        assert inbox.box.text == "My answer"
        await inbox.pilot.press("r")
        await inbox.pilot.press("enter")
        await inbox.until(lambda: isinstance(inbox.top, ConflictDialog))
        assert "New 0" in inbox.text()
        assert "My answer" not in [message.body for message in await stored(team)]


async def test_a_list_that_cannot_be_read_right_after_it_is_read_later(
    team: Team4, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox_tui.tui.inbox.listing.RETRY_DELAY", 0.05)
    await site.back_up()
    async with team.inbox() as inbox:
        await replies(team, "Undone", 3)
        await inbox.until(lambda: "Undone 2" in inbox.text())
        await site.restore()
        await replies(team, "New", 3)
        fails = iter([Fault.BROKEN_BEFORE] * 3)
        site.wire.choose = lambda method, path: next(fails, Fault.NONE) if "overview" in path else Fault.NONE
        await site.start()
        await inbox.until(lambda: "New 2" in inbox.text() and "Undone" not in inbox.text())
        assert next(fails, None) is None, "it failed at first"


async def test_earlier_messages_of_a_thread_that_was_undone(team: Team4, site: Site) -> None:
    """They are asked for before the screen knows: it shows what there is."""
    async with team.inbox() as inbox:
        await site.back_up()
        await replies(team, "Undone", 2)
        await inbox.until(lambda: "Undone 1" in inbox.text())
        undone = inbox.messages[-1].id
        await site.restore()
        await replies(team, "New", 3)
        await site.start()
        await reset(inbox)
        await inbox.context.work.read_earlier(PRIYA, undone)
        await inbox.settled()
        assert inbox.messages == await stored(team)
