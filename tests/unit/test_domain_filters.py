"""The six filters and three orders, as section 2 of the design words them."""

from __future__ import annotations

import pytest

from inbox_tui.domain.filters import WHOLE_WORKSPACE, Counts, Filter, Order, Query, Scope
from inbox_tui.domain.models import Access, AgentId, Conversation, Lead, Status
from inbox_tui.testing.factories import MORNING, member, record

DANA = member("Dana Ortiz")
SAM = member("Sam Okafor", Access.EDIT)

PLAIN = record()
MINE = record(assignee=DANA)
THEIRS = record(assignee=SAM)
MINE_DONE = record(assignee=DANA, status=Status.RESOLVED)
WAITING = record(waiting_since=MORNING)
KNOWN_DONE = record(lead=Lead(phone="+46"), status=Status.RESOLVED)


@pytest.mark.parametrize(
    ("filter", "inside", "outside"),
    [
        (Filter.ALL, [PLAIN, MINE, THEIRS, MINE_DONE, WAITING, KNOWN_DONE], []),
        (Filter.YOUR_INBOX, [MINE], [PLAIN, THEIRS, MINE_DONE, WAITING, KNOWN_DONE]),
        (Filter.UNRESOLVED, [PLAIN, MINE, THEIRS, WAITING], [MINE_DONE, KNOWN_DONE]),
        (Filter.RESOLVED, [MINE_DONE, KNOWN_DONE], [PLAIN, MINE, THEIRS, WAITING]),
        (Filter.PENDING, [WAITING], [PLAIN, MINE, THEIRS, MINE_DONE, KNOWN_DONE]),
        (Filter.HAS_LEAD, [KNOWN_DONE], [PLAIN, MINE, THEIRS, MINE_DONE, WAITING]),
    ],
)
def test_what_is_in_a_filter(filter: Filter, inside: list[Conversation], outside: list[Conversation]) -> None:
    for conversations, belongs in ((inside, True), (outside, False)):
        for conversation in conversations:
            assert filter.matches(conversation, DANA.id) is belongs


@pytest.mark.parametrize("field", ["name", "email", "phone", "company"])
def test_one_thing_known_makes_a_lead_and_names_the_visitor(field: str) -> None:
    conversation = record(lead=Lead(**{field: "x@mail.example"}))
    assert Filter.HAS_LEAD.matches(conversation, DANA.id)
    assert conversation.visitor == "x@mail.example"
    assert PLAIN.visitor == "Visitor c-1"


def test_names_on_screen_and_on_the_command_line() -> None:
    assert {filter.value: filter.label for filter in Filter} == {
        "all": "All",
        "your-inbox": "Your inbox",
        "unresolved": "Unresolved",
        "resolved": "Resolved",
        "pending": "Pending human reply",
        "has-lead": "Has lead",
    }


def test_each_filter_has_its_count() -> None:
    counts = Counts(all=1, your_inbox=2, unresolved=3, resolved=4, pending=5, has_lead=6)
    assert [counts.of(filter) for filter in Filter] == [1, 2, 3, 4, 5, 6]


def test_newest_first_but_longest_waiting_where_people_wait() -> None:
    assert {filter for filter in Filter if filter.default_order is not Order.NEWEST} == {Filter.PENDING}
    assert Query(Filter.PENDING).effective_order is Order.WAITING
    assert Query(Filter.PENDING, order=Order.OLDEST).effective_order is Order.OLDEST


def test_orders_are_named_in_the_order_in_which_they_cycle() -> None:
    assert [order.label for order in Order] == ["newest first", "oldest first", "longest waiting first"]


def test_an_unknown_number_is_none_and_not_zero() -> None:
    assert [Counts(all=3).of(filter) for filter in Filter] == [3, None, None, None, None, None]


def test_a_query_is_counted_in_its_scope() -> None:
    assert Query(Filter.ALL, AgentId("7")).scope == Scope(AgentId("7"))
    assert Query().scope == WHOLE_WORKSPACE


def test_each_filter_has_a_key_and_short_words_of_its_own() -> None:
    for values in ([filter.entry.key for filter in Filter], [filter.entry.short for filter in Filter]):
        assert len(set(values)) == len(Filter)
