"""Nobody who waits is missed: rows, edges and the filter's number add up, whoever writes and wherever one stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from inbox_tui.domain.filters import Filter, Order, Query
from inbox_tui.domain.models import Access, Agent, AgentId, Conversation, ConversationId, Member, MemberId, Status
from inbox_tui.domain.paging import PageRequest
from inbox_tui.testing.lists import page, rows
from inbox_tui.tui.presenters.arrivals import Arrivals
from inbox_tui.tui.presenters.window import ListWindow

START = datetime(2026, 11, 3, 10, tzinfo=UTC)
ME, LEE = (Member(MemberId(name), f"{name}@acme.example", name, access=Access.EDIT) for name in ("me", "lee"))
AGENTS = Agent(AgentId("a"), "A"), Agent(AgentId("b"), "B")
PAGE, CACHE_SIZE, ON_SCREEN = 4, 12, 3
change = msgspec.structs.replace
QUERIES = st.builds(
    Query,
    st.sampled_from(Filter),
    st.sampled_from((None, AGENTS[0].id)),
    order=st.sampled_from((None, *Order)),
)


class ArrivalsMachine(RuleBasedStateMachine):
    """A list with pages of four rows, of which twelve stay loaded, while others write."""

    def __init__(self) -> None:
        super().__init__()
        self.store: dict[ConversationId, Conversation] = {}
        self.minutes = 0
        self.top = 0
        self.unheard: set[ConversationId] = set()
        self.removed: set[ConversationId] = set()
        self.made = 0

    @initialize(count=st.integers(0, 30), query=QUERIES, data=st.data())
    def fill(self, count: int, query: Query, data: st.DataObject) -> None:
        for _ in range(count):
            self.put(self.fresh(data.draw(st.booleans()), data.draw(st.booleans())))
        self.read(query)

    def now(self) -> datetime:
        self.minutes += 1
        return START + timedelta(minutes=self.minutes)

    def fresh(self, waits: bool, other: bool) -> Conversation:
        at = self.now()
        self.made += 1
        id = ConversationId(f"c-{self.made}")
        return Conversation(id, AGENTS[other], at, at, waiting_since=at if waits else None)

    def put(self, conversation: Conversation) -> None:
        self.store[conversation.id] = conversation

    def listed(self) -> list[Conversation]:
        everything = list(self.store.values())
        return [row.conversation for row in rows(self.query, ME.id, everything, [()] * len(everything))]

    def answer(self, request: PageRequest) -> None:
        everything = list(self.store.values())
        found = rows(self.query, ME.id, everything, [()] * len(everything))
        arrived = self.window.apply(request, page(self.query, found, request))
        if arrived is not None:
            self.top += arrived.shift

    def belongs(self, conversation: Conversation) -> bool:
        query = self.query
        return (
            conversation.id not in self.removed
            and query.agent in (None, conversation.agent.id)
            and query.filter.matches(conversation, ME.id)
        )

    def settle(self) -> None:
        self.top += self.arrivals.settle(sum(not self.belongs(row) for row in self.window.rows))
        self.top = max(0, min(self.top, self.window.total - 1))
        if self.top + ON_SCREEN >= self.window.total:
            self.arrivals.let_in_at_end()

    def hear(self, conversation: Conversation) -> None:
        self.put(conversation)
        self.unheard.discard(conversation.id)
        self.window.replace(conversation)
        self.arrivals.hear(conversation, belongs=self.belongs(conversation))
        self.arrivals.count(len(self.listed()))
        self.settle()

    @rule(query=QUERIES)
    def read(self, query: Query) -> None:
        """Another filter, agent or order."""
        self.query, self.top = query, 0
        self.unheard.clear()
        everything = list(self.store.values())
        found = rows(query, ME.id, everything, [()] * len(everything))
        first = page(query, found, PageRequest(limit=PAGE + 1))
        self.window = ListWindow(query, len(found), first, page_size=PAGE, kept_rows=CACHE_SIZE)
        self.arrivals = Arrivals(self.window)
        self.arrivals.count(len(found))

    @rule()
    def let_in(self) -> None:
        """``g``: everything comes in."""
        self.read(self.query)
        assert sum(self.arrivals.edges) == 0

    @rule(by=st.integers(-30, 30))
    def scroll(self, by: int) -> None:
        self.top = max(0, min(self.top + by, self.window.total - 1))
        for _ in range(3):
            for request in self.window.wanted(self.top, self.top + ON_SCREEN):
                self.answer(request)
            self.settle()

    @rule(waits=st.booleans(), other=st.booleans())
    def begin(self, waits: bool, other: bool) -> None:
        self.hear(self.fresh(waits, other))

    @rule(data=st.data())
    def visitor_writes(self, data: st.DataObject) -> None:
        if self.store:
            before = self.store[data.draw(st.sampled_from(sorted(self.store)))]
            now = self.now()
            self.hear(
                change(before, last_activity_at=now, status=Status.OPEN, waiting_since=before.waiting_since or now)
            )

    @rule(data=st.data(), status=st.sampled_from(Status), holder=st.sampled_from((None, ME, LEE)))
    def decide(self, data: st.DataObject, status: Status, holder: Member | None) -> None:
        if self.store:
            before = self.store[data.draw(st.sampled_from(sorted(self.store)))]
            waiting = before.waiting_since if status is Status.OPEN else None
            self.hear(change(before, status=status, assignee=holder, waiting_since=waiting))

    @rule(count=st.integers(1, 6), heard=st.integers(0, 2))
    def many_begin(self, count: int, heard: int) -> None:
        """More came at once than are looked at one by one."""
        many = [self.fresh(True, False) for _ in range(count + heard)]
        for conversation in many:
            self.put(conversation)
        for conversation in many[:heard]:
            self.arrivals.hear(conversation, belongs=self.belongs(conversation))
        self.unheard |= {conversation.id for conversation in many[heard:]}
        self.arrivals.count(len(self.listed()), heard_all=False)
        self.settle()

    @rule(data=st.data())
    def is_let_in(self, data: st.DataObject) -> None:
        """What a colleague assigned comes in where it stands."""
        if self.store:
            conversation = self.store[data.draw(st.sampled_from(sorted(self.store)))]
            self.hear(conversation)
            if self.belongs(conversation) and self.window.insert(conversation) is not None:
                self.arrivals.forget(conversation.id)
            self.settle()

    @rule(data=st.data())
    def is_removed(self, data: st.DataObject) -> None:
        if self.store:
            id = data.draw(st.sampled_from(sorted(self.store)))
            self.removed.add(id)
            del self.store[id]
            self.unheard.discard(id)
            self.arrivals.forget(id)
            number = self.window.remove(id)
            self.top -= number is not None and number < self.top
            self.arrivals.count(len(self.listed()))
            self.settle()

    @invariant()
    def they_add_up(self) -> None:
        if not hasattr(self, "window"):
            return
        left = sum(not self.belongs(row) for row in self.window.rows)
        assert self.window.total - left + sum(self.arrivals.edges) == len(self.listed())
        assert self.window.start >= 0
        assert self.window.end <= self.window.total

    @invariant()
    def what_belongs_at_an_end_in_sight_is_a_row(self) -> None:
        if hasattr(self, "window") and self.top + ON_SCREEN >= self.window.total and self.window.has_end:
            assert self.arrivals.edges.below == 0
            loaded = {row.id for row in self.window.rows} | self.unheard
            assert not [row.id for row in self.listed() if row.id not in loaded and self.window.stands_behind(row)]

    @invariant()
    def a_list_without_rows_to_load_and_without_edges_holds_all(self) -> None:
        if hasattr(self, "window") and self.window.is_whole and not sum(self.arrivals.edges):
            assert {row.id for row in self.listed()} <= {row.id for row in self.window.rows}


ArrivalsMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
test_the_list_adds_up = ArrivalsMachine.TestCase
