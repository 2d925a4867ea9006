"""Two members at the same moment: each act happens whole, and one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from inbox_tui.domain.errors import Conflict, InboxError
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import (
    Access,
    Author,
    Badge,
    Color,
    Conversation,
    ConversationId,
    Kind,
    Lead,
    MessageId,
    ReplyDraft,
    Sent,
    SetStatus,
    Status,
)
from inbox_tui.domain.tokens import NewToken, TokenId
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import (
    C1,
    Contract,
    OpenAs,
    events,
    intake_of,
    last_seen,
    listed,
    member_of,
    messages,
    needs,
    team_of,
)
from inbox_tui.testing.contract.hosting import host_of
from inbox_tui.testing.deciding import assign, set_status
from inbox_tui.testing.factories import DANA, EVE, MORNING, incoming, said

Verb = Callable[[Store, str], Awaitable[object]]
"""Something that a member does, who is also told their own name."""


HELD, DONE = ConversationId("held"), ConversationId("done")
"""One that Dana has, and one that is resolved."""


async def assign_to_self(store: Store, who: str) -> object:
    """Take it."""
    return await assign(store, C1, (await store.me()).id, None)


async def give_back(store: Store, who: str) -> object:
    """Give to nobody what Dana has."""
    return await assign(store, HELD, None, (await member_of(store, DANA)).id)


async def admit(store: Store, who: str) -> object:
    """Give a colleague access."""
    return await team_of(store).set_access((await member_of(store, EVE)).id, Access.EDIT)


async def revoke(store: Store, who: str) -> object:
    """Take the only token back."""
    host = host_of(store)
    ids = [token.id for token in await host.tokens()]
    return await host.revoke_token(ids[0] if ids else TokenId("gone"))


async def resolve_many(store: Store, who: str) -> object:
    """A bulk action over the list."""
    rows = await listed(store, Query())
    return await store.decide([SetStatus(row.id, Status.RESOLVED, Status.OPEN) for row in rows])


VERBS: dict[str, tuple[Verb, int]] = {
    "reply": (lambda store, who: store.reply(C1, ReplyDraft(f"by {who}", who)), 1),
    "the same reply": (lambda store, _: store.reply(C1, ReplyDraft("by one", "k")), 2),
    "note": (lambda store, who: store.reply(C1, ReplyDraft("note", who, Kind.NOTE)), 2),
    "take": (assign_to_self, 1),
    "give back": (give_back, 2),
    "resolve": (lambda store, _: set_status(store, C1, Status.RESOLVED, Status.OPEN), 2),
    "reopen": (lambda store, _: set_status(store, DONE, Status.OPEN, Status.RESOLVED), 2),
    "resolve many": (resolve_many, 2),
}
"""What may be done to a workspace, and how many of two who do it at once succeed."""
INTAKE_VERBS: dict[str, tuple[Verb, int]] = {
    "take in": (lambda store, _: intake_of(store).ingest([incoming("c-9", said("a"), said("b", 1))]), 2),
    "receive": (lambda store, _: intake_of(store).receive(C1, said("late", 5, key="v-9")), 2),
    "ask for a human": (lambda store, _: intake_of(store).request_handoff(C1, MORNING), 2),
    "lead": (lambda store, who: intake_of(store).set_lead(C1, Lead(who, f"{who}@x.example", who, who)), 2),
}
"""The same of an ``Intake``."""
TEAM_VERBS: dict[str, tuple[Verb, int]] = {
    "add a member": (lambda store, _: team_of(store).add_member("kim@acme.example", "Kim", Access.EDIT), 1),
    "give access": (admit, 2),
    "show oneself": (lambda store, who: team_of(store).save_profile(f"{who} the same", Badge("XY", Color.RED)), 2),
    "a photo": (lambda store, who: team_of(store).save_photo(b"\x89PNG\r\n\x1a\n" + who.encode()), 2),
}
"""The same of a ``Team``."""
HOST_VERBS: dict[str, tuple[Verb, int]] = {
    "add a token": (lambda store, who: host_of(store).add_token(NewToken(who.encode().ljust(32), DANA)), 2),
    "revoke a token": (revoke, 1),
}
"""The same of a ``Host``."""


async def attempt(store: Store, key: str, seen: MessageId) -> Sent | Conflict:
    """A reply, or the conflict that it met."""
    try:
        return await store.reply(C1, ReplyDraft(f"by {key}", key, last_seen=seen))
    except Conflict as conflict:
        return conflict


class RacingContract(Contract):
    """Writes of several sessions at once."""

    @needs("atomic")
    async def test_of_two_who_reply_at_once_one_is_told(self, dana: Store, sam: Store) -> None:
        """Rule 8 has no gap; whoever came second gets the first one's reply."""
        await self.seed(dana, incoming("c-1", needs_human=True))
        seen = await last_seen(dana)
        results = await asyncio.gather(attempt(dana, "k-1", seen), attempt(sam, "s-1", seen))
        [sent] = [result for result in results if isinstance(result, Sent)]
        [conflict] = [result for result in results if isinstance(result, Conflict)]
        assert conflict.messages == (sent.message,)
        assert (await dana.get(C1)).assignee == sent.message.member

    @needs("atomic")
    async def test_of_two_who_take_it_at_once_one_is_told(self, dana: Store, sam: Store) -> None:
        """It has one holder, and one event."""
        await self.seed(dana, incoming("c-1"))
        people = [(await store.me()).id for store in (dana, sam)]

        async def take(store: Store, me: int) -> Conversation | Conflict:
            try:
                return await assign(store, C1, people[me], None)
            except Conflict as conflict:
                return conflict

        results = await asyncio.gather(take(dana, 0), take(sam, 1))
        [holder] = [result.assignee for result in results if isinstance(result, Conversation)]
        [conflict] = [result for result in results if isinstance(result, Conflict)]
        assert conflict.conversation == await dana.get(C1)
        assert (await dana.get(C1)).assignee == holder
        if self.promises.own_events:
            assert len(await events(dana)) == 1

    @needs("keys")
    async def test_the_same_reply_sent_by_two_sessions_is_one(self, dana: Store, open_as: OpenAs) -> None:
        """Rule 7 has no gap: a retry that overtakes its original."""
        await self.seed(dana, incoming("c-1"))
        again, seen = await open_as(DANA), await last_seen(dana)
        results = await asyncio.gather(*(attempt(store, "k-1", seen) for store in (dana, again, dana, again)))
        sent = [result for result in results if isinstance(result, Sent)]
        assert len({result.message.id for result in sent}) == 1
        assert sorted(result.was_known for result in sent) == [False, True, True, True]
        assert [m.author for m in await messages(dana)] == [Author.VISITOR, Author.MEMBER]

    @needs("own_rules", "all_counts")
    async def test_nothing_is_lost_and_the_counts_stay_exact(self, dana: Store, sam: Store) -> None:
        """Many writes of two sessions, interleaved."""
        await self.seed(dana, *(incoming(f"c-{number}") for number in range(10)))
        writes: list[Awaitable[object]] = []
        for number in range(10):
            id = ConversationId(f"c-{number}")
            for store, name in ((dana, "dana"), (sam, "sam")):
                for turn in range(3):
                    writes.append(self.visitor_says(store, id, f"{name} {turn}", turn))
            writes.append(set_status(dana if number % 2 else sam, id, Status.RESOLVED, Status.OPEN))
        await asyncio.gather(*writes)
        rows = await listed(dana, Query())
        assert {row.messages for row in rows} == {7}
        counts = await sam.counts()
        resolved = sum(row.status is Status.RESOLVED for row in rows)
        assert (counts.all, counts.resolved, counts.unresolved) == (10, resolved, 10 - resolved)

    @needs("atomic", "own_rules")
    @pytest.mark.parametrize("verb", VERBS)
    async def test_two_do_the_same_at_once(self, dana: Store, sam: Store, verb: str) -> None:
        """Whatever it is: whole or not at all, and the counts, the lists and the threads agree afterwards."""
        await race(self, dana, sam, *VERBS[verb])


