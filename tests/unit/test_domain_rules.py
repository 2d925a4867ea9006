"""The rules of the inbox, each by its number, as examples to be read."""

from __future__ import annotations

import msgspec
import pytest

from inbox_tui.domain import rules
from inbox_tui.domain.errors import Conflict, NotAllowed, ProfileIncomplete, Rejected
from inbox_tui.domain.limits import BODY_LIMIT
from inbox_tui.domain.models import (
    PREVIEW_LENGTH,
    Access,
    Assign,
    Author,
    Badge,
    Color,
    Conversation,
    Kind,
    Member,
    MemberId,
    Message,
    SetStatus,
    Status,
)
from inbox_tui.testing.factories import MORNING, member, message, minute, record

DANA = member("Dana Ortiz")
SAM = member("Sam Okafor", Access.EDIT)
EVE = member("Eve Stone", Access.NONE)
LATER = minute(30)
RESOLVED = record(status=Status.RESOLVED, resolved_at=MORNING)
WAITING = record(waiting_since=MORNING, handoff_requested=True)


class TestRule1VisitorMessage:
    def test_it_becomes_the_last_activity(self) -> None:
        after = rules.visitor_wrote(record(), "My flight\n is late", LATER).conversation
        assert (after.last_activity_at, after.messages) == (LATER, 1)
        assert (after.last_message_author, after.last_message) == (Author.VISITOR, "My flight is late")

    def test_an_old_message_that_comes_late_does_not_turn_activity_back(self) -> None:
        after = rules.visitor_wrote(record(last_activity_at=LATER), "Hello", MORNING).conversation
        assert after.last_activity_at == LATER

    def test_a_resolved_conversation_reopens(self) -> None:
        ruling = rules.visitor_wrote(RESOLVED, "One more thing", LATER)
        assert (ruling.conversation.status, ruling.conversation.resolved_at) == (Status.OPEN, None)
        assert ruling.events == ("Reopened: the visitor wrote again",)

    @pytest.mark.parametrize(
        "expecting",
        [record(assignee=SAM), record(handoff_requested=True), record(last_outgoing=Author.MEMBER)],
        ids=["somebody is assigned", "a handoff was requested", "a member wrote last"],
    )
    def test_the_visitor_waits_if_a_human_is_expected(self, expecting: Conversation) -> None:
        ruling = rules.visitor_wrote(expecting, "Hello?", LATER)
        assert ruling.conversation.waiting_since == LATER
        assert ruling.events == ()

    def test_the_visitor_does_not_wait_while_the_ai_answers(self) -> None:
        answered = rules.agent_wrote(record(last_outgoing=Author.MEMBER), "Hi!", MORNING).conversation
        assert rules.visitor_wrote(answered, "Thanks", LATER).conversation.waiting_since is None

    def test_later_messages_never_move_the_wait(self) -> None:
        assert rules.visitor_wrote(WAITING, "Hello??", LATER).conversation.waiting_since == MORNING


class TestRule2Handoff:
    def test_it_starts_the_wait(self) -> None:
        ruling = rules.handoff_requested(record(), LATER)
        assert (ruling.conversation.waiting_since, ruling.conversation.handoff_requested) == (LATER, True)
        assert ruling.events == ("A human was asked for",)

    def test_asking_again_changes_nothing(self) -> None:
        assert rules.handoff_requested(WAITING, LATER) == rules.Transition(WAITING)

    def test_somebody_waits_so_it_is_open(self) -> None:
        after = rules.handoff_requested(RESOLVED, LATER).conversation
        assert (after.status, after.resolved_at) == (Status.OPEN, None)

    def test_ai_messages_never_end_the_wait(self) -> None:
        after = rules.agent_wrote(WAITING, "One moment", LATER).conversation
        assert (after.waiting_since, after.handoff_requested) == (MORNING, True)
        assert (after.last_outgoing, after.last_message) == (Author.AGENT, "One moment")


