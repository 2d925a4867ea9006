"""The rules of an inbox, as pure functions: what each act does to a conversation.

Each act takes a conversation and returns a Transition: the conversation afterwards and
the events for its thread. Stores call these functions inside one transaction and write
the result; nothing here reads a clock or a store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from inbox_tui.domain import limits
from inbox_tui.domain.errors import Conflict, NotAllowed, ProfileIncomplete, Rejected
from inbox_tui.domain.models import (
    PREVIEW_LENGTH,
    Access,
    Assign,
    Author,
    Badge,
    Color,
    Conversation,
    Kind,
    Lead,
    Member,
    MemberId,
    Message,
    SetStatus,
    StateChange,
    Status,
)
from inbox_tui.domain.names import has_visible, is_blank


class Transition(msgspec.Struct, frozen=True):
    """The result of an act: a conversation's new state and its events."""

    conversation: Conversation
    events: tuple[str, ...] = ()
    """Sentences for the thread, in order. Empty if the act needs none."""


def preview(body: str) -> str:
    """The beginning of a message on one line, for a row of the list."""
    return " ".join(body[: 4 * PREVIEW_LENGTH].split())[:PREVIEW_LENGTH]


def human_is_expected(conversation: Conversation) -> bool:
    """Whether a visitor who writes now waits for a person rather than for the AI agent."""
    return (
        conversation.assignee is not None
        or conversation.handoff_requested
        or conversation.last_outgoing is Author.MEMBER
    )


def visitor_wrote(conversation: Conversation, body: str, at: datetime) -> Transition:
    """Rule 1: a visitor's message reopens, and starts a wait if a human is expected."""
    waiting_since = conversation.waiting_since
    if waiting_since is None and human_is_expected(conversation):
        waiting_since = at
    reopened = conversation.status is Status.RESOLVED
    after = msgspec.structs.replace(
        _with_message(conversation, Author.VISITOR, body, at),
        waiting_since=waiting_since,
        status=Status.OPEN,
        resolved_at=None,
    )
    return Transition(after, ("Reopened: the visitor wrote again",) if reopened else ())


def agent_wrote(conversation: Conversation, body: str, at: datetime) -> Transition:
    """An AI agent's message. It never ends a wait for a human (rule 2)."""
    after = _with_message(conversation, Author.AGENT, body, at)
    return Transition(msgspec.structs.replace(after, last_outgoing=Author.AGENT))


def handoff_requested(conversation: Conversation, at: datetime) -> Transition:
    """Rule 2: a human was asked for. A resolved conversation reopens, for somebody waits."""
    after = msgspec.structs.replace(
        conversation,
        handoff_requested=True,
        waiting_since=conversation.waiting_since or at,
        status=Status.OPEN,
        resolved_at=None,
    )
    events = () if conversation.handoff_requested else ("A human was asked for",)
    return Transition(after, events)


def member_replied(
    conversation: Conversation, author: Member, body: str, at: datetime, *, auto_assign: bool
) -> Transition:
    """Rule 3: a member's reply ends the wait and may take an unassigned, waiting conversation."""
    takes = auto_assign and conversation.assignee is None and conversation.waiting_since is not None
    after = msgspec.structs.replace(
        _with_message(conversation, Author.MEMBER, body, at),
        waiting_since=None,
        handoff_requested=False,
        last_outgoing=Author.MEMBER,
        first_human_reply_at=conversation.first_human_reply_at or at,
        assignee=author if takes else conversation.assignee,
    )
    return Transition(after, (f"{author.label} was assigned by replying",) if takes else ())


def note_written(conversation: Conversation, at: datetime) -> Transition:
    """A note for the team: activity, but no answer to the visitor (rule 3)."""
    after = msgspec.structs.replace(
        conversation,
        messages=(conversation.messages or 0) + 1,
        last_activity_at=max(conversation.last_activity_at, at),
    )
    return Transition(after)


def decided(
    conversation: Conversation,
    change: StateChange,
    actor: Member,
    at: datetime,
    find_member: Callable[[MemberId], Member],
) -> Transition:
    """Apply a change of state to a conversation.

    Args:
        conversation: Its present state.
        change: The change, with the state that its author saw.
        actor: The author of the change.
        at: The time of the change.
        find_member: Returns a member by id, or raises NotFound.

    Raises:
        Conflict: a colleague was first (rule 8).
        NotFound: the new assignee does not exist.
        Rejected: the value is not acceptable (rules 5 and 13).
    """
    match change:
        case Assign():
            assignee = None if change.member is None else find_member(change.member)
            return assigned(conversation, assignee, actor, change.expected)
        case SetStatus():
            return status_set(conversation, change, actor, at)
        case _:
            assert_never(change)


