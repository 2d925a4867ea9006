"""Rows that no verb of this version writes, put into a real database beside the store, and what must hold of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from inbox_tui.domain import limits
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Author, ConversationId, ReplyDraft
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import Store, Upkeep
from inbox_tui.store.registry import utc_now
from inbox_tui.testing.contract.base import C1, C2, intake_of, member_of
from inbox_tui.testing.contract.limits import read_everything
from inbox_tui.testing.deciding import assign
from inbox_tui.testing.factories import DANA, incoming, said

BEFORE_CALENDARS = -62_135_683_140_000_000
"""Microseconds of 0001-01-01T00:00:00+23:59."""
AFTER_CALENDARS = 253_402_387_139_000_000
"""Microseconds of 9999-12-31T23:59:59-23:59."""
C3 = ConversationId("c-3")
ALL_TIMES = ("created_at", "last_activity_at", "waiting_since", "first_human_reply_at", "resolved_at")

Execute = Callable[[str], None]
"""Runs a statement in the database, beside the store."""
Reopen = Callable[[], Awaitable[Store]]

POISON = {
    "a wait before calendars": f"waiting_since = {BEFORE_CALENDARS}, wait_rank = {BEFORE_CALENDARS}, pending = 1",
    "a wait after calendars": f"waiting_since = {AFTER_CALENDARS}, wait_rank = {AFTER_CALENDARS}, pending = 1",
    "a beginning before calendars": f"created_at = {BEFORE_CALENDARS}",
    "the last activity after calendars": (
        f"last_activity_at = {AFTER_CALENDARS}, wait_rank = coalesce(waiting_since, {2**62 - AFTER_CALENDARS})"
    ),
    "a first reply before 1970": "first_human_reply_at = -1",
    "the largest number": f"resolved_at = {2**63 - 1}",
    "everything": (
        f"created_at = {BEFORE_CALENDARS}, last_activity_at = {BEFORE_CALENDARS}, waiting_since = {AFTER_CALENDARS},"
        f" first_human_reply_at = {AFTER_CALENDARS}, resolved_at = {BEFORE_CALENDARS},"
        f" wait_rank = {AFTER_CALENDARS}, pending = 1"
    ),
}
"""What is wrong with a conversation, and the assignments that make it so."""


async def three_conversations(store: Store) -> None:
    """Two whole ones, and between them one to damage."""
    await intake_of(store).ingest(
        [incoming(f"c-{n}", said("a b", n, key="m"), said("c", n, Author.AGENT, key="n"), at=n) for n in (1, 2, 3)]
    )


async def require_shown_as_damaged(store: Store) -> None:
    """The row is in the lists beside the others, says what of it is damaged, and hides nothing."""
    rows = {row.id: row for row in await read_everything(store)}
    assert set(rows) == {C1, C2, C3}
    assert rows[C2].damage
    assert not rows[C1].damage and not rows[C3].damage
    assert rows[C2].last_message == "c"
    counts = await store.counts()
    for filter in Filter:
        page = await store.list(Query(filter), PageRequest(10))
        assert counts.of(filter) == len(page.rows)
        for row in page.rows:
            there = await store.list(Query(filter), PageRequest(10, cursor=page.first))
            assert row.id in {page.rows[0].id, *(other.id for other in there.rows)}


async def require_found_and_mended(store: Store, reopen: Reopen) -> None:
    """``damaged`` names it, ``repair`` mends it for whoever opens the store next."""
    assert isinstance(store, Upkeep)
    [found] = await store.damaged(10)
    assert found.id == C2
    assert found.what
    assert await store.repair() == 1
    assert await store.damaged(10) == []
    assert await store.repair() == 0
    again = await reopen()
    rows = {row.id: row for row in await read_everything(again)}
    assert not any(row.damage for row in rows.values())
    latest = utc_now() + timedelta(seconds=1)
    for name in ALL_TIMES:
        at = getattr(rows[C2], name)
        assert at is None or limits.EARLIEST <= at <= latest


async def require_work_goes_on(store: Store) -> None:
    """A colleague answers the visitor of a damaged conversation, which makes it whole."""
    sent = await store.reply(C2, ReplyDraft("On it", "k-1", last_seen=(await store.thread(C2)).messages[-1].id))
    assert not sent.conversation.damage
    me = await member_of(store, DANA)
    holder = sent.conversation.assignee
    assert (await assign(store, C2, me.id, holder.id if holder else None)).damage == ""
    row = await store.get(C2)
    assert (row.damage, row.waiting_since, row.last_message) == ("", None, "On it")
    await read_everything(store)
