"""Whoever writes, whatever is listed and wherever one stands: rows, edges and the filter's number add up on screen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from inbox_tui.domain.filters import Counts, Filter
from inbox_tui.domain.models import Conversation, ConversationId, Status
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import Intake, Store
from inbox_tui.testing.deciding import set_status
from tui.terminal import Inbox
from tui.workspace import BOOKING, DANA, JONAS, VISITOR, WEBSITE, Team4, chat, give, said

SMALL = (100, 14)
KEYS = ("j", "k", "g", "G", "pagedown", "pageup", "o", "1", "2", "3", "4", "5", "6", "e", "n", "N", "z", "escape", "i")
Places, Minutes = st.integers(0, 1_000), st.integers(0, 5_000)
TIMEOUT = 8
"""Seconds in which the screen comes to rest."""


@dataclass
class Shift:
    """One inbox on screen, and what others do to its store."""

    inbox: Inbox
    store: Store
    intake: Intake
    ids: list[ConversationId] = field(default_factory=lambda: [ConversationId(id) for id in ("priya", "luis", "wei")])
    made: int = 0

    def one(self, place: int) -> ConversationId:
        return self.ids[place % len(self.ids)]

    async def begin(self, count: int, waits: bool, minutes: int, agent: str) -> None:
        """Visitors who are new."""
        chats = [
            chat(f"c-{self.made + n}", said(VISITOR, "Hello?", minutes + n), needs_human=waits, agent=agent)
            for n in range(count)
        ]
        self.made += count
        await self.intake.ingest(chats)
        self.ids += [each.id for each in chats]

    async def write(self, place: int) -> None:
        """A visitor writes again."""
        await self.intake.receive(self.one(place), said(VISITOR, "And?", -1))

    async def ask(self, place: int, minutes: int) -> None:
        """A visitor asks for a human."""
        await self.intake.request_handoff(self.one(place), said(VISITOR, "", minutes).created_at)

    async def give(self, place: int, email: str) -> None:
        """A colleague assigns."""
        await give(self.store, self.one(place), email)

    async def set(self, place: int, status: Status) -> None:
        """A colleague resolves or reopens."""
        known = await self.store.get(self.one(place))
        if known.status is not status:
            await set_status(self.store, known.id, status, known.status)

    async def press(self, key: str) -> None:
        """The member presses a key, and agrees to what is asked."""
        await self.inbox.press(key)
        if self.inbox.top is not self.inbox.screen:
            await self.inbox.press("enter")


class Step(NamedTuple):
    """One thing that happens: a method of ``Shift`` and its arguments."""

    act: str
    arguments: tuple[object, ...]


def steps(act: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.builds(Step, st.just(act), st.tuples(*arguments))


STEPS = st.one_of(
    steps("begin", st.sampled_from((1, 1, 2, 7)), st.booleans(), Minutes, st.sampled_from((WEBSITE, BOOKING))),
    steps("write", Places),
    steps("ask", Places, Minutes),
    steps("give", Places, st.sampled_from((DANA, JONAS))),
    steps("set", Places, st.sampled_from(Status)),
    *[steps("press", st.sampled_from(KEYS))] * 3,
)


async def belonging(store: Store, inbox: Inbox) -> tuple[dict[ConversationId, Conversation], Counts]:
    query = inbox.listing.query
    page = await store.list(query, PageRequest(limit=5_000))
    assert not page.is_cut
    return {row.id: row for row in page.rows}, await store.counts(query.scope)


def adds_up(inbox: Inbox, belongs: dict[ConversationId, Conversation], counts: Counts) -> bool:
    """What is on screen agrees with itself and with the store."""
    shown = inbox.context.list
    window, query = shown._window, inbox.listing.query
    assert window is not None
    if shown.query_shown != query or inbox.listing.counts != counts:
        return False
    number = len(belongs) if query.search else counts.of(query.filter)
    rows = {row.id for row in window.rows}
    left = len(rows - set(belongs))
    missing = [row for id, row in belongs.items() if id not in rows]
    unloaded = window.total - len(rows)
    header = inbox.context.header
    return (
        number == len(belongs)
        and window.total - left + sum(shown.edges) == number
        and len(missing) == unloaded + sum(shown.edges)
        and header.new_above == shown.edges.above
        and header.new_below == shown.edges.below + shown.unseen
        and not (ends_in_sight(inbox) and any(window.stands_behind(row) for row in missing))
    )


def ends_in_sight(inbox: Inbox) -> bool:
    shown = inbox.context.list
    window = shown._window
    return window is not None and window.has_end and shown.rows_in_sight.stop >= window.total


async def work(team: Team4, count: int, filter: Filter, happens: list[Step]) -> None:
    await team.build()
    store, intake = await team.store(JONAS), await team.store()
    assert isinstance(intake, Intake)
    async with team.inbox(filter=filter, size=SMALL) as inbox:
        shift = Shift(inbox, store, intake)
        first = [Step("begin", (count, count % 2 == 0, 10, WEBSITE))] if count else []
        for number, step in enumerate([*first, *happens]):
            await getattr(shift, step.act)(*step.arguments)
            belongs, counts = await belonging(intake, inbox)
            try:
                async with asyncio.timeout(TIMEOUT):
                    while not adds_up(inbox, belongs, counts):
                        await inbox.pilot.pause()
            except TimeoutError:
                shown = inbox.context.list
                raise AssertionError(
                    f"after {[*first, *happens][: number + 1]}: {inbox.listing.query}: {shown.row_count()} rows,"
                    f" {shown.edges}, {len(belongs)} belong, {inbox.listing.counts} of {counts}\n{inbox.text()}"
                ) from None


def run(folder: pytest.TempPathFactory, count: int, filter: Filter, happens: list[Step]) -> None:
    team = Team4(folder.mktemp("shift"))

    async def all_of_it() -> None:
        try:
            await work(team, count, filter, happens)
        finally:
            await team.close()

    asyncio.run(all_of_it())


STARTS = st.sampled_from((0, 0, 5, 120))
QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate))


@settings(QUIET, max_examples=6)
@given(STARTS, st.sampled_from(Filter), st.lists(STEPS, min_size=5, max_size=14))
def test_the_screen_adds_up(
    tmp_path_factory: pytest.TempPathFactory, count: int, filter: Filter, happens: list[Step]
) -> None:
    run(tmp_path_factory, count, filter, happens)


@pytest.mark.slow
@settings(QUIET, max_examples=80)
@given(STARTS, st.sampled_from(Filter), st.lists(STEPS, min_size=10, max_size=40))
def test_the_screen_adds_up_over_a_long_shift(
    tmp_path_factory: pytest.TempPathFactory, count: int, filter: Filter, happens: list[Step]
) -> None:
    run(tmp_path_factory, count, filter, happens)


async def test_what_came_in_below_the_screen_and_was_resolved_is_not_new(team: Team4) -> None:
    store, intake = await team.store(JONAS), await team.store()
    assert isinstance(intake, Intake)
    await intake.ingest([chat(f"c-{n}", said(VISITOR, "Hello?", 100 + n), needs_human=True) for n in range(9)])
    async with team.inbox(filter=Filter.PENDING, size=SMALL) as inbox:
        await inbox.press("G")
        await intake.ingest([chat("late", said(VISITOR, "Hello?", 0), needs_human=True)])
        await inbox.until(lambda: inbox.context.header.new_below == 1)
        await set_status(store, ConversationId("late"), Status.RESOLVED, Status.OPEN)
        await inbox.until(lambda: inbox.context.header.new_below == 0)
