"""Leaving the program: what is on its way gets time to arrive, and what does not is said.

Decides nothing about a text; an undelivered one stays where it is kept already.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from inbox_tui.domain.counts import counted
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.outgoing import Replies
from inbox_tui.tui.inbox.undo_send import UndoSendQueue

FINISH_TIMEOUT = 6.0
"""Seconds that quitting waits for what is on its way: a store waits for 5 of them for another's lock."""
FINISH_POLL = 0.02


async def finish(context: InboxContext, replies: Replies, hold: UndoSendQueue) -> str:
    """Send what is held, wait for what is on its way, decisions too.

    Returns:
        What became of it, in words; "" if there was nothing.
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
    """The line is down and all that is on its way is in the outbox: waiting longer serves nobody."""
    is_all = _waiting(context, replies) == len(replies.all_under_way())
    return context.lost_at is not None and context.work.writes.survives and is_all


def _waiting(context: InboxContext, replies: Replies) -> int:
    """How many replies and notes a later start would deliver."""
    return sum(context.work.writes.is_safe(write.draft.key) for write in replies.all_under_way())


def _decisions(number: int) -> str:
    return counted(number, "decision")
