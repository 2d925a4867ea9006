"""What members do to conversations: reply, write a note, assign, resolve, reopen.

Each function is one act inside the transaction of a Unit: it reads what is true now,
lets the rules decide and writes what they say. None commits.
"""

from __future__ import annotations

from inbox_tui.backends.sql import statements
from inbox_tui.backends.sql.message_ids import message_number, numbered
from inbox_tui.backends.sql.rows import Stored, message
from inbox_tui.backends.sql.unit import UnitOfWork
from inbox_tui.domain import rules
from inbox_tui.domain.errors import Conflict, NotFound, Rejected
from inbox_tui.domain.fingerprints import Numbered
from inbox_tui.domain.models import (
    Author,
    ConversationId,
    IncomingMessage,
    Kind,
    Message,
    MessageId,
    ReplyDraft,
    Sent,
    StateChange,
)
from inbox_tui.domain.outcomes import Outcome, refused
from inbox_tui.domain.paging import ROOM
from inbox_tui.domain.text import replace_unstorable


def reply(unit: UnitOfWork, id: ConversationId, draft: ReplyDraft) -> Sent:
    """Send a reply or write a note, once for each key.

    Raises:
        Conflict, ProfileIncomplete, NotAllowed, NotFound, Rejected.
    """
    actor = unit.actor
    rules.require_chat(actor)
    before = unit.load(id)
    if known := _known(unit, before, draft.key):
        return Sent(known, before.conversation, was_known=True)
    rules.require_body(draft.body)
    if draft.kind is Kind.EVENT:
        raise Rejected("An event cannot be written by hand.", hint="Write a reply or a note.")
    if draft.kind is Kind.NOTE:
        ruling = rules.note_written(before.conversation, unit.at)
    else:
        rules.require_profile(actor)
        rules.require_nothing_unseen(_unseen(unit, before, draft.last_seen), before.conversation)
        body = replace_unstorable(draft.body)
        ruling = rules.member_replied(before.conversation, actor, body, unit.at, auto_assign=draft.auto_assign)
    written = IncomingMessage(Author.MEMBER, draft.body, unit.at, draft.key, draft.kind)
    added = unit.add_message(before.row_id, written, actor)
    return Sent(added, unit.save(before, ruling, actor, added).conversation)


def decide(unit: UnitOfWork, change: StateChange) -> Outcome:
    """Make one change of state, or refuse it. The caller has made sure that the member may chat."""
    actor, before = unit.actor, None
    try:
        before = unit.load(change.id)
        ruling = rules.decided(before.conversation, change, actor, unit.at, unit.roster.member)
        after = unit.save(before, ruling, actor)
    except (Conflict, NotFound, Rejected) as refusal:
        return refused(change, before.conversation if before else None, refusal)
    return Outcome(change, before.conversation, after.conversation)


def _known(unit: UnitOfWork, before: Stored, key: str) -> Message | None:
    rules.require_key(key)
    row = unit.db.row(statements.MESSAGE_BY_KEY, conversation=before.row_id, key=replace_unstorable(key))
    return message(row, unit.roster) if row else None


def _unseen(unit: UnitOfWork, before: Stored, last_seen: MessageId | None) -> tuple[Message, ...]:
    """Rule 8. Of a message that a restore undid, nobody knows what its reader saw besides: nothing, then."""
    seen = Numbered(0) if last_seen is None else numbered(last_seen)
    found = _from(unit, before, seen.number)
    if seen.fingerprint and last_seen not in {reply.id for reply in found}:
        seen = Numbered(0)
        found = _from(unit, before, seen.number)
    replies = [reply for reply in found if message_number(reply.id) != seen.number]
    return rules.unseen_replies(replies, unit.actor, [True] * len(replies))


def _from(unit: UnitOfWork, before: Stored, seen: int) -> list[Message]:
    """A message, if it is there, and the replies after it, as many as one answer holds."""
    rows = unit.db.rows_within(ROOM, statements.REPLIES_FROM, "id", conversation=before.row_id, seen=seen)
    return [message(row, unit.roster) for row in rows]
