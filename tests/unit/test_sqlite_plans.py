"""No list page, place or count may sort, or read more rows than it shows."""

import itertools
import sqlite3
from collections.abc import Iterator

import pytest

from inbox_tui.backends.sql import counters, statements
from inbox_tui.backends.sql.migrations import steps
from inbox_tui.backends.sql.roster_reader import LAST_TEAM_CHANGE
from inbox_tui.backends.sqlite.schema import MIGRATIONS
from inbox_tui.backends.sqlite.search import Fts5
from inbox_tui.domain.filters import Filter, Order

VALUES = {
    "known": "x",
    "enough": 1,
    "me": 1,
    "agent": 1,
    "key": 1,
    "tie": 1,
    "limit": 60,
    "skip": 0,
    "words": '"a"*',
    "conversation": 1,
    "at": 1,
    "number": 1,
    "after": 1,
    "last": 9,
    "seen": 1,
    "since": 1,
    "public_id": "c",
    "seq": 1,
    "id": 1,
    "most": 1,
    **{f"v{number}": 1 for number in range(3)},
}
EDGES: list[statements.Edge] = ["none", "after", "from"]


@pytest.fixture(scope="module")
def schema() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    for step in steps(MIGRATIONS):
        for statement in step.statements():
            db.execute(statement)
    yield db
    db.close()


def plan_of(db: sqlite3.Connection, statement: str) -> list[str]:
    return [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + statement, VALUES)]


@pytest.mark.parametrize("has_agent", [False, True], ids=["all-agents", "one-agent"])
@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("filter", Filter)
def test_list_reads_an_index_in_order(
    schema: sqlite3.Connection, filter: Filter, order: Order, has_agent: bool
) -> None:
    shapes: list[statements.Shape] = ["page", "seek", "whole"]
    for shape, edge, is_reversed in itertools.product(shapes, EDGES, [False, True]):
        statement = statements.listing(
            filter, order, shape=shape, edge=edge, has_agent=has_agent, is_reversed=is_reversed
        )
        plan = plan_of(schema, statement)
        first = plan[0]
        if filter is Filter.YOUR_INBOX:
            assert "INDEX conversation_assignee (assignee_id=? AND status=?" in first, plan
        elif filter is Filter.ALL and not has_agent:
            assert " USING " in first and "conversation_" in first, plan
        else:
            assert first.startswith("SEARCH conversation USING"), plan
            assert ("agent_id=?" in first) is has_agent, plan
        if filter is Filter.YOUR_INBOX and order is Order.WAITING:
            continue  # sorts one person's open conversations
        assert not any("TEMP B-TREE" in line for line in plan), (statement, plan)


@pytest.mark.parametrize("has_agent", [False, True], ids=["all-agents", "one-agent"])
@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("filter", [filter for filter in Filter if filter is not Filter.YOUR_INBOX])
def test_seeking_a_row_number_reads_the_index_alone(
    schema: sqlite3.Connection, filter: Filter, order: Order, has_agent: bool
) -> None:
    for edge, is_reversed in itertools.product(EDGES, [False, True]):
        statement = statements.listing(
            filter, order, shape="seek", edge=edge, has_agent=has_agent, is_reversed=is_reversed
        )
        assert "COVERING INDEX" in plan_of(schema, statement)[0]


@pytest.mark.parametrize("filter", Filter)
@pytest.mark.parametrize("has_agent", [False, True], ids=["all-agents", "one-agent"])
def test_scrolling_seeks_its_key(schema: sqlite3.Connection, filter: Filter, has_agent: bool) -> None:
    statement = statements.listing(filter, Order.NEWEST, edge="after", has_agent=has_agent)
    plan = plan_of(schema, statement)
    assert "(last_activity_at,rowid)<(?,?)" in plan[0] or "last_activity_at<?" in plan[0], plan


