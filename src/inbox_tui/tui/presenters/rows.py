"""A conversation as the parts of its row in the list, in words that are safe to show.

Decides what a row says, not where it stands or how it looks. Everything that comes
from a store passes through ``clean_line`` or ``clean_name`` here.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Author, Conversation, Member, MemberId, Status
from inbox_tui.domain.text import clean_line, clean_name
from inbox_tui.operations.html_bodies import readable_preview
from inbox_tui.tui.presenters.times import age

WAITING_MARK = "●"
RESOLVED_MARK = "✓"
_WRITERS = {Author.AGENT: "AI: ", Author.MEMBER: "Team: "}


class RowCells(msgspec.Struct, frozen=True):
    """What one row says. All text is cleaned."""

    mark: str
    """WAITING_MARK, RESOLVED_MARK or empty."""
    visitor: str
    when: str
    """The age of the last activity, how long the visitor waits, or why the row left the list."""
    short_when: str
    """The same for a narrow list."""
    holder: Member | None
    """Who has it."""
    writer: str
    """Who wrote the last line, unless the visitor did: ``AI: `` or ``Team: ``."""
    last_line: str
    is_waiting: bool
    has_left: bool
    """Changed in place, so that it no longer belongs in the list that shows it."""


def row_cells(conversation: Conversation, query: Query, me: MemberId | None, now: datetime) -> RowCells:
    """The parts of a conversation's row.

    Args:
        conversation: What the row is about.
        query: What the list shows; a row that does not belong in it says what it is now.
        me: The member who looks; None before it is known, then every row belongs.
        now: The present, for ages.
    """
    waiting_since = conversation.waiting_since
    is_damaged = bool(conversation.damage)
    has_left = me is not None and not query.filter.matches(conversation, me)
    if is_damaged:
        when = short_when = "damaged"
    elif has_left:
        when = short_when = what_it_is_now(conversation, query.filter)
    elif waiting_since is not None:
        short_when = age(waiting_since, now)
        when = f"waiting {short_when}"
    else:
        when = short_when = age(conversation.last_activity_at, now)
    is_resolved = conversation.status is Status.RESOLVED
    author = conversation.last_message_author
    return RowCells(
        mark=RESOLVED_MARK if is_resolved else WAITING_MARK if waiting_since is not None else "",
        visitor=clean_name(conversation.visitor),
        when=when,
        short_when=short_when,
        holder=conversation.assignee,
        writer=_WRITERS.get(author, "") if author and not is_damaged else "",
        last_line=clean_line(damage_line(conversation) if is_damaged else readable_preview(conversation.last_message)),
        is_waiting=waiting_since is not None,
        has_left=has_left,
    )


def damage_line(conversation: Conversation) -> str:
    """What of a conversation cannot be read, and what tells more."""
    return f"{conversation.id}: {conversation.damage} cannot be read; 'inbox-tui doctor' says what to do"


def what_it_is_now(conversation: Conversation, filter: Filter) -> str:
    """Why a conversation that was in a filter is no longer: ``✓ resolved``, ``reopened``, …"""
    if conversation.status is Status.RESOLVED:
        return f"{RESOLVED_MARK} resolved"
    return filter.entry.left(conversation)
