"""Leaving the program: gives outgoing writes time to arrive, and reports those that did not.

Decides nothing about a text; an undelivered one stays in the outbox or the drafts.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from inbox_tui.domain.counts import counted
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.outgoing import Replies
from inbox_tui.tui.inbox.undo_send import UndoSendQueue

FINISH_TIMEOUT = 6.0
"""Seconds that quitting waits for outgoing writes: a store may wait 5 of them for a lock."""
FINISH_POLL = 0.02


async def finish(context: InboxContext, replies: Replies, hold: UndoSendQueue) -> str:
    """Send held replies, and wait for outgoing replies and decisions.

    Returns:
        The result in words; "" if there was nothing to do.
    """
    work, undone = context.work, len(context.work.undone)
    last = {pending.draft.key: pending for pending in replies.all_under_way()}
    hold.send_all()
    until = monotonic() + FINISH_TIMEOUT
    while (replies.all_under_way() or context.decisions_under_way) and monotonic() < until:
        if _waits_for_line(context, replies):
            break
        await asyncio.sleep(FINISH_POLL)
    waiting = _waiting(context, replies)
    unsent = sum(bool(replies.text(pending.id, pending.draft.kind)) for pending in last.values())
    unsent += len(replies.all_under_way()) - waiting
    sent = len(last) - unsent - waiting
    words = [f"Sent before leaving: {sent:,}."] if sent > 0 else []
    words += [f"Not sent, kept as drafts: {unsent:,}."] if unsent else []
    failed = work.undone[undone:]
    words += [f"{_decisions(len(failed))} failed: {failed[-1].message}"] if failed else []
    if context.decisions_under_way and not work.writes.survives:
        words += [f"The store did not answer in time about {_decisions(context.decisions_under_way)}."]
    waits = work.writes.undelivered
    words += [f"Not delivered yet: {waits:,}. The next start of inbox-tui delivers it."] if waits else []
    return " ".join(words)


def _waits_for_line(context: InboxContext, replies: Replies) -> bool:
    """The connection is down and everything is in the outbox: waiting longer is useless."""
    is_all = _waiting(context, replies) == len(replies.all_under_way())
    return context.lost_at is not None and context.work.writes.survives and is_all


def _waiting(context: InboxContext, replies: Replies) -> int:
    """The number of replies and notes that a later start would deliver."""
    return sum(context.work.writes.is_safe(write.draft.key) for write in replies.all_under_way())


def _decisions(number: int) -> str:
    return counted(number, "decision")