class TestRule3MemberReply:
    def test_it_ends_the_wait(self) -> None:
        after = rules.member_replied(WAITING, SAM, "On it", LATER, auto_assign=False).conversation
        assert (after.waiting_since, after.handoff_requested, after.assignee) == (None, False, None)
        assert (after.last_outgoing, after.first_human_reply_at) == (Author.MEMBER, LATER)

    def test_it_takes_a_conversation_that_waits_for_anybody(self) -> None:
        ruling = rules.member_replied(WAITING, SAM, "On it", LATER, auto_assign=True)
        assert ruling.conversation.assignee == SAM
        assert ruling.events == ("Sam Okafor was assigned by replying",)

    @pytest.mark.parametrize(
        "conversation",
        [record(), record(waiting_since=MORNING, assignee=DANA)],
        ids=["nobody waits", "a colleague has it"],
    )
    def test_otherwise_it_takes_nothing(self, conversation: Conversation) -> None:
        ruling = rules.member_replied(conversation, SAM, "On it", LATER, auto_assign=True)
        assert ruling.conversation.assignee == conversation.assignee
        assert ruling.events == ()

    def test_the_first_human_reply_stays_the_first(self) -> None:
        answered = record(first_human_reply_at=MORNING)
        after = rules.member_replied(answered, SAM, "And", LATER, auto_assign=True).conversation
        assert after.first_human_reply_at == MORNING

    def test_a_note_is_activity_and_nothing_else(self) -> None:
        ruling = rules.note_written(WAITING, LATER)
        assert ruling.conversation == msgspec.structs.replace(WAITING, messages=1, last_activity_at=LATER)
        assert ruling.events == ()


class TestRule4ResolveAndReopen:
    def test_resolving_ends_the_wait(self) -> None:
        ruling = rules.status_set(WAITING, SetStatus(WAITING.id, Status.RESOLVED, Status.OPEN), DANA, LATER)
        after = ruling.conversation
        assert (after.status, after.waiting_since, after.resolved_at) == (Status.RESOLVED, None, LATER)
        assert ruling.events == ("Dana Ortiz marked this resolved",)

    def test_reopening(self) -> None:
        ruling = rules.status_set(RESOLVED, SetStatus(RESOLVED.id, Status.OPEN, Status.RESOLVED), DANA, LATER)
        after = ruling.conversation
        assert (after.status, after.waiting_since, after.resolved_at) == (Status.OPEN, None, None)
        assert ruling.events == ("Dana Ortiz reopened this",)

    def test_what_is_so_already_is_no_act(self) -> None:
        change = SetStatus(RESOLVED.id, Status.RESOLVED, Status.OPEN)
        assert rules.status_set(RESOLVED, change, DANA, LATER) == rules.Transition(RESOLVED)


class TestRule5Access:
    def test_edit_and_admin_may_chat_and_only_admin_manages(self) -> None:
        for may in (DANA, SAM):
            rules.require_chat(may)
        rules.require_admin(DANA)
        with pytest.raises(NotAllowed, match="Eve Stone"):
            rules.require_chat(EVE)
        for may_not in (SAM, EVE):
            with pytest.raises(NotAllowed):
                rules.require_admin(may_not)

    def test_only_who_may_chat_is_assigned(self) -> None:
        with pytest.raises(Rejected, match="Eve Stone"):
            rules.assigned(record(), EVE, DANA, None)

    def test_who_loses_access_loses_conversations(self) -> None:
        ruling = rules.access_lost(record(assignee=SAM))
        assert ruling.conversation.assignee is None
        assert ruling.events == ("Unassigned: Sam Okafor no longer has chat access",)
        assert rules.access_lost(record()) == rules.Transition(record())

    def test_there_is_always_an_admin(self) -> None:
        with pytest.raises(Rejected, match="last admin"):
            rules.require_admin_left([DANA, SAM], DANA, Access.EDIT)
        rules.require_admin_left([DANA, SAM], DANA, Access.ADMIN)
        rules.require_admin_left([DANA, SAM], SAM, Access.NONE)
        rules.require_admin_left([DANA, member("Kim Berg")], DANA, Access.NONE)


