"""``changes``: everybody learns of every write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import assert_never

from inbox_tui.domain.changes import BYTES_LISTED, ChangeId, FeedReport, LineBack, LineLost, Written
from inbox_tui.domain.limits import ID_LIMIT
from inbox_tui.domain.models import ConversationId, Kind, Lead, ReplyDraft, Status
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, C2, SECONDS, Contract, OpenAs, needs, reply
from inbox_tui.testing.deciding import assign, set_status
from inbox_tui.testing.factories import DANA, incoming
from inbox_tui.testing.following import next_written


async def until(reports: AsyncIterator[FeedReport], is_there: Callable[[Written], bool]) -> Written:
    """What was written up to the report that makes the sum satisfy the condition, as one.

    A line may be lost meanwhile; nothing is told of what was written until it is back.
    """
    seen, is_lost = Written(), False
    async with asyncio.timeout(SECONDS):
        async for report in reports:
            match report:
                case LineLost():
                    assert not is_lost, "told once"
                    is_lost = True
                case LineBack():
                    assert is_lost
                    is_lost = False
                case Written():
                    assert not is_lost
                    seen = Written(
                        report.id,
                        tuple(dict.fromkeys((*seen.conversations, *report.conversations))),
                        seen.team or report.team,
                        seen.reset or report.reset,
                    )
                    if is_there(seen):
                        return seen
                case _:
                    assert_never(report)
    raise AssertionError(f"The feed ended with {seen}.")


async def first_of(store: Store, since: ChangeId | None = None) -> Written:
    """The first report after a place."""
    feed = store.changes(since)
    report = await until(feed, lambda report: True)
    await stop(feed)
    return report


def of(*ids: str) -> Callable[[Written], bool]:
    """Whether all these conversations were reported."""
    return lambda report: set(ids) <= set(report.conversations)


async def stop(*feeds: AsyncIterator[FeedReport]) -> None:
    """Follow no longer."""
    for feed in feeds:
        close = getattr(feed, "aclose", None)
        if close is not None:
            await close()


class FeedContract(Contract):
    """``changes``. The first report comes at once, every write is in a later one."""

    async def test_the_first_report_comes_at_once_and_is_empty(self, dana: Store) -> None:
        """From now on: nothing of before."""
        await self.seed(dana, incoming("c-1"))
        feed = dana.changes()
        first = await until(feed, lambda report: True)
        assert (first.conversations, first.team, first.reset) == ((), False, False)
        await stop(feed)

    async def test_ones_own_and_others_writes_are_reported(self, dana: Store, sam: Store) -> None:
        """To everybody who follows."""
        await self.seed(dana, incoming("c-1"), incoming("c-2"), incoming("c-3"))
        feeds = [dana.changes(), sam.changes()]
        for feed in feeds:
            await until(feed, lambda report: True)
        await reply(dana)
        await set_status(sam, ConversationId("c-2"), Status.RESOLVED, Status.OPEN)
        for feed in feeds:
            told = set((await until(feed, of("c-1", "c-2"))).conversations)
            assert told == {"c-1", "c-2"} or not self.promises.exact_feed
        await stop(*feeds)

    @needs("exact_feed")
    async def test_every_kind_of_write_is_reported(self, dana: Store) -> None:
        """Whatever changes a conversation or its thread."""
        await self.seed(dana, incoming("c-1"))
        me = (await dana.me()).id
        feed = dana.changes()
        number = (await until(feed, lambda report: True)).seq
        for write in (
            lambda: self.visitor_says(dana, C1, "again", 1),
            lambda: self.hand_off(dana, C1, 2),
            lambda: self.set_lead(dana, C1, Lead("Maya")),
            lambda: dana.reply(C1, ReplyDraft("a note", "n-1", Kind.NOTE)),
            lambda: assign(dana, C1, me, None),
            lambda: set_status(dana, C1, Status.RESOLVED, Status.OPEN),
            lambda: self.agent_says(dana, C1, "One moment", 3),
        ):
            await write()
            report = await until(feed, of("c-1"))
            assert report.seq > number
            number = report.seq
        await stop(feed)

    @needs("exact_feed")
    async def test_who_comes_back_hears_what_they_missed(self, dana: Store, open_as: OpenAs) -> None:
        """``since``: from the last report they had, over a new session."""
        await self.seed(dana, incoming("c-1"), incoming("c-2"))
        feed = dana.changes()
        heard = (await until(feed, lambda report: True)).id
        await stop(feed)
        await reply(dana)
        later = await open_as(DANA)
        missed = later.changes(heard)
        report = await until(missed, of("c-1"))
        assert report.conversations == ("c-1",)
        assert not report.team
        await stop(missed)
        nothing = later.changes(report.id)
        assert (await until(nothing, lambda report: True)).conversations == ()
        await stop(nothing)

    @needs("exact_feed")
    async def test_a_number_that_never_was_means_read_again(self, dana: Store) -> None:
        """The workspace is another one than the follower knew."""
        feed = dana.changes(ChangeId(str(10**9)))
        assert (await until(feed, lambda report: True)).reset
        await stop(feed)

    @needs("exact_feed", "large")
    async def test_a_report_is_never_too_long_to_send(self, dana: Store) -> None:
        """Beyond a number of bytes it says that everything is to be read again, and is a place to go on from."""
        heard = (await first_of(dana)).id
        for start in range(0, 2 * BYTES_LISTED // ID_LIMIT, 20):
            ids = (f"{number:04}".ljust(ID_LIMIT, "x") for number in range(start, start + 20))
            await self.seed(dana, *(incoming(id) for id in ids))
        async with asyncio.timeout(SECONDS):
            while not (report := await first_of(dana, heard)).reset:  # what is behind a server comes little by little
                assert sum(len(id.encode()) for id in report.conversations) <= BYTES_LISTED
        assert report.conversations == ()
        again = await first_of(dana, heard)
        await self.seed(dana, incoming("c-1"))
        assert (await first_of(dana, again.id)).conversations == (C1,)

    async def test_rows_in_a_report_are_those_that_the_member_would_read(self, dana: Store, eve: Store) -> None:
        """A report may carry rows of what it lists, or none; without chat access they hold no texts."""
        await self.seed(dana, incoming("c-1"), incoming("c-2"))
        feeds = {store: store.changes() for store in (dana, eve)}
        for feed in feeds.values():
            await until(feed, lambda report: True)
        await reply(dana)
        for store, feed in feeds.items():
            report = await next_written(feed)
            while C1 not in report.conversations:
                report = await next_written(feed)
            assert {row.id for row in report.rows} <= set(report.conversations)
            assert list(report.rows) == list(await store.get_many([row.id for row in report.rows]))
        await stop(*feeds.values())

    async def test_following_ends_when_the_store_is_closed(self, dana: Store, open_as: OpenAs) -> None:
        """The iteration simply ends."""
        store = await open_as(DANA)
        feed = store.changes()
        await until(feed, lambda report: True)

        async def follow() -> int:
            return len([report async for report in feed])

        following = asyncio.create_task(follow())
        await asyncio.sleep(0)
        await store.aclose()
        async with asyncio.timeout(SECONDS):
            assert await following == 0

    async def test_who_comes_back_is_told_at_least_what_they_missed(self, dana: Store, open_as: OpenAs) -> None:
        """Every conversation that was written, or that everything is to be read again; and goes on from there."""
        await self.seed(dana, incoming("c-1"), incoming("c-2"), incoming("c-3"))
        heard = (await first_of(dana)).id
        await reply(dana)
        await self.visitor_says(dana, C2, "again", 1)
        later = await open_as(DANA)
        feed = later.changes(heard)
        await until(feed, lambda report: report.reset or of("c-1", "c-2")(report))
        await reply(later, id=ConversationId("c-3"))
        await until(feed, of("c-3"))
        await stop(feed)

    async def test_every_kind_of_write_is_heard_of(self, dana: Store) -> None:
        """Whatever else is reported with it."""
        await self.seed(dana, incoming("c-1"))
        me = (await dana.me()).id
        feed = dana.changes()
        await until(feed, lambda report: True)
        for write in (
            lambda: self.visitor_says(dana, C1, "again", 1),
            lambda: self.set_lead(dana, C1, Lead("Maya")),
            lambda: dana.reply(C1, ReplyDraft("a note", "n-1", Kind.NOTE)),
            lambda: assign(dana, C1, me, None),
            lambda: set_status(dana, C1, Status.RESOLVED, Status.OPEN),
        ):
            await write()
            await until(feed, lambda report: report.reset or C1 in report.conversations)
        await stop(feed)
