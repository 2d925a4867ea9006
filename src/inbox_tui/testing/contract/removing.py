"""Conversations and people that are taken out of a workspace for good."""

from __future__ import annotations

import pytest

from inbox_tui.domain.errors import CredentialError, NotFound
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Access, ConversationId
from inbox_tui.store.protocol import Removed, Store, Upkeep
from inbox_tui.testing.contract.base import C1, C2, Contract, OpenAs, ids, listed, member_of, messages, reply, team_of
from inbox_tui.testing.contract.feed import first_of
from inbox_tui.testing.factories import DANA, EVE, SAM, WEBSITE, incoming

SHOP = "Shop assistant"


def upkeep_of(store: Store) -> Upkeep:
    """The store's Upkeep; skips the test if it has none."""
    if not isinstance(store, Upkeep) or not store.capabilities.upkeep:
        pytest.skip("this store is kept elsewhere")
    return store


class UpkeepContract(Contract):
    """The port's Upkeep: ``remove``."""

    async def test_nothing_is_left_of_what_is_removed(self, dana: Store) -> None:
        """In lists, numbers, threads and the search; what is not named stays as it was."""
        upkeep = upkeep_of(dana)
        await self.seed(dana, incoming("c-1", "a teapot", agent=SHOP), incoming("c-2", "a kettle", "and a teapot"))
        await reply(dana, "Which teapot?", id=C1)
        before, kept = await dana.get(C2), await messages(dana, C2)
        assert await upkeep.remove([C1, ConversationId("c-9")], []) == Removed(1, 0)
        me, counts = (await dana.me()).id, await dana.counts()
        for filter in Filter:
            expected = ["c-2"] if filter.matches(before, me) else []
            assert await ids(dana, Query(filter)) == expected
            assert getattr(counts, filter.value.replace("-", "_")) == len(expected)
        assert await ids(dana, Query(search="teapot")) == ["c-2"]
        with pytest.raises(NotFound):
            await dana.get(C1)
        with pytest.raises(NotFound):
            await dana.thread(C1)
        assert (await dana.get(C2), await messages(dana, C2)) == (before, kept)
        assert [agent.name for agent in await dana.agents()] == [WEBSITE]

    async def test_what_comes_in_afterwards_is_new(self, dana: Store) -> None:
        """A number that is given out again names nothing of what had it before."""
        upkeep = upkeep_of(dana)
        await self.seed(dana, incoming("c-1", "a teapot"))
        old = (await messages(dana))[-1].id
        await upkeep.remove([C1], [])
        await self.seed(dana, incoming("c-2", "a kettle"))
        assert await ids(dana, Query(search="teapot")) == []
        assert await ids(dana, Query(search="kettle")) == ["c-2"]
        with pytest.raises(NotFound):
            await dana.thread(C2, before=old)
        assert (await dana.counts()).all == 1

    async def test_followers_read_everything_again(self, dana: Store) -> None:
        """Of a conversation that is gone no id could be told."""
        upkeep = upkeep_of(dana)
        await self.seed(dana, incoming("c-1"), incoming("c-2"))
        since = (await first_of(dana)).id
        await upkeep.remove([C1], [])
        report = await first_of(dana, since)
        assert (report.reset, report.team) == (True, True)
        assert not (await first_of(dana, report.id)).is_news

    async def test_people_go_unless_they_are_named_somewhere(
        self, dana: Store, sam: Store, eve: Store, open_as: OpenAs
    ) -> None:
        """Who wrote what stays is still to be told; but has no access, and nothing stays assigned to them."""
        upkeep = upkeep_of(dana)
        await self.seed(dana, incoming("c-1"), incoming("c-2"))
        await reply(sam, id=C2)
        people = [(await member_of(dana, email)).id for email in (DANA, SAM, EVE)]
        assert await upkeep.remove([C1], people) == Removed(1, 1)
        assert {(member.email, member.access) for member in await dana.members()} == {
            (DANA, Access.ADMIN),
            (SAM, Access.NONE),
        }
        [row] = await listed(dana, Query())
        assert (row.id, row.assignee) == ("c-2", None)
        with pytest.raises(CredentialError):
            await eve.me()
        with pytest.raises(CredentialError):
            await open_as(EVE)
        assert (await team_of(dana).add_member(EVE, "Eve", Access.EDIT)).access is Access.EDIT
