"""Assign, resolve, reopen, one or many, and taking it back: rules 4, 5 and 8."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from inbox_tui.domain import rules
from inbox_tui.domain.errors import Conflict, InboxError, NotFound, Rejected, Unsupported
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Assign, ConversationId, MemberId, SetStatus, StateChange, Status
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, C2, Contract, ids, needs
from inbox_tui.testing.deciding import assign, decide, set_status
from inbox_tui.testing.factories import DANA, SAM, incoming

_NOTHING = ConversationId("no-such")

Make = Callable[[MemberId, MemberId], StateChange]
"""Makes a change, with the ids of its author and of a member without chat access."""

KINDS: dict[type[StateChange], tuple[Make, str]] = {
    Assign: (lambda me, _: Assign(C1, me, None), "assign"),
    SetStatus: (lambda *_: SetStatus(C1, Status.RESOLVED, Status.OPEN), "resolve"),
}
"""A change of each kind that can be made, and the capability that it needs."""

REFUSALS: dict[str, tuple[Make, type[InboxError], str]] = {
    "a colleague has it": (lambda me, _: Assign(C2, me, None), Conflict, "Sam Okafor"),
    "nobody has it": (lambda me, other: Assign(C1, me, other), Conflict, ""),
    "another status": (lambda *_: SetStatus(C1, Status.RESOLVED, Status.RESOLVED), Conflict, ""),
    "nothing to assign": (lambda me, _: Assign(_NOTHING, me, None), NotFound, ""),
    "nothing to resolve": (lambda *_: SetStatus(_NOTHING, Status.RESOLVED, Status.OPEN), NotFound, ""),
    "no such member": (lambda *_: Assign(C1, MemberId("4711"), None), NotFound, ""),
    "who may not chat": (lambda _, other: Assign(C1, other, None), Rejected, "Eve Stone"),
}
"""Changes that a store refuses: the type of the refusal, and whom it names."""


class DecidingContract(Contract):
    """``decide``, for one change and for many."""

    async def test_taking_giving_and_unassigning(self, dana: Store, sam: Store) -> None:
        """Each shows in the list, and as an event that names who did it."""
        await self.seed(dana, incoming("c-1"))
        me, colleague = await dana.me(), await sam.me()
        assert (await assign(dana, C1, me.id, None)).assignee == me
        await self.expect_listed(dana, Filter.YOUR_INBOX, "c-1")
        assert (await assign(dana, C1, colleague.id, me.id)).assignee == colleague
        await self.expect_listed(sam, Filter.YOUR_INBOX, "c-1")
        assert (await assign(sam, C1, None, colleague.id)).assignee is None
        assert (await dana.get(C1)).assignee is None
        await self.expect_events(
            dana,
            "Dana Ortiz took this",
            "Sam Okafor was assigned by Dana Ortiz",
            "Sam Okafor unassigned this",
        )

    async def test_events_are_neither_messages_nor_activity(self, dana: Store) -> None:
        """A decision moves nothing in a list by activity."""
        await self.seed(dana, incoming("c-1"))
        before = await dana.get(C1)
        await assign(dana, C1, (await dana.me()).id, None)
        after = await set_status(dana, C1, Status.RESOLVED, Status.OPEN)
        assert (after.messages, after.last_activity_at) == (before.messages, before.last_activity_at)
        assert after.last_message == before.last_message

    async def test_assigning_over_somebodys_head_is_a_conflict_that_names_them(self, dana: Store, sam: Store) -> None:
        """Rule 8: it carries the conversation as it is."""
        await self.seed(dana, incoming("c-1"))
        me, colleague = await dana.me(), await sam.me()
        now = await assign(sam, C1, colleague.id, None)
        with pytest.raises(Conflict, match="Sam Okafor") as caught:
            await assign(dana, C1, me.id, None)
        assert caught.value.conversation == now == await dana.get(C1)

    async def test_the_same_wish_twice_is_no_conflict(self, dana: Store, sam: Store) -> None:
        """Both wanted what is; no second event either."""
        await self.seed(dana, incoming("c-1"))
        colleague = await sam.me()
        await assign(sam, C1, colleague.id, None)
        assert (await assign(dana, C1, colleague.id, None)).assignee == colleague
        await set_status(sam, C1, Status.RESOLVED, Status.OPEN)
        assert (await set_status(dana, C1, Status.RESOLVED, Status.OPEN)).status is Status.RESOLVED
        await self.expect_events(dana, "Sam Okafor took this", "Sam Okafor marked this resolved")

    async def test_who_may_not_chat_cannot_be_assigned(self, dana: Store, eve: Store) -> None:
        """Rule 5; nor can somebody who does not exist."""
        await self.seed(dana, incoming("c-1"))
        with pytest.raises(Rejected, match="Eve Stone"):
            await assign(dana, C1, (await eve.me()).id, None)
        with pytest.raises(NotFound):
            await assign(dana, C1, MemberId("nobody-like-that"), None)
        assert (await dana.get(C1)).assignee is None

    async def test_resolving_ends_the_wait_and_reopening_does_not_bring_it_back(self, dana: Store) -> None:
        """Rule 4, each with an event."""
        await self.seed(dana, incoming("c-1", needs_human=True))
        resolved = await set_status(dana, C1, Status.RESOLVED, Status.OPEN)
        assert (resolved.status, resolved.waiting_since) == (Status.RESOLVED, None)
        assert resolved.resolved_at is not None
        await self.expect_listed(dana, Filter.RESOLVED, "c-1")
        reopened = await set_status(dana, C1, Status.OPEN, Status.RESOLVED)
        assert (reopened.status, reopened.waiting_since, reopened.resolved_at) == (Status.OPEN, None, None)
        await self.expect_events(dana, "Dana Ortiz marked this resolved", "Dana Ortiz reopened this")

    async def test_resolving_keeps_the_holder(self, dana: Store) -> None:
        """It is still theirs when it reopens, but not in their inbox meanwhile."""
        await self.seed(dana, incoming("c-1", assignee_email=DANA))
        assert (await set_status(dana, C1, Status.RESOLVED, Status.OPEN)).assignee == await dana.me()
        await self.expect_listed(dana, Filter.YOUR_INBOX)

    async def test_a_status_that_changed_meanwhile(self, dana: Store, sam: Store) -> None:
        """What the member saw must be what is, unless it is what they want."""
        await self.seed(dana, incoming("c-1"))
        with pytest.raises(Conflict) as caught:
            await set_status(dana, C1, Status.RESOLVED, Status.RESOLVED)
        assert caught.value.conversation == await dana.get(C1)
        assert (await set_status(dana, C1, Status.OPEN, Status.RESOLVED)).status is Status.OPEN

    async def test_many_are_decided_each_on_its_own(self, dana: Store, sam: Store) -> None:
        """What cannot be done is refused with a typed error; the others are done."""
        await self.seed(dana, incoming("c-1"), incoming("c-2", assignee_email=SAM))
        me, nothing = (await dana.me()).id, ConversationId("no-such")
        changes: list[StateChange] = [
            Assign(C1, me, None),
            Assign(C2, me, None),
            SetStatus(nothing, Status.RESOLVED, Status.OPEN),
        ]
        done, conflict, missing = await dana.decide(changes)
        assert [outcome.change for outcome in (done, conflict, missing)] == changes
        assert done.refusal is None
        assert done.before is not None
        assert done.before.assignee is None
        assert done.after == await dana.get(C1)
        assert conflict.after is None
        assert isinstance(conflict.refusal, Conflict)
        assert conflict.before == conflict.refusal.conversation == await dana.get(C2)
        assert (missing.before, missing.after) == (None, None)
        assert isinstance(missing.refusal, NotFound)

    @pytest.mark.parametrize("case", REFUSALS)
    async def test_a_refusal_says_what_kind_it_is(self, dana: Store, sam: Store, eve: Store, case: str) -> None:
        """Its type, words and hint, whatever lies between the store and the caller; nothing is changed."""
        make, kind, named = REFUSALS[case]
        await self.seed(dana, incoming("c-1", needs_human=True), incoming("c-2", assignee_email=SAM))
        before = [await dana.get(id) for id in (C1, C2)]
        change = make((await dana.me()).id, (await eve.me()).id)
        if not getattr(dana.capabilities, KINDS[type(change)][1]):
            pytest.skip("this store cannot make the change at all")
        [refused] = await dana.decide([change])
        assert type(refused.refusal) is kind
        assert refused.refusal.message
        assert named in refused.refusal.message
        assert refused.refusal.hint
        assert (refused.change, refused.after) == (change, None)
        assert refused.before == (None if change.id == _NOTHING else before[change.id == C2])
        with pytest.raises(kind) as caught:
            refused.result()
        if isinstance(caught.value, Conflict):
            assert caught.value.conversation == refused.before
        assert [await dana.get(id) for id in (C1, C2)] == before

    def test_every_kind_of_change_is_asked_for(self) -> None:
        """A new one is put into both tables."""
        anybody = MemberId("1")
        assert set(KINDS) == set(get_args(StateChange))
        assert {type(make(anybody, anybody)) for make, _, _ in REFUSALS.values()} == set(KINDS)

    @pytest.mark.parametrize("kind", KINDS)
    async def test_a_kind_of_change_that_the_store_cannot_make_is_unsupported(
        self, dana: Store, kind: type[StateChange]
    ) -> None:
        """As its capabilities say, and nothing is changed."""
        await self.seed(dana, incoming("c-1"))
        make, capability = KINDS[kind]
        me, before = (await dana.me()).id, await dana.get(C1)
        [outcome] = await dana.decide([make(me, me)])
        if getattr(dana.capabilities, capability):
            assert outcome.result() == await dana.get(C1) != before
        else:
            assert isinstance(outcome.refusal, Unsupported)
            assert await dana.get(C1) == before

    @needs("large")
    async def test_of_no_changes_comes_nothing(self, dana: Store) -> None:
        """And a thousand are one call."""
        assert list(await dana.decide([])) == []
        await self.seed(dana, *(incoming(f"c-{number}") for number in range(1000)))
        many = [SetStatus(ConversationId(f"c-{n}"), Status.RESOLVED, Status.OPEN) for n in range(1000)]
        assert all(outcome.after for outcome in await dana.decide(many))
        assert (await dana.counts()).resolved == 1000

    async def test_later_changes_of_a_batch_see_the_earlier(self, dana: Store) -> None:
        """The same conversation may appear twice."""
        await self.seed(dana, incoming("c-1"))
        me = (await dana.me()).id
        first, second = await dana.decide([Assign(C1, me, None), Assign(C1, None, me)])
        assert (first.refusal, second.refusal) == (None, None)
        assert second.before == first.after

    @needs("undo_wait")
    async def test_undo_restores_the_wait(self, dana: Store) -> None:
        """The inverses of what was done lead back, as if it had not happened."""
        await self.seed(dana, incoming("c-1", needs_human=True, assignee_email=DANA))
        me = (await dana.me()).id
        before = await dana.get(C1)
        done = await dana.decide([SetStatus(C1, Status.RESOLVED, Status.OPEN), Assign(C1, None, me)])
        assert await dana.get(C1) != before
        for outcome in reversed(done):
            assert outcome.before is not None
            undoing = rules.inverse(outcome.change, outcome.before, outcome.result())
            assert undoing is not None
            await decide(dana, undoing)
        assert await dana.get(C1) == before
        assert await ids(dana, Query(Filter.PENDING)) == ["c-1"]

    async def test_undo_restores_who_has_it_and_that_it_is_open(self, dana: Store) -> None:
        """Whatever becomes of the wait."""
        await self.seed(dana, incoming("c-1", needs_human=True, assignee_email=DANA))
        before = await dana.get(C1)
        me = (await dana.me()).id
        done = await dana.decide([SetStatus(C1, Status.RESOLVED, Status.OPEN), Assign(C1, None, me)])
        after = await dana.get(C1)
        assert (after.status, after.assignee) == (Status.RESOLVED, None)
        for outcome in reversed(done):
            assert outcome.before is not None
            undoing = rules.inverse(outcome.change, outcome.before, outcome.result())
            assert undoing is not None
            await decide(dana, undoing)
        now = await dana.get(C1)
        assert (now.status, now.assignee) == (Status.OPEN, before.assignee)
        assert now.waiting_since in (None, before.waiting_since)