class RacingFacetContract(Contract):
    """What two do at once to the facets of a store."""

    @pytest.fixture
    async def boss(self, dana: Store, sam: Store) -> Store:
        """A second admin; and a member without access."""
        await team_of(dana).set_access((await sam.me()).id, Access.ADMIN)
        await team_of(dana).add_member(EVE, "Eve Stone", Access.NONE)
        return sam


class IntakeRacingContract(RacingFacetContract):
    """Two who bring something in at once."""

    @pytest.mark.parametrize("verb", INTAKE_VERBS)
    async def test_two_bring_in_the_same_at_once(self, dana: Store, boss: Store, verb: str) -> None:
        """Whole or not at all."""
        await race(self, dana, boss, *INTAKE_VERBS[verb])


class TeamRacingContract(RacingFacetContract):
    """Two who change the team at once."""

    @pytest.mark.parametrize("verb", TEAM_VERBS)
    async def test_two_change_the_team_at_once(self, dana: Store, boss: Store, verb: str) -> None:
        """Whole or not at all."""
        await race(self, dana, boss, *TEAM_VERBS[verb])


class HostRacingContract(RacingFacetContract):
    """Two who change the tokens at once."""

    @pytest.mark.parametrize("verb", HOST_VERBS)
    async def test_two_change_the_tokens_at_once(self, dana: Store, boss: Store, verb: str) -> None:
        """Whole or not at all."""
        if verb == "revoke a token":
            await host_of(dana).add_token(NewToken(b"t" * 32, DANA))
        await race(self, dana, boss, *HOST_VERBS[verb])


async def race(contract: Contract, dana: Store, sam: Store, act: Verb, successes: int) -> None:
    """Let two do it at once, and see that as many succeed as should and that the workspace is whole."""
    await contract.seed(dana, *(incoming(f"c-{number}", said("hello", key="v-1")) for number in range(1, 6)))
    await contract.seed(dana, incoming(HELD, assignee_email=DANA), incoming(DONE, status=Status.RESOLVED))

    async def attempted(store: Store, who: str) -> bool:
        try:
            await act(store, who)
        except InboxError:
            return False
        return True

    results = await asyncio.gather(attempted(dana, "dana"), attempted(sam, "sam"))
    assert sum(results) == successes
    await require_whole(dana)


async def require_whole(store: Store) -> None:
    """Counts are what the rows say, and each conversation is what its thread says."""
    rows = await listed(store, Query())
    me, counts = (await store.me()).id, await store.counts()
    assert len({row.id for row in rows}) == len(rows)
    for filter in Filter:
        assert counts.of(filter) == sum(filter.matches(row, me) for row in rows), filter
    for row in rows:
        thread = await messages(store, row.id)
        assert row.messages == sum(message.kind is not Kind.EVENT for message in thread)
        keys = [message.key for message in thread if message.key]
        assert len(set(keys)) == len(keys)