def assigned(
    conversation: Conversation, assignee: Member | None, actor: Member, expected: MemberId | None
) -> Transition:
    """Give the conversation to ``assignee`` (None: to nobody).

    Raises:
        Conflict: the assignee is not the one that the actor saw (rule 8).
        Rejected: the assignee may not chat (rule 5).
    """
    current = conversation.assignee
    if (current.id if current else None) == (assignee.id if assignee else None):
        return Transition(conversation)
    if (current.id if current else None) != expected:
        holder = f"{current.label} has it now" if current else "it is unassigned now"
        raise Conflict(f"Not assigned: {holder}.", conversation=conversation)
    if assignee is None:
        return Transition(msgspec.structs.replace(conversation, assignee=None), (f"{actor.label} unassigned this",))
    if not assignee.may_chat:
        raise Rejected(
            f"{assignee.label} has no chat access and cannot be assigned.",
            hint="Choose another member, or give access with 'inbox-tui members access EMAIL edit'.",
        )
    sentence = f"{actor.label} took this" if assignee.id == actor.id else assignment(assignee, actor)
    return Transition(msgspec.structs.replace(conversation, assignee=assignee), (sentence,))


def status_set(conversation: Conversation, change: SetStatus, actor: Member, at: datetime) -> Transition:
    """Rule 4: resolve, which ends a wait, or reopen. Undoing a resolve restores the wait.

    Raises:
        Conflict: the status is not the one that the actor saw (rule 8).
        Rejected: the wait to restore cannot be stored (rule 13).
    """
    if conversation.status is change.status:
        return Transition(conversation)
    if conversation.status is not change.expected:
        raise Conflict(f"Not changed: it is {conversation.status} now.", conversation=conversation)
    if change.status is Status.RESOLVED:
        after = msgspec.structs.replace(conversation, status=Status.RESOLVED, waiting_since=None, resolved_at=at)
        return Transition(after, (f"{actor.label} marked this resolved",))
    after = msgspec.structs.replace(
        conversation,
        status=Status.OPEN,
        waiting_since=None if change.waiting_since is None else limits.arrived(change.waiting_since, at),
        resolved_at=None,
    )
    return Transition(after, (f"{actor.label} reopened this",))


def access_lost(conversation: Conversation) -> Transition:
    """Unassign a conversation whose assignee no longer has chat access (rule 5)."""
    holder = conversation.assignee
    if holder is None:
        return Transition(conversation)
    after = msgspec.structs.replace(conversation, assignee=None)
    return Transition(after, (f"Unassigned: {holder.label} no longer has chat access",))


def held_by_other(conversation: Conversation, member: Member) -> Member | None:
    """The colleague who has the conversation; None if nobody or the member has it."""
    holder = conversation.assignee
    return None if holder is None or holder.id == member.id else holder


def is_free_for(conversation: Conversation, member: Member) -> bool:
    """Whether the member can work on it without interfering with a colleague."""
    return held_by_other(conversation, member) is None


def was_assigned(conversation: Conversation, events: Sequence[Message], member: Member) -> bool:
    """Whether somebody else assigned it to the member: by its newest event, or because it arrived assigned."""
    if conversation.assignee is None or conversation.assignee.id != member.id:
        return False
    newest = next((event for event in reversed(events) if event.kind is Kind.EVENT), None)
    if newest is None:
        return True
    is_by_other = newest.member is None or newest.member.id != member.id
    return is_by_other and newest.body.startswith(assignment(member, None))


def assignment(assignee: Member, actor: Member | None) -> str:
    """The sentence for an assignment by somebody else; its beginning where the actor is None."""
    return f"{assignee.label} was assigned by {actor.label if actor is not None else ''}"


def inverse(change: StateChange, before: Conversation, after: Conversation) -> StateChange | None:
    """The change that leads back from ``after`` to ``before``; None if they are the same.

    It leaves alone what somebody else changed at the same time.
    """
    match change:
        case Assign():
            was, now = (each.assignee.id if each.assignee else None for each in (before, after))
            return None if was == now else Assign(after.id, was, now)
        case SetStatus():
            if before.status is after.status:
                return None
            return SetStatus(after.id, before.status, after.status, waiting_since=before.waiting_since)
        case _:
            assert_never(change)