class TestRule6Profile:
    def test_a_name_and_an_avatar_are_enough(self) -> None:
        rules.require_profile(SAM)

    @pytest.mark.parametrize(
        "incomplete", [{"name": ""}, {"name": "  "}, {"badge": None}], ids=["no name", "a blank one", "no avatar"]
    )
    def test_without_either_there_is_no_reply(self, incomplete: dict[str, object]) -> None:
        with pytest.raises(ProfileIncomplete):
            rules.require_profile(msgspec.structs.replace(SAM, **incomplete))

    @pytest.mark.parametrize(
        ("name", "initials"),
        [
            ("Dana Ortiz", "DO"),
            ("dana", "D"),
            ("Ana de la Cruz", "AC"),
            ("dana.ortiz@acme", "DA"),
            ("***", "?"),
            ("", "?"),
        ],
    )
    def test_a_badge_comes_from_the_name(self, name: str, initials: str) -> None:
        badge = rules.badge_for(name)
        assert badge.initials == initials
        assert badge == rules.badge_for(name)
        assert isinstance(badge.color, Color)

    def test_a_badge_has_two_characters_at_most(self) -> None:
        assert len(rules.badge_for("ßarah ﬃne").initials) <= 2
        assert rules.badge_for("Dana Ortiz") == Badge("DO", rules.badge_for("Dana Ortiz").color)


class TestRule8NothingOverSomebodysHead:
    SEEN = message(id="1")
    THEIRS = message(Author.MEMBER, "I have it", by=SAM, id="2")

    def unseen(self, *later: Message) -> tuple[Message, ...]:
        thread = [self.SEEN, *later]
        return rules.unseen_replies(thread, DANA, [False, *(True for _ in later)])

    def test_a_colleagues_reply_after_what_was_seen(self) -> None:
        assert self.unseen(self.THEIRS) == (self.THEIRS,)
        with pytest.raises(Conflict, match="Sam Okafor") as caught:
            rules.require_nothing_unseen((self.THEIRS,), record())
        assert (caught.value.messages, caught.value.conversation) == ((self.THEIRS,), record())

    @pytest.mark.parametrize(
        "harmless",
        [
            message(Author.VISITOR),
            message(Author.AGENT),
            message(Author.MEMBER, by=DANA),
            msgspec.structs.replace(message(Author.MEMBER, by=SAM), kind=Kind.NOTE),
        ],
        ids=["the visitor", "the AI agent", "oneself", "a note"],
    )
    def test_nothing_else_is_a_conflict(self, harmless: Message) -> None:
        assert self.unseen(harmless) == ()
        rules.require_nothing_unseen((), record())

    def test_what_was_seen_is_no_conflict(self) -> None:
        assert rules.unseen_replies([self.THEIRS], DANA, [False]) == ()

    def test_a_reply_of_somebody_unknown_is_a_colleagues(self) -> None:
        unknown = message(Author.MEMBER, id="3")
        assert self.unseen(unknown) == (unknown,)
        with pytest.raises(Conflict, match="A colleague"):
            rules.require_nothing_unseen((unknown,), record())

    def test_assigning_compares_who_had_it(self) -> None:
        with pytest.raises(Conflict, match="Sam Okafor has it now") as caught:
            rules.assigned(record(assignee=SAM), DANA, DANA, None)
        assert caught.value.conversation == record(assignee=SAM)
        with pytest.raises(Conflict, match="unassigned now"):
            rules.assigned(record(), DANA, DANA, SAM.id)

    def test_assigning_to_who_has_it_is_no_conflict(self) -> None:
        assert rules.assigned(record(assignee=SAM), SAM, DANA, MemberId("x")) == rules.Transition(record(assignee=SAM))
        assert rules.assigned(record(), None, DANA, SAM.id) == rules.Transition(record())

    def test_resolving_compares_the_status(self) -> None:
        with pytest.raises(Conflict, match="open now"):
            rules.status_set(record(), SetStatus(record().id, Status.RESOLVED, Status.RESOLVED), DANA, LATER)

    @pytest.mark.parametrize(
        ("holder", "assignee", "sentence"),
        [
            (None, DANA, "Dana Ortiz took this"),
            (None, SAM, "Sam Okafor was assigned by Dana Ortiz"),
            (SAM, None, "Dana Ortiz unassigned this"),
        ],
    )
    def test_an_event_says_who_did_it(self, holder: Member | None, assignee: Member | None, sentence: str) -> None:
        ruling = rules.assigned(record(assignee=holder), assignee, DANA, holder.id if holder else None)
        assert (ruling.conversation.assignee, ruling.events) == (assignee, (sentence,))