@pytest.mark.parametrize(
    "statement",
    [
        statements.CONVERSATION_BY_PUBLIC_ID,
        statements.conversations_by("id", 3),
        statements.conversations_by("public_id", 3),
        statements.THREAD,
        statements.THREAD_AFTER,
        statements.MESSAGE_NAMED,
        statements.ANY_MESSAGE_NAMED,
        statements.MESSAGE_BY_KEY,
        statements.LAST_SAID,
        statements.LAST_OUTGOING,
        statements.written_at(3),
        statements.SAID_IN_CONVERSATION,
        statements.keys_among(3),
        counters.COUNTS_OF_AGENT,
        statements.CHANGE,
        statements.FIRST_CHANGE,
        LAST_TEAM_CHANGE,
        statements.CHANGES_AFTER,
    ],
)
def test_single_reads_search_and_never_sort(schema: sqlite3.Connection, statement: str) -> None:
    plan = plan_of(schema, statement)
    assert all(line.startswith("SEARCH") for line in plan), plan


def test_colleagues_replies_are_read_by_an_index_in_order(schema: sqlite3.Connection) -> None:
    plan = [line for line in plan_of(schema, statements.REPLIES_FROM) if "SEARCH" in line or "ORDER" in line]
    assert plan == [
        "SEARCH message USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH message USING INDEX message_by_member (conversation_id=? AND rowid>?)",
        "SEARCH message USING INTEGER PRIMARY KEY (rowid=?)",
    ]


def test_a_thread_seeks_its_place(schema: sqlite3.Connection) -> None:
    assert plan_of(schema, statements.THREAD_OF)[0].startswith(
        "SEARCH message USING INDEX message_thread (conversation"
    )
    [plan] = plan_of(schema, statements.THREAD)
    assert plan.startswith("SEARCH message USING INDEX message_thread (conversation_id=? AND ")
    assert "(created_at,rowid)<(?,?)" in plan or "created_at<?" in plan, plan


def test_replies_to_an_agents_visitors_are_read_by_an_index_in_order(schema: sqlite3.Connection) -> None:
    plan = plan_of(schema, statements.REPLIES_OF_AGENT)
    assert plan == [
        "SEARCH message USING INDEX message_reply (reply_agent_id=? AND rowid>? AND rowid<?)",
        "SEARCH conversation USING INTEGER PRIMARY KEY (rowid=?)",
    ]


@pytest.mark.parametrize("statement", [statements.LAST_CHANGE, statements.NEWEST_MESSAGE])
def test_the_newest_row_is_the_last_of_its_key(schema: sqlite3.Connection, statement: str) -> None:
    [plan] = plan_of(schema, statement)
    assert plan in ("SCAN change", "SCAN message"), "in the order of the key, backwards, and no further than the first"


def test_counts_read_the_counters_alone(schema: sqlite3.Connection) -> None:
    assert all("conversation" not in line for line in plan_of(schema, counters.COUNTS))


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("filter", Filter)
def test_a_walk_of_a_search_keeps_the_lists_order(schema: sqlite3.Connection, filter: Filter, order: Order) -> None:
    plan = plan_of(schema, statements.listing(filter, order, shape="whole", hits=Fts5.all_hits))
    assert "conversation" in plan[0]
    sorts_own = filter is Filter.YOUR_INBOX and order is Order.WAITING
    assert any("TEMP B-TREE FOR ORDER BY" in line for line in plan) is sorts_own, plan


@pytest.mark.parametrize("has_agent", [False, True], ids=["all-agents", "one-agent"])
@pytest.mark.parametrize("filter", Filter)
def test_a_search_is_driven_by_its_hits(schema: sqlite3.Connection, filter: Filter, has_agent: bool) -> None:
    plan = plan_of(schema, statements.found(Fts5.messages, filter, Order.NEWEST, has_agent=has_agent))
    assert "SEARCH conversation USING INTEGER PRIMARY KEY (rowid=?)" in plan
    assert "SEARCH message USING INTEGER PRIMARY KEY (rowid=?)" in plan
