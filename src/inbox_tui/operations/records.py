"""One conversation as one flat record: the columns of the CSV and the keys of ``list --json``."""

from __future__ import annotations

from datetime import datetime

from inbox_tui.domain.models import Conversation
from inbox_tui.domain.rules import preview

COLUMNS = (
    "conversation_id",
    "agent",
    "status",
    "assignee_name",
    "assignee_email",
    "needs_human",
    "waiting_since",
    "visitor",
    "lead_name",
    "lead_email",
    "lead_phone",
    "lead_company",
    "topic",
    "created_at",
    "first_human_reply_at",
    "resolved_at",
    "last_activity_at",
    "messages",
    "last_message_author",
    "last_message",
)
"""In the order of the file. A new column is added at the end: scripts hold on to these."""

Cell = str | int | bool | None


def record(conversation: Conversation) -> dict[str, Cell]:
    """The conversation by column. Times are ISO 8601 UTC to the second; what there is not is None."""
    return dict(zip(COLUMNS, cells(conversation), strict=True))


def cells(conversation: Conversation) -> tuple[Cell, ...]:
    """The record's values, in the order of COLUMNS; None for what cannot be read."""
    assignee = conversation.assignee
    lead = conversation.lead
    author = conversation.last_message_author
    values: tuple[Cell, ...] = (
        conversation.id,
        conversation.agent.name,
        conversation.status.value,
        assignee.name if assignee else None,
        assignee.email if assignee else None,
        conversation.waiting_since is not None,
        iso_time(conversation.waiting_since),
        conversation.visitor,
        lead.name or None,
        lead.email or None,
        lead.phone or None,
        lead.company or None,
        conversation.topic or None,
        iso_time(conversation.created_at),
        iso_time(conversation.first_human_reply_at),
        iso_time(conversation.resolved_at),
        iso_time(conversation.last_activity_at),
        conversation.messages,
        author.value if author else None,
        preview(conversation.last_message) or None,
    )
    if not conversation.damage:
        return values
    unreadable = conversation.damage.split(", ")
    return tuple(None if column in unreadable else value for column, value in zip(COLUMNS, values, strict=True))


def iso_time(at: datetime | None) -> str | None:
    """A time of the domain (aware UTC) as files and scripts read it, to the second: ``2026-11-03T10:02:00Z``."""
    return at.replace(tzinfo=None).isoformat(timespec="seconds") + "Z" if at is not None else None