class TestUndo:
    def test_the_inverse_leads_back(self) -> None:
        before = record(assignee=SAM, waiting_since=MORNING)
        after = msgspec.structs.replace(
            before, assignee=None, waiting_since=None, status=Status.RESOLVED, resolved_at=LATER
        )
        resolved, unassigned = SetStatus(before.id, Status.RESOLVED, Status.OPEN), Assign(before.id, None, SAM.id)
        reopen = rules.inverse(resolved, before, after)
        give_back = rules.inverse(unassigned, before, after)
        assert reopen == SetStatus(before.id, Status.OPEN, Status.RESOLVED, waiting_since=MORNING)
        assert give_back == Assign(before.id, SAM.id, None)
        restored = rules.decided(after, reopen, DANA, LATER, {SAM.id: SAM}.__getitem__).conversation
        assert rules.decided(restored, give_back, DANA, LATER, {SAM.id: SAM}.__getitem__).conversation == before

    def test_of_nothing_is_nothing(self) -> None:
        for change in (SetStatus(record().id, Status.OPEN, Status.RESOLVED), Assign(record().id, None, SAM.id)):
            assert rules.inverse(change, record(), record()) is None


class TestBodies:
    @pytest.mark.parametrize("body", ["", " \n\t", "x" * (BODY_LIMIT + 1)], ids=["empty", "blank", "endless"])
    def test_empty_and_endless_ones_are_rejected(self, body: str) -> None:
        with pytest.raises(Rejected):
            rules.require_body(body)

    def test_others_are_not(self) -> None:
        rules.require_body("x" * BODY_LIMIT)

    def test_a_preview_is_the_beginning_on_one_line(self) -> None:
        assert rules.preview("  two \n\n lines\t") == "two lines"
        assert len(rules.preview("word " * 500)) == PREVIEW_LENGTH


class TestWhoHasIt:
    def test_a_colleague_has_it_and_not_the_member(self) -> None:
        assert rules.held_by_other(record(), DANA) is None
        assert rules.held_by_other(record(assignee=DANA), DANA) is None
        assert rules.held_by_other(record(assignee=SAM), DANA) == SAM
        assert [rules.is_free_for(record(assignee=holder), DANA) for holder in (None, DANA, SAM)] == [True, True, False]

    def test_the_newest_event_tells_who_assigned_it(self) -> None:
        given = event(rules.assigned(record(), DANA, SAM, None).events[0], SAM)
        reopened = event("Reopened: the visitor wrote again", None)
        mine = record(assignee=DANA)
        assert rules.was_assigned(mine, [given, message()], DANA)
        assert rules.was_assigned(mine, [message()], DANA)
        assert not rules.was_assigned(mine, [given, reopened], DANA)
        assert not rules.was_assigned(record(assignee=SAM), [given], DANA)
        taken = event(rules.assigned(record(), DANA, DANA, None).events[0], DANA)
        assert not rules.was_assigned(mine, [taken], DANA)


def event(sentence: str, actor: Member | None) -> Message:
    return msgspec.structs.replace(message(Author.SYSTEM, sentence, by=actor), kind=Kind.EVENT)
