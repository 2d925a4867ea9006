"""Conversations that earlier versions wrote, put right by today's rules when the tables are brought up to date.

Earlier versions ordered a thread by arrival alone, and kept blanks around what is known of a visitor.
"""

from __future__ import annotations

import msgspec

from inbox_tui.backends.sql import reads, statements
from inbox_tui.backends.sql.message_ids import message_number
from inbox_tui.backends.sql.rows import Stored, moment, stored
from inbox_tui.backends.sql.unit import UnitOfWork
from inbox_tui.domain.intake import trimmed_lead, with_end
from inbox_tui.domain.models import Lead

AT_ONCE = 2_000
"""Conversations that are looked at in one go: memory does not grow with the workspace."""


def put_right(unit: UnitOfWork, after: int) -> int | None:
    """Put some conversations right; gives the row number to go on after, None when all are done.

    Args:
        unit: One of several in the same transaction.
        after: Row number of the last conversation that was looked at; 0 at first.
    """
    rows = unit.db.rows(statements.OLD_CONVERSATIONS, after=after, limit=AT_ONCE)
    disordered = {id for id, is_disordered, *_ in rows if is_disordered}
    untrimmed = {id for id, _, *lead in rows if trimmed_lead(Lead(*lead)) != Lead(*lead)}
    for row in reads.conversations(unit.db, "id", sorted(disordered | untrimmed)):
        before = stored(row, unit.roster)
        after_it = before
        if before.row_id in disordered:
            after_it = _in_order(unit, before)
        trimmed = msgspec.structs.replace(after_it.conversation, lead=trimmed_lead(after_it.conversation.lead))
        unit.replace(before, Stored(before.row_id, trimmed, after_it.last_message_id))
    return rows[-1][0] if len(rows) == AT_ONCE else None


def _in_order(unit: UnitOfWork, before: Stored) -> Stored:
    """The conversation as its thread tells it, by time and then by arrival (rule 14)."""
    conversation = before.conversation
    last, outgoing = unit.end_of_thread(before.row_id)
    began = unit.db.row(statements.FIRST_TIMES, conversation=before.row_id)
    first, human = (None if at is None else moment(at) for at in began or (None, None))
    replied = conversation.first_human_reply_at
    return Stored(
        before.row_id,
        msgspec.structs.replace(
            with_end(conversation, last, outgoing),
            created_at=min(conversation.created_at, first or conversation.created_at),
            first_human_reply_at=min(replied, human) if replied and human else replied,
        ),
        None if last is None else message_number(last.id),
    )
