"""What a client's store can do, from what the server's can."""

from __future__ import annotations

from typing import Any

import msgspec

from inbox_tui.domain.filters import Filter, Order, Query
from inbox_tui.store.api import OF_THE_LINE, TRAVELLING, over_http
from inbox_tui.store.protocol import Capabilities

FIELDS = {field.name: field for field in msgspec.structs.fields(Capabilities)}


def another(name: str) -> Any:
    """A value of a capability that is not its default."""
    default = getattr(Capabilities(), name)
    if isinstance(default, bool):
        return not default
    return {Filter.PENDING: (Order.WAITING,)} if name == "orders" else default + 1


def test_for_each_capability_it_is_decided_whether_it_travels() -> None:
    assert set(FIELDS) == TRAVELLING | OF_THE_LINE.keys()
    assert TRAVELLING.isdisjoint(OF_THE_LINE)


def test_what_travels_is_the_servers_also_in_json() -> None:
    can = Capabilities(**{name: another(name) for name in FIELDS})
    told = msgspec.json.decode(msgspec.json.encode(over_http(can)), type=Capabilities)
    for name in TRAVELLING:
        assert getattr(told, name) == another(name), name
    assert not told.host
    assert not told.upkeep
    assert over_http(Capabilities()).outbox


def test_a_query_is_put_into_an_order_that_the_store_has() -> None:
    can = Capabilities(orders={Filter.PENDING: (Order.NEWEST, Order.OLDEST)})
    assert can.with_order(Query(Filter.PENDING)).effective_order is Order.NEWEST
    assert can.with_order(Query(Filter.PENDING, order=Order.OLDEST)).effective_order is Order.OLDEST
    assert can.with_order(Query(order=Order.WAITING)) == Query(order=Order.WAITING)
