"""How conversations come in, and what visitors and AI agents do: rules 1 and 2."""

from __future__ import annotations

import pytest

from inbox_tui.domain.errors import NotFound, Rejected
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.limits import ID_LIMIT
from inbox_tui.domain.models import Access, Author, ConversationId, ConversationState, ImportResult, Kind, Lead, Status
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, Contract, events, ids, intake_of, member_of, messages, reply, team_of
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import DANA, EVE, MORNING, SAM, incoming, minute, said


class IntakeContract(Contract):
    """The port's Intake."""

    async def test_taking_the_same_in_again_changes_nothing(self, dana: Store) -> None:
        """With keys or without."""
        batch = [incoming("c-1", said("a", key="m-1"), said("b", 1, key="m-2")), incoming("c-2", "a", "b", "c")]
        assert await intake_of(dana).ingest(batch) == ImportResult(added=2, messages=5)
        before = [await dana.thread(C1), await dana.thread(ConversationId("c-2"))]
        assert await intake_of(dana).ingest(batch) == ImportResult(unchanged=2)
        assert [await dana.thread(C1), await dana.thread(ConversationId("c-2"))] == before

    async def test_a_known_conversation_gets_what_it_lacks(self, dana: Store) -> None:
        """By the rules, in order, at the end; what the team decided meanwhile stays."""
        await self.seed(dana, incoming("c-1", "a", assignee_email=DANA))
        await set_status(dana, C1, Status.RESOLVED, Status.OPEN)
        assert await intake_of(dana).ingest([incoming("c-1", "a", "b", "c")]) == ImportResult(extended=1, messages=2)
        now = await dana.get(C1)
        assert (now.status, now.waiting_since, now.assignee) == (Status.OPEN, minute(1), await dana.me())
        assert [m.body for m in await messages(dana) if m.kind is Kind.MESSAGE] == ["a", "b", "c"]
        assert await events(dana) == ["Dana Ortiz marked this resolved", "Reopened: the visitor wrote again"]

    async def test_needs_human_waits_since_the_last_visitor_message(self, dana: Store) -> None:
        """Or since the beginning, if the visitor wrote nothing; without it nobody waits."""
        await self.seed(
            dana,
            incoming("c-1", "a", "b", said("c", 5, Author.AGENT), needs_human=True),
            incoming("c-2", said("Hi!", 3, Author.AGENT), at=2, needs_human=True),
            incoming("c-3", "a", assignee_email=DANA),
        )
        waiting = [(await dana.get(ConversationId(id))).waiting_since for id in ("c-1", "c-2", "c-3")]
        assert waiting == [minute(1), minute(2), None]

    async def test_an_import_keeps_its_status_and_times(self, dana: Store) -> None:
        """Resolved when it was last active."""
        await self.seed(
            dana, incoming("c-1", "a", said("b", 9, Author.MEMBER, member_email=DANA), status=Status.RESOLVED)
        )
        now = await dana.get(C1)
        assert (now.status, now.resolved_at, now.first_human_reply_at) == (Status.RESOLVED, minute(9), minute(9))
        assert await events(dana) == []

    async def test_people_an_import_names_become_members_without_access(self, dana: Store, eve: Store) -> None:
        """Authors and assignees alike; who is known keeps what they have."""
        author = said("hello", 1, Author.MEMBER, member_email="author@acme.example")
        batch = [incoming("c-1", "hi", author, assignee_email=SAM), incoming("c-2", assignee_email=EVE)]
        await self.seed(dana, *batch, incoming("c-3", assignee_email=DANA.upper()))
        accesses = {member.email: member.access for member in await dana.members()}
        assert accesses == {
            DANA: Access.ADMIN,
            EVE: Access.NONE,
            SAM: Access.NONE,
            "author@acme.example": Access.NONE,
        }
        assert (await dana.get(ConversationId("c-3"))).assignee == await dana.me()

    async def test_what_is_for_somebody_without_chat_access_stays_unassigned(self, dana: Store, eve: Store) -> None:
        """And the import says how many those are; what is known already stays as it is."""
        batch = [
            incoming("c-1", assignee_email="new@acme.example"),
            incoming("c-2", assignee_email=EVE, status=Status.RESOLVED),
            incoming("c-3", assignee_email=DANA),
            incoming("c-4"),
        ]
        assert await intake_of(dana).ingest(batch) == ImportResult(added=4, messages=4, unassigned=2)
        assert [(await dana.get(given.id)).assignee for given in batch] == [None, None, await dana.me(), None]
        assert (await dana.counts()).your_inbox == 1
        assert await intake_of(dana).ingest(batch) == ImportResult(unchanged=4)

    async def test_who_imported_is_kept(self, dana: Store, sam: Store) -> None:
        """With each message that came in so, and with none that came from its author."""
        by_sam = said("b", 1, Author.MEMBER, member_email=SAM)
        await self.seed(dana, incoming("c-1", "a", by_sam, said("c", 2)))
        await set_status(dana, C1, Status.RESOLVED, Status.OPEN)
        await intake_of(sam).receive(C1, said("by telephone", 3, key="t-1"))
        await team_of(dana).set_access((await sam.me()).id, Access.ADMIN)
        more = (said("d", 4), said("Rated 5", 9, Author.SYSTEM))
        await intake_of(sam).ingest([incoming("c-1", "a", by_sam, said("c", 2), *more)])
        await reply(dana)
        first, second = await dana.me(), await sam.me()
        assert [(m.body, m.imported_by) for m in await messages(dana) if m.kind is Kind.MESSAGE] == [
            ("a", first),
            ("b", first),
            ("c", first),
            ("by telephone", second),
            ("d", second),
            ("On it", None),
        ]
        assert [(m.body, m.imported_by) for m in await messages(dana) if m.kind is Kind.EVENT] == [
            ("Rated 5", second),
            ("Dana Ortiz marked this resolved", None),
            ("Reopened: the visitor wrote again", None),
            ("Dana Ortiz was assigned by replying", None),
        ]

    async def test_a_copy_keeps_who_imported_where_it_comes_from(self, dana: Store, sam: Store) -> None:
        """Nobody, if nobody did; and only a copy may say."""
        by_sam, by_other = said("a", imported_by_email=SAM), said("b", 1, imported_by_email="other@acme.example")
        await self.seed(dana, incoming("c-1", by_sam, by_other, said("c", 2), standing=ConversationState(minute(2))))
        await self.seed(dana, incoming("c-2", by_sam))
        other = await member_of(dana, "other@acme.example")
        assert [message.imported_by for message in await messages(dana)] == [await sam.me(), other, None]
        assert other.access is Access.NONE
        [message] = await messages(dana, ConversationId("c-2"))
        assert message.imported_by == await dana.me()

    async def test_nonsense_is_rejected_and_nothing_of_its_batch_goes_in(self, dana: Store) -> None:
        """All or nothing."""
        for wrong in (
            incoming(" "),
            incoming("x" * (ID_LIMIT + 1)),
            incoming("日" * (ID_LIMIT // 3 + 1)),
            incoming("c-9", agent="x" * (ID_LIMIT + 1)),
            incoming("c-9", said("a", key="x" * (ID_LIMIT + 1))),
            incoming("c-9", said("a", member_email="x" * (ID_LIMIT + 1))),
            incoming("c-9", said("a", imported_by_email="x" * (ID_LIMIT + 1))),
            incoming("c-9", assignee_email="x" * (ID_LIMIT + 1)),
            incoming("c-9", needs_human=True, status=Status.RESOLVED),
            incoming("c-9", said("a", key="m"), said("b", key="m")),
            incoming("c-9", said("a", kind=Kind.NOTE)),
            incoming("c-9", "x" * 1_000_001),
        ):
            with pytest.raises(Rejected):
                await intake_of(dana).ingest([incoming("c-1"), wrong])
            assert await ids(dana, Query()) == []
            assert (await dana.counts()).all == 0

    async def test_a_copy_stands_as_it_stood_where_it_comes_from(self, dana: Store) -> None:
        """And when it is made again, as it stands there by now; unless more was said here."""
        first, more = said("a", key="m-1"), said("Sorry!", 8, Author.MEMBER, key="m-2", member_email=DANA)
        closed = said("Dana Ortiz marked this resolved", 9, Author.SYSTEM, kind=Kind.EVENT)
        waiting = ConversationState(minute(4), waiting_since=minute(2), handoff_requested=True)
        await self.seed(dana, incoming("c-1", first, standing=waiting, assignee_email=DANA, lead=Lead("Maya")))
        now = await dana.get(C1)
        assert (now.last_activity_at, now.waiting_since, now.handoff_requested) == (minute(4), minute(2), True)
        done = ConversationState(
            minute(8),
            first_human_reply_at=minute(8),
            resolved_at=minute(9),
            last_outgoing=Author.MEMBER,
        )
        copy = incoming("c-1", first, more, closed, standing=done, status=Status.RESOLVED, lead=Lead("Petra"))
        assert await intake_of(dana).ingest([copy]) == ImportResult(extended=1, messages=2)
        now = await dana.get(C1)
        assert (now.status, now.resolved_at, now.waiting_since, now.assignee) == (
            Status.RESOLVED,
            minute(9),
            None,
            None,
        )
        assert (now.lead.name, now.last_activity_at, now.messages) == ("Petra", minute(8), 2)
        assert await events(dana) == ["Dana Ortiz marked this resolved"]
        assert await intake_of(dana).ingest([copy]) == ImportResult(unchanged=1)
        await intake_of(dana).receive(C1, said("And?", 20, key="m-9"))
        assert await intake_of(dana).ingest([copy]) == ImportResult(unchanged=1)
        assert (await dana.get(C1)).status is Status.OPEN
        assert (await dana.counts()).resolved == 0

    async def test_what_has_no_key_has_none_in_a_copy(self, dana: Store) -> None:
        """It is known again by being one of so many, whatever keys others chose."""
        taken = said("Sam took this", 2, Author.SYSTEM, kind=Kind.EVENT)
        given = said("Sam gave this back", 3, Author.SYSTEM, kind=Kind.EVENT)
        thread = [said("a", key="#1"), taken, said("b", 2, key="#2")]
        standing = ConversationState(minute(2))
        await self.seed(dana, incoming("c-1", *thread, standing=standing))
        again = incoming("c-1", *thread, given, said("c", 4), standing=ConversationState(minute(4)))
        assert await intake_of(dana).ingest([again]) == ImportResult(extended=1, messages=2)
        assert await intake_of(dana).ingest([again]) == ImportResult(unchanged=1)
        assert [(message.body, message.key) for message in await messages(dana)] == [
            ("a", "#1"),
            ("Sam took this", ""),
            ("b", "#2"),
            ("Sam gave this back", ""),
            ("c", ""),
        ]

    async def test_system_messages_come_in_as_events(self, dana: Store) -> None:
        """They are in the thread, but neither counted nor the last message."""
        await self.seed(dana, incoming("c-1", "a", said("Chat was rated 5", 1, Author.SYSTEM)))
        now = await dana.get(C1)
        assert (now.messages, now.last_message) == (1, "a")
        assert await events(dana) == ["Chat was rated 5"]

    async def test_a_visitors_message_starts_a_wait_only_where_a_human_is_expected(self, dana: Store) -> None:
        """Rule 1: assigned, handed off, or answered by a member last."""
        intake = intake_of(dana)
        await self.seed(dana, incoming("ai"), incoming("held", assignee_email=DANA), incoming("c-1"))
        await reply(dana)
        for id, waits in (("ai", False), ("held", True), ("c-1", True)):
            now = await intake.receive(ConversationId(id), said("and?", 5))
            assert (now.waiting_since == minute(5)) is waits, id
            later = await intake.receive(ConversationId(id), said("hello??", 6))
            assert later.waiting_since == now.waiting_since
            assert later.messages == (now.messages or 0) + 1
            assert later.last_message == ("On it" if id == "c-1" else "hello??")  # it was written after that

    async def test_a_visitors_message_reopens(self, dana: Store) -> None:
        """Rule 1, with an event."""
        await self.seed(dana, incoming("c-1", status=Status.RESOLVED))
        now = await intake_of(dana).receive(C1, said("one more thing", 5))
        assert (now.status, now.resolved_at, now.waiting_since) == (Status.OPEN, None, None)
        assert await events(dana) == ["Reopened: the visitor wrote again"]

    async def test_a_handoff_starts_the_wait_and_the_ai_does_not_end_it(self, dana: Store) -> None:
        """Rule 2: the first request counts."""
        intake = intake_of(dana)
        await self.seed(dana, incoming("c-1"))
        assert (await intake.request_handoff(C1, minute(3))).waiting_since == minute(3)
        assert (await intake.request_handoff(C1, minute(4))).waiting_since == minute(3)
        now = await intake.receive(C1, said("One moment", 5, Author.AGENT))
        assert (now.waiting_since, now.last_outgoing) == (minute(3), Author.AGENT)
        assert await events(dana) == ["A human was asked for"]
        assert await ids(dana, Query(Filter.PENDING)) == ["c-1"]

    async def test_a_message_that_comes_twice_is_stored_once(self, dana: Store) -> None:
        """Rule 7 for websites: by its key."""
        await self.seed(dana, incoming("c-1"))
        first = await intake_of(dana).receive(C1, said("again", 1, key="web-1"))
        assert await intake_of(dana).receive(C1, said("again", 1, key="web-1")) == first
        assert first.messages == 2

    async def test_only_visitors_and_agents_are_received(self, dana: Store) -> None:
        """Members reply; and there must be something to say, somewhere to say it."""
        await self.seed(dana, incoming("c-1"))
        for wrong in (
            said("x", author=Author.MEMBER),
            said("x", author=Author.SYSTEM),
            said("x", kind=Kind.NOTE),
            said(" "),
            said("x", key="x" * (ID_LIMIT + 1)),
        ):
            with pytest.raises(Rejected):
                await intake_of(dana).receive(C1, wrong)
        nothing = ConversationId("no-such")
        for call in (
            intake_of(dana).receive(nothing, said("x")),
            intake_of(dana).request_handoff(nothing, MORNING),
            intake_of(dana).set_lead(nothing, Lead()),
        ):
            with pytest.raises(NotFound):
                await call

    async def test_a_lead_comes_and_goes(self, dana: Store) -> None:
        """And the filter with it."""
        await self.seed(dana, incoming("c-1"))
        assert await ids(dana, Query(Filter.HAS_LEAD)) == []
        assert (await intake_of(dana).set_lead(C1, Lead(phone="+46"))).visitor == "+46"
        assert ((await dana.counts()).has_lead, await ids(dana, Query(Filter.HAS_LEAD))) == (1, ["c-1"])
        await intake_of(dana).set_lead(C1, Lead())
        assert ((await dana.counts()).has_lead, await ids(dana, Query(Filter.HAS_LEAD))) == (0, [])

    async def test_members_added_by_an_import_can_be_managed(self, dana: Store) -> None:
        """They are members like others."""
        await self.seed(dana, incoming("c-1", assignee_email=SAM))
        sam = await member_of(dana, SAM)
        assert (await team_of(dana).set_access(sam.id, Access.ADMIN)).may_manage

    async def test_an_import_gives_nobody_access(self, dana: Store, eve: Store) -> None:
        """Whoever it names, and however: only the team's admins do, by the verbs for it."""
        await self.seed(
            dana,
            incoming("c-1", said("x", author=Author.MEMBER, member_email="new@acme.example"), assignee_email=EVE),
            incoming("c-2", assignee_email="other@acme.example"),
        )
        await self.seed(dana, incoming("c-1", "and more", assignee_email=EVE.upper()))
        assert {member.email for member in await dana.members() if member.may_chat} == {DANA}
        assert (await eve.me()).access is Access.NONE