def require_chat(member: Member) -> None:
    """Rule 5. Raises NotAllowed unless the member may chat."""
    if not member.may_chat:
        raise NotAllowed(f"{member.label} has no chat access.")


def as_seen_by(member: Member, conversation: Conversation) -> Conversation:
    """Rule 5: without chat access a member sees names, times and status, but no messages and no lead."""
    if member.may_chat:
        return conversation
    return msgspec.structs.replace(
        conversation, lead=Lead(conversation.lead.name), topic="", last_message="", last_message_author=None
    )


def require_admin(member: Member) -> None:
    """Rule 5. Raises NotAllowed unless the member may manage the team."""
    if not member.may_manage:
        raise NotAllowed(
            f"{member.label} is not a workspace admin.", hint="Ask a workspace admin to do this, or to make you one."
        )


def require_profile(member: Member) -> None:
    """Rule 6. Raises ProfileIncomplete unless a display name and a badge are set."""
    if not (member.name.strip() and member.badge):
        raise ProfileIncomplete("Your profile needs a display name and an avatar before you can reply.")


def require_key(key: str) -> None:
    """Rule 7: each message of a member carries a key. Raises Rejected for a missing or too long one."""
    limits.require_size(key, limits.ID_LIMIT, "The message's key")
    if is_blank(key):
        raise Rejected("The message has no key.", hint="Make one key for each message and send it with every attempt.")


def require_body(body: str) -> None:
    """Raises Rejected for an empty or too long message."""
    if not has_visible(body):
        raise Rejected("The message is empty.", hint="Write something, then send.")
    limits.require_size(body, limits.BODY_LIMIT, "The message")


def require_admin_left(members: Iterable[Member], changed: Member, access: Access) -> None:
    """Raises Rejected if the change would leave the workspace without an admin."""
    if access is Access.ADMIN:
        return
    if not any(member.may_manage and member.id != changed.id for member in members):
        raise Rejected(
            f"{changed.label} is the last admin of this workspace.",
            hint="Make somebody else an admin first: inbox-tui members access EMAIL admin.",
        )


def unseen_replies(thread: Sequence[Message], author: Member, is_after_seen: Sequence[bool]) -> tuple[Message, ...]:
    """Rule 8: the replies of colleagues after the last message that the author saw."""
    return tuple(
        message
        for message, is_after in zip(thread, is_after_seen, strict=True)
        if is_after
        and message.author is Author.MEMBER
        and message.kind is Kind.MESSAGE
        and (message.member is None or message.member.id != author.id)
    )


def said_by_visitor(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The visitor's messages among these. Until the author reads them, a reply may answer an outdated question."""
    return tuple(message for message in messages if message.author is Author.VISITOR)


def require_nothing_unseen(unseen: tuple[Message, ...], conversation: Conversation) -> None:
    """Rule 8. Raises Conflict, with the messages, if colleagues replied after the author looked."""
    if unseen:
        names = ", ".join(dict.fromkeys(m.member.label if m.member else "A colleague" for m in unseen))
        raise Conflict(
            f"Not sent: {names} replied in the meantime.",
            hint="Read the new reply, then send yours or change it.",
            conversation=conversation,
            messages=unseen,
        )


def may_still_arrive(tried_at: datetime | None, now: datetime, within: timedelta) -> bool:
    """Whether an earlier attempt at a reply may still reach the store; for stores that know no keys.

    Args:
        tried_at: ``ReplyDraft.tried_at``. A moment in the future (a clock was set) counts as now.
        now: The current time.
        within: The longest time that the store's server may take to complete a request.
    """
    return tried_at is not None and now - min(tried_at, now) < within


def badge_for(name: str) -> Badge:
    """The default badge for a name: its initials and a colour derived from the name."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    initials = "".join(word[0] for word in ([words[0], words[-1]] if len(words) > 1 else words))
    colors = list(Color)
    return Badge(initials.upper()[:2] or "?", colors[sum(map(ord, name)) % len(colors)])


def _with_message(conversation: Conversation, author: Author, body: str, at: datetime) -> Conversation:
    return msgspec.structs.replace(
        conversation,
        messages=(conversation.messages or 0) + 1,
        last_activity_at=max(conversation.last_activity_at, at),
        last_message_author=author,
        last_message=preview(body),
    )
