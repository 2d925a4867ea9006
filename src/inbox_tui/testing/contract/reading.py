"""Who is there, how many there are, and what one conversation holds."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from inbox_tui.domain.errors import CredentialError, NotAllowed, NotFound, StoreUnavailable
from inbox_tui.domain.filters import Counts, Filter, Query, Scope
from inbox_tui.domain.limits import FIELD_LIMIT, ID_LIMIT
from inbox_tui.domain.models import FROM_START, Access, AgentId, Author, ConversationId, Lead, MessageId, Status
from inbox_tui.store.protocol import Store
from inbox_tui.store.refreshing import Refresh, read_refreshed
from inbox_tui.testing.contract.base import C1, Contract, OpenAs, agent_of, listed, messages, needs
from inbox_tui.testing.deciding import assign, set_status
from inbox_tui.testing.factories import (
    BOOKING,
    DANA,
    MORNING,
    SAM,
    WEBSITE,
    incoming,
    minute,
    random_conversations,
    said,
)

_NONE = Counts(**{filter.field: 0 for filter in Filter})
"""Nothing in any filter."""


class ReadingContract(Contract):
    """Reads that change nothing."""

    async def test_a_store_is_a_store(self, dana: Store) -> None:
        """It has every verb, and a name that can be shown."""
        assert isinstance(dana, Store)
        assert dana.name.isprintable()
        assert dana.name

    async def test_me_is_who_opened_it(self, dana: Store, sam: Store) -> None:
        """Each handle acts as its member."""
        me = await dana.me()
        assert (me.email, me.name, me.access) == (DANA, "Dana Ortiz", Access.ADMIN)
        assert me.badge is not None
        assert (await sam.me()).email == SAM

    async def test_strangers_are_not_let_in(self, dana: Store, open_as: OpenAs) -> None:
        """An address that the workspace does not know opens nothing."""
        with pytest.raises(CredentialError) as caught:
            await open_as("stranger@elsewhere.example")
        assert caught.value.hint

    async def test_people_and_agents_come_by_name(self, dana: Store, sam: Store, eve: Store) -> None:
        """Without regard to case."""
        await self.seed(dana, incoming("c-1", agent="shop"), incoming("c-2", agent="Booking"))
        await self.seed(dana, incoming("c-3", agent="Zoo"))
        assert [member.name for member in await dana.members()] == ["Dana Ortiz", "Eve Stone", "Sam Okafor"]
        assert [agent.name for agent in await dana.agents()] == ["Booking", "shop", "Zoo"]

    def expect_counts(self, counts: Counts, expected: Counts) -> None:
        """Check the numbers of all filters."""
        for filter in Filter:
            known = expected.of(filter)
            assert known is not None
            self.expect_count(counts.of(filter), known)

    async def test_an_empty_workspace_counts_nothing(self, dana: Store) -> None:
        """Zero in each filter."""
        self.expect_counts(await dana.counts(), _NONE)

    async def test_an_unknown_agent_has_nothing(self, dana: Store) -> None:
        """No counts and no rows."""
        await self.seed(dana, incoming("c-1"))
        self.expect_counts(await dana.counts(Scope(AgentId("no-such-agent"))), _NONE)
        assert await listed(dana, Query(agent=AgentId("no-such-agent"))) == []

    async def test_counts_are_exact_for_each_filter_and_agent(self, dana: Store, sam: Store) -> None:
        """What is counted is what is listed is what the filter says."""
        await self.seed(dana, *random_conversations(Random(7), 80))
        everything = await listed(dana, Query())
        assert len(everything) == 80
        for store in (dana, sam):
            me = (await store.me()).id
            for agent in [None, *(agent.id for agent in await store.agents())]:
                counts = await store.counts(Scope(agent))
                for filter in Filter:
                    right = {c.id for c in everything if filter.matches(c, me) and agent in (None, c.agent.id)}
                    assert {c.id for c in await listed(store, Query(filter, agent))} == right
                    self.expect_count(counts.of(filter), len(right))

    @needs("given_times", "own_rules")
    async def test_a_conversation_is_read_as_it_was_written(self, dana: Store) -> None:
        """Every field of a row, by ``get`` and in the list."""
        lead = Lead("Maya Lindqvist", "maya@mail.example", "+46 70 123", "Acme")
        thread = (said("Hi", 0), said("Hello!", 1, Author.AGENT), said("My flight\n  is late", 2))
        await self.seed(dana, incoming("c-1", *thread, lead=lead, topic="Flights", agent=BOOKING, needs_human=True))
        got = await dana.get(C1)
        assert got == (await listed(dana, Query()))[0]
        assert (got.id, got.agent, got.lead, got.topic) == ("c-1", await agent_of(dana, BOOKING), lead, "Flights")
        assert (got.created_at, got.last_activity_at, got.waiting_since) == (MORNING, minute(2), minute(2))
        assert (got.status, got.assignee, got.handoff_requested) == (Status.OPEN, None, True)
        assert (got.messages, got.last_message_author, got.last_outgoing) == (3, Author.VISITOR, Author.AGENT)
        assert got.last_message == "My flight is late"

    async def test_what_does_not_exist_is_not_found(self, dana: Store) -> None:
        """By any verb, with a hint."""
        nothing = ConversationId("no-such")
        for call in (
            dana.get(nothing),
            dana.thread(nothing),
            assign(dana, nothing, None, None),
            set_status(dana, nothing, Status.RESOLVED, Status.OPEN),
        ):
            with pytest.raises(NotFound) as caught:
                await call
            assert caught.value.hint

    async def test_many_are_read_at_once(self, dana: Store) -> None:
        """Each once, in the order asked for; what does not exist is left out."""
        await self.seed(dana, *(incoming(f"c-{number}") for number in range(1, 6)))
        rows = {row.id: row for row in await listed(dana, Query())}
        ids = [ConversationId(id) for id in ("c-4", "no-such", "c-1", "c-4", "", "no\0such", "c-3")]
        assert await dana.get_many(ids) == [rows[ConversationId(id)] for id in ("c-4", "c-1", "c-3")]
        assert await dana.get_many([]) == []

    @needs("large")
    async def test_however_many_are_read_at_once(self, dana: Store) -> None:
        """More, and larger, than one statement or one answer may carry."""
        large = [f"{number:04}".ljust(ID_LIMIT, "x") for number in range(100)]
        lead = Lead(*["\x01" * FIELD_LIMIT] * 4)
        await self.seed(dana, *(incoming(id, lead=lead) for id in large))
        ids = [ConversationId(id) for id in (*large, *(f"none-{number}" for number in range(2_000)), *large)]
        assert [found.id for found in await dana.get_many(ids)] == large

    async def test_what_a_write_changed_is_read_together(self, dana: Store, eve: Store) -> None:
        """Each part is what its own verb gives; who may open no thread gets the rest."""
        await self.seed(dana, incoming("c-1", *(f"message {number}" for number in range(5))), incoming("c-2"))
        gone = ConversationId("no-such")
        for store, thread in product((dana, eve), (None, C1, gone)):
            wanted = Refresh([C1, gone], Scope((await agent_of(dana, WEBSITE)).id), thread, limit=3)
            if store is eve and thread is not None:
                with pytest.raises(NotAllowed):
                    await read_refreshed(store, wanted)
            else:
                seen = await read_refreshed(store, wanted)
                assert list(seen.conversations) == await store.get_many([C1])
                assert seen.counts == await store.counts(wanted.scope)
                assert seen.thread == (await store.thread(C1, limit=3) if thread == C1 else None)

    async def test_a_thread_is_read_backwards_in_stretches(self, dana: Store) -> None:
        """Oldest first within each; nothing twice, nothing left out."""
        await self.seed(dana, incoming("c-1", *(f"message {number}" for number in range(25))))
        read: list[str] = []
        before: MessageId | None = None
        while True:
            stretch = await dana.thread(C1, before=before, limit=10)
            read = [message.body for message in stretch.messages] + read
            before = stretch.messages[0].id
            assert stretch.has_earlier is (len(read) < 25)
            if not stretch.has_earlier:
                break
        assert read == [f"message {number}" for number in range(25)]

    async def test_a_thread_that_just_fits_has_nothing_earlier(self, dana: Store) -> None:
        """Exactly ``limit`` messages."""
        await self.seed(dana, incoming("c-1", "one", "two"))
        assert not (await dana.thread(C1, limit=2)).has_earlier
        assert (await dana.thread(C1, limit=1)).has_earlier

    async def test_a_thread_is_read_from_its_beginning(self, dana: Store) -> None:
        """However long it is; each stretch says whether there is more on either side."""
        await self.seed(dana, incoming("c-1", *(f"message {number}" for number in range(25))))
        first = await dana.thread(C1, after=FROM_START, limit=10)
        assert [message.body for message in first.messages] == [f"message {number}" for number in range(10)]
        assert (first.has_earlier, first.has_later) == (False, True)
        last = await dana.thread(C1, after=first.messages[-1].id, limit=15)
        assert [message.body for message in last.messages] == [f"message {number}" for number in range(10, 25)]
        assert (last.has_earlier, last.has_later) == (True, False)
        end = await dana.thread(C1, after=last.messages[-1].id)
        assert (end.messages, end.has_earlier, end.has_later) == ((), True, False)
        assert (await dana.thread(C1, before=last.messages[0].id, limit=3)).has_later
        assert not (await dana.thread(C1)).has_later

    async def test_a_message_that_never_was_is_not_found(self, dana: Store) -> None:
        """As the place to read from."""
        await self.seed(dana, incoming("c-1"))
        with pytest.raises(NotFound):
            await dana.thread(C1, before=MessageId("nonsense"))
        with pytest.raises(NotFound):
            await dana.thread(C1, after=MessageId("nonsense"))

    async def test_messages_say_who_wrote_them_and_when(self, dana: Store) -> None:
        """Visitor, agent and member."""
        thread = (said("a"), said("b", 1, Author.AGENT), said("c", 2, Author.MEMBER, member_email=DANA))
        await self.seed(dana, incoming("c-1", *thread, agent=WEBSITE))
        read = await messages(dana)
        assert [(m.author, m.body) for m in read] == [(Author.VISITOR, "a"), (Author.AGENT, "b"), (Author.MEMBER, "c")]
        if self.promises.given_times:
            assert [m.created_at for m in read] == [MORNING, minute(1), minute(2)]
        assert [m.member for m in read] == [None, None, await dana.me()]

    async def test_without_chat_access_there_are_rows_but_no_threads(self, dana: Store, eve: Store) -> None:
        """Rule 5: the list and its counts are for every member."""
        await self.seed(dana, incoming("c-1"))
        assert len(await listed(eve, Query())) == 1
        assert (await eve.counts()).all == 1
        with pytest.raises(NotAllowed):
            await eve.thread(C1)

    async def test_a_closed_store_says_so(self, dana: Store) -> None:
        """Closing twice is nothing; asking afterwards is an error that a person can read."""
        await dana.aclose()
        await dana.aclose()
        with pytest.raises(StoreUnavailable):
            await dana.me()
